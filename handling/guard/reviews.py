"""The second handler's review: what is shown is what is signed, and what is signed goes to the desk in the same moment."""

import asyncio
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from crypto import age
from crypto.canonical import canonical
from crypto.digest import sha256
from crypto.statement import Signed, Statement
from handling.guard import counts, store
from handling.guard.asked import REVIEW, ReviewAsked, attached, contradictions, unassessed, unclaimed, undecided
from handling.guard.counts import Question
from handling.guard.keys import Keys
from handling.guard.refusal import NOT_OVER_THIS, ChangedError, MovedError, Refused, RefusedError
from handling.guard.service import Case, Guard, Hand, Turn, case, turn, with_keys
from handling.guard.store import Signature, State
from handling.rules.release import Kind
from handling.signing import Handed
from handling.store import agencies
from handling.store.members import Duty, Member, MemberList, NotAMemberError
from tipline.base.database import Db


@dataclass(frozen=True, slots=True)
class ReviewView:
    """A review as its reviewer reads it: the report, its facts, and the agencies by id and name."""

    turn: Turn
    listed: MemberList
    asked: ReviewAsked
    agencies: tuple[tuple[str, str], ...]
    author: Member
    question: Question | None


async def open_(guard: Guard, review: UUID, hand: Hand, today: date) -> ReviewView:
    """Open a review for one signer; the keys are forgotten before this returns."""
    async with guard.pool.acquire() as db:
        before = await case(guard, db, Kind.REVIEW, review, who=hand.who, today=today)
        async with with_keys(guard, db, before.member, before.listed, hand.passphrase) as keys:
            asked = await _opened(keys, before)
        named = []
        for agency in asked.agencies:
            enrolled = await agencies.get(db, agency)
            named.append((agency, enrolled.name if enrolled else "not enrolled"))
    whose = turn(Kind.REVIEW, before.row.request, before.member, before.listed)
    question = counts.question(before.member, REVIEW, asked.body(today))
    return ReviewView(whose, before.listed, asked, tuple(named), before.listed.member(asked.author), question)


async def sign(guard: Guard, review: UUID, hand: Hand, today: date) -> None:
    """Sign what the signer was shown, and hand the report to the desk: both, or nothing."""
    async with guard.pool.acquire() as db:
        before = await case(guard, db, Kind.REVIEW, review, who=hand.who, today=today)
        async with with_keys(guard, db, before.member, before.listed, hand.passphrase) as keys:
            asked = await _opened(keys, before)
            if asked.seen != hand.seen:
                raise ChangedError
            statement = keys.sign(REVIEW, asked.body(today))
        answer = counts.answered(before.member, statement, hand.assertion)
        await _add(db, before, asked, statement, Signature(hand.who, statement.signatures[0].signature, answer))


async def content(_: Guard, __: Db, keys: Keys, before: Case) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is signed, and the report with attachments and risk assessment, for somebody who signs on their own machine.

    Why words stay in it is not told.
    """
    asked = await _opened(keys, before)
    risk = {} if asked.risk is None else {"risk": asked.risk.to_body()}
    return asked.body(before.today), asked.shown() | risk


async def hand_in(_: Guard, db: Db, keys: Keys, before: Case, handed: Handed) -> State:
    """Add a review that was signed elsewhere, on a day since it was asked for."""
    asked = await _opened(keys, before)
    if handed.day is None or not before.row.request.requested_on <= handed.day <= before.today:
        raise RefusedError(Refused((NOT_OVER_THIS,)))
    body, public = asked.body(handed.day), before.listed.member(handed.signer).signing
    if not handed.is_over(body, public):
        raise RefusedError(Refused((NOT_OVER_THIS,)))
    statement = Statement.make(REVIEW, body).with_signed(Signed(public, handed.signature))
    await _add(db, before, asked, statement, Signature(handed.signer, handed.signature))
    return State.SIGNED


async def _add(db: Db, before: Case, asked: ReviewAsked, statement: Statement, mine: Signature) -> None:
    """Store the review and hand the report to the desk: both, or nothing."""
    review = before.row.request.id
    sealed = await asyncio.to_thread(_for_the_desk, asked, statement, before.listed.desk_intake)
    async with db.transaction():
        if not await store.sign_review(db, review, sealed_sha256=sha256(before.row.sealed)):
            raise MovedError
        await counts.used(db, mine.assertion)
        await store.add_signature(db, review, Kind.REVIEW, mine)
        await store.add_report(db, review, sealed, before.today)


def _for_the_desk(asked: ReviewAsked, statement: Statement, desk: age.Recipient) -> bytes:
    """Seal what was reviewed, attachments and all, to the desk. Blocking."""
    return age.seal(canonical(asked.shown() | {"statement": statement.to_json()}), [desk])


async def _opened(keys: Keys, before: Case) -> ReviewAsked:
    asked = ReviewAsked.read(await asyncio.to_thread(keys.open, before.row.sealed))
    reasons = [*_author(asked, before), *contradictions(asked.report, asked.facts, asked.agencies)]
    reasons += (*unassessed(asked.facts, asked.risk), *unclaimed(asked))
    reasons += await asyncio.to_thread(attached, asked.report, asked.copies)
    if not reasons:
        reasons += await asyncio.to_thread(undecided, asked)
    if asked.report.id != before.row.request.id:
        reasons.append("The report is not the one that this review was asked for.")
    if reasons:
        raise RefusedError(Refused(tuple(reasons)))
    return asked


def _author(asked: ReviewAsked, before: Case) -> list[str]:
    """The author is who asked, and is a handler: else the rule that nobody reviews their own report would be empty."""
    try:
        handler = Duty.HANDLER in before.listed.member(asked.author).duties
    except NotAMemberError:
        handler = False
    if not handler or asked.author != before.row.request.requested_by:
        return ["The author named in the report is not the handler who asked for the review."]
    return []
