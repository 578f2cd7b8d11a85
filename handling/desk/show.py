"""From opened values to page models. Pure: every sentence a desk page says about a record is chosen here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from crypto.digest import sha256
from handling import data
from handling.desk import duty_pages, request, share, share_pages, words
from handling.desk.case import Answered, Case, Listing, Lost
from handling.desk.consents import Answered as Said
from handling.desk.consents import Consents
from handling.desk.documents import month_in_words
from handling.desk.everything import Count
from handling.desk.feedback import (
    AgencyBreach,
    AgencyDestruction,
    AgencyFeedback,
    Answer,
    Opened,
    acknowledgement,
    is_signed,
)
from handling.desk.intake import Intake
from handling.desk.ledger import Release
from handling.desk.matching import Match, Party
from handling.desk.outcomes import Filed, month_choices
from handling.desk.pages import (
    AnswerLine,
    AttachmentLine,
    AttachmentsPage,
    Choice,
    ConsentLine,
    DecisionPage,
    FiledLine,
    Head,
    HomePage,
    MatchLine,
    MatchPage,
    OutcomePage,
    RefusedLine,
    ReleaseLine,
    ReleasePage,
    ReportLine,
    ReportPage,
    Score,
)
from handling.desk.reports import Reviewed
from handling.rules import attachments as copied
from handling.rules import feedback as rules
from handling.rules.agreements import PURPOSE_LABELS, Purpose
from handling.rules.attachments import Listed
from handling.rules.consent import named
from handling.rules.feedback import AXES, Stage
from handling.rules.policy import Answer as Verdict
from handling.rules.staffing import two_keys
from handling.store.members import MemberList

_REFUSED_SHOWN = 50
_PURPOSES = tuple((purpose.value, label) for purpose, label in PURPOSE_LABELS.items())
_STAGES: Mapping[Stage, str] = {
    Stage.RECEIVED: "Received",
    Stage.ASSESSED: "Assessed",
    Stage.ACTIONED: "Acted on",
    Stage.OUTCOME: "Outcome",
    Stage.CLOSURE: "Closed",
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for somebody, in numbers: what is owed, material not looked at, statements not handed over."""

    owed: Count
    unseen: int
    statements: int


def home(
    taken_in: Intake, listing: Listing, parties: Sequence[Party], waiting: Waiting, today: date, *, first: bool
) -> HomePage:
    """The list of reports."""
    last = listing.next
    return HomePage(
        taken="" if not taken_in.taken else f"{_things(taken_in.taken)} taken in just now.",
        refused=tuple(
            RefusedLine(row.kind, words.day(row.received_on), row.reason.value)
            for row in taken_in.refused[:_REFUSED_SHOWN]
        ),
        refused_count=len(taken_in.refused),
        reports=tuple(_report_line(case, parties, today) for case in listing.cases),
        older="" if last is None else f"/?before={last[0].isoformat()}.{last[1]}",
        first=first,
        duties=duty_pages.counts(waiting.owed),
        unseen=_counted(waiting.unseen, "piece that nobody has looked at yet", "pieces that nobody has looked at yet"),
        statements=_counted(
            waiting.statements,
            "statement for oversight waits to be handed over",
            "statements for oversight wait to be handed over",
        ),
    )


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}" if count else ""


def report(case: Case, parties: Sequence[Party], members: MemberList, today: date) -> ReportPage:
    """One report."""
    stands = share.stands(case, parties, today)
    document, review = case.reviewed.report, case.reviewed.review
    return ReportPage(
        head=head(case.reviewed),
        summary=document.summary,
        items=words.graded(document, data.scheme()),
        subjects=tuple(data.subjects().label(code) for code in document.subjects),
        author=words.person(members, review.author),
        reviewer=words.person(members, review.reviewer),
        reviewed=words.day(review.day),
        list_of_agencies=tuple(sorted(review.facts.agencies or ())),
        material=tuple((one.agency, one.conditions.words()) for one in review.facts.material or ()),
        sha256=document.sha256.hex(),
        attachments=tuple(_attachment(one) for one in document.attachments),
        releases=tuple(_release_line(one, today) for one in case.releases),
        undecided=share_pages.waiting(case, stands),
        not_shared=tuple(line for line in share_pages.decided(stands, members) if line.details),
    )


def attachments(reviewed: Reviewed, copies: Mapping[str, bytes]) -> AttachmentsPage:
    """Every attachment of a report, with all that is seen in it. Takes its time."""
    return AttachmentsPage(
        head=head(reviewed),
        attachments=tuple(
            replace(
                _attachment(one),
                pictures=copied.pictures(one.kind, copies[one.name]),
                text=copied.words(one.kind, copies[one.name]),
            )
            for one in reviewed.report.attachments
        ),
    )


def _attachment(listed: Listed) -> AttachmentLine:
    size = f"{-(-listed.size // 1024):,} KiB"
    return AttachmentLine(listed.name, listed.kind.label, size, listed.sha256, is_video=listed.kind is copied.Kind.MP4)


