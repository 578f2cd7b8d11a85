"""From what the guard found to what a page shows, in words. Pure; decides nothing."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from handling.guard import fact_words, scan, words
from handling.guard.asked import Item, Report
from handling.guard.models import (
    Ask,
    Elsewhere,
    NoticePage,
    PhrasePage,
    ReleasePage,
    ReviewPage,
    ShownItem,
    ShownMember,
    ShownReport,
    Standing,
    Trouble,
)
from handling.guard.notices import NoticeView
from handling.guard.phrases import PhraseView
from handling.guard.releases import ReleaseView
from handling.guard.reviews import ReviewView
from handling.guard.service import Turn
from handling.guard.store import Asked, State
from handling.guard.verify import duties
from handling.rules import attachments, notices, phrases
from handling.rules.agreements import PURPOSE_LABELS, Agreement, Purpose
from handling.rules.attachments import Listed
from handling.rules.deconfliction import ANSWER_LABELS
from handling.rules.grading import GradeError, Scheme
from handling.rules.notices import NoticeKind
from handling.rules.release import Kind
from handling.rules.risk import QUESTIONS
from handling.rules.staffing import two_keys
from handling.rules.subjects import Subjects
from handling.signing import TYPES
from handling.store.members import Duty, MemberList, NotAMemberError

PATHS = {Kind.REVIEW: "reviews", Kind.MANIFEST: "releases", Kind.PHRASE: "phrases", Kind.NOTICE: "notices"}
TITLES = {
    Kind.REVIEW: "Review of a report",
    Kind.MANIFEST: "Release of a report",
    Kind.PHRASE: "Phrase for a source",
    Kind.NOTICE: "Notice to an agency",
}
_STATES = {
    State.WAITING: "Nobody has signed it yet.",
    State.SIGNED_ONCE: "One person has signed it; a second one must.",
    State.SIGNED: "It is signed. The report is with the desk.",
    State.RELEASED: "It is signed twice. The package has left.",
    State.SENT: "It is signed. The notice has left.",
    State.APPROVED: "It is signed twice. The corridor may tell the source.",
    State.REFUSED: "It was refused. The reason is with those who asked.",
    State.VOID: "It changed after it was asked for; signatures on it are void. Nothing left. The desk reads why, and can ask again.",
}


def standing(kind: Kind, turn: Turn, listed: MemberList) -> Standing:
    """Say where a request stands."""
    request = turn.request
    return Standing(
        kind=kind.value,
        path=f"/{PATHS[kind]}/{request.id}",
        reference=_short(request.id),
        title=TITLES[kind],
        asked_by=_asker(kind, request.requested_by, listed),
        asked_on=words.day(request.requested_on),
        state=_STATES[request.state],
        signed_by=_names(request.signers, listed),
        may_sign=turn.may_sign,
        may_refuse=turn.may_refuse,
        why_not=turn.why_not,
        next=_names(turn.next, listed),
    )


def review_page(view: ReviewView, scheme: Scheme, subjects: Subjects, ask: Ask | None) -> ReviewPage:
    """The page of an opened review."""
    asked, named = view.asked, dict(view.agencies)
    return ReviewPage(
        at=standing(Kind.REVIEW, view.turn, view.listed),
        report=report_shown(asked.report, scheme, subjects),
        author=view.author.display,
        facts=fact_words.lines(asked.facts),
        agencies=view.agencies,
        kept=tuple(
            (words.visible(one.residue), words.visible(one.text), words.visible(one.reason)) for one in asked.kept
        ),
        earlier=tuple((named.get(agency, agency), count) for agency, count in asked.sum_of_knowledge.earlier.items()),
        why_together=words.visible(asked.sum_of_knowledge.reason),
        attachments=tuple(_copy(one, asked.copies[one.name]) for one in asked.report.attachments),
        risk=()
        if asked.risk is None
        else tuple(
            (QUESTIONS[axis], judged.level.value, words.visible(judged.words))
            for axis, judged in sorted(asked.risk.axes.items(), key=lambda pair: list(QUESTIONS).index(pair[0]))
        ),
        immunity=asked.facts.immunity is True,
        claims=tuple((number, words.visible(reason)) for number, reason in asked.claims),
        version_of=asked.version_of,
        alike=asked.alike,
        seen=asked.seen,
        ask=ask,
    )


def release_page(view: ReleaseView, scheme: Scheme, subjects: Subjects, ask: Ask | None) -> ReleasePage:
    """The page of an opened release."""
    it = view.examined
    manifest, agreement = it.manifest, it.agreement
    return ReleasePage(
        at=standing(Kind.MANIFEST, view.turn, view.listed),
        report=report_shown(it.report, scheme, subjects),
        agency=it.agency.name,
        agency_id=it.agency.id,
        channel=_channel(agreement),
        fingerprint=agreement.agency.fingerprint,
        agreement=f"{agreement.title} ({agreement.id}, version {agreement.version})",
        agreement_sha256=agreement.sha256,
        purpose=PURPOSE_LABELS[Purpose(manifest.purpose)],
        conditions=tuple(words.visible(condition) for condition in manifest.conditions),
        acknowledge_by=words.day(manifest.acknowledge_by),
        feedback_due=words.day(manifest.feedback_due),
        delete_by=words.day(manifest.delete_by),
        verdicts=tuple((v.clause, v.text, v.rule, v.warning) for v in it.decision.verdicts),
        members=tuple(_member(member) for member in it.scanned.members.values()),
        archive_sha256=it.scanned.sha256,
        reviewer=_display(it.reviewer.name, view.listed),
        author=_display(it.review.author, view.listed),
        immunity=it.review.facts.immunity is True,
        alike=it.review.alike,
        consents=tuple((one.originator, words.day(one.until), one.sha256) for one in it.consents),
        deconfliction=(
            f"{ANSWER_LABELS[it.deconfliction.answer]}. Asked: {words.visible(it.deconfliction.asked)}. "
            f"Written down by {_display(it.deconfliction.by, view.listed)}, {words.day(it.deconfliction.on)}"
        ),
        residue=tuple((one.residue.value, words.visible(one.text), one.reason, one.because) for one in it.residue),
        seen=view.seen,
        ask=ask,
    )


def _channel(agreement: Agreement) -> str:
    return "age" if agreement.agency.channel.value == "age" else "OpenPGP"


def notice_page(view: NoticeView, ask: Ask | None) -> NoticePage:
    """The page of an opened notice."""
    it = view.examined
    return NoticePage(
        at=standing(Kind.NOTICE, view.turn, view.listed),
        title=notices.title(it.notice.kind),
        agency=it.agency.name,
        agency_id=it.agency.id,
        channel=_channel(it.agreement),
        fingerprint=it.agreement.agency.fingerprint,
        lines=tuple((label, words.visible(value)) for label, value in it.lines),
        text=words.visible(it.text.decode()),
        unseen=words.unseen(it.notice.words),
        seen=it.seen,
        ask=ask,
        is_list=it.notice.kind is NoticeKind.DISSEMINATION_LIST,
    )


def elsewhere(kind: Kind, turn: Turn, asked: Sequence[Asked], listed: MemberList, *, who: str) -> Elsewhere:
    """What can be signed away from the guard at one request, by whom, and who was asked.

    Who has an authenticator signs here.
    """
    if kind not in TYPES:
        return Elsewhere(may_take=False, may_hand_in=False, outside=(), asked=())
    return Elsewhere(
        may_take=turn.may_sign and not listed.member(who).authenticators,
        may_hand_in=turn.may_carry,
        outside=tuple((name, _display(name, listed)) for name in turn.outside) if turn.may_carry else (),
        asked=tuple(
            f"{_display(one.name, listed)} was asked on {words.day(one.asked_on)} by {_display(one.asked_by, listed)}: "
            "somebody of this unit cannot sign."
            for one in asked
        ),
    )


def phrase_page(view: PhraseView, asked: Sequence[Asked], trouble: Trouble, ask: Ask | None, *, who: str) -> PhrasePage:
    """The page of a phrase."""
    known = view.phrase
    kind = "" if known is None else "Status" if known.kind is phrases.Kind.STATUS else "Outcome"
    at = standing(Kind.PHRASE, view.turn, view.listed)
    return PhrasePage(
        at=at,
        code=view.code,
        text=known.text if known else "",
        kind=kind,
        signed=who in view.turn.request.signers,
        elsewhere=elsewhere(Kind.PHRASE, view.turn, asked, view.listed, who=who),
        ask=ask,
        trouble=trouble,
    )


def report_shown(report: Report, scheme: Scheme, subjects: Subjects) -> ShownReport:
    """The exact texts of a report."""
    texts = (report.title, report.summary, *(item.text for item in report.items))
    return ShownReport(
        urn=report.urn,
        title=words.visible(report.title),
        summary=words.visible(report.summary),
        items=tuple(_item(item, scheme) for item in report.items),
        marking=(str(report.handling), *scheme.conditions(report.handling)),
        subjects=tuple(f"{subjects.label(code)} ({code})" for code in report.subjects),
        date=words.day(report.date),
        sha256=report.sha256,
        source=words.visible(report.data.decode()),
        unseen=sum(words.unseen(text) for text in texts),
    )


def _item(item: Item, scheme: Scheme) -> ShownItem:
    try:
        source, information = (code.label for code in scheme.codes(item.grade))
    except GradeError:
        source = information = "not of a scheme this unit knows"
    return ShownItem(words.visible(item.text), str(item.grade), source, information)


def _copy(listed: Listed, data: bytes) -> ShownMember:
    """One attachment of a report under review; the guard has looked that it is clean."""
    read = attachments.words(listed.kind, data)
    return ShownMember(
        name=listed.name,
        size=f"{len(data):,} bytes",
        sha256=listed.sha256,
        text=words.visible(read) if read else None,
        source="",
        unseen=words.unseen(read),
        pictures=attachments.pictures(listed.kind, data),
        is_video=listed.kind is attachments.Kind.MP4,
    )


def _member(member: scan.Member) -> ShownMember:
    if attachments.is_member(member.name):
        name = member.name.removeprefix(attachments.FOLDER)
        return replace(_copy(Listed(name, len(member.data), member.sha256), member.data), name=member.name)
    return ShownMember(
        name=member.name,
        size=f"{len(member.data):,} bytes",
        sha256=member.sha256,
        text=None if member.text is None else words.visible(member.text),
        source=words.visible(member.source),
        unseen=words.unseen(member.source),
    )


def _names(names: Sequence[str], listed: MemberList) -> str:
    return ", ".join(_display(name, listed) for name in names)


def _display(name: str, listed: MemberList) -> str:
    try:
        member = listed.member(name)
    except NotAMemberError:
        return f"{name} (not a member today)"
    return f"{member.display} (outside second)" if Duty.OUTSIDE in member.duties else member.display


def _asker(kind: Kind, name: str, listed: MemberList) -> str:
    """Who asked; of a release also that the same person can open tips, which is lawful in a tiny unit and always said."""
    both = kind is Kind.MANIFEST and name in two_keys(duties(listed))
    return f"{_display(name, listed)}, who also holds a key for the corridor" if both else _display(name, listed)


def _short(subject: UUID) -> str:
    return str(subject)[:8]
