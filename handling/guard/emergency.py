"""An emergency disclosure from the moment it is told to its review: load, decide, sign, store. Nothing here stops the telling."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from crypto import age
from crypto.digest import sha256
from handling import held
from handling.emergencies import REVIEW, SECOND, TOLD, EmergencyFormatError, Papers, Record, Told
from handling.guard import counts
from handling.guard import emergency_store as store
from handling.guard.counts import Question
from handling.guard.emergency_store import Row
from handling.guard.keys import Keys
from handling.guard.refusal import ChangedError, MovedError, NotNowError, Refused, RefusedError
from handling.guard.service import Guard, Hand, found, member_list, with_keys
from handling.guard.sign import SignError
from handling.guard.verify import duties
from handling.held import Listing, Lists
from handling.rules.emergency import IllegalMoveError, Move, State, advance, can_be_followed, may_follow, may_tell
from handling.store import members
from handling.store.members import Duty, Member, MemberList
from tipline.base.database import Db, TakenError

_NOT_YOU = "Only a handler discloses in an emergency: nobody else has read a tip."
_NOT_AFTER = "The second signature and the review are another handler's or an officer's, never of who told it."
_NOT_HERE = "It does not stand where this could be done. Look at it again."
_NO_OVERSIGHT = "Oversight outside must get it first: save the file for them below, and send it."
_NOBODY_OUTSIDE = "The member list names nobody outside. Until it names an outside second, no oversight gets this."
_NOBODY_ELSE = (
    "Nobody could sign second and review it: leave in at least one other handler or an officer. If none of them may learn of"
    " it, write to oversight outside."
)
_PATIENCE = timedelta(minutes=15)
_TOO_LONG = "More than 15 minutes have passed since you went on to sign. Nothing was signed. Go on to sign once more."
_DAMAGED = (
    "What is sealed here is not what its people signed, or one of them left, or lost that duty, before the guard could state"
    " that it counts."
)
_ROW = (
    "What stands beside it in the database is not what its people signed: who told it and when, whom it is shown to, where it"
    " stands, or who followed. Somebody changed the one or the other."
)


@dataclass(frozen=True, slots=True)
class View:
    """An opened disclosure, every signature on it verified."""

    row: Row
    listed: MemberList
    record: Record
    papers: Papers


async def ask_to_tell(
    guard: Guard, who: str, told: Told, *, hidden: Collection[str], emergency: UUID, now: datetime
) -> Question | None:
    """Return what *who*'s authenticator is asked before they sign what they have told; None where they have none."""
    async with guard.pool.acquire() as db:
        listed = await member_list(guard, db, now.date())
    member = listed.member(who)
    shown = _shown_to(listed, member, hidden)
    return counts.question(member, TOLD, told.body(emergency, who, now, shown))


async def tell(
    guard: Guard, hand: Hand, told: Told, *, hidden: Collection[str], now: datetime, emergency: UUID | None = None
) -> UUID:
    """Record what one handler has told, signed by them at once, and show it to every handler and officer but *hidden*.

    *emergency* and *now* are those to which their authenticator answered.
    """
    emergency = emergency or uuid4()
    async with guard.pool.acquire() as db:
        listed = await member_list(guard, db, now.date())
        member = listed.member(hand.who)
        shown = _shown_to(listed, member, hidden)
        async with with_keys(guard, db, member, listed, hand.passphrase) as keys:
            statement = keys.sign(TOLD, told.body(emergency, member.name, now, shown))
            answer = counts.answered(member, statement, hand.assertion)
            papers = await _held(guard, keys, listed, Papers.of_told(statement, answer))
        sealed = await _sealed(papers, listed, shown)
        try:
            async with db.transaction():
                await counts.used(db, answer)
                await store.add(db, _new(emergency, member.name, now, shown, sealed))
        except TakenError:
            raise MovedError from None
    return emergency


async def look(guard: Guard, emergency: UUID, who: str, now: datetime) -> tuple[Row, MemberList]:
    """Where one stands; its content stays sealed."""
    async with guard.pool.acquire() as db:
        listed = await member_list(guard, db, now.date())
        return found(await store.one(db, emergency, who)), listed


async def all_(guard: Guard, who: str, now: datetime) -> tuple[tuple[Row, ...], MemberList]:
    """Every disclosure that is shown to *who*."""
    async with guard.pool.acquire() as db:
        return await store.newest(db, who), await member_list(guard, db, now.date())


