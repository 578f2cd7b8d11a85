"""What the desk does about releases that have left: recalls them or not, notes a breach, reviews an exception. Load, decide, store."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

from crypto.secret import Guarded
from handling.desk import acts, case, notices, owed, store
from handling.desk.acts import Act, Did, Drop, Learned, Recall, Review
from handling.desk.case import Answered, NoSuchReleaseError
from handling.desk.session import Desk
from handling.rules import duties
from handling.rules.clocks import days_after
from handling.rules.copies import Breach, Fate
from handling.rules.duties import IllegalMoveError, Kind, State
from handling.rules.notices import Notice, NoticeKind, Recalled
from handling.rules.recall import Against, Finding, Reason
from handling.rules.terms import Termination
from handling.store.members import MemberList
from tipline.base.database import Db

WORDS_MAX = 4_000  # characters of a review


class UncertainDayError(Exception):
    """A day that is noted already is still to come by this machine's clock: nothing may be noted under such a day."""

    code = "uncertain-day"

    def __init__(self) -> None:
        super().__init__("the clock of this machine stands before a day that is noted already")


class NobodySignsError(Exception):
    """A notice needs a releasing officer who did not ask for it, and there is none."""

    code = "nobody-signs"

    def __init__(self) -> None:
        super().__init__("no releasing officer could sign the recall")


class SameReviewerError(Exception):
    """Two people review an exception; who wrote the first review does not write the second."""

    code = "same-reviewer"

    def __init__(self) -> None:
        super().__init__("somebody else has to write the second review")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Hand(Guarded):
    """Who acts, under which list, on which day."""

    desk: Desk
    members: MemberList
    today: date


async def recall(db: Db, hand: Hand, releases: Sequence[UUID], reason: Reason) -> None:
    """Ask every copy of some releases back: all of them, or none where one can not be recalled.

    A notice for each waits at the guard; the agency learns of it when a releasing officer has signed.

    Raises:
        NoSuchReleaseError: nothing that has left has this id.
        IllegalMoveError: nothing is left to recall, or it is recalled already.
        NobodySignsError: no releasing officer beside who asks could sign it.
        UncertainDayError, NotAMemberError
    """
    if not notices.signers(hand.members, hand.desk.member.name):
        raise NobodySignsError
    due = days_after(hand.today, duties.RECALL_WITHIN_DAYS)
    async with _held(db, hand, releases) as found:
        reports = dict.fromkeys(one.release.report for one in found)
        reviewed = {report: await case.report(db, hand.desk, report) for report in reports}
        for one in found:
            copies = owed.copies(one, hand.today)
            if copies is None or not may_recall(one, hand.today):
                raise IllegalMoveError
            did = Recall(uuid4(), reason, asked_of(one), due, copies.state is State.KEPT)
            await _note(db, hand, one, did)
            await notices.ask(db, hand.desk, hand.members, reviewed[one.release.report], _notice(one, did, hand.today))


async def drop(db: Db, hand: Hand, release: UUID, against: Against) -> None:
    """Decide against a recall that something calls for; raises as `recall` does."""
    async with _held(db, hand, [release]) as (one,):
        if not any(found.kind is Kind.DECISION and found.is_open for found in owed.standings(one, hand.today)):
            raise IllegalMoveError
        await _note(db, hand, one, Drop(against))


async def learn(db: Db, hand: Hand, release: UUID, breach: Breach) -> None:
    """Note a breach that the desk learned of otherwise than from the agency; raises as `recall` does."""
    async with _held(db, hand, [release]) as (one,):
        await _note(db, hand, one, Learned(breach))


async def review(db: Db, hand: Hand, release: UUID, finding: Finding, words: str) -> None:
    """Write the first or the second review of a release under the exception; raises as `recall` does, and `SameReviewerError`."""
    async with _held(db, hand, [release]) as (one,):
        standing = next((found for found in owed.standings(one, hand.today) if found.kind is Kind.REVIEW), None)
        if standing is None or standing.state is State.DONE:
            raise IllegalMoveError
        first = next((act for act in one.acts if isinstance(act.did, Review)), None)
        if first is not None and first.by == hand.desk.member.name:
            raise SameReviewerError
        await _note(db, hand, one, Review(finding, words))


def may_recall(one: Answered, today: date) -> bool:
    """Whether copies are left that nobody has asked for yet, nor waits to."""
    copies = owed.copies(one, today)
    waits = any(isinstance(act.did, Recall) and owed.is_waiting(one, act.did, today) for act in one.acts)
    return copies is not None and duties.may_recall(copies) and not waits


def _notice(one: Answered, did: Recall, today: date) -> Notice:
    return Notice(
        id=did.notice,
        kind=NoticeKind.RECALL,
        agency=one.release.agency,
        reference=one.release.id.urn,
        words="",
        day=did.due,
        on=today,
        about=Recalled(one.release.id, did.reason, did.asked).to_body(),
    )


def asked_of(one: Answered) -> Fate:
    """What a recall of a release asks for: what its agreement says of its end, and where that lets copies be kept, that they go."""
    returned = one.release.manifest.terms["termination"] == Termination.RETURN.value
    return Fate.RETURNED if returned else Fate.DESTROYED


@asynccontextmanager
async def _held(db: Db, hand: Hand, releases: Sequence[UUID]) -> AsyncIterator[tuple[Answered, ...]]:
    """Hold the reports of some releases in one transaction, each loaded as it stands now."""
    hand.members.member(hand.desk.member.name)
    async with db.transaction():
        rows = [await _row(db, release) for release in dict.fromkeys(releases)]
        for report in sorted({row.report for row in rows}):  # always in one order: two people never wait for each other
            await store.lock(db, f"release of {report}")
        found = [(await case.release(db, hand.desk, row.id))[1] for row in rows]
        _check_day(found, hand.today)
        yield tuple(found)


def _check_day(found: Iterable[Answered], today: date) -> None:
    if not all(duties.is_certain(owed.sent(one), owed.record(one, today), today) for one in found):
        raise UncertainDayError


async def _row(db: Db, release: UUID) -> store.ReleaseRow:
    row = await store.release(db, release)
    if row is None or row.state != "released":
        raise NoSuchReleaseError
    return row


async def _note(db: Db, hand: Hand, one: Answered, did: Did) -> None:
    act = Act(one.release.id, did, hand.desk.member.name, hand.today)
    await acts.add(db, hand.desk.vault, one.release.report, act)


def noticed_at(day: str, time: str, today: date) -> datetime:
    """Read when a breach was noticed, UTC, or raise `ValueError`; a day that is still to come is none."""
    at = datetime.fromisoformat(f"{day}T{time}:00+00:00")
    if at.date() > today:
        raise ValueError
    return at
