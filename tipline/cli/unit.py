"""`tipline unit`: print this unit's public pin, or pin another unit as oversight for this public zone. Public keys only."""

import argparse
import asyncio
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from tipline.base import files
from tipline.base.settings import Settings
from tipline.units import Unit, Units, UnitsError

REFUSED, BAD_INPUT = 1, 2


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("unit", help="show this unit's public keys, or pin another unit's as oversight")
    acts = parser.add_subparsers(dest="act", metavar="show|pin", required=True)
    acts.add_parser("show", help="print this unit's pin, for the machine whose public zone shall serve it")
    pin = acts.add_parser("pin", help="let this public zone serve another unit, in the place of the one pinned before")
    pin.add_argument("file", type=Path, help="what `tipline unit show` printed there")
    pin.add_argument("--role", choices=("oversight",), required=True, help="tips about this unit itself go to it")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Show or pin; 0 when done, 1 when refused, 2 when the file is no pin."""
    return asyncio.run(_show(settings)) if args.act == "show" else _pin(args, settings)


async def _show(settings: Settings) -> int:
    """Take the intake signer from the signed member list, as everything that is sealed inside does."""
    from handling.corridor.dropclient import CollectorKeyError, collector_key  # noqa: PLC0415 - a public machine has
    from handling.store import members  # noqa: PLC0415 - no inside zone, and pins all the same
    from tipline.cli import inside  # noqa: PLC0415

    try:
        async with inside.owner(settings) as db:
            trust = members.trust(settings.inside, "admin")
            listed = await members.load(db, trust, datetime.now(UTC).date())
        collector = collector_key(settings).public
    except (members.MemberListError, CollectorKeyError) as error:
        return _say(f"tipline: {error}", REFUSED)
    unit = Unit(settings.unit, "unit", settings.name, collector, listed.intake_signer)
    entry = unit.entry()
    del entry["role"]  # whoever pins it says what it is there
    print(json.dumps(entry, indent=2))
    print(f"Compare by voice when it is pinned: {unit.fingerprint()}", file=sys.stderr)
    return 0


def _pin(args: argparse.Namespace, settings: Settings) -> int:
    if "public" not in settings.zones:
        return _say('tipline: zones must contain "public" for this command', BAD_INPUT)
    try:
        before = Units.load(settings.public)
        unit = Unit.read(args.file, args.role)
        after = before.with_oversight(unit)
    except UnitsError as error:
        return _say(f"tipline: {error}", BAD_INPUT)
    files.write_private(settings.public / "units.json", after.encode() + b"\n")
    print(f"{unit.name} ({unit.id}) is pinned as {unit.role}. Compare by voice: {unit.fingerprint()}")
    if before.oversight is not None and before.oversight.id != unit.id:
        words = "is no longer pinned: what waits for it at the drop cannot be collected any more."
        print(f"{before.oversight.name} ({before.oversight.id}) {words}")
    print("The form offers it once source and drop have started again.")
    print("Kits do when the root has signed it: run `tipline root pins`, then make the kit anew.")
    return 0


def _say(text: str, code: int) -> int:
    print(text, file=sys.stderr)
    return code
