"""Founding a unit: every key is made once and put where its one job is. Adds nobody to a unit that exists."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from crypto import age, passphrase, pgp, totp
from crypto.signing import SigningKey
from crypto.statement import Statement
from handling.people import Account, Card, Person, PersonKeys, put_accounts, seal_accounts
from handling.rules.member_list import FIRST
from handling.rules.membership import MembershipError, check
from handling.store.keyring import Keyring
from handling.store.members import TYPE as MEMBER_LIST
from handling.store.members import Duty
from tipline.base import staff
from tipline.base.database import Db
from tipline.base.settings import Settings
from tipline.envelope import IntakeKey

__all__ = [
    "INTAKE_KEYS_AHEAD",
    "INTAKE_KEY_DAYS",
    "LIST_VALID_DAYS",
    "Account",
    "Card",
    "EnrolmentError",
    "Founded",
    "NewIntakeKey",
    "Person",
    "PersonKeys",
    "enrol_officer",
    "found",
    "make_intake_keys",
    "pin_unit",
    "publish_intake_keys",
    "put_accounts",
    "record",
    "seal_accounts",
    "write_private",
]

INTAKE_KEYS_AHEAD = 12  # weeks: a unit without power for weeks does not close its line (docs/architecture.md)
INTAKE_KEY_DAYS = 7
LIST_VALID_DAYS = 366

_INSERT_LIST = "INSERT INTO unit.member_list (version, statement) VALUES (1, $1)"
_INSERT_INTAKE_KEY = """
    INSERT INTO zone.intake_key (unit, serial, statement, not_before, not_after)
    VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (unit, serial) DO UPDATE
       SET statement = EXCLUDED.statement, not_before = EXCLUDED.not_before, not_after = EXCLUDED.not_after