def matches(reviewed: Reviewed, found: Sequence[Match], purpose: Purpose) -> MatchPage:
    """Every agency's answer."""
    permitted = sum(match.decision.permits for match in found)
    return MatchPage(
        head=head(reviewed),
        purpose=purpose.value,
        purpose_words=PURPOSE_LABELS[purpose],
        purposes=_PURPOSES,
        matches=tuple(_match_line(match) for match in found),
        permitted=f"{permitted:,} of {words.agencies(len(found))} may receive it for this purpose.",
    )


def decision(
    reviewed: Reviewed,
    match: Match,
    purpose: Purpose,
    members: MemberList,
    *,
    analyst: str,
    signers: Sequence[str],
    missing: str,
    above: Sequence[Party],
    deconflicted: bool,
    today: date,
    problem: str = "",
) -> DecisionPage:
    """The decision on one agency."""
    due, review = match.decision.obligations, reviewed.review
    handling = data.scheme().conditions(reviewed.report.handling)
    return DecisionPage(
        head=head(reviewed),
        sha256=reviewed.report.sha256.hex(),
        review=f"{words.person(members, review.reviewer)}, {words.day(review.day)}",
        purpose=purpose.value,
        purpose_words=PURPOSE_LABELS[purpose],
        line=_match_line(match),
        agreement_sha256="" if match.party.agreement is None else match.party.agreement.sha256,
        day=words.day(today),
        analyst=words.person(members, analyst),
        conditions=() if due is None else (*handling, *due.conditions),
        acknowledge_by="" if due is None else words.day(due.acknowledge_by),
        feedback_due="" if due is None else words.day(due.feedback_due),
        delete_by="" if due is None else words.day(due.delete_by),
        signers=tuple(words.person(members, name) for name in signers),
        missing=missing,
        above=tuple(party.name for party in above),
        deconflicted=deconflicted,
        problem=problem,
    )


def release(
    reviewed: Reviewed,
    one: Answered,
    members: MemberList,
    who: str,
    today: date,
    *,
    given: Consents,
    problem: str = "",
) -> ReleasePage:
    """One line of the ledger."""
    manifest = one.release.manifest
    agreement = manifest.agreement
    return ReleasePage(
        head=head(reviewed),
        line=_release_line(one, today),
        requested_by=_asker(members, one.release.requested_by),
        agreement=f"{agreement.id}, version {agreement.version}, SHA-256 {agreement.sha256}",
        zip_sha256=one.release.zip_sha256.hex(),
        members=tuple(sorted(manifest.members.items())),
        rules=manifest.rules,
        consents=tuple(_consent(digest, reviewed, given, today) for digest in manifest.consents),
        conditions=manifest.conditions,
        acknowledge_by=words.day(manifest.acknowledge_by),
        feedback_due=words.day(manifest.feedback_due),
        delete_by=words.day(manifest.delete_by),
        answers=tuple(_answer_line(answer, one.release) for answer in one.answers),
        duties=duty_pages.lines(one, today),
        done=tuple(duty_pages.done(act, one, members) for act in one.acts),
        follow=duty_pages.forms(one, who, today),
        problem=problem,
    )


def _asker(members: MemberList, name: str) -> str:
    """Who asked, and that the same person can open tips, where that is so."""
    both = name in two_keys(request.duties(members))
    return (
        f"{words.person(members, name)}, who also holds a key for the corridor" if both else words.person(members, name)
    )


def _is_named(one: Said, report: str, digest: str) -> bool:
    signed = one.signed
    return signed is not None and sha256(named(report, signed.sha256.hex())).hex() == digest


def _consent(digest: str, reviewed: Reviewed, given: Consents, today: date) -> ConsentLine:
    """A consent that a release rested on, and what became of it since."""
    token = next((one.token for one in given.answers if _is_named(one, reviewed.report.urn, digest)), None)
    if token is None or token.until is None:
        return ConsentLine("An agency", "", digest, "It does not count any more: another key is enrolled")
    holds = any(one.sha256 == digest for one in reviewed.review.facts.consents or ())
    since = "It holds" if today <= token.until else "It has expired since"
    return ConsentLine(
        token.asked.originator,
        words.day(token.until),
        digest,
        since if holds else "The agency has answered otherwise since",
    )


def outcomes(
    reviewed: Reviewed,
    filed: Sequence[Filed],
    form: UUID,
    today: date,
    *,
    given: Mapping[str, str] | None = None,
    problem: str = "",
) -> OutcomePage:
    """The outcomes of a report and the form for another."""
    given = given or {}
    return OutcomePage(
        head=head(reviewed),
        filed=tuple(_filed_line(one) for one in filed),
        form=form,
        outcomes=tuple(
            (
                _STAGES[stage],
                tuple(
                    Choice(
                        f"{stage.value}/{code.code}", code.label, given.get("outcome") == f"{stage.value}/{code.code}"
                    )
                    for code in rules.at(stage)
                ),
            )
            for stage in Stage
        ),
        months=tuple(Choice(month, name, given.get("month") == month) for month, name in month_choices(today)),
        tell_source=given.get("tell_source", ""),
        problem=problem,
    )


