"""`tipline keys`: every key of this installation, its job, its age, and what is overdue. Opens none of them."""

import argparse
import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from types import MappingProxyType

from handling.inventory import inventory
from handling.rules import keylist
from handling.rules.keylist import KeyLine
from handling.store.members import MemberListError
from tipline.base.settings import Settings, SettingsError
from tipline.cli import inside
from tipline.source import ticket

OVERDUE = 1  # exit code
_PRACTICE = MappingProxyType({"root": "root.key", "recovery": "recovery.txt"})

_FOREVER = (
    "What is destroyed is gone for good once the keyring's backups are: {days} days later (`keyring_backup_days`)."
)


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("keys", help="list every key and what is overdue")
    parser.add_argument("--json", action="store_true", help="for another program")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """List the keys; 1 when something is overdue. Needs no passphrase."""
    today = datetime.now(UTC).date()
    try:
        lines = asyncio.run(_lines(settings, today))
    except MemberListError as error:
        raise SettingsError(str(error)) from None
    if args.json:
        body = {"keyring_backup_days": settings.keyring_backup_days, "keys": [line.body(today) for line in lines]}
        print(json.dumps(body, indent=2))
    else:
        print("\n\n".join(_words(line, today) for line in lines))
        print(f"\n{_FOREVER.format(days=settings.keyring_backup_days)}")
    return OVERDUE if any(line.overdue for line in lines) else 0


async def _lines(settings: Settings, today: date) -> tuple[KeyLine, ...]:
    async with inside.owner(settings) as db:
        lines = await inventory(db, settings, today)
    return (*(_beside(line, settings) for line in lines), *keylist.of_forms(_form_keys(settings), today))


def _form_keys(settings: Settings) -> Mapping[date, date] | None:
    """Days of the form keys here, each with the day on which it goes; None where their folder is not to be seen."""
    if "public" not in settings.zones:
        return None
    try:
        return {day: ticket.goes_on(day) for day in ticket.kept(settings.public)}
    except OSError:
        return None


def _beside(line: KeyLine, settings: Settings) -> KeyLine:
    """A practice unit's root and recovery key lie beside its data, and that is where they are said to be."""
    file = settings.data / "practice" / _PRACTICE.get(line.key, "")
    if not settings.practice or line.key not in _PRACTICE or not file.is_file():
        return line
    return replace(line, where=f"{file}: as this is a practice unit, it is neither offline nor in shares")


def _words(line: KeyLine, today: date) -> str:
    mark = "OVERDUE  " if line.overdue else ""
    age = "" if line.since is None else _age(line.since, today)
    until = "" if line.valid_until is None else f"valid until {line.valid_until}"
    facts = ", ".join(part for part in (age, until) if part)
    on = "" if line.act_on is None else f", {line.act_on}"
    rows = [f"{mark}{line.key}: {line.job}", f"  where: {line.where}"]
    rows += [f"  {facts}"] if facts else []
    rows += [f"  next: {line.act}{on}"] if line.act else []
    return "\n".join(rows)


def _age(since: date, today: date) -> str:
    days = (today - since).days
    if days < 0:
        return f"from {since}"
    return "made today" if days == 0 else f"{days} {'day' if days == 1 else 'days'} old"
