"""What the portal's pages show of notices, ready to read. No database, no decision."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from uuid import UUID

from handling.exchange import guide
from handling.exchange.notice_store import Notice
from handling.exchange.notices import OPENED_NAME, SEALED_NAME, SIGNATURE_NAME
from handling.notices import NAMESPACE
from handling.rules.agreements import Channel
from handling.rules.clocks import in_words
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


def view(notice: Notice, today: date) -> NoticeView:
    """Show one notice as a line."""
    late = today > notice.answer_by
    by = in_words(notice.answer_by)
    return NoticeView(
        id=notice.id,
        reference=str(notice.id).partition("-")[0],
        sent_on=in_words(notice.sent_on),
        downloaded_on=in_words(notice.downloaded_on) if notice.downloaded_on else "",
        words=f"An answer was wanted by {by}" if late else f"Read it, and answer by {by}",
        late=late,
    )


def page(notice: Notice, members: MemberList, today: date) -> NoticePage:
    """Show one notice."""
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
    )
