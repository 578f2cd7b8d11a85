"""`tipline member`: propose who joins, leaves or gets new keys. An administrator adds nobody alone: two handlers sign at the guard."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from uuid import UUID

from handling import enrol, people
from handling.rules import member_words, membership
from handling.rules.membership import (
    Admit,
    Change,
    Entry,
    FirstReaders,
    MembershipError,
    Remove,
    Renew,
    Replace,
    Unequip,
    Zone,
)
from handling.rules.release import Duty, Kind, possible_signers
from handling.signing import OutsideCard, SigningFileError
from handling.store import members, proposals
from handling.store.members import Member, MemberList, MemberListError, NotAMemberError, Trust
from handling.store.proposals import Proposal
from tipline.base.database import Db, TakenError
from tipline.base.settings import Settings, SettingsError
from tipline.cli import cards, inside
from tipline.cli.init import person

REFUSED, BAD_INPUT = 1, 2
BY = "administrator"
_SIGNERS = 2
_ANEW = "propose that they leave, then the new card with `tipline member outside`"
_ZONES: Mapping[Duty, Zone] = MappingProxyType({Duty.HANDLER: "corridor", Duty.ANALYST: "desk"})


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("member", help="propose changes of the member list")
    acts = parser.add_subparsers(
        dest="act",
        metavar="add|outside|remove|replace|take-authenticator|first-readers|renew|list|proposals|again",
        required=True,
    )
    joins = acts.add_parser("add", help="make somebody's keys and propose them; two handlers sign at the guard")
    joins.add_argument("person", type=person, metavar="NAME:SHOWN:DUTIES", help='such as "dina:Dina Okello:handler"')
    outside = acts.add_parser("outside", help="propose an outside second, who is of another unit")
    outside.add_argument("file", type=Path, help="the card that `tipline sign key` wrote on their machine")
    leaves = acts.add_parser("remove", help="propose that somebody leaves; run again afterwards to delete the accounts")
    leaves.add_argument("name", help="sign-in name")
    new = acts.add_parser(
        "replace", help="make new keys for somebody who lost a passphrase or device, and propose them"
    )
    new.add_argument("name", help="sign-in name")
    new.add_argument("--yes", action="store_true", help="do not ask, although the old passphrases end at once")
    lost = acts.add_parser("take-authenticator", help="propose that somebody's lost authenticator counts no longer")
    lost.add_argument("name", help="sign-in name")
    lost.add_argument("label", help="as `tipline member list` shows it")
    readers = acts.add_parser("first-readers", help="propose who reads first what names somebody of the unit")
    readers.add_argument("names", nargs="+", metavar="NAME", help="sign-in names of handlers")
    acts.add_parser("renew", help="propose that the list stays valid for another year")
    acts.add_parser("list", help="who belongs to the unit, with fingerprints")
    acts.add_parser("proposals", help="every proposed change and what became of it")
    again = acts.add_parser("again", help="propose afresh what was refused, or overtaken by another version")
    again.add_argument("id", type=UUID, help="of the proposal, as `tipline member proposals` shows it")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Carry out one act; 0 when done, 1 when refused."""
    try:
        return asyncio.run(_run(args, settings))
    except NotAMemberError as error:
        return _say(f"tipline: {error}; `tipline member list` shows who is, by sign-in name", REFUSED)
    except (MemberListError, MembershipError) as error:
        return _say(f"tipline: {error}", REFUSED)


async def _run(args: argparse.Namespace, settings: Settings) -> int:
    async with inside.owner(settings) as db:
        trust = await asyncio.to_thread(members.trust, settings.inside, "admin")
        return await _ACTS[args.act](args, settings, db, trust)


