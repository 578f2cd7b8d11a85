"""The other side of a hand-in: a unit with its keys, which opens what the JavaScript sealed, and writes replies."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, Final

from crypto import age
from crypto.codename import Codename, SourceKeys, keys
from crypto.digest import sha256
from crypto.padding import part_size
from crypto.secret import Secret
from crypto.signing import SigningKey
from tests.tipline.away.node import Node, b64, unb64
from tipline.bundles import Pickup, pack_bundle
from tipline.envelope import WRAPPER_BYTES, File, IntakeKey, Message, Place, Reply, Wrapper
from tipline.handin import Listed, Slip
from tipline.pins import Keys, Pinned, Pins

NOW: Final = datetime(2026, 11, 26, 9, 30, 15, tzinfo=UTC)
ROOT: Final = SigningKey.from_seed(Secret(bytes([1]) * 32))
SIGNERS: Final = {
    role: SigningKey.from_seed(Secret(bytes([n]) * 32)) for n, role in enumerate(("unit", "oversight"), 2)
}
INTAKE: Final = {
    role: age.Identity.from_seed(Secret(bytes([n]) * 32)) for n, role in enumerate(("unit", "oversight"), 4)
}
FIRST_DAY: Final = date(2026, 11, 23)


@cache
def signed_keys() -> Keys:
    """What the kit carries: both units, a key of this week and one of the next for each."""
    units = tuple(Pinned(role, role, role.title(), SIGNERS[role].public) for role in SIGNERS)
    statements = [
        IntakeKey(role, serial, INTAKE[role].recipient, first, first + timedelta(days=6)).sign(SIGNERS[role])
        for role in SIGNERS
        for serial, first in ((7, FIRST_DAY), (8, FIRST_DAY + timedelta(days=7)))
    ]
    return Keys(ROOT.public, Pins(units, date(2026, 11, 1), date(2027, 11, 1)).sign(ROOT), tuple(statements))


def way(codename: str, **changed: Any) -> dict[str, Any]:
    """What every act of sealing is told."""
    told = {
        "keys": signed_keys().encode().decode(),
        "root": ROOT.public.hex(),
        "role": "unit",
        "now": NOW.isoformat(),
        "way": "kit",
        "codename": codename,
        "files": [],
    }
    return told | changed


def tip(**changed: Any) -> dict[str, Any]:
    """The words of a first message."""
    return {"text": "A text.", "howKnown": "", "mustNotLearn": "", "urgent": False} | changed


def file(name: str, data: bytes, type_: str = "image/jpeg") -> dict[str, str]:
    return {"name": name, "type": type_, "data": b64(data)}


def source_keys(codename: str) -> SourceKeys:
    return keys(Codename.parse(codename))


@dataclass(frozen=True, slots=True)
class Opened:
    """A hand-in as the unit and the public zone read it."""

    slip: Slip
    messages: tuple[Message, ...]
    files: tuple[bytes, ...]


def take(made: Sequence[dict[str, Any]]) -> tuple[Slip, dict[Listed, bytes]]:
    """Take hand-in files apart as docs/format.md says, and hold each envelope against the slip."""
    by_number = {one["number"]: unb64(one["data"]) for one in made}
    assert sorted(by_number) == list(range(1, len(made) + 1))
    assert [one["name"] for one in made] == [f"hand-in-{one['number']}-of-{len(made)}.tip" for one in made]
    first = by_number[1]
    slip = Slip.parse(first[: first.index(b"\n") + 1])
    assert len(slip.pieces) == len(made)
    envelopes: dict[Listed, bytes] = {}
    for number, piece in enumerate(slip.pieces, 1):
        rest = by_number[number] if number > 1 else first[first.index(b"\n") + 1 :]
        for listed in piece:
            envelopes[listed], rest = rest[: listed.size], rest[listed.size :]
        assert rest == b""
    for listed, whole in envelopes.items():
        assert (len(whole), sha256(whole)) == (listed.size, listed.sha256)
        assert Wrapper.parse(whole[:WRAPPER_BYTES]) == slip.wrapper(listed.kind)
    return slip, envelopes


def open_all(
    made: Sequence[dict[str, Any]], codename: str, *, role: str = "unit", before: Place | None = None
) -> Opened:
    """Open a hand-in with the intake key, and hold thread, parts and place against each other."""
    slip, envelopes = take(made)
    source = source_keys(codename)
    plain = {one: age.open_(whole[WRAPPER_BYTES:], [INTAKE[role]]) for one, whole in envelopes.items()}
    place = before or Place.start(slip.unit)
    messages = []
    for listed in slip.envelopes:
        if listed.kind == "message":
            message = Message.parse(plain[listed], known=None)
            assert (message.counter, message.previous) == (place.sent.counter + 1, place.sent.previous)
            assert message.mailbox == slip.mailbox == source.mailbox
            assert message.thread.to_unit.matches(source.to_unit)
            assert message.thread.to_source.matches(source.to_source)
            assert message.recipient == source.identity.recipient
            place = place.after(message.encode())
            messages.append(message)
    assert Place.open(slip.now, source.state, mailbox=source.mailbox) == place
    parts = {one.id: (one, plain[one]) for one in slip.envelopes if one.kind == "part"}
    files = tuple(_join(message.body, parts) for message in messages if isinstance(message.body, File))
    assert not parts
    return Opened(slip, tuple(messages), files)


def _join(sidecar: File, parts: dict[Any, tuple[Listed, bytes]]) -> bytes:
    content = b""
    for part in sidecar.parts:
        listed, padded = parts.pop(part.id)
        assert listed.sha256 == part.sha256
        assert len(padded) == part_size(part.size)
        assert not any(padded[part.size :])
        content += padded[: part.size]
    assert (len(content), sha256(content)) == (sidecar.size, sidecar.sha256)
    return content


def pickup(source: SourceKeys, replies: Sequence[bytes], place: Place) -> bytes:
    """What the pickup code hands out."""
    bundle = pack_bundle(replies, source.identity.recipient)
    return Pickup(bundle, place.seal(source.state, mailbox=source.mailbox)).encode()


def write(source: SourceKeys, *texts: str, heard: int = 1) -> list[bytes]:
    """Replies of one thread, each following the one before."""
    sealed, previous = [], bytes(32)
    for counter, text in enumerate(texts, 1):
        reply = Reply("reply", source.mailbox, counter, previous, date(2026, 11, 25), text, heard)
        previous = sha256(reply.encode(source.to_source))
        sealed.append(reply.seal(source.to_source, source.identity.recipient))
    return sealed


def new_codename(js: Node) -> str:
    return str(js("make"))