async def open_(guard: Guard, emergency: UUID, hand: Hand, now: datetime) -> View:
    """Open one with the passphrase just typed, and state what was not stated yet: under which list a part of it counts."""
    async with guard.pool.acquire() as db:
        view = await _opened(guard, db, emergency, hand, now)
        if not view.papers.unheld:
            return view
        async with with_keys(guard, db, view.listed.member(hand.who), view.listed, hand.passphrase) as keys:
            papers = await _held(guard, keys, view.listed, view.papers)
        if not papers.unheld:
            sealed = await _sealed(papers, view.listed, view.record.shown_to)
            await store.hold(db, emergency, sealed_sha256=sha256(view.row.sealed), sealed=sealed)
        return view


async def ask_to_follow(
    guard: Guard, emergency: UUID, who: str, seen: str, now: datetime, *, type_: str, said: Mapping[str, str]
) -> Question | None:
    """Return what *who*'s authenticator is asked before they sign second or review; None where they have none."""
    async with guard.pool.acquire() as db:
        member = (await member_list(guard, db, now.date())).member(who)
    return counts.question(member, type_, _after(emergency, who, seen, now, said))


async def second(guard: Guard, emergency: UUID, hand: Hand, now: datetime, *, move: Move, note: str) -> None:
    """Agree or object as the second person; either way it is reviewed."""
    async with guard.pool.acquire() as db:
        view, body = await _to_follow(
            guard, db, emergency, hand, now, move=move, said={"verdict": move.value, "note": note}
        )
        member = view.listed.member(hand.who)
        async with with_keys(guard, db, member, view.listed, hand.passphrase) as keys:
            statement = keys.sign(SECOND, body)
            answer = counts.answered(member, statement, hand.assertion)
            papers = await _held(guard, keys, view.listed, view.papers.with_second(statement, answer))
        sealed = await _sealed(papers, view.listed, view.record.shown_to)
        now_at, before = advance(view.record.state, move), sha256(view.row.sealed)
        async with db.transaction():
            await counts.used(db, answer)
            if not await store.second(db, emergency, sealed_sha256=before, now=now_at, by=hand.who, sealed=sealed):
                raise MovedError


async def review(guard: Guard, emergency: UUID, hand: Hand, now: datetime, *, finding: str, source: str) -> None:
    """Write the review, once oversight has it; *source* says what became of the duty to warn the source."""
    async with guard.pool.acquire() as db:
        said = {"finding": finding, "source": source}
        view, body = await _to_follow(guard, db, emergency, hand, now, move=Move.REVIEW, said=said)
        if view.row.given_on is None:
            raise NotNowError(_NO_OVERSIGHT)
        member = view.listed.member(hand.who)
        async with with_keys(guard, db, member, view.listed, hand.passphrase) as keys:
            statement = keys.sign(REVIEW, body)
            answer = counts.answered(member, statement, hand.assertion)
            papers = await _held(guard, keys, view.listed, view.papers.with_review(statement, answer))
        sealed = await _sealed(papers, view.listed, view.record.shown_to)
        before = sha256(view.row.sealed)
        async with db.transaction():
            await counts.used(db, answer)
            if not await store.review(db, emergency, sealed_sha256=before, by=hand.who, sealed=sealed):
                raise MovedError


async def give(guard: Guard, emergency: UUID, hand: Hand, now: datetime) -> bytes:
    """Return it sealed to everybody outside on the member list, for oversight, and note the day."""
    async with guard.pool.acquire() as db:
        view = await _opened(guard, db, emergency, hand, now)
        outside = [member.release for member in view.listed.having(Duty.OUTSIDE)]
        if not outside:
            raise NotNowError(_NOBODY_OUTSIDE)
        sealed = await asyncio.to_thread(age.seal, view.papers.encode(), outside)
        await store.given(db, emergency, now.date())
    return sealed


async def _to_follow(
    guard: Guard, db: Db, emergency: UUID, hand: Hand, now: datetime, *, move: Move, said: Mapping[str, str]
) -> tuple[View, dict[str, Any]]:
    """Open it for somebody who follows, and return the body that they sign: about exactly what they were shown."""
    view = await _opened(guard, db, emergency, hand, now)
    if not may_follow(hand.who, view.record.told_by, duties(view.listed)):
        raise NotNowError(_NOT_AFTER)
    try:
        advance(view.record.state, move)
    except IllegalMoveError:
        raise NotNowError(_NOT_HERE) from None
    if view.papers.seen != hand.seen:
        raise ChangedError
    return view, _after(emergency, hand.who, hand.seen, now, said)


