"""`tipline agency`: enrol an agency with its public key and its place in the tree, and say whom we know of it. Takes public keys only."""

import argparse
import asyncio
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from crypto import sshsig
from crypto.errors import SignatureError
from handling import enrol
from handling.agencyfiles import UnitKeys
from handling.corridor.interests import arriving
from handling.rules import interests
from handling.rules.agreements import AGENCY_ID
from handling.rules.member_words import groups
from handling.store import agencies, members
from tipline.base.database import TakenError, store_errors
from tipline.base.settings import Settings
from tipline.cli import cards, inside

REFUSED, BAD_INPUT = 1, 2
_WHY = {
    agencies.AgencyTreeError.code: "names an agency above it that is not enrolled, or that stands below it",
    agencies.AgencyTakenError.code: "is enrolled already with another name, key or parent",
}
_KEY_LIMIT = 1024 * 1024  # bytes; a public key with many signatures stays below


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("agency", help="enrol an agency")
    acts = parser.add_subparsers(
        dest="act", metavar="add|signing-key|move|officer|people|list|unit-keys", required=True
    )
    enrol = acts.add_parser("add", help="enrol an agency with its public key")
    enrol.add_argument("id", help="1 to 32 of a-z, 0-9 and -; agreements name it")
    enrol.add_argument("--name", required=True, help="as people read it")
    enrol.add_argument(
        "--key",
        required=True,
        type=Path,
        metavar="FILE",
        help="the enrolment file that the agency made with open.html, an age1pq1 recipient, or one armoured OpenPGP key",
    )
    enrol.add_argument(
        "--parent", metavar="ID", help="the enrolled agency above it, whose exclusion follows from its own"
    )
    enrol.add_argument(
        "--signing-key",
        type=_ssh_key,
        metavar="FILE",
        help="its SSH public key (ssh-ed25519), with which it signs agreements where it has neither open.html nor OpenPGP",
    )
    signing = acts.add_parser("signing-key", help="enrol the SSH key with which an agency signs agreements")
    signing.add_argument("id", help="the agency's id")
    signing.add_argument("key", type=_ssh_key, metavar="FILE", help="its SSH public key (ssh-ed25519)")
    move = acts.add_parser("move", help="put an enrolled agency below another one, or at the top")
    move.add_argument("id", help="the agency's id")
    above = move.add_mutually_exclusive_group(required=True)
    above.add_argument("--parent", metavar="ID", help="the agency above it")
    above.add_argument("--top", action="store_true", help="nothing enrolled stands above it")
    officer = acts.add_parser("officer", help="open a portal account for one officer of an enrolled agency")
    officer.add_argument("id", help="the agency's id")
    officer.add_argument("name", help="sign-in name: 1 to 32 of a-z, 0-9 and -")
    officer.add_argument("--display", required=True, help="the officer's name as the sign-in card shows it")
    people = acts.add_parser("people", help="lay down people of an agency, sealed, for the corridor alone")
    people.add_argument("id", help="the agency's id")
    people.add_argument(
        "file",
        metavar="FILE",
        help="one person to a line: names, handles and telephone numbers with ; between them; - reads standard input",
    )
    acts.add_parser("list", help="every agency with the fingerprint of its key, each below the agency above it")
    acts.add_parser("unit-keys", help="print this unit's public keys for agencies that use open.html")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Enrol, move, open an account or list; 0 when done, 1 when refused, 2 when an input cannot be read."""
    return asyncio.run(_ACTS[args.act](args, settings))


def _ssh_key(path: str) -> bytes:
    try:
        return sshsig.public_key(_read(Path(path)))
    except (OSError, ValueError, SignatureError):
        raise argparse.ArgumentTypeError(f"{path} cannot be read as an SSH public key (ssh-ed25519)") from None


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
            agency = await agencies.add(
                db, args.id, name=args.name, key=key, today=today, parent=args.parent, signing=args.signing_key
            )
    except agencies.AgencyKeyError as error:
        return _say(f"tipline: {args.key}: {error}", BAD_INPUT)
    except (agencies.AgencyTreeError, agencies.AgencyTakenError) as error:
        return _say(f"tipline: {args.id} {_WHY[error.code]}; nothing was changed", REFUSED)
    print(_line(agency))
    if agency.acknowledge is None and agency.signing is not None:
        alone = agencies.read_key(agency.key).fingerprint
        print(f"Call the agency and let them read the fingerprint of their recipient: {groups(alone)}")
        _say_signing_key(agency, agency.signing)
    else:
        print(f"Call the agency and let them read their fingerprint: {groups(agency.fingerprint)}")
    if agency.acknowledge is None:
        print("It has no key for acknowledgements: it acknowledges with the hash, in the portal's form.")
    return 0


async def _signing_key(args: argparse.Namespace, settings: Settings) -> int:
    async with inside.owner(settings) as db:
        done = await agencies.set_signing(db, args.id, args.key)
        agency = await agencies.get(db, args.id)
    if not done or agency is None:
        return _say(
            f"tipline: {args.id} is not enrolled, or has a key for signing already; nothing was changed", REFUSED
        )
    _say_signing_key(agency, args.key)
    return 0


def _say_signing_key(agency: agencies.Agency, key: bytes) -> None:
    print(f"{agency.id} signs agreements with this key. Call the agency and compare it:")
    print(sshsig.public_line(key, agency.id))
    print(f"An agreement with it names the fingerprint over both of its keys: {agency.fingerprint}")


async def _move(args: argparse.Namespace, settings: Settings) -> int:
    try:
        async with inside.owner(settings) as db:
            await agencies.move(db, args.id, args.parent)
    except agencies.AgencyTreeError as error:
        return _say(f"tipline: {args.id} is not enrolled, or {_WHY[error.code]}; nothing was changed", REFUSED)
    return await _list(args, settings)


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


async def _people(args: argparse.Namespace, settings: Settings) -> int:
    """Seal each person to the corridor vault; nobody but a handler's session reads them, this command neither."""
    try:
        text = sys.stdin.read(_KEY_LIMIT) if args.file == "-" else _read(Path(args.file))
        people = [interests.checked(line.split(";")) for line in text.splitlines() if line.strip(" ;\t")]
    except (OSError, UnicodeDecodeError):
        return _say(f"tipline: {args.file} cannot be read as text", BAD_INPUT)
    except ValueError as error:
        return _say(f"tipline: {error} Nothing was kept.", BAD_INPUT)
    try:
        async with inside.owner(settings) as db:
            if await agencies.get(db, args.id) is None:
                return _say(f"tipline: {args.id} is not enrolled: run `tipline agency add` first", REFUSED)
            listed = await members.load(db, members.trust(settings.inside, "admin"), datetime.now(UTC).date())
            async with db.transaction():
                for person in people:
                    await agencies.lay_down_person(db, uuid4(), arriving(listed, args.id, person))
    except members.MemberListError as error:
        return _say(f"tipline: {error}", REFUSED)
    print(f"{len(people)} of {args.id} laid down, sealed. They count from the next page that a handler opens.")
    return 0


