"""`tipline doctor`: which lawful acts today's members can do, which not, and why. Changes nothing and opens nothing."""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from handling.guard.verify import duties
from handling.rules import staffing
from handling.rules.staffing import Standing
from handling.store import members
from handling.store.members import Duty, Member, MemberList, MemberListError
from tipline.base.settings import Settings, SettingsError
from tipline.cli import inside

MISSING, BAD_INPUT = 1, 2
_HINT = "whoever has the passphrase signs. At the guard, under “Your authenticators”, they register one"


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("doctor", help="say which lawful acts today's members can do, and which not")
    parser.add_argument(
        "--away",
        action="append",
        default=[],
        metavar="NAME",
        help="somebody who is absent or excluded; may be repeated",
    )
    parser.add_argument("--json", action="store_true", help="for another program")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Say it; 1 when some act cannot be done, 2 when somebody named is no member."""
    try:
        listed = asyncio.run(_listed(settings))
    except MemberListError as error:
        raise SettingsError(str(error)) from None
    strangers = sorted(set(args.away) - {member.name for member in listed.members})
    if strangers:
        print(f"tipline: not on the member list: {', '.join(strangers)}", file=sys.stderr)
        return BAD_INPUT
    acts = staffing.standing(duties(listed), args.away)
    both = staffing.two_keys(duties(listed))
    if args.json:
        print(json.dumps(_body(listed, args.away, acts, both), ensure_ascii=False, indent=2))
    else:
        print(_words(listed, args.away, acts, both))
    return 0 if all(one.possible for one in acts) else MISSING


def _by_passphrase_alone(listed: MemberList) -> list[Member]:
    """Who signs at the guard without an authenticator: lawful, and weaker."""
    signs = {Duty.HANDLER, Duty.OFFICER}
    return [member for member in listed.members if member.duties & signs and not member.authenticators]


async def _listed(settings: Settings) -> MemberList:
    async with inside.owner(settings) as db:
        trust = await asyncio.to_thread(members.trust, settings.inside, "admin")
        return await members.load(db, trust, datetime.now(UTC).date())


def _body(listed: MemberList, away: Sequence[str], acts: Sequence[Standing], both: Sequence[str]) -> dict[str, Any]:
    return {
        "member_list": listed.version,
        "away": sorted(away),
        "acts": [
            {
                "act": one.task.name.lower(),
                "words": one.task.value,
                "possible": one.possible,
                "by": list(one.by),
                "outside": list(one.outside),
                "why_not": one.why_not,
            }
            for one in acts
        ],
        "keys_for_corridor_and_desk": list(both),
        "without_authenticator": [member.name for member in _by_passphrase_alone(listed)],
    }


def _words(listed: MemberList, away: Sequence[str], acts: Sequence[Standing], both: Sequence[str]) -> str:
    def named(names: Sequence[str]) -> str:
        return ", ".join(listed.member(name).display for name in names)

    lines = [f"Version {listed.version} of the member list" + (f"; away: {named(sorted(away))}" if away else "")]
    for one in acts:
        if not one.possible:
            lines.append(f"CANNOT  {one.task.value}: {one.why_not}")
            continue
        stands = f"{named(one.outside)} from outside" if one.outside else ""
        lines.append(f"can     {one.task.value}: {'; '.join(part for part in (named(one.by), stands) if part)}")
    lines += [f"note    {listed.member(name).display} holds keys for corridor and desk" for name in both]
    lines += [f"note    {one.display} has no authenticator: {_HINT}" for one in _by_passphrase_alone(listed)]
    return "\n".join(lines)
