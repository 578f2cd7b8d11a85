"""`tipline root`: what only the root key may do to the member list. The key is joined for one command and never written."""

import argparse
import asyncio
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from crypto.signing import SigningKey
from crypto.statement import Statement
from handling.enrol import LIST_VALID_DAYS
from handling.rules import member_words, membership
from handling.rules.membership import Change, MembershipError, Renew
from handling.store import members, proposals
from handling.store.members import MemberList, MemberListError, OvertakenError, Trust
from handling.store.proposals import Proposal
from tipline.base.database import Db
from tipline.base.settings import Settings, SettingsError
from tipline.cli import inside, joining

_ID_SHOWN = 8  # characters of a proposal's id, enough to tell those that wait apart


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("root", help="sign a change of the member list with the root key")
    acts = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    sign = acts.add_parser("sign", help="sign a proposed change that waits")
    sign.add_argument("proposal", nargs="?", default="", help="the beginning of its id, when several wait")
    renew = acts.add_parser("renew", help="let the member list stay valid for longer")
    renew.add_argument("--until", type=date.fromisoformat, metavar="DATE", help="last day (default: a year from today)")
    for act in (sign, renew):
        joining.add_arguments(act, "root")
        act.add_argument("--yes", action="store_true", help="sign without asking; the words are printed all the same")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Show the change in words, join the key, sign and append."""
    try:
        return asyncio.run(_run(args, settings))
    except (MemberListError, OvertakenError, MembershipError) as error:
        raise SettingsError(str(error)) from None


async def _run(args: argparse.Namespace, settings: Settings) -> int:
    today = datetime.now(UTC).date()
    async with inside.owner(settings) as db:
        trust = members.trust(settings.inside, "admin")
        listed = await members.latest(db, trust)
        if args.act == "renew":
            change: Change = Renew(args.until or today + timedelta(days=LIST_VALID_DAYS))
        else:
            change = _chosen(await proposals.newest(db), args.proposal, listed)
        following = membership.apply(listed.body(), change, previous_sha256=listed.sha256)
        print(words(change, listed, following))
        if not args.yes and not _agreed():
            print("Nothing was signed.")
            return 1
        key = await asyncio.to_thread(joining.root_key, args, members.root_public(settings.inside))
        appended = await sign(db, trust, key, following, today)
    print(f"Signed: the member list is now version {appended.version}, valid until {appended.valid_until}.")
    return 0


async def sign(db: Db, trust: Trust, key: SigningKey, body: Mapping[str, Any], today: date) -> MemberList:
    """Sign the next list with the root key alone and append it; the chain is verified before it is written."""
    return await members.append(db, trust, Statement.make(members.TYPE, body, key), today)


def words(change: Change, listed: MemberList, following: Mapping[str, Any]) -> str:
    """Return the change as whoever joins the root key reads it, with every value that becomes another."""
    said = member_words.describe(change, listed.body())
    lines = [said.title, *(f"  {line}" for line in said.lines)]
    if said.fingerprint:
        lines += [f"  {said.compare}", f"  {said.fingerprint}"]
    lines += ["", "Every difference:"]
    for one in member_words.differences(listed.body(), following):
        lines.append(f"  {one.what}: {one.before} → {one.after}")
    return "\n".join(lines)


def _chosen(found: tuple[Proposal, ...], beginning: str, listed: MemberList) -> Change:
    waiting = [one for one in found if one.open and one.version == listed.version + 1 and one.change is not None]
    chosen = [one for one in waiting if str(one.id).startswith(beginning)]
    if not waiting:
        raise SettingsError("no proposed change of the member list waits for a signature")
    if len(chosen) != 1 or chosen[0].change is None:
        ids = ", ".join(str(one.id)[:_ID_SHOWN] for one in waiting)
        raise SettingsError(f"say which one, by the beginning of its id: {ids}")
    return chosen[0].change


def _agreed() -> bool:
    if not sys.stdin.isatty():
        raise SettingsError("there is no terminal to ask at; say --yes when the words above are what you want")
    return input('Type "sign" to sign exactly this: ').strip() == "sign"
