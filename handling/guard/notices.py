"""A notice from the first look to the message that leaves: load, decide, sign, store. One officer signs, and it leaves at once."""

import asyncio
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from crypto.digest import sha256
from handling.guard import counts, notice_store, store
from handling.guard.counts import Question
from handling.guard.keys import Keys
from handling.guard.noticed import ExaminedNotice, HeldForNotice, NoticeAsked, examine, verify
from handling.guard.refusal import ChangedError, MovedError, Refused, RefusedError
from handling.guard.seal import seal_notice
from handling.guard.service import Case, Guard, Hand, Turn, case, turn, with_keys
from handling.guard.sign import SentNotice
from handling.guard.store import Signature, State
from handling.notices import STATEMENT
from handling.rules import notices
from handling.rules.notices import Notice, NoticeKind
from handling.rules.release import Kind
from handling.store import agencies
from handling.store.members import MemberList
from handling.undersigned import Ours, newest_signed
from tipline.base.database import Db, TakenError


@dataclass(frozen=True, slots=True)
class NoticeView:
    """A notice as its signer reads it; every check but the missing signature has passed."""

    turn: Turn
    listed: MemberList
    examined: ExaminedNotice
    question: Question | None


async def open_(guard: Guard, notice: UUID, hand: Hand, today: date) -> NoticeView:
    """Open a notice for its signer; the keys are forgotten before this returns.

    Raises:
        RefusedError: it could not leave whoever signed; with every reason.
    """
    async with guard.pool.acquire() as db:
        before = await case(guard, db, Kind.NOTICE, notice, who=hand.who, today=today)
        async with with_keys(guard, db, before.member, before.listed, hand.passphrase) as keys:
            examined = await _examined(guard, db, keys, before)
    whose = turn(Kind.NOTICE, before.row.request, before.member, before.listed)
    question = counts.question(before.member, STATEMENT, examined.body)
    return NoticeView(whose, before.listed, examined, question)


async def sign(guard: Guard, notice: UUID, hand: Hand, today: date) -> State:
    """Sign it, and let it out."""
    async with guard.pool.acquire() as db:
        before = await case(guard, db, Kind.NOTICE, notice, who=hand.who, today=today)
        async with with_keys(guard, db, before.member, before.listed, hand.passphrase) as keys:
            examined = await _examined(guard, db, keys, before)
            if examined.seen != hand.seen:
                raise ChangedError
            statement = keys.sign(STATEMENT, examined.body)
            answer = counts.answered(before.member, statement, hand.assertion)
            mine = Signature(hand.who, statement.signatures[0].signature, answer)
            sent = await asyncio.to_thread(_let_out, guard, examined, mine, keys, before.listed)
        await _send(db, before, mine, sent)
    return State.SENT


def _let_out(
    guard: Guard, examined: ExaminedNotice, signature: Signature, keys: Keys, listed: MemberList
) -> SentNotice:
    """Verify, seal and sign, in that order: each step takes what only the one before can make. Blocking."""
    verified = verify(examined, signature, listed)
    if isinstance(verified, Refused):
        raise RefusedError(verified)
    return guard.package_keys.sign_notice(seal_notice(verified), keys, listed)


async def _send(db: Db, before: Case, mine: Signature, sent: SentNotice) -> None:
    """Signature, state and the message itself: all of them, or none."""
    row, examined = before.row, sent.sealed.signed.examined
    try:
        async with db.transaction():
            if not await store.mark_sent(db, row.request.id, sealed_sha256=sha256(row.sealed)):
                raise MovedError
            await counts.used(db, mine.assertion)
            await store.add_signature(db, row.request.id, Kind.NOTICE, mine)
            message = notice_store.Message(
                id=examined.notice.id,
                agency=examined.agency.id,
                channel=sent.sealed.channel.value,
                sealed=sent.sealed.data,
                signature=sent.signature,
                subject=examined.subject,
                sent_on=before.today,
                answer_by=examined.notice.day,
            )
            await notice_store.add_notice(db, message)
            if examined.notice.kind is NoticeKind.RECALL:
                recalled = notices.recalled(examined.notice)
                await notice_store.mark_recalled(db, recalled.release, before.today, by=examined.notice.day)
            request = _list_request(examined.notice)
            if request is not None and not await notice_store.answer_list(db, request, message.id, before.today):
                raise MovedError
    except TakenError:
        raise RefusedError(Refused(("This notice has left already. None leaves twice.",))) from None


async def _examined(guard: Guard, db: Db, keys: Keys, before: Case) -> ExaminedNotice:
    """Open what was asked and hold it against everything the guard reads for itself."""
    asked = NoticeAsked.read(await asyncio.to_thread(keys.open, before.row.sealed))
    enrolled = {agency.id: agency for agency in await agencies.all_(db)}
    agency = enrolled.get(asked.notice.agency)
    ours, request = Ours.of(guard.trust.root, before.listed), _list_request(asked.notice)
    held = HeldForNotice(
        notice=before.row.request.id,
        requested_by=before.row.request.requested_by,
        members=before.listed,
        agency=agency,
        agreement=None if agency is None else await newest_signed(db, agency, ours),
        names={one.id: one.name for one in enrolled.values()},
        inside=guard.inside(before.listed),
        unit=guard.unit,
        packages=await _packages(db, asked.notice),
        review_answer=None if asked.review is None else await counts.beside(db, asked.review),
        left=() if request is None else await notice_store.left(db, request.agency),
        asked_for=request is not None and await notice_store.asks_for_list(db, request),
    )
    result = examine(asked, held, before.today)
    if isinstance(result, Refused):
        raise RefusedError(result)
    return result


def _list_request(notice: Notice) -> notice_store.ListRequest | None:
    """The request that a list answers; None of any other notice."""
    if notice.kind is not NoticeKind.DISSEMINATION_LIST:
        return None
    return notice_store.ListRequest(UUID(notice.reference.removeprefix("urn:uuid:")), notice.agency)


async def _packages(db: Db, notice: Notice) -> frozenset[UUID]:
    if notice.kind is not NoticeKind.RECALL:
        return frozenset()
    release = notices.recalled(notice).release
    return frozenset({release}) if await notice_store.is_released_to(db, release, notice.agency) else frozenset()