async def _list(_: argparse.Namespace, settings: Settings) -> int:
    async with inside.owner(settings) as db:
        for depth, agency in agencies.in_tree(await agencies.all_(db)):
            print("    " * depth + _line(agency))
    return 0


async def _unit_keys(_: argparse.Namespace, settings: Settings) -> int:
    """Take the keys from the signed member list, as everything that is sealed and signed inside does."""
    try:
        async with inside.owner(settings) as db:
            trust = members.trust(settings.inside, "admin")
            listed = await members.load(db, trust, datetime.now(UTC).date())
    except members.MemberListError as error:
        return _say(f"tipline: {error}", REFUSED)
    keys = UnitKeys(settings.unit, settings.name, listed.package_signer, listed.desk_intake)
    print(keys.encode().decode())
    print(f"Read out when an agency calls to compare: {groups(keys.fingerprint())}", file=sys.stderr)
    return 0


_ACTS = {
    "add": _add,
    "move": _move,
    "signing-key": _signing_key,
    "officer": _officer,
    "people": _people,
    "list": _list,
    "unit-keys": _unit_keys,
}


def _read(path: Path) -> str:
    with path.open("rb") as file:
        data = file.read(_KEY_LIMIT + 1)
    if len(data) > _KEY_LIMIT:
        raise ValueError("too long to be a public key")
    return data.decode()


def _line(agency: agencies.Agency) -> str:
    return f"{agency.id}  {agency.channel.value}  {agency.fingerprint}  {agency.name}"


def _say(text: str, code: int) -> int:
    print(text, file=sys.stderr)
    return code
