"""Asking an agency whether a report that rests on its material may go to another one: who can be asked, and opening the request."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import cast
from uuid import UUID, uuid4

from handling.desk import case, notices, request, store
from handling.desk.case import Case
from handling.desk.consents import Requested, requested
from handling.desk.matching import Party, match
from handling.desk.session import Desk
from handling.rules import resting
from handling.rules.agreements import AGENCY_ID, Purpose
from handling.rules.consent import MATERIAL_MAX, Asked, State
from handling.rules.notices import WORDS_MAX, Notice, NoticeKind
from handling.rules.policy import Answer
from handling.store.members import MemberList
from tipline.base.database import Db

WITHIN_DAYS = 14  # for an answer, unless the analyst names another day
MOST_DAYS = 366
_RULE = "originator/ask"


class RequestError(Exception):
    """It cannot be asked; the text is shown at the form."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A consent without which a report does not go to a recipient for a purpose.

    Attributes:
        may_ask: False where the agency must not be asked: the handler's list does not name it, and why is said nowhere.
    """

    originator: str
    recipient: str
    purpose: Purpose
    may_ask: bool

    @property
    def value(self) -> str:
        """As it stands in a form."""
        return f"{self.originator} {self.recipient} {self.purpose.value}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an analyst asks: whose consent to what, by when, with which line."""

    missing: str
    day: date
    words: str


def missing(found: Case, parties: Sequence[Party], today: date) -> tuple[Missing, ...]:
    """Return every consent that alone stands in the way of an agency on the handler's list, and does not wait already. Pure."""
    facts = found.reviewed.review.facts
    named = facts.agencies or frozenset()
    waiting = {one.asked.going for one in requested(found.noticed, found.consents, today) if _waits(one)}
    lacks = []
    for party in (one for one in parties if one.id in named):
        for purpose in Purpose:
            decision = match(facts, party, purpose, today).decision
            if decision.outcome is not Answer.ASK_ORIGINATOR:
                continue
            (verdict,) = (one for one in decision.failing if one.rule == _RULE)
            lacks += [
                Missing(originator, party.id, purpose, originator in named)
                for originator in sorted(cast("frozenset[str]", verdict.drawn_from[0]))
                if (originator, party.id, purpose.value) not in waiting
            ]
    return tuple(lacks)


def _waits(one: Requested) -> bool:
    """Whether an answer can still come: it is not signed yet, or it was sent and nobody has answered."""
    return one.noticed.state == "waiting" or one.state in {State.WAITING, State.OVERDUE}


def read(form: Mapping[str, str], today: date) -> Wanted:
    """Read the form, or raise `RequestError`."""
    words = form.get("words", "").strip()
    if not words.isprintable() or len(words) > WORDS_MAX:
        raise RequestError(f"Keep your line to one line of at most {WORDS_MAX} characters.")
    wanted = form.get("ask", "")
    if not re.fullmatch(rf"{AGENCY_ID} {AGENCY_ID} [a-z]+", wanted):
        raise RequestError("Choose whose consent you ask for.")
    try:
        day = date.fromisoformat(form.get("day", "").strip())
    except ValueError:
        raise RequestError("Write the day as year, month and day, such as 2026-12-24.") from None
    if not today < day <= today + timedelta(days=MOST_DAYS):
        raise RequestError("The last day for an answer lies after today, within a year.")
    return Wanted(wanted, day, words)


async def ask(db: Db, desk: Desk, members: MemberList, report: UUID, wanted: Wanted, *, today: date) -> None:
    """Open a request for consent: it waits at the guard for an officer's signature.

    Raises:
        RequestError: it is not what is missing now, or nobody could sign it.
        NoSuchReportError: nothing here has that id.
        NotAMemberError: the analyst is no longer on the signed list.
        RefusedError: the review does not count under today's list.
    """
    async with db.transaction():
        await store.lock(db, f"release of {report}")
        found = await case.case(db, desk, report)
        request.verify_again(found.reviewed, members)
        if not request.deconflicted(found):
            raise RequestError("Nobody has answered yet whether it is somebody's source or live operation.")
        lacks = {one.value: one for one in missing(found, await request.parties(db, today), today) if one.may_ask}
        if wanted.missing not in lacks:
            raise RequestError("This consent is not missing any more, or was asked for meanwhile. Look at it again.")
        if not notices.signers(members, desk.member.name):
            raise RequestError("No releasing officer other than you can sign it. A releasing officer is needed.")
        await notices.ask(db, desk, members, found.reviewed, _notice(found, lacks[wanted.missing], wanted, today))


def _notice(found: Case, lacks: Missing, wanted: Wanted, today: date) -> Notice:
    report = found.reviewed.report
    pieces = tuple(sorted(resting.known(found.reviewed.review.facts).get(lacks.originator, ())))
    if len(pieces) > MATERIAL_MAX:
        raise RequestError(f"It rests on more than {MATERIAL_MAX} pieces of this agency: a request can name no more.")
    asked = Asked(lacks.originator, lacks.recipient, lacks.purpose, report.urn, report.sha256.hex(), pieces)
    return Notice(
        id=uuid4(),
        kind=NoticeKind.CONSENT_REQUEST,
        agency=lacks.originator,
        reference=report.urn,
        words=wanted.words,
        day=wanted.day,
        on=today,
        about=asked.to_body(),
    )
