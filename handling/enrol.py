"""Founding a unit: every key is made once and put where its one job is. Adds nobody to a unit that exists."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from crypto import age, passphrase, totp
from crypto.secret import Guarded
from crypto.signing import SigningKey
from crypto.statement import Statement
from handling import packagekeys, pinning
from handling.people import Account, Card, Person, PersonKeys, put_accounts, seal_accounts
from handling.rules.keylife import AHEAD, VALID_DAYS
from handling.rules.member_list import FIRST
from handling.rules.membership import MembershipError, check
from handling.store import pgpkeys
from handling.store.intakekeys import NewIntakeKey
from handling.store.keyring import Keyring
from handling.store.members import TYPE as MEMBER_LIST
from handling.store.members import Duty
from tipline.base import staff
from tipline.base.database import Db
from tipline.base.files import write_private
from tipline.base.settings import Settings
from tipline.units import Unit

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


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Founded(Guarded):
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
    recovery, root = age.Identity.generate(), SigningKey.generate()
    corridor = _found_corridor(settings, people, recovery.recipient, today)
    desk, desk_intake = _found_desk(settings, people, recovery.recipient)
    package = packagekeys.make(
        settings, [keys.release.recipient for keys in people if keys.person.duties & {Duty.HANDLER, Duty.OFFICER}]
    )
    body = {
        "version": 1,
        "previous": FIRST,
        "unit": settings.unit,
        "valid_from": today.isoformat(),
        "valid_until": (today + timedelta(days=LIST_VALID_DAYS)).isoformat(),
        "recovery": str(recovery.recipient),
        "corridor_vault": {"epoch": 1, "recipient": str(corridor.vault), "since": 1},
        "desk_vault": {"epoch": 1, "recipient": str(desk), "since": 1},
        "desk_intake": {"serial": 1, "recipient": str(desk_intake)},
        "departed": {"corridor": 0, "desk": 0},
        "intake_signer": corridor.intake_signer.hex(),
        "package_signer": package.signer.hex(),
        "package_pgp": package.fingerprint,
        "first_readers": first,
        "members": [keys.entry().body() for keys in people],
    }
    try:
        member_list = Statement.make(MEMBER_LIST, check(body), root).encode()
    except MembershipError as error:
        raise EnrolmentError(str(error)) from None
    package.put(settings)
    write_private(settings.inside / "root.pub", root.public.hex().encode() + b"\n")
    if "public" in settings.zones:  # else another machine's public zone pins it: `tipline unit show`
        unit = Unit(settings.unit, "unit", settings.name, corridor.collector, corridor.intake_signer)
        pinning.found(settings, unit, root, today=today)
    enrolled = seal_accounts(people, log_n=log_n)
    return Founded(settings.unit, root, recovery, member_list, corridor.intake_keys, enrolled.accounts, enrolled.cards)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class _Corridor(Guarded):
    """What the member list and the public zone say of a new corridor; *intake_signer* and *collector* are public keys."""

    vault: age.Recipient
    intake_signer: bytes
    collector: bytes
    intake_keys: tuple[NewIntakeKey, ...]


def _found_corridor(
    settings: Settings, people: Sequence[PersonKeys], recovery: age.Recipient, today: date
) -> _Corridor:
    """Make the corridor's vault, its collector, and the intake keys with their signer."""
    keyring = Keyring(settings.inside / "corridor" / "keyring")
    vault, signer, collector = age.Identity.generate(), SigningKey.generate(), SigningKey.generate()
    readers = [keys.corridor.recipient for keys in people if keys.corridor]
    keyring.put("vault", "1", _sealed(vault, [*readers, recovery]))
    keyring.put("signer", "intake", age.seal(signer.seed.expose(), [vault.recipient]))
    made = make_intake_keys(settings.unit, signer, today=today)
    for new in made:
        new.put(keyring, vault.recipient)
    pgpkeys.Maker(keyring, vault.recipient, settings.unit, settings.name).first(signer, today)
    write_private(settings.inside / "corridor" / "collector.key", collector.seed.expose().hex().encode() + b"\n")
    return _Corridor(vault.recipient, signer.public, collector.public, made)


def _found_desk(
    settings: Settings, people: Sequence[PersonKeys], recovery: age.Recipient
) -> tuple[age.Recipient, age.Recipient]:
    """Make the desk's vault and its intake key; return whom both seal to."""
    keyring = Keyring(settings.inside / "desk" / "keyring")
    vault, intake = age.Identity.generate(), age.Identity.generate()
    readers = [keys.desk.recipient for keys in people if keys.desk]
    keyring.put("vault", "1", _sealed(vault, [*readers, recovery]))
    keyring.put("intake", "1", _sealed(intake, [vault.recipient]))
    return vault.recipient, intake.recipient


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
    """Make the intake keys of the coming weeks, serials from 1, one a week."""
    weeks = [today + timedelta(days=VALID_DAYS * week) for week in range(AHEAD)]
    return tuple(NewIntakeKey.make(unit, serial, first, signer) for serial, first in enumerate(weeks, start=1))


def _check(settings: Settings, persons: Sequence[Person]) -> None:
    duties = [duty for person in persons for duty in person.duties]
    if len({person.name for person in persons}) != len(persons):
        raise EnrolmentError("Two people have the same sign-in name. Give each their own.")
    if Duty.HANDLER not in duties or Duty.ANALYST not in duties:
        raise EnrolmentError("A unit needs at least one handler and one analyst; one person may be both.")
    if (settings.inside / "root.pub").exists():
        raise EnrolmentError("This data folder holds a unit already. Choose an empty one.")


def _sealed(identity: age.Identity, recipients: Sequence[age.Recipient]) -> bytes:
    return age.seal(identity.encode().expose(), recipients)
