"""Founding a unit: every key is made once and put where its one job is. Adds nobody to a unit that exists."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import asyncpg

from crypto import age, passphrase, pgp, totp
from crypto.secret import Secret
from crypto.signing import SigningKey
from crypto.statement import Statement
from handling.store.keyring import Keyring
from handling.store.members import TYPE as MEMBER_LIST
from handling.store.members import Duty
from tipline.base import staff
from tipline.base.database import Db
from tipline.base.settings import Settings
from tipline.envelope import IntakeKey

INTAKE_KEYS_AHEAD = 12  # weeks: a unit without power for weeks does not close its line (docs/architecture.md)
INTAKE_KEY_DAYS = 7
_LIST_VALID_DAYS = 366

_INSERT_LIST = "INSERT INTO unit.member_list (version, statement) VALUES (1, $1)"
_INSERT_ACCOUNT = {
    "corridor": "INSERT INTO corridor.account (name, sealed) VALUES ($1, $2)",
    "desk": "INSERT INTO desk.account (name, sealed) VALUES ($1, $2)",
    "guard": "INSERT INTO guard.account (name, sealed) VALUES ($1, $2)",
    "exchange": "INSERT INTO exchange.account (name, sealed) VALUES ($1, $2)",
}
_INSERT_INTAKE_KEY = """
    INSERT INTO zone.intake_key (unit, serial, statement, not_before, not_after)
    VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (unit, serial) DO UPDATE
       SET statement = EXCLUDED.statement, not_before = EXCLUDED.not_before, not_after = EXCLUDED.not_after
"""


class EnrolmentError(Exception):
    """The unit cannot be founded like this; the text says why."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to enrol: *name* signs in, *display* is shown."""

    name: str
    display: str
    duties: frozenset[Duty]


@dataclass(frozen=True, slots=True)
class Card:
    """What one person needs to sign in to one process. Shown once, stored nowhere."""

    name: str
    display: str
    process: str
    passphrase: Secret
    totp: Secret


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
    accounts: tuple[tuple[str, str, bytes], ...]
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class _Keys:
    """One person's secret keys, for the length of the founding."""

    person: Person
    corridor: age.Identity | None
    desk: age.Identity | None
    release: age.Identity
    signing: SigningKey

    @classmethod
    def make(cls, person: Person) -> "_Keys":
        return cls(
            person=person,
            corridor=age.Identity.generate() if Duty.HANDLER in person.duties else None,
            desk=age.Identity.generate() if Duty.ANALYST in person.duties else None,
            release=age.Identity.generate(),
            signing=SigningKey.generate(),
        )

    def public(self) -> dict[str, Any]:
        return {
            "name": self.person.name,
            "display": self.person.display,
            "duties": sorted(duty.value for duty in self.person.duties),
            "corridor": str(self.corridor.recipient) if self.corridor else None,
            "desk": str(self.desk.recipient) if self.desk else None,
            "release": str(self.release.recipient),
            "signing": self.signing.public.hex(),
        }

    def contents(self) -> dict[str, dict[str, str]]:
        """Key material by process: no process ever opens another's."""
        contents = {}
        if self.corridor:
            contents["corridor"] = {"identity": self.corridor.encode().expose().decode()}
        if self.desk:
            contents["desk"] = {"identity": self.desk.encode().expose().decode()}
        contents["guard"] = {
            "release_identity": self.release.encode().expose().decode(),
            "signing_seed": self.signing.seed.expose().hex(),
        }
        return contents


def found(settings: Settings, persons: Sequence[Person], *, today: date, log_n: int = staff.LOG_N) -> Founded:
    """Make every key of a new unit and write its keyrings. Blocking for some seconds.

    Raises:
        EnrolmentError: fewer people than any lawful act needs, a name twice, or a unit that is already there.
    """
    _check(settings, persons)
    people = [_Keys.make(person) for person in persons]
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

    package_signer, package_pgp = _package_keys(settings, [keys.release.recipient for keys in people])
    body = {
        "version": 1,
        "unit": settings.unit,
        "valid_from": today.isoformat(),
        "valid_until": (today + timedelta(days=_LIST_VALID_DAYS)).isoformat(),
        "recovery": str(recovery.recipient),
        "corridor_vault": {"epoch": 1, "recipient": str(corridor.recipient)},
        "desk_vault": {"epoch": 1, "recipient": str(desk.recipient)},
        "desk_intake": {"serial": 1, "recipient": str(desk_intake.recipient)},
        "intake_signer": intake_signer.public.hex(),
        "package_signer": package_signer.hex(),
        "package_pgp": package_pgp,
        "members": [keys.public() for keys in people],
    }
    write_private(settings.inside / "root.pub", root.public.hex().encode())
    write_private(settings.inside / "corridor" / "collector.key", collector.seed.expose().hex().encode())
    pin_unit(
        settings,
        settings.unit,
        role="unit",
        name=settings.name,
        collector=collector.public,
        intake_signer=intake_signer.public,
    )
    accounts, cards = _accounts(people, log_n)
    member_list = Statement.make(MEMBER_LIST, body, root).encode()
    return Founded(settings.unit, root, recovery, member_list, intake_keys, accounts, cards)


async def record(founded: Founded, public: asyncpg.Connection, inside: asyncpg.Connection) -> None:
    """Put the founded unit into both databases, the inside last and whole: its member list is what makes it a unit."""
    await publish_intake_keys(public, founded.unit, founded.intake_keys)
    async with inside.transaction():
        for process, name, sealed in founded.accounts:
            await inside.execute(_INSERT_ACCOUNT[process], name, sealed)
        await inside.execute(_INSERT_LIST, founded.member_list)


async def publish_intake_keys(public: asyncpg.Connection, unit: str, keys: Sequence[NewIntakeKey]) -> None:
    """Put signed intake keys where the form finds them."""
    rows = [(unit, new.key.serial, new.statement, new.key.not_before, new.key.not_after) for new in keys]
    await public.executemany(_INSERT_INTAKE_KEY, rows)


async def enrol_officer(inside: Db, agency: str, name: str, display: str, *, log_n: int = staff.LOG_N) -> Card:
    """Open an exchange account for one officer of an agency that is already enrolled."""
    card = Card(name, display, "exchange", passphrase.generate(), totp.new_secret())
    sealed = staff.seal_account({"totp": totp.base32(card.totp), "agency": agency}, card.passphrase, log_n=log_n)
    await inside.execute(_INSERT_ACCOUNT["exchange"], name, sealed)
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


def _accounts(people: Sequence[_Keys], log_n: int) -> tuple[tuple[tuple[str, str, bytes], ...], tuple[Card, ...]]:
    accounts, cards = [], []
    for keys in people:
        for process, content in keys.contents().items():
            card = Card(keys.person.name, keys.person.display, process, passphrase.generate(), totp.new_secret())
            sealed = staff.seal_account({"totp": totp.base32(card.totp), **content}, card.passphrase, log_n=log_n)
            accounts.append((process, keys.person.name, sealed))
            cards.append(card)
    return tuple(accounts), tuple(cards)


def _sealed(identity: age.Identity, recipients: Sequence[age.Recipient]) -> bytes:
    return age.seal(identity.encode().expose(), recipients)
