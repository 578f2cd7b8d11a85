"""Further versions of a practice unit's member list, signed by its root, for tests of what then follows."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from crypto import age
from crypto.canonical import parse
from crypto.digest import sha256
from crypto.secret import Secret
from crypto.signing import SigningKey
from crypto.statement import Statement
from handling.rules.membership import Authenticator
from handling.store import members
from tests.authenticator import SoftAuthenticator
from tipline.base.database import Db
from tipline.base.settings import Settings

Edit = Callable[[dict[str, Any]], None]


def root_key(settings: Settings) -> SigningKey:
    """The practice unit's root."""
    seed = (settings.data / "practice" / "root.key").read_text().strip()
    return SigningKey.from_seed(Secret(bytes.fromhex(seed)))


async def following(db: Db, edit: Edit) -> dict[str, Any]:
    """The body of the version after the newest, as *edit* changes it."""
    newest: bytes = await db.fetchval("SELECT statement FROM unit.member_list ORDER BY version DESC LIMIT 1")
    body: dict[str, Any] = parse(newest)["body"]
    body["version"] += 1
    body["previous"] = sha256(newest).hex()
    edit(body)
    return body


async def root_signs(settings: Settings, db: Db, edit: Edit) -> None:
    """Add the version after the newest, as *edit* changes it, signed by the root."""
    body = await following(db, edit)
    statement = Statement.make(members.TYPE, body, root_key(settings)).encode()
    await db.execute("INSERT INTO unit.member_list (version, statement) VALUES ($1, $2)", body["version"], statement)


def with_duties(duties: Mapping[str, Sequence[str]]) -> Edit:
    """Give some people other duties, with the keys that those need; nobody is left out."""

    def edit(body: dict[str, Any]) -> None:
        for member in body["members"]:
            member["duties"] = sorted(duties.get(member["name"], member["duties"]))
            for duty, key in (("handler", "corridor"), ("analyst", "desk")):
                held = member[key] or str(age.Identity.generate().recipient)
                member[key] = held if duty in member["duties"] else None
        _read_first(body)

    return edit


def kept(soft: SoftAuthenticator, label: str = "Blue key") -> Authenticator:
    """An authenticator as it stands on the member list."""
    made = soft.registered()
    return Authenticator(label, made.credential.hex(), made.public_key.hex(), made.origin, made.counter)


def with_authenticators(**softs: SoftAuthenticator) -> Edit:
    """Give some people one authenticator each, in the place of those they had."""

    def edit(body: dict[str, Any]) -> None:
        for entry in body["members"]:
            if entry["name"] in softs:
                entry["authenticators"] = [kept(softs[entry["name"]]).body()]

    return edit


def without(*names: str) -> Edit:
    """Leave some people out."""

    def edit(body: dict[str, Any]) -> None:
        body["members"] = [member for member in body["members"] if member["name"] not in names]
        _read_first(body)

    return edit


def with_outside(name: str, release: age.Recipient) -> Edit:
    """Add somebody of another unit who stands in."""

    def edit(body: dict[str, Any]) -> None:
        signing = SigningKey.generate().public.hex()
        entry = {"name": name, "display": f"{name.capitalize()}, Lake Unit", "duties": ["outside"]}
        body["members"].append({**entry, "corridor": None, "desk": None, "release": str(release), "signing": signing})
        body["members"].sort(key=lambda member: member["name"])

    return edit


def _read_first(body: dict[str, Any]) -> None:
    body["first_readers"] = [member["name"] for member in body["members"] if "handler" in member["duties"]]
