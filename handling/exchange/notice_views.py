"""What the portal's pages show of notices, ready to read. No database, no decision."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from uuid import UUID

from handling.exchange import guide
from handling.exchange.forms import Field
from handling.exchange.notice_store import Answered, Notice
from handling.exchange.notices import OPENED_NAME, SEALED_NAME, SIGNATURE_NAME, ListState, Opened
from handling.notices import NAMESPACE
from handling.rules.agreements import Channel
from handling.rules.clocks import in_words
from handling.rules.consent import Answer
from handling.store.members import MemberList


@dataclass(frozen=True, slots=True)
class NoticeView:
    """One notice in words. *reference* is the part of its id that people read to each other."""

    id: UUID
    reference: str
    sent_on: str
    downloaded_on: str
    words: str
    late: bool
    is_list: bool


@dataclass(frozen=True, slots=True)
class ListView:
    """The list of all that the agency was sent, in words; *notice* is the one that it came as."""

    words: str
    notice: UUID | None
    may_ask: bool


@dataclass(frozen=True, slots=True)
class AnswerView:
    """One answer in words, and whether it is the one that counts."""

    words: str
    given_on: str
    counts: str


@dataclass(frozen=True, slots=True)
class NoticePage:
    """One notice: the files, and how to open them."""

    template: ClassVar[str] = "agency/notice.html"
    notice: NoticeView
    sealed_name: str
    signature_name: str
    key: guide.UnitKey
    case_matters: bool
    age: bool
    steps: tuple[guide.Step, ...]
    answers: tuple[AnswerView, ...]
    hand_in: Field


def view(notice: Notice, today: date) -> NoticeView:
    """Show one notice as a line."""
    late = today > notice.answer_by and not notice.answered and not notice.is_list
    by = in_words(notice.answer_by)
    owed = f"An answer was wanted by {by}" if late else f"Read it, and answer by {by}"
    return NoticeView(
        id=notice.id,
        reference=str(notice.id).partition("-")[0],
        sent_on=in_words(notice.sent_on),
        downloaded_on=in_words(notice.downloaded_on) if notice.downloaded_on else "",
        words=_LIST if notice.is_list else "Your agency has answered" if notice.answered else owed,
        late=late,
        is_list=notice.is_list,
    )


def list_view(state: ListState) -> ListView:
    """Show where the list stands."""
    asked = state.asked
    if not state.given:
        return ListView("Your agency's agreement gives no list of all that it was sent.", None, may_ask=False)
    if asked is None:
        return ListView("Your agency has not asked for it yet.", None, may_ask=True)
    if asked.answered_on is None:
        words = (
            f"Your agency asked for it on {in_words(asked.asked_on)}. That stands until the list is here, as a notice."
        )
        return ListView(words, None, may_ask=False)
    words = f"Your agency asked for it on {in_words(asked.asked_on)}, and it came on {in_words(asked.answered_on)}."
    return ListView(words, asked.notice, may_ask=True)


def page(opened: Opened, members: MemberList, today: date, hand_in: Field) -> NoticePage:
    """Show one notice. Of its answers the last one counts."""
    notice = opened.notice
    openpgp = notice.channel is Channel.OPENPGP
    sealed, signature = SEALED_NAME[notice.channel], SIGNATURE_NAME[notice.channel]
    return NoticePage(
        notice=view(notice, today),
        sealed_name=sealed,
        signature_name=signature,
        key=guide.pgp_key(members.package_pgp) if openpgp else guide.ssh_key(members.package_signer),
        case_matters=not openpgp,
        age=not openpgp,
        steps=guide.steps(notice.channel, sealed, signature, namespace=NAMESPACE, opened=OPENED_NAME),
        answers=tuple(
            _answer(one, last=place == len(opened.answers), today=today) for place, one in enumerate(opened.answers, 1)
        ),
        hand_in=hand_in,
    )


_LIST = "This is the list of all that was released to your agency, which it asked for"
_ANSWERS: Mapping[Answer, str] = {
    Answer.YES: "Yes, to every version",
    Answer.THIS_VERSION: "Yes, to this version alone",
    Answer.NO: "No",
}


def _answer(one: Answered, *, last: bool, today: date) -> AnswerView:
    until = "" if one.until is None else f", until {in_words(one.until)}"
    expired = one.until is not None and today > one.until
    counts = "A later answer counts instead" if not last else "It has expired" if expired else "This counts now"
    return AnswerView(f"{_ANSWERS[one.answer]}{until}", in_words(one.given_on), counts)