async def _join(args: argparse.Namespace, settings: Settings, db: Db, trust: Trust) -> int:
    listed = await members.load(db, trust, _today())
    keys = people.PersonKeys.make(args.person)
    change = Admit(keys.entry())
    _possible(listed, change)
    enrolled = await asyncio.to_thread(people.seal_accounts, [keys])
    try:
        async with db.transaction():
            await people.put_accounts(db, enrolled.accounts)
            proposal = await members.propose(db, change, BY)
    except TakenError:
        return _say(
            f"tipline: {args.person.name} has accounts here already. If they left or were refused, delete these with "
            f"`tipline member remove {args.person.name}` first; nothing was changed",
            REFUSED,
        )
    print(cards.as_text(enrolled.cards, settings))
    _print_proposed(listed, change, proposal)
    _print_steps(args.person.duties)
    return 0


async def _outside(args: argparse.Namespace, _: Settings, db: Db, trust: Trust) -> int:
    """Propose somebody of another unit, whose secret keys never were here."""
    try:
        card = OutsideCard.read((await asyncio.to_thread(args.file.read_bytes)).strip())
    except OSError:
        return _say(f"tipline: {args.file} cannot be read", BAD_INPUT)
    except SigningFileError as error:
        return _say(f"tipline: {args.file}: {error}", BAD_INPUT)
    return await _propose(db, await members.load(db, trust, _today()), Admit(card.entry()))


async def _replace(args: argparse.Namespace, settings: Settings, db: Db, trust: Trust) -> int:
    listed = await members.load(db, trust, _today())
    old = listed.member(args.name)
    if Duty.OUTSIDE in old.duties:
        return _say(f"tipline: {old.display} makes new keys on their own machine: {_ANEW}", REFUSED)
    keys = people.PersonKeys.make(people.Person(old.name, old.display, old.duties))
    change = Replace(old.name, keys.public())
    _possible(listed, change)
    if not args.yes and not await asyncio.to_thread(_agreed, old):
        return _say("tipline: nothing was changed", REFUSED)
    enrolled = await asyncio.to_thread(people.seal_accounts, [keys])
    async with db.transaction():
        await people.put_accounts(db, enrolled.accounts, instead=True)
        older = await proposals.overtake_keys(db, old.name)
        proposal = await members.propose(db, change, BY)
    print(cards.as_text(enrolled.cards, settings))
    print(f"The passphrases that {old.display} had open nothing from now on, and the new ones not before it is signed.")
    if older:
        print("An earlier proposal of new keys for this person can no longer be signed, and its cards are void.")
    _print_proposed(listed, change, proposal)
    _print_steps(old.duties)
    return 0


async def _remove(args: argparse.Namespace, _: Settings, db: Db, trust: Trust) -> int:
    listed = await members.latest(db, trust)
    if args.name in {member.name for member in listed.members}:
        return await _propose(db, await members.load(db, trust, _today()), Remove(args.name))
    deleted = await people.delete_accounts(db, args.name)
    if not deleted:
        raise NotAMemberError
    print(f"{args.name} is not on the member list. {deleted} accounts of that name were deleted.")
    return 0


async def _take_authenticator(args: argparse.Namespace, _: Settings, db: Db, trust: Trust) -> int:
    listed = await members.load(db, trust, _today())
    listed.member(args.name)
    entry = next(Entry.read(one) for one in listed.body()["members"] if one["name"] == args.name)
    named = [one.credential for one in entry.authenticators if one.label == args.label]
    return await _propose(db, listed, Unequip(args.name, named[0] if named else ""))


async def _first_readers(args: argparse.Namespace, _: Settings, db: Db, trust: Trust) -> int:
    return await _propose(db, await members.load(db, trust, _today()), FirstReaders(tuple(args.names)))


async def _renew(_: argparse.Namespace, __: Settings, db: Db, trust: Trust) -> int:
    """Propose a renewal, also when the list has ended; then only the root can sign it."""
    listed = await members.latest(db, trust)
    return await _propose(db, listed, Renew(_today() + timedelta(days=enrol.LIST_VALID_DAYS)))