def _after(emergency: UUID, who: str, about: str, now: datetime, said: Mapping[str, str]) -> dict[str, Any]:
    """The body that somebody signs who follows."""
    return {"id": str(emergency), "by": who, "at": now.isoformat(), "about": about, **said}


async def _opened(guard: Guard, db: Db, emergency: UUID, hand: Hand, now: datetime) -> View:
    listed = await member_list(guard, db, now.date())
    row = found(await store.one(db, emergency, hand.who))
    async with with_keys(guard, db, listed.member(hand.who), listed, hand.passphrase) as keys:
        opened = await asyncio.to_thread(keys.open, row.sealed)
    try:
        papers = Papers.read(opened)
        record = papers.verify(row.id, await _lists(guard, db, listed))
    except EmergencyFormatError:
        raise RefusedError(Refused((_DAMAGED,))) from None
    if not _fits(row, record):
        raise RefusedError(Refused((_ROW,)))
    return View(row, listed, record, papers)


async def _lists(guard: Guard, db: Db, listed: MemberList) -> Lists:
    versions = await members.versions(db, guard.trust)
    return Lists(_listing(listed), {version.sha256.hex(): _listing(version) for version in versions})


def _listing(listed: MemberList) -> Listing:
    return Listing({member.name: member for member in listed.members}, duties(listed), listed.package_signer)


async def _held(guard: Guard, keys: Keys, listed: MemberList, papers: Papers) -> Papers:
    """Return the papers, which count under *listed* or were stated to count, with that stated of every part.

    Nothing stops the telling: where the package key does not open, nothing is stated, and the next who opens it does.
    """
    bodies = [held.body(part, listed.sha256.hex()) for part in papers.unheld.values()]
    try:
        stated = await asyncio.to_thread(guard.package_keys.state, held.HELD, bodies, keys, listed)
    except SignError:
        return papers
    return papers.holding(dict(zip(papers.unheld, stated, strict=True)))


def _fits(row: Row, record: Record) -> bool:
    """Whether the row says what was signed, in every column that can be signed."""
    stands = (row.told_by, row.told_at, row.shown_to, row.state, row.second_by, row.reviewed_by)
    signed = (record.told_by, record.told_at, record.shown_to, record.state, record.second_by, record.reviewed_by)
    return stands == signed


def moment(said: str, now: datetime) -> datetime:
    """Return the moment that a page asked an authenticator about, if that was a short while ago.

    Raises:
        NotNowError: it is no such moment.
    """
    try:
        then = datetime.fromisoformat(said)
        fits = then.isoformat() == said and timedelta() <= now - then <= _PATIENCE
    except (ValueError, TypeError):
        fits = False
    if not fits:
        raise NotNowError(_TOO_LONG)
    return then


def _shown_to(listed: MemberList, member: Member, hidden: Collection[str]) -> tuple[str, ...]:
    """Who learns of it, when *member* tells it; raises `NotNowError` where they may not, or nobody could follow."""
    if not may_tell(member.name, duties(listed)):
        raise NotNowError(_NOT_YOU)
    shown = tuple(one.name for one in _insiders(listed) if one.name == member.name or one.name not in hidden)
    if not can_be_followed(shown, member.name, duties(listed)):
        raise NotNowError(_NOBODY_ELSE)
    return shown


def _insiders(listed: MemberList) -> list[Member]:
    return [member for member in listed.members if member.duties & {Duty.HANDLER, Duty.OFFICER}]


async def _sealed(papers: Papers, listed: MemberList, names: Collection[str]) -> bytes:
    """Seal them to those of *names* who are members today, and to oversight outside, who may need no help from inside."""
    readers = [member.release for member in _insiders(listed) if member.name in names]
    readers += [member.release for member in listed.having(Duty.OUTSIDE)]
    return await asyncio.to_thread(age.seal, papers.encode(), readers)


def _new(emergency: UUID, who: str, now: datetime, shown: tuple[str, ...], sealed: bytes) -> Row:
    return Row(emergency, State.TOLD, who, now, shown, "", "", None, sealed)