def head(reviewed: Reviewed) -> Head:
    """What stands on top of each page about a report."""
    document = reviewed.report
    return Head(
        id=document.id,
        title=document.title,
        urn=document.urn,
        date=words.day(document.date),
        received=words.day(reviewed.received_on),
        handling=f"{data.scheme().name} {document.handling}",
        handling_words=data.scheme().conditions(document.handling),
    )


def _report_line(case: Case | Lost, parties: Sequence[Party], today: date) -> ReportLine:
    if isinstance(case, Lost):
        received, age = words.day(case.received_on), words.age_in_words(case.received_on, today)
        why = "what was written down about it was changed" if case.damaged_notes else "its key is gone or it is damaged"
        return ReportLine(case.id, "", "", received, age, f"Cannot be opened: {why}", (), "")
    document, received_on = case.reviewed.report, case.reviewed.received_on
    return ReportLine(
        id=document.id,
        title=document.title,
        handling=f"{data.scheme().name} {document.handling}",
        received=words.day(received_on),
        age=words.age_in_words(received_on, today),
        state=words.state_of(case.releases),
        owed=words.owed(case.releases, today),
        undecided=share_pages.waiting(case, share.stands(case, parties, today)),
    )


def _release_line(one: Answered, today: date) -> ReleaseLine:
    release = one.release
    acknowledged = acknowledgement(release, one.answers)
    return ReleaseLine(
        id=release.id,
        agency=release.agency_name,
        purpose=PURPOSE_LABELS[Purpose(release.manifest.purpose)],
        state=release.state_words,
        asked=words.day(release.requested_on),
        reason=release.reason,
        acknowledged="" if acknowledged is None else f"Acknowledged: {acknowledged.value}",
        owed=words.owed([one], today),
    )


def _match_line(match: Match) -> MatchLine:
    letter, answer = words.ANSWERS[match.decision.outcome]
    agreement, only = match.party.agreement, match.only_obstacle
    return MatchLine(
        agency=match.party.id,
        name=match.party.name,
        agreement="" if agreement is None else f"{agreement.title} ({agreement.id}, version {agreement.version})",
        permits=match.decision.outcome is Verdict.PERMIT,
        letter=letter,
        answer=answer,
        clauses=tuple(words.clause(verdict) for verdict in match.decision.verdicts),
        only=None if only is None else words.clause(only),
        failing=len(match.decision.failing),
        next=words.NEXT[match.decision.outcome],
    )


def _answer_line(answer: Answer, release: Release) -> AnswerLine:
    statement = "" if answer.statement is None else answer.statement.encode().decode()
    signed = words.signed(signs=release.acknowledge is not None, signed=is_signed(answer, release.acknowledge))
    if isinstance(answer, AgencyFeedback):
        return _feedback_line(answer, signed, statement)
    if isinstance(answer, AgencyDestruction | AgencyBreach):
        return duty_pages.told(answer, release, signed, statement)
    verdict = answer.verdict(release.zip_sha256)
    good = verdict is Opened.EXACT
    details = (("SHA-256 they quote", answer.zip_sha256.hex()), ("SHA-256 we sent", release.zip_sha256.hex()))
    return AnswerLine(
        day=words.day(answer.day),
        what="Acknowledgement",
        words=verdict.value,
        good=good,
        details=() if good else details,
        scores=(),
        text="",
        signed=signed,
        statement=statement,
    )


def _feedback_line(answer: AgencyFeedback, signed: str, statement: str) -> AnswerLine:
    said = answer.said
    scores = said.usefulness
    told = "The agency does not object" if said.tell_source else "The agency objects"
    return AnswerLine(
        day=words.day(answer.day),
        what="Feedback",
        words=rules.code(said.stage, said.code).label,
        good=True,
        details=(
            ("Stage", _STAGES[Stage(said.stage)]),
            ("Took effect in", month_in_words(said.month)),
            ("Telling the source", told),
        ),
        scores=() if scores is None else tuple(Score(name, getattr(scores, axis)) for axis, name in AXES.items()),
        text=said.text,
        signed=signed,
        statement=statement,
    )


def _filed_line(one: Filed) -> FiledLine:
    outcome = one.outcome
    return FiledLine(
        what=outcome.code.label,
        stage=_STAGES[outcome.code.stage],
        month=month_in_words(outcome.month),
        tell_source="The source may be told" if outcome.tell_source else "The source may not be told",
        filed=f"{one.filed_by}, {words.day(one.filed_on)}",
    )


def _things(number: int) -> str:
    return "1 thing was" if number == 1 else f"{number:,} things were"
