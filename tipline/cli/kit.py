"""`tipline kit`: make the file with which a source seals on their own device, have the root sign its hash, and check one."""

import argparse
import asyncio
import sys
from datetime import UTC, date, datetime
from pathlib import Path

from crypto.digest import groups
from tipline import kit
from tipline.base import files
from tipline.base.database import Db
from tipline.base.settings import Settings, SettingsError
from tipline.cli import databases, joining
from tipline.envelope import IntakeKeyError
from tipline.kit import Inputs, KitError, KitStatement
from tipline.onefile import OneFileError
from tipline.pins import Keys, Pins, PinsError
from tipline.questionnaire import current
from tipline.questionnaire.carried import Carried
from tipline.units import Units, UnitsError

REFUSED = 1

_PUBLISHED = """
    SELECT statement
      FROM zone.intake_key
     WHERE unit = ANY($1)
       AND not_after >= $2
     ORDER BY array_position($1, unit), serial
"""


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("kit", help="make or check the file with which a source seals on their own device")
    parser.add_argument("-o", dest="output", type=Path, metavar="FOLDER", help="where kit and statement are written")
    joining.add_arguments(parser, "root")
    acts = parser.add_subparsers(dest="act", metavar="check")
    check = acts.add_parser("check", help="say whether a kit is the one that a root has signed")
    check.add_argument("kit", type=Path, metavar="KIT", help="kit.html")
    check.add_argument("statement", type=Path, metavar="STATEMENT", help="kit.statement.json")
    check.add_argument(
        "--root", type=_key, required=True, metavar="HEX", help="the root's public key, as on the poster"
    )
    check.add_argument(
        "--rebuild", action="store_true", help="also say whether this software makes the same bytes from the kit's keys"
    )


def run(args: argparse.Namespace, settings: Settings | None) -> int:
    """Make or check; 0 when done, 1 when a kit is refused, and `SettingsError` when it cannot be made."""
    if settings is None:
        return _check(args)
    try:
        return asyncio.run(_make(args, settings))
    except (KitError, OneFileError, UnitsError) as error:
        raise SettingsError(str(error)) from None


async def _make(args: argparse.Namespace, settings: Settings) -> int:
    if args.output is None:
        raise SettingsError("say where to write the kit: tipline kit -o FOLDER")
    today = datetime.now(UTC).date()
    root = pinned_root(settings)
    async with databases.owner(settings, "public") as db:
        inputs = await collect(db, settings, root, today)
    page = kit.build(inputs, kit.built_script())
    statement = KitStatement.of(page)
    print(_in_words(statement, inputs))
    key = await asyncio.to_thread(joining.root_key, args, root)
    signed = statement.sign(key)
    files.write_private(settings.public / kit.STATEMENT_NAME, signed)  # `tipline keys` says when this kit ends
    for name, content in ((kit.PAGE_NAME, page), (kit.STATEMENT_NAME, signed + b"\n")):
        files.write_private(args.output / name, content)
        (args.output / name).chmod(0o644)
    print(f"Written: {args.output / kit.PAGE_NAME} and {args.output / kit.STATEMENT_NAME}")
    return 0


async def collect(db: Db, settings: Settings, root: bytes, today: date) -> Inputs:
    """Gather what the kit is made from, and refuse what it could not seal with; raises `SettingsError`."""
    try:
        signed = (settings.public / "pins.json").read_bytes()
        pins = Pins.read(signed, root)
    except FileNotFoundError:
        raise SettingsError("the root has signed no pins yet: run `tipline root pins`") from None
    except PinsError:
        raise SettingsError("public/pins.json is not signed by this unit's root: run `tipline root pins`") from None
    if not pins.good_on(today):
        raise SettingsError(f"the pins were valid until {pins.valid_until}: run `tipline root pins`")
    rows = await db.fetch(_PUBLISHED, [unit.unit for unit in pins.units], today)
    keys = Keys(root, signed, tuple(row["statement"] for row in rows))
    try:
        keys.choose(root, "unit", today)
    except IntakeKeyError:
        raise SettingsError(
            "there is no intake key to seal to today: a handler signs in to the corridor, then run this again"
        ) from None
    _say_of_oversight(keys, root, Units.load(settings.public), today)
    return Inputs(keys, settings.emergency, settings.practice, Carried.of(current.load(settings.data)))