async def _again(args: argparse.Namespace, _: Settings, db: Db, trust: Trust) -> int:
    proposal = await proposals.get(db, args.id)
    if proposal is None or proposal.change is None:
        return _say("tipline: there is no such proposal", REFUSED)
    if isinstance(proposal.change, Replace) and await proposals.keys_wait(db, proposal.change.name):
        return _say("tipline: newer keys for this person wait to be signed; the cards of these are void", REFUSED)
    listed = await members.latest(db, trust)
    return await _propose(db, listed, proposal.change)


async def _list(_: argparse.Namespace, __: Settings, db: Db, trust: Trust) -> int:
    listed = await members.latest(db, trust)
    ended = "; IT HAS ENDED" if listed.valid_until < _today() else ""
    print(f"version {listed.version}, valid until {listed.valid_until.isoformat()}{ended}")
    print(f"first readers: {', '.join(listed.first_readers)}")
    for entry in listed.body()["members"]:
        print(
            f"{entry['name']}  {','.join(entry['duties'])}  since version {listed.since[entry['name']]}  {entry['display']}"
        )
        print(f"    {member_words.groups(member_words.person(entry))}")
        for one in Entry.read(entry).authenticators:
            print(f"    authenticator “{one.label}”, for {one.origin}")
            print(f"        {member_words.groups(member_words.authenticator(one))}")
    return 0


async def _proposals(_: argparse.Namespace, __: Settings, db: Db, ___: Trust) -> int:
    for proposal in await proposals.newest(db):
        print(_line(proposal))
    return 0


_Act = Callable[[argparse.Namespace, Settings, Db, Trust], Awaitable[int]]
_ACTS: Mapping[str, _Act] = MappingProxyType(
    {
        "add": _join,
        "outside": _outside,
        "remove": _remove,
        "replace": _replace,
        "take-authenticator": _take_authenticator,
        "first-readers": _first_readers,
        "renew": _renew,
        "list": _list,
        "proposals": _proposals,
        "again": _again,
    }
)


async def _propose(db: Db, listed: MemberList, change: Change) -> int:
    _possible(listed, change)
    _print_proposed(listed, change, await members.propose(db, change, BY))
    return 0


def _possible(listed: MemberList, change: Change) -> None:
    """Raise `MembershipError` when the list could not change like this."""
    membership.apply(listed.body(), change, previous_sha256=listed.sha256)


def _print_proposed(listed: MemberList, change: Change, proposal: UUID) -> None:
    words = member_words.describe(change, listed.body())
    print(f"Proposed for version {listed.version + 1}: {words.title}")
    if words.fingerprint:
        print(f"Fingerprint, to be compared by voice: {words.fingerprint}")
    able = possible_signers(Kind.MEMBERS, BY, membership.signers(listed.body(), change))
    if len(able) < _SIGNERS or listed.valid_until < _today():
        print(f"Two handlers cannot sign this here. The holders of the root key can: tipline root sign {proposal}")
        return
    names = ", ".join(listed.member(name).display for name in able)
    print(f"Nothing changes before two of these have signed it at the guard, under Members: {names}")


def _print_steps(duties: Collection[Duty]) -> None:
    """Say what comes between the signatures and the first sign-in; the guard needs nobody else's."""
    for duty, zone in _ZONES.items():
        if duty in duties:
            print(
                f"Then another {duty.value} signs in to the {zone} once, and only after that the new card works there."
            )


def _agreed(member: Member) -> bool:
    if not sys.stdin.isatty():
        raise SettingsError("there is no terminal to ask at; say --yes when every old passphrase may end at once")
    print(f"This ends every passphrase of {member.display} at once, before anybody has signed. It cannot be undone.")
    return input(f"Type the sign-in name ({member.name}) to go on: ").strip() == member.name


def _line(proposal: Proposal) -> str:
    what = member_words.brief(proposal.change) if proposal.change else "cannot be read"
    reason = f"  ({proposal.reason})" if proposal.reason else ""
    return f"{proposal.id}  {proposal.proposed_on.isoformat()}  {proposal.state.value}  {what}{reason}"


def _today() -> date:
    return datetime.now(UTC).date()


def _say(text: str, code: int) -> int:
    print(text, file=sys.stderr)
    return code
