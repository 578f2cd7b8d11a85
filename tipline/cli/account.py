"""`tipline account`: a lost second factor, replaced at the unit's own machine by the person, who types the passphrase there."""

import argparse
import asyncio
import getpass
import sys
from datetime import UTC, datetime

from crypto import totp
from tipline.base import renewal
from tipline.base.accounts import SCHEMAS, BusyError, SignInError
from tipline.base.renewal import ChangedMeanwhileError, NotConfirmedError
from tipline.base.settings import Settings
from tipline.cli import inside

_TRIES = 5


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("account", help="replace a lost second factor")
    acts = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    second = acts.add_parser("second-factor", help="make a new second-factor key; the person types the passphrase")
    second.add_argument("name", help="sign-in name")
    second.add_argument("--process", required=True, choices=SCHEMAS, help="whose sign-in page it is for")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Ask for the passphrase, show the new key once, and store it when a code from the new device fits."""
    try:
        asyncio.run(_second_factor(settings, args.process, args.name))
    except (SignInError, BusyError, ChangedMeanwhileError, NotConfirmedError) as error:
        print(f"tipline: {error}", file=sys.stderr)
        return 1
    print("The new device is in force. Codes from the old one open nothing any more.")
    return 0


async def _second_factor(settings: Settings, process: str, name: str) -> None:
    async with inside.owner(settings) as db:
        typed = await asyncio.to_thread(ask, "Passphrase: ")
        waiting = await renewal.new_second_factor(db, process, name, typed, None, now=datetime.now(UTC))
        print(f"New second-factor key, shown this once: {totp.base32(waiting.totp)}")
        print(f"The same as an address: {totp.uri(waiting.totp, name, f'{settings.name} {process}')}", flush=True)
        for left in reversed(range(_TRIES)):
            code = await asyncio.to_thread(ask, "One-time code from the new device: ")
            try:
                await renewal.confirm_second_factor(db, process, waiting, code, now=datetime.now(UTC))
            except NotConfirmedError:
                if not left:
                    raise
                print("That is not its code. Once more.", file=sys.stderr)
            else:
                return


def ask(prompt: str) -> str:
    """Return what was typed; a program may say it on standard input instead, a line each."""
    return getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