def _say_of_oversight(keys: Keys, root: bytes, units: Units, today: date) -> None:
    """Say what somebody who writes about the unit itself will miss; the kit says it to them too."""
    signed, pinned = keys.verified(root).get("oversight"), units.oversight
    if pinned is not None and (
        signed is None or (signed.unit, signed.intake_signer) != (pinned.id, pinned.intake_signer)
    ):
        print(f"Not in this kit: {pinned.name}. The root has not signed its pin: `tipline root pins`.", file=sys.stderr)
    if signed is None:
        return
    try:
        keys.choose(root, "oversight", today)
    except IntakeKeyError:
        print(f"The kit cannot seal to {signed.name}: it has published no key for today.", file=sys.stderr)


def pinned_root(settings: Settings) -> bytes:
    """Return the root's public key; where this machine runs both zones, the inside one has the say."""
    if "public" not in settings.zones:
        raise SettingsError('zones must contain "public" for this command')
    found = []
    for folder in (settings.inside, settings.public) if "inside" in settings.zones else (settings.public,):
        try:
            found.append(bytes.fromhex((folder / "root.pub").read_text("ascii")))
        except (OSError, ValueError):
            raise SettingsError(f"{folder / 'root.pub'} is missing or damaged: run `tipline root pins`") from None
    if len(set(found)) != 1:
        raise SettingsError("public/root.pub is not the root of inside/root.pub: run `tipline root pins`")
    return found[0]


def _in_words(statement: KitStatement, inputs: Inputs) -> str:
    pins = inputs.keys.verified(inputs.keys.root)
    names = " and ".join(f"{unit.name} ({unit.unit})" for unit in pins.units)
    lines = [
        f"Kit for {names}, seals until {statement.valid_until}.",
        "For posters and for whoever checks a copy:",
        f"  SHA-256  {statement.groups()}",
        f"  root     {groups(inputs.keys.root)}",
    ]
    return "\n".join(lines)


def _check(args: argparse.Namespace) -> int:
    """Hold a copy against its statement; every reason to refuse it is named."""
    try:
        page, signed = args.kit.read_bytes(), args.statement.read_bytes()
    except OSError as error:
        raise SettingsError(f"{error.filename} cannot be read") from None
    try:
        statement = KitStatement.read(signed.removesuffix(b"\n"), args.root)
        wrong = _faults(page, statement, args.root, rebuild=args.rebuild)
    except OneFileError as error:
        raise SettingsError(str(error)) from None
    except KitError as error:
        wrong = [str(error)]
    for words in wrong:
        print(f"tipline: do not use this kit: {words}", file=sys.stderr)
    if wrong:
        return REFUSED
    print(
        f"This kit is the one that the root has signed for “{statement.unit}”. It seals until {statement.valid_until}."
    )
    print(f"SHA-256 {statement.groups()}")
    return 0


def _faults(page: bytes, statement: KitStatement, root: bytes, *, rebuild: bool) -> list[str]:
    if KitStatement.of(page) != statement:
        return ["it is not the file that was signed: a byte of it is another, or the statement is of another kit"]
    inputs = Inputs.of_page(page)
    wrong = []
    if inputs.keys.root != root:
        wrong.append("it pins another root than yours")
    if statement.valid_until < datetime.now(UTC).date():
        wrong.append(f"its last key ended on {statement.valid_until}; get a new one")
    if rebuild and kit.build(inputs, kit.built_script()) != page:
        wrong.append("this version of the software makes another file from the same keys")
    return wrong


def _key(text: str) -> bytes:
    """Read 32 bytes of hexadecimal, blanks between groups allowed."""
    digits = "".join(text.split())
    if len(digits) != 64:  # noqa: PLR2004 - 32 bytes
        raise argparse.ArgumentTypeError("the root's public key has 64 hexadecimal digits")
    try:
        return bytes.fromhex(digits)
    except ValueError:
        raise argparse.ArgumentTypeError("the root's public key has 64 hexadecimal digits") from None