"""


class EnrolmentError(Exception):
    """The unit cannot be founded like this; the text says why."""


@dataclass(frozen=True, slots=True)
class NewIntakeKey:
    """An intake key with its seed, and its statement as it is published."""

    key: IntakeKey
    statement: bytes
    identity: age.Identity


@dataclass(frozen=True, slots=True)
class Founded:
    """All that founding made and that is not yet in a database; the root and recovery keys leave the machine."""

    unit: str
    root: SigningKey
    recovery: age.Identity
    member_list: bytes
    intake_keys: tuple[NewIntakeKey, ...]
    accounts: tuple[Account, ...]
    cards: tuple[Card, ...]


def found(
    settings: Settings,
    persons: Sequence[Person],
    *,
    today: date,
    first_readers: Sequence[str] = (),
    log_n: int = staff.LOG_N,
) -> Founded:
    """Make every key of a new unit and write its keyrings. Blocking for some seconds.

    *first_readers* are the handlers who read first what names somebody of the unit: all of them, unless some are named.

    Raises:
        EnrolmentError: fewer people than any lawful act needs, a name twice, or a unit that is already there.
    """
    handlers = [person.name for person in persons if Duty.HANDLER in person.duties]
    first = list(first_readers) or handlers
    _check(settings, persons)
    if not set(first) <= set(handlers):
        raise EnrolmentError("Every first reader must be one of the handlers.")
    people = [PersonKeys.make(person) for person in persons]
    recovery = age.Identity.generate()
    root = SigningKey.generate()
    corridor, desk, desk_intake = (age.Identity.generate() for _ in range(3))
    intake_signer, collector = SigningKey.generate(), SigningKey.generate()

    keyring = Keyring(settings.inside / "corridor" / "keyring")
    readers = [keys.corridor.recipient for keys in people if keys.corridor]
    keyring.put("vault", "1", _sealed(corridor, [*readers, recovery.recipient]))
    keyring.put("signer", "intake", age.seal(intake_signer.seed.expose(), [corridor.recipient]))
    intake_keys = make_intake_keys(settings.unit, intake_signer, today=today)
    for new in intake_keys:
        keyring.put("intake", str(new.key.serial), _sealed(new.identity, [corridor.recipient]))
        keyring.put("intake-statement", str(new.key.serial), new.statement)

    desk_keyring = Keyring(settings.inside / "desk" / "keyring")
    analysts = [keys.desk.recipient for keys in people if keys.desk]
    desk_keyring.put("vault", "1", _sealed(desk, [*analysts, recovery.recipient]))
    desk_keyring.put("intake", "1", _sealed(desk_intake, [desk.recipient]))

    package_signer, package_pgp = _package_keys(
        settings, [keys.release.recipient for keys in people if keys.person.duties & {Duty.HANDLER, Duty.OFFICER}]
    )
    body = {
        "version": 1,
        "previous": FIRST,
        "unit": settings.unit,
        "valid_from": today.isoformat(),
        "valid_until": (today + timedelta(days=LIST_VALID_DAYS)).isoformat(),
        "recovery": str(recovery.recipient),
        "corridor_vault": {"epoch": 1, "recipient": str(corridor.recipient), "since": 1},
        "desk_vault": {"epoch": 1, "recipient": str(desk.recipient), "since": 1},
        "desk_intake": {"serial": 1, "recipient": str(desk_intake.recipient)},
        "departed": {"corridor": 0, "desk": 0},
        "intake_signer": intake_signer.public.hex(),
        "package_signer": package_signer.hex(),
        "package_pgp": package_pgp,
        "first_readers": first,
        "members": [keys.entry().body() for keys in people],
    }
    try:
        member_list = Statement.make(MEMBER_LIST, check(body), root).encode()
    except MembershipError as error:
        raise EnrolmentError(str(error)) from None
    write_private(settings.inside / "root.pub", root.public.hex().encode())
    write_private(settings.inside / "corridor" / "collector.key", collector.seed.expose().hex().encode())
    if "public" in settings.zones:  # else another machine's public zone pins it: `tipline unit show`
        pin_unit(
            settings,
            settings.unit,
            role="unit",
            name=settings.name,
            collector=collector.public,
            intake_signer=intake_signer.public,
        )
    enrolled = seal_accounts(people, log_n=log_n)
    return Founded(settings.unit, root, recovery, member_list, intake_keys, enrolled.accounts, enrolled.cards)


async def record(founded: Founded, public: "Db | None", inside: Db) -> None:
    """Put the founded unit into both databases, the inside last and whole: its member list is what makes it a unit.

    Without a public database here the collector publishes the intake keys at the drop of another machine.
    """
    if public is not None:
        await publish_intake_keys(public, founded.unit, founded.intake_keys)
    async with inside.transaction():
        await put_accounts(inside, founded.accounts)
        await inside.execute(_INSERT_LIST, founded.member_list)


async def publish_intake_keys(public: Db, unit: str, keys: Sequence[NewIntakeKey]) -> None:
    """Put signed intake keys where the form finds them."""
    rows = [(unit, new.key.serial, new.statement, new.key.not_before, new.key.not_after) for new in keys]
    await public.executemany(_INSERT_INTAKE_KEY, rows)


async def enrol_officer(inside: Db, agency: str, name: str, display: str, *, log_n: int = staff.LOG_N) -> Card:
    """Open an exchange account for one officer of an agency that is already enrolled."""
    card = Card(name, display, "exchange", passphrase.generate(), totp.new_secret())
    sealed = staff.seal_account({"totp": totp.base32(card.totp), "agency": agency}, card.passphrase, log_n=log_n)
    await put_accounts(inside, [Account("exchange", name, sealed)])
    return card


def make_intake_keys(unit: str, signer: SigningKey, *, today: date) -> tuple[NewIntakeKey, ...]:
    """Make the intake keys of the coming weeks, serials from 1, each valid for seven days."""
    made = []
    for week in range(INTAKE_KEYS_AHEAD):
        identity = age.Identity.generate()
        first = today + timedelta(days=INTAKE_KEY_DAYS * week)
        key = IntakeKey(
            unit=unit,
            serial=week + 1,
            recipient=identity.recipient,
            not_before=first,
            not_after=first + timedelta(days=INTAKE_KEY_DAYS - 1),
        )
        made.append(NewIntakeKey(key, key.sign(signer), identity))
    return tuple(made)


def pin_unit(settings: Settings, unit: str, *, role: str, name: str, collector: bytes, intake_signer: bytes) -> None:
    """Pin one unit's public keys for the public zone (`units.json`)."""
    path = settings.public / "units.json"
    pins = json.loads(path.read_text()) if path.exists() else []
    pins = [pin for pin in pins if pin["unit"] != unit]
    pins.append(
        {
            "unit": unit,
            "role": role,
            "name": name,
            "collector": collector.hex(),
            "intake_signer": intake_signer.hex(),
        }
    )
    write_private(path, json.dumps(pins, indent=2).encode())


def write_private(path: Path, data: bytes) -> None:
    """Write one small file that only this system user may read, whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data + b"\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)


def _check(settings: Settings, persons: Sequence[Person]) -> None:
    duties = [duty for person in persons for duty in person.duties]
    if len({person.name for person in persons}) != len(persons):
        raise EnrolmentError("Two people have the same sign-in name. Give each their own.")
    if Duty.HANDLER not in duties or Duty.ANALYST not in duties:
        raise EnrolmentError("A unit needs at least one handler and one analyst; one person may be both.")
    if (settings.inside / "root.pub").exists():
        raise EnrolmentError("This data folder holds a unit already. Choose an empty one.")


def _package_keys(settings: Settings, signers: Sequence[age.Recipient]) -> tuple[bytes, str]:
    """Make the keys that sign packages; they open only with a signer's release key, inside that signer's request."""
    keyring = Keyring(settings.inside / "guard" / "keyring")
    signer = SigningKey.generate()
    keyring.put("package", "ed25519", age.seal(signer.seed.expose(), signers))
    phrase = passphrase.generate()
    keyring.put("package", "openpgp", age.seal(phrase.expose(), signers))
    with pgp.Gpg(settings.inside / "guard" / "gnupg") as gpg:
        fingerprint = gpg.generate(f"{settings.name} packages", phrase)
        write_private(settings.inside / "guard" / "package.asc", gpg.public_key(fingerprint).encode())
    return signer.public, fingerprint


def _sealed(identity: age.Identity, recipients: Sequence[age.Recipient]) -> bytes:
    return age.seal(identity.encode().expose(), recipients)
