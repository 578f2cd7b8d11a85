"""The practice unit: made on a first start with everything preset, to try the whole chain on invented tips."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from pathlib import Path
from string import Template

import asyncpg

from crypto import age, passphrase, pgp
from crypto.secret import Secret
from crypto.signing import SigningKey
from handling import enrol, pinning, undersigned
from handling.people import Card, Person
from handling.rules.agreements import Side
from handling.store import agencies, agreements
from handling.store.intakekeys import NewIntakeKey
from handling.store.members import Duty
from tipline.base import staff
from tipline.base.files import write_private
from tipline.base.settings import Settings
from tipline.cli import cards, databases
from tipline.units import Unit, Units

_PEOPLE = (
    Person("amina", "Amina (handler 1, also analyst)", frozenset({Duty.HANDLER, Duty.ANALYST})),
    Person("ben", "Ben (handler 2)", frozenset({Duty.HANDLER})),
    Person("clara", "Clara (releasing officer)", frozenset({Duty.OFFICER})),
)
_OVERSIGHT = ("oversight", "Oversight Board (practice)")


@dataclass(frozen=True, slots=True)
class _Agency:
    id: str
    name: str
    channel: str
    officer: str
    display: str


_AGENCIES = (
    _Agency("harbour-customs", "Harbour Customs Service", "age", "dario", "Dario (Harbour Customs Service)"),
    _Agency("river-parks", "River Parks Authority", "openpgp", "elena", "Elena (River Parks Authority)"),
)


async def enrol_if_new(
    settings: Settings, public_dsn: str, inside_dsn: str, *, log_n: int = staff.LOG_N
) -> tuple[Card, ...] | None:
    """Make the practice unit in empty databases; None when a unit is there already."""
    public = await asyncpg.connect(public_dsn)
    inside = await asyncpg.connect(inside_dsn)
    try:
        if await inside.fetchval("SELECT count(*) FROM unit.member_list"):
            return None
        today = datetime.now(UTC).date()
        founded = await asyncio.to_thread(
            enrol.found, settings, _PEOPLE, today=today, first_readers=("amina", "ben"), log_n=log_n
        )
        folder = settings.data / "practice"
        write_private(folder / "root.key", founded.root.seed.expose().hex().encode() + b"\n")
        write_private(folder / "recovery.txt", founded.recovery.encode().expose() + b"\n")
        await enrol.publish_intake_keys(public, _OVERSIGHT[0], _oversight(settings, folder, founded.root, today))
        officers = []
        async with inside.transaction():
            for agency in _AGENCIES:
                await _enrol_agency(inside, agency, settings, founded.root, today)
                officers.append(
                    await enrol.enrol_officer(inside, agency.id, agency.officer, agency.display, log_n=log_n)
                )
            await enrol.record(founded, public, inside)
        return (*founded.cards, *officers)
    finally:
        await public.close()
        await inside.close()


def cards_as_text(made: Sequence[Card], settings: Settings) -> str:
    """What is printed once, on a first start."""
    keys = (
        f"The practice agencies' own keys, the root key and the recovery identity lie in {settings.data / 'practice'}."
    )
    return f"\nPRACTICE UNIT: invented people, for trying things out.{cards.as_text(made, settings)}\n  {keys}\n"


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("practice", help="make the practice unit in an empty data folder and stop")
    parser.add_argument("--json", action="store_true", help="print the sign-in details for a program")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Make the practice unit; refuses a folder that holds a unit."""
    if not settings.practice:
        print("This data folder is set up for a real unit; a practice unit is never mixed into one.", file=sys.stderr)
        return 2
    made = asyncio.run(_make(settings))
    if made is None:
        print("This data folder holds a unit already. Choose an empty one with --data.", file=sys.stderr)
        return 2
    print(cards.as_json(made) if args.json else cards_as_text(made, settings))
    return 0


async def _make(settings: Settings) -> tuple[Card, ...] | None:
    async with databases.migrated(settings) as (public, inside):
        return await enrol_if_new(settings, public, inside)


def _oversight(settings: Settings, folder: Path, root: SigningKey, today: date) -> tuple[NewIntakeKey, ...]:
    """Pin the oversight unit; here stand only its public keys, and the practice folder plays the outside body."""
    signer, collector = SigningKey.generate(), SigningKey.generate()
    unit, name = _OVERSIGHT
    keys = enrol.make_intake_keys(unit, signer, today=today)
    for new in keys:
        write_private(folder / unit / f"intake-{new.key.serial}.txt", new.identity.encode().expose() + b"\n")
    write_private(folder / unit / "collector.key", collector.seed.expose().hex().encode() + b"\n")
    pinned = Unit(unit, "oversight", name, collector.public, signer.public)
    units = Units.load(settings.public).with_oversight(pinned)
    pinning.pin(settings, units)
    pinning.sign(settings, pinning.unsigned(units, today=today), root)
    return keys


async def _enrol_agency(
    inside: asyncpg.Connection, agency: _Agency, settings: Settings, root: SigningKey, today: date
) -> None:
    """Enrol an agency and its agreement, which the root and the agency's own key sign."""
    folder = settings.data / "practice" / agency.id
    signing: SigningKey | None = None
    if agency.channel == "age":
        identity = age.Identity.generate()
        write_private(folder / "key.txt", identity.encode().expose() + b"\n")
        signing = SigningKey.generate()
        write_private(folder / "signing.key", signing.seed.expose().hex().encode() + b"\n")
        public_key = str(identity.recipient)
    else:
        phrase = passphrase.generate()
        write_private(folder / "passphrase.txt", phrase.expose() + b"\n")
        with pgp.Gpg(folder / "gnupg") as gpg:
            fingerprint = await asyncio.to_thread(gpg.generate, f"{agency.name} (practice)", phrase)
            public_key = gpg.public_key(fingerprint)
    signs = None if signing is None else signing.public
    enrolled = await agencies.add(inside, agency.id, name=agency.name, key=public_key, today=today, signing=signs)
    template = resources.files("handling.data").joinpath(f"practice-{agency.id}.toml").read_text()
    values = {
        "unit": settings.unit,
        "fingerprint": enrolled.fingerprint,
        "valid_from": today.isoformat(),
        "review_by": (today + timedelta(days=365)).isoformat(),
        "expires_on": (today + timedelta(days=730)).isoformat(),
    }
    toml = Template(template).substitute(values).encode()
    agreement = await agreements.add(inside, toml, today=today)
    await agreements.sign(inside, agreement, Side.UNIT, undersigned.sign(root, toml), today=today)
    if signing is not None:
        theirs = undersigned.sign(signing, toml)
    else:
        phrase = Secret((folder / "passphrase.txt").read_bytes().strip())
        with pgp.Gpg(folder / "gnupg") as gpg:
            theirs = await asyncio.to_thread(gpg.sign_detached, toml, enrolled.fingerprint, phrase)
    await agreements.sign(inside, agreement, Side.AGENCY, theirs, today=today)
