"""`tipline init`: set up a real unit in an empty data folder, with nothing preset and its root key taken off the machine."""

import argparse
import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from handling import enrol
from handling.people import Person
from handling.rules import staffing
from handling.store.members import Duty
from tipline.base import settings as settings_
from tipline.base.database import Db
from tipline.base.settings import Settings, SettingsError
from tipline.cli import cards, databases, inside, sheets
from tipline.cli.sheets import Shape

_DUTIES = "the duties are handler, analyst and officer"
_MEMBER = re.compile(r"(?P<name>[a-z0-9-]{1,32}):(?P<display>[^:\n]{1,80}):(?P<duties>[a-z,]+)")
_SETTINGS = """\
# One unit's settings. Every key is described in the README; an unknown one stops the start.
practice = false
unit = {unit}
name = {name}
emergency = {emergency}
reading_hours = {reading_hours}
"""


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("init", help="set up a unit in an empty data folder")
    parser.add_argument("--unit", required=True, help="short id of the unit: a-z, 0-9 and -")
    parser.add_argument("--name", required=True, help="the unit's name as sources and agencies read it")
    parser.add_argument("--emergency", required=True, help="number or words for somebody in danger")
    parser.add_argument("--reading-hours", required=True, help="when somebody reads tips, in words")
    parser.add_argument(
        "--member",
        action="append",
        required=True,
        type=person,
        metavar="NAME:SHOWN:DUTIES",
        help="a person: sign-in name, shown name, and duties of handler, analyst, officer; say it once per person",
    )
    parser.add_argument(
        "--first-reader",
        action="append",
        default=[],
        metavar="NAME",
        help="a handler who reads first what names somebody of the unit (default: all handlers); once per person",
    )
    parser.add_argument(
        "--drop",
        metavar="ADDRESS",
        help="for a unit that another installation's public zone serves, as an oversight body: where its drop listens",
    )
    parser.add_argument(
        "--offline",
        required=True,
        type=Path,
        metavar="DIR",
        help="where share sheets of root and recovery key are written, to be taken off this machine: not in the data folder",
    )
    parser.add_argument(
        "--shares",
        type=Shape.parse,
        default=Shape(2, 3),
        metavar="KofN",
        help="how many share sheets there are of each key and how many of them open it (default 2of3)",
    )


def run(args: argparse.Namespace, _: None) -> int:
    """Found the unit and print each person's sign-in details once."""
    folder = settings_.data_folder(args.data, os.environ)
    offline: Path = args.offline.absolute()
    if offline.is_relative_to(folder):
        raise SettingsError("--offline must not lie in the data folder: the root key has to leave this machine")
    if (folder / settings_.FILE).exists():
        raise SettingsError(f"{folder} is set up already: choose an empty folder with --data")
    settings = _write_settings(folder, args)
    try:
        founded, written = asyncio.run(_found(settings, args, offline))
    except enrol.EnrolmentError as error:
        (folder / settings_.FILE).unlink()
        raise SettingsError(str(error)) from None
    print(cards.as_text(founded.cards, settings))
    print(sheets.instructions(offline, written, args.shares))
    print("Next: enrol agencies with `tipline agency add` and agreements with `tipline agreement add`.")
    for gap in gaps(args.member):
        print(f"Not possible with these people: {gap}", file=sys.stderr)
    return 0


async def _found(
    settings: Settings, args: argparse.Namespace, offline: Path
) -> tuple[enrol.Founded, Mapping[sheets.Key, tuple[str, ...]]]:
    """Write the share sheets before anything is recorded: a unit whose root key was lost could never change."""
    async with _owners(settings) as (public, inside_db):
        today = datetime.now(UTC).date()
        founded = await asyncio.to_thread(
            enrol.found, settings, args.member, today=today, first_readers=args.first_reader
        )
        written = await asyncio.to_thread(
            sheets.write, offline, settings, founded.root, founded.recovery, shape=args.shares, today=today
        )
        await enrol.record(founded, public, inside_db)
    return founded, written


@asynccontextmanager
async def _owners(settings: Settings) -> "AsyncIterator[tuple[Db | None, Db]]":
    """Give the owner's connections; no public one where another machine's public zone serves this unit."""
    if "public" not in settings.zones:
        async with inside.owner(settings) as db:
            yield None, db
        return
    async with databases.migrated(settings) as (public_dsn, inside_dsn):
        public, inside_db = await asyncpg.connect(public_dsn), await asyncpg.connect(inside_dsn)
        try:
            yield public, inside_db
        finally:
            await public.close()
            await inside_db.close()


def _write_settings(folder: Path, args: argparse.Namespace) -> Settings:
    texts = {key: _toml(getattr(args, key)) for key in ("unit", "name", "emergency", "reading_hours")}
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    served = "" if args.drop is None else f'zones = ["inside"]\ndrop = {_toml(args.drop)}\n'
    (folder / settings_.FILE).write_text(_SETTINGS.format(**texts) + served, encoding="utf-8")
    try:
        return settings_.read(folder, os.environ)
    except SettingsError:
        (folder / settings_.FILE).unlink()
        raise


def _toml(text: str) -> str:
    """Return *text* as a TOML basic string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in escaped) + '"'


def person(text: str) -> Person:
    """Read a person as typed: ``amina:Amina Njeri:handler,analyst``."""
    found = _MEMBER.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError('write it as "amina:Amina Njeri:handler,analyst"')
    try:
        duties = frozenset(Duty(duty) for duty in found["duties"].split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(_DUTIES) from None
    if Duty.OUTSIDE in duties:
        raise argparse.ArgumentTypeError(f"{_DUTIES}; for an outside second see `tipline member outside`")
    return Person(found["name"], found["display"], duties)


def gaps(persons: Sequence[Person]) -> list[str]:
    """Which lawful acts these people cannot do together, with what is missing."""
    duties = {person.name: frozenset(duty.value for duty in person.duties) for person in persons}
    return [f"{one.task.value}. {one.why_not}" for one in staffing.standing(duties) if not one.possible]
