"""`tipline poster`: write the sheets to print and the pages for a web server that say how a source comes to the unit."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from tipline import onion, poster
from tipline.base import files
from tipline.base.settings import Settings, SettingsError
from tipline.cli.kit import pinned_root
from tipline.kit import KitError, KitStatement
from tipline.onion import OnionError
from tipline.poster import Address, Poster


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("poster", help="write sheets and pages that say how a source comes to the unit")
    parser.add_argument("-o", dest="output", type=Path, required=True, metavar="FOLDER", help="where they are written")
    parser.add_argument("--address", metavar="XXXX.onion", help="of the page for sources; a practice unit has its own")
    parser.add_argument("--kit", type=Path, metavar="STATEMENT", help="kit.statement.json: its hash is printed too")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Write them; raises `SettingsError` for anything that should not be printed."""
    root = pinned_root(settings)
    made = poster.build(
        Poster(
            unit=settings.name,
            emergency=settings.emergency,
            reading_hours=settings.reading_hours,
            reads=", ".join(settings.reads),
            practice=settings.practice,
            address=_address(args.address, settings),
            root=root,
            kit=_statement(args.kit, settings, root) if args.kit else None,
        )
    )
    for name, content in made.items():
        file = args.output / name
        file.parent.mkdir(parents=True, exist_ok=True)
        files.write_private(file, content)
        file.chmod(0o644)
    print(f"To print: {args.output / poster.SHEETS}, a sheet for each language")
    print(f"For a web server: {args.output / poster.PAGES}; docs/deployment.md says what it should send and not log")
    return 0


def _address(given: str | None, settings: Settings) -> Address:
    if given is None and settings.practice:
        return Address(settings.host, settings.ports["source"])
    if given is None:
        raise SettingsError("say where sources go: --address XXXX.onion, as in Tor's file `hostname`")
    try:
        return Address(onion.read(given))
    except OnionError as error:
        raise SettingsError(str(error)) from None


def _statement(file: Path, settings: Settings, root: bytes) -> KitStatement:
    """Read what is printed of the kit, and refuse what nobody could check a kit against."""
    try:
        statement = KitStatement.read(file.read_bytes().removesuffix(b"\n"), root)
    except OSError:
        raise SettingsError(f"{file} cannot be read: `tipline kit -o FOLDER` writes it beside the kit") from None
    except KitError as error:
        raise SettingsError(f"{file}: {error}") from None
    if statement.unit != settings.unit:
        raise SettingsError(f"{file} is about a kit of another unit")
    if statement.valid_until < datetime.now(UTC).date():
        raise SettingsError(f"{file} is about a kit that ended on {statement.valid_until}: run `tipline kit` first")
    return statement
