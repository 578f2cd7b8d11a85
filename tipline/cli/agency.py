"""`tipline agency`: enrol an agency with the public key its packages are sealed to. Takes public keys only."""

import argparse
import asyncio
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

from handling import enrol
from handling.rules.agreements import AGENCY_ID
from handling.store import agencies
from tipline.base.database import TakenError, store_errors
from tipline.base.settings import Settings
from tipline.cli import cards, inside

REFUSED, BAD_INPUT = 1, 2
_KEY_LIMIT = 1024 * 1024  # bytes; a public key with many signatures stays below


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("agency", help="enrol an agency")
    acts = parser.add_subparsers(dest="act", metavar="add|officer|list", required=True)
    enrol = acts.add_parser("add", help="enrol an agency with its public key")
    enrol.add_argument("id", help="1 to 32 of a-z, 0-9 and -; agreements name it")
    enrol.add_argument("--name", required=True, help="as people read it")
    enrol.add_argument(
        "--key",
        required=True,
        type=Path,
        metavar="FILE",
        help="an age1pq1 recipient, or one armoured OpenPGP public key",
    )
    officer = acts.add_parser("officer", help="open a portal account for one officer of an enrolled agency")
    officer.add_argument("id", help="the agency's id")
    officer.add_argument("name", help="sign-in name: 1 to 32 of a-z, 0-9 and -")
    officer.add_argument("--display", required=True, help="the officer's name as the sign-in card shows it")
    acts.add_parser("list", help="every agency with the fingerprint of its key")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Enrol, open an account or list; 0 when done, 1 when refused, 2 when an input cannot be read."""
    if args.act == "list":
        return asyncio.run(_list(settings))
    return asyncio.run(_officer(args, settings) if args.act == "officer" else _add(args, settings))


async def _add(args: argparse.Namespace, settings: Settings) -> int:
    if not re.fullmatch(AGENCY_ID, args.id):
        return _say(f"tipline: {args.id!r} is no agency id: use 1 to 32 of a-z, 0-9 and -", BAD_INPUT)
    if not args.name.strip() or not args.name.isprintable():
        return _say("tipline: --name must be one line of visible text", BAD_INPUT)
    try:
        key = _read(args.key)
    except (OSError, ValueError):
        return _say(f"tipline: {args.key} cannot be read as the text of a public key", BAD_INPUT)
    today = datetime.now(UTC).date()
    try:
        async with inside.owner(settings) as db:
            agency = await agencies.add(db, args.id, name=args.name, key=key, today=today)
    except agencies.AgencyKeyError as error:
        return _say(f"tipline: {args.key}: {error}", BAD_INPUT)
    except agencies.AgencyTakenError:
        return _say(f"tipline: {args.id} is enrolled already with another name or key; nothing was changed", REFUSED)
    print(_line(agency))
    return 0


async def _officer(args: argparse.Namespace, settings: Settings) -> int:
    if not re.fullmatch(AGENCY_ID, args.name):
        return _say(f"tipline: {args.name!r} is no sign-in name: use 1 to 32 of a-z, 0-9 and -", BAD_INPUT)
    try:
        async with inside.owner(settings) as db:
            if await agencies.get(db, args.id) is None:
                return _say(f"tipline: {args.id} is not enrolled: run `tipline agency add` first", REFUSED)
            with store_errors():
                card = await enrol.enrol_officer(db, args.id, args.name, args.display)
    except TakenError:
        return _say(f"tipline: {args.name} is taken already; nothing was changed", REFUSED)
    print(cards.as_text([card], settings))
    return 0


async def _list(settings: Settings) -> int:
    async with inside.owner(settings) as db:
        for agency in await agencies.all_(db):
            print(_line(agency))
    return 0


def _read(path: Path) -> str:
    with path.open("rb") as file:
        data = file.read(_KEY_LIMIT + 1)
    if len(data) > _KEY_LIMIT:
        raise ValueError("too long to be a public key")
    return data.decode("ascii")


def _line(agency: agencies.Agency) -> str:
    return f"{agency.id}  {agency.channel.value}  {agency.fingerprint}  {agency.name}"


def _say(text: str, code: int) -> int:
    print(text, file=sys.stderr)
    return code
