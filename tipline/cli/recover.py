"""`tipline recover`: everybody's keys are lost, and other people go on. Offline: refuses while anything of the unit runs."""

import argparse
import asyncio
import socket
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from crypto import age
from handling import recovery
from handling.people import Card
from handling.recovery import Keys, Recovered, RecoveryError
from handling.rules.member_words import groups
from handling.store import members
from handling.store.members import MemberListError, OvertakenError
from tipline.base.database import INSIDE_ROLES, Db, store_errors
from tipline.base.settings import Settings, SettingsError
from tipline.cli import cards, inside, joining
from tipline.cli.init import gaps, person

_PROCESSES = ("corridor", "desk", "guard", "exchange")
_STILL_AT_WORK = (
    "Keys are being wrapped to the new people. If this command does not say that it has recovered the unit, run it again "
    "from the start: nothing is lost, and the cards above are then void."
)
_AT_WORK = """
    SELECT count(*)
      FROM pg_stat_activity
     WHERE usename = ANY($1::name[])
       AND datname = current_database()
"""


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("recover", help="start anew with other people when everybody's keys are lost")
    parser.add_argument("--unit", required=True, help="id of the unit, to be sure: everybody on its list is replaced")
    parser.add_argument(
        "--member",
        action="append",
        required=True,
        type=person,
        metavar="NAME:SHOWN:DUTIES",
        help="a new person, as in `tipline init`; say it once per person",
    )
    parser.add_argument(
        "--first-reader",
        action="append",
        default=[],
        metavar="NAME",
        help="a new handler who reads first what names somebody of the unit (default: every new handler)",
    )
    joining.add_arguments(parser, "root", prefix="root-")
    joining.add_arguments(parser, "recovery", prefix="recovery-")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Join both keys, replace everybody, print the cards and what was recovered."""
    if args.unit != settings.unit:
        raise SettingsError(f'this data folder is that of unit "{settings.unit}", not "{args.unit}"')
    for process in _PROCESSES:
        if _answers(settings.host, settings.ports[process]):
            raise SettingsError(f"{process} answers on port {settings.ports[process]}: stop every process first")
    try:
        return asyncio.run(_run(args, settings))
    except (RecoveryError, MemberListError, OvertakenError) as error:
        raise SettingsError(str(error)) from None


async def _run(args: argparse.Namespace, settings: Settings) -> int:
    async with inside.owner(settings) as db:
        if await _at_work(db):
            raise SettingsError("a process of the unit is connected to the inside database: stop every process first")
        root = await asyncio.to_thread(joining.root_key, args, members.root_public(settings.inside))
        identity = await asyncio.to_thread(joining.recovery_identity, args)
        began = time.monotonic()

        def give_out(made: Sequence[Card]) -> None:
            print(cards.as_text(made, settings))
            print(_STILL_AT_WORK, flush=True)

        done = await recovery.recover(
            settings,
            db,
            Keys(root, identity),
            args.member,
            first_readers=args.first_reader,
            today=datetime.now(UTC).date(),
            give_out=give_out,
        )
        print(report(done, identity.recipient, settings, time.monotonic() - began))
    for gap in gaps(args.member):
        print(f"Not possible with these people: {gap}", file=sys.stderr)
    if done.corridor.unreadable or done.desk.unreadable:
        print("tipline: some keys could not be opened by any epoch; see above", file=sys.stderr)
        return 1
    return 0


def report(done: Recovered, recipient: age.Recipient, settings: Settings, seconds: float) -> str:
    """Say what was recovered, and what people now have to do."""
    lines = [
        f"Recovered in {seconds:.1f} s. The member list is version {done.version}; everybody before is removed.",
        f"  corridor: {_kept(done.corridor.moved, done.corridor.unreadable)}",
        f"  desk: {_kept(done.desk.moved, done.desk.unreadable)}",
        f"  tips that are not for everybody: {done.restricted.tips}; the new first readers decide again",
        f"  of these, naming every new handler and closed to all of them: {done.restricted.closed}",
        f"  requests at the guard that have to be asked for again: {done.asked_again}",
        f"  reviewed reports in the desk's inbox whose reviewer is gone, to be reviewed again: {done.in_vain}",
        "",
        "TELL EVERY AGENCY, by telephone and on paper: packages are signed with new keys from today.",
        f"  Ed25519  {groups(done.package_signer.hex())}",
        f"  OpenPGP  {groups(done.package_pgp)}",
        f"  the OpenPGP key itself is {settings.inside / 'guard' / 'package.asc'}",
        "",
        "The recovery key is the same as before: " + groups(recipient.fingerprint()),
        "Put every share sheet back into an envelope. The people above can sign in as soon as the unit is started.",
    ]
    return "\n".join(lines)


def _kept(moved: int, unreadable: int) -> str:
    return f"{moved} keys wrapped to the new vault, {unreadable} that nothing opens"


async def _at_work(db: Db) -> bool:
    with store_errors():
        return bool(await db.fetchval(_AT_WORK, list(INSIDE_ROLES)))


def _answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False
