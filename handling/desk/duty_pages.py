"""What the desk's pages about duties show, and how it is worded. Pure: built from values; reads nothing and decides nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from uuid import UUID

from handling.desk import follow, owed, words
from handling.desk.acts import Act, Drop, Learned, Recall, Review
from handling.desk.case import Answered
from handling.desk.everything import Count, Ledger, Line
from handling.desk.feedback import AgencyBreach, AgencyDestruction, AgencyFeedback
from handling.desk.ledger import Release
from handling.desk.listing import Request
from handling.desk.matching import Party
from handling.desk.pages import AnswerLine, Choice, DoneLine, Duties, DutyLine, FollowForms
from handling.rules import duties
from handling.rules.agreements import Agreement
from handling.rules.copies import FATE_LABELS, LOSS_LABELS, Breach, Fate
from handling.rules.duties import BY_AGENCY, Kind, Reciprocity, Standing, State
from handling.rules.recall import AGAINST_LABELS, ASKED_LABELS, FINDING_LABELS, REASON_LABELS, Reason
from handling.rules.terms import Termination
from handling.store.members import MemberList

SHOWN = 100


@dataclass(frozen=True, slots=True)
class OwedLine:
    """One release about which something is owed, told, or to be decided."""

    release: UUID
    reference: str
    agency: str
    left: str
    owed: tuple[DutyLine, ...]


@dataclass(frozen=True, slots=True)
class AgencyLink:
    """One agency, to its page."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class ListLine:
    """One list of all that an agency was sent, which it waits for."""

    agency: str
    agency_name: str
    asked_on: str
    owed: DutyLine


@dataclass(frozen=True, slots=True)
class ListView:
    """The list of all that an agency was sent: what its agreement says, what it asked for, and where that stands."""

    words: tuple[str, ...]
    owed: DutyLine | None
    reason: str  # why an officer refused it
    may_ask: bool


@dataclass(frozen=True, slots=True)
class DutiesPage:
    """Everything that is owed: ours first, then what is overdue, then the rest."""

    template: ClassVar[str] = "desk/duties.html"
    counts: Duties
    parts: tuple[tuple[str, str, tuple[OwedLine, ...], int], ...]  # id, heading, lines shown, how many there are
    agencies: tuple[AgencyLink, ...]
    lists: tuple[ListLine, ...]


@dataclass(frozen=True, slots=True)
class RecallLine:
    """One release of an agency, to be ticked for a recall."""

    release: UUID
    reference: str
    left: str
    state: tuple[DutyLine, ...]
    recallable: bool
    ticked: bool


@dataclass(frozen=True, slots=True)
class AgencyPage:
    """One agency: its agreement, what each side has shared, every release with where its copies stand."""

    template: ClassVar[str] = "desk/agency.html"
    id: str
    name: str
    agreement: tuple[tuple[str, str], ...]
    ended: str
    reciprocity: tuple[str, ...]
    list_: ListView
    counts: Duties
    releases: tuple[RecallLine, ...]
    more: int
    reasons: tuple[Choice, ...]
    problem: str


def counts(found: Count) -> Duties:
    """The numbers in sentences; what is nought is left out."""
    lines = [
        f"Agencies owe {_things(found.owed)}" if found.owed else "",
        f"Overdue from agencies: {_things(found.overdue)}" if found.overdue else "",
        f"To be decided or reviewed here: {_things(found.ours)}" if found.ours else "",
        f"Overdue here: {_things(found.ours_overdue)}" if found.ours_overdue else "",
        f"Copies stay, as told: {_releases(found.kept)}" if found.kept else "",
        f"Not counted, because it cannot be opened: {_releases(found.unreadable)}" if found.unreadable else "",
    ]
    return Duties(tuple(line for line in lines if line), late=bool(found.overdue or found.ours_overdue))


def everything(found: Ledger, parties: Sequence[Party], today: date) -> DutiesPage:
    """Everything that is owed."""
    made = []
    for name, heading, wanted in _PARTS:
        lines = [(line, tuple(one for one in line.standings if wanted(one))) for line in found.lines]
        some = sorted(((line, these) for line, these in lines if these), key=lambda one: min(s.by for s in one[1]))
        shown = tuple(_owed_line(line, these, today) for line, these in some[:SHOWN])
        made.append((name, heading, shown, len(some)))
    links = tuple(AgencyLink(one.id, one.name) for one in parties)
    return DutiesPage(counts(found.count), tuple(made), links, _lists(found, today))


def _lists(found: Ledger, today: date) -> tuple[ListLine, ...]:
    first = sorted(found.lists, key=lambda one: one[1].by)
    return tuple(
        ListLine(request.agency, request.agency_name, words.day(request.asked_on), _duty(standing, today))
        for request, standing in first
    )


def _ours(one: Standing) -> bool:
    return one.is_open and one.kind not in BY_AGENCY


def _overdue(one: Standing) -> bool:
    return one.is_late and one.kind in BY_AGENCY


def _kept(one: Standing) -> bool:
    return one.state is State.KEPT


def _to_come(one: Standing) -> bool:
    return one.is_open and not one.is_late and one.kind in BY_AGENCY


_PARTS = (
    ("ours", "For us to decide or review", _ours),
    ("overdue", "Overdue from agencies", _overdue),
    ("kept", "Copies that stay, as told", _kept),
    ("owed", "Owed by agencies", _to_come),
)


def _owed_line(line: Line, these: Sequence[Standing], today: date) -> OwedLine:
    release = line.one.release
    return OwedLine(
        release=release.id,
        reference=_reference(release),
        agency=release.agency_name,
        left=words.day(release.manifest.day),
        owed=tuple(_duty(one, today) for one in these),
    )


def lines(one: Answered, today: date) -> tuple[DutyLine, ...]:
    """Where everything stands that a release opened, on its own page."""
    return tuple(_duty(standing, today) for standing in owed.standings(one, today))


def _duty(standing: Standing, today: date) -> DutyLine:
    return DutyLine(owed.in_words(standing, today), standing.is_late, standing.is_open)


def forms(one: Answered, who: str, today: date) -> FollowForms:
    """Which acts the page of a release offers to *who*."""
    standings = owed.standings(one, today)
    decide = any(found.kind is Kind.DECISION and found.is_open for found in standings)
    review = next((found for found in standings if found.kind is Kind.REVIEW and found.is_open), None)
    first = next((act for act in one.acts if isinstance(act.did, Review)), None)
    return FollowForms(
        recall=follow.may_recall(one, today),
        decide=decide,
        review=_review_form(review, first, who),
        reasons=reasons(one if decide else None, today),
        against=tuple(Choice(one.value, label, chosen=False) for one, label in AGAINST_LABELS.items()),
        losses=tuple(Choice(one.value, label, chosen=False) for one, label in LOSS_LABELS.items()),
        findings=tuple(Choice(one.value, label, chosen=False) for one, label in FINDING_LABELS.items()),
        agency=one.release.agency,
        asked=ASKED_LABELS[follow.asked_of(one)],
        today=today.isoformat(),
    )


def _review_form(standing: Standing | None, first: Act | None, who: str) -> str:
    if standing is None or (first is not None and first.by == who):
        return ""
    return "Write the review" if first is None else "Write the second review"


def reasons(one: Answered | None, today: date) -> tuple[Choice, ...]:
    """Why copies are asked back; what calls for it is chosen beforehand."""
    called = None
    if one is not None:
        called = Reason.ENDED if owed.ended(one, today) is not None else Reason.BREACH
    return tuple(Choice(reason.value, label, chosen=reason is called) for reason, label in REASON_LABELS.items())


def done(act: Act, one: Answered, members: MemberList) -> DoneLine:
    """Something that the desk did about a release."""
    who = f"{words.person(members, act.by)}, {words.day(act.on)}"
    match act.did:
        case Recall(notice, reason, asked, due, _):
            details = (("Why", REASON_LABELS[reason]), ("Asked", ASKED_LABELS[asked]), ("By", words.day(due)))
            return DoneLine(_NOTICE_STATES[one.notices.get(notice, "")], who, details, one.refusals.get(notice, ""))
        case Drop(against):
            return DoneLine("Not recalled", who, (("Why", AGAINST_LABELS[against]),), "")
        case Learned(breach):
            return DoneLine("Breach, learned of otherwise than from the agency", who, _breach(breach), breach.text)
        case Review(finding, text):
            return DoneLine("Review of the exception", who, (("Finding", FINDING_LABELS[finding]),), text)


def told(answer: AgencyDestruction | AgencyBreach, release: Release, signed: str, statement: str) -> AnswerLine:
    """What an agency told of its copies."""
    if isinstance(answer, AgencyDestruction):
        what, said = "Copies", FATE_LABELS[answer.said.fate]
        good = answer.said.fate is not Fate.EXCEPTED
        said = said if good else "Some copies stay"
        details: tuple[tuple[str, str], ...] = (("Done on", words.day(answer.said.done_on)),)
    else:
        what, said, good = "Breach", LOSS_LABELS[answer.said.loss], False
        details = (*_breach(answer.said), ("Told after", _measure(answer, release)))
    return AnswerLine(
        day=words.day(answer.day),
        what=what,
        words=said,
        good=good,
        details=details,
        scores=(),
        text=answer.said.text,
        signed=signed,
        statement=statement,
    )


def _breach(breach: Breach) -> tuple[tuple[str, str], ...]:
    return (
        ("What happened", LOSS_LABELS[breach.loss]),
        ("Noticed", f"{words.day(breach.noticed.date())}, {breach.noticed:%H:%M} UTC"),
    )


def _measure(answer: AgencyBreach, release: Release) -> str:
    agreed = release.manifest.terms["breach_hours"]
    late = duties.hours_late(answer.said.noticed, answer.heard, agreed)
    hours = max(0, int((answer.heard - answer.said.noticed).total_seconds() // 3600))
    verdict = f"{late:,} hours late" if late else "in time"
    return f"{hours:,} hours; {agreed:,} are agreed: {verdict}"


def list_view(party: Party, asked: Request | None, reason: str, today: date) -> ListView:
    """Where the list of all that an agency was sent stands."""
    agreed = party.agreement
    if agreed is None or not agreed.accountability.dissemination_list:
        said = ["Their agreement gives them no list of all that they were sent."]
        said += [] if asked is None else [f"They asked for one on {words.day(asked.asked_on)}."]
        return ListView(tuple(said), None, "", may_ask=False)
    if asked is None:
        said = ["Their agreement gives them the list of all that they were sent. They have not asked for it."]
        return ListView(tuple(said), None, "", may_ask=False)
    standing = asked.standing(agreed, today)
    said = [f"They asked for the list on {words.day(asked.asked_on)}."]
    if asked.waits(today):
        said.append("It waits at the guard for a releasing officer, who sees every line and signs.")
    refused = asked.state == "refused" and asked.answered_on is None
    if refused:
        said.append("A releasing officer refused it.")
    return ListView(
        words=tuple(said),
        owed=None if standing is None else _duty(standing, today),
        reason=reason if refused else "",
        may_ask=asked.may_ask(today),
    )


def agency(
    party: Party, found: Ledger, today: date, *, list_: ListView, material: Sequence[date], problem: str = ""
) -> AgencyPage:
    """One agency; *material* are the days on which it sent some."""
    newest = sorted(
        found.lines, key=lambda line: (line.one.release.manifest.day, str(line.one.release.id)), reverse=True
    )
    over = [line for line in newest if owed.ended(line.one, today) is not None]
    return AgencyPage(
        id=party.id,
        name=party.name,
        agreement=() if party.agreement is None else _agreement(party.agreement),
        ended=_ended(over, today),
        reciprocity=_reciprocity(party.agreement, found, material, today),
        list_=list_,
        counts=counts(found.count),
        releases=tuple(_recall_line(line, today) for line in newest[:SHOWN]),
        more=max(0, len(newest) - SHOWN),
        reasons=tuple(
            Choice(reason.value, label, chosen=bool(over) and reason is Reason.ENDED)
            for reason, label in REASON_LABELS.items()
        ),
        problem=problem,
    )


def _called_then_newest(line: Line) -> tuple[bool, date, str]:
    return _is_called(line), line.one.release.manifest.day, str(line.one.release.id)


def _is_called(line: Line) -> bool:
    """Whether something calls for a recall of it that nobody has decided."""
    return any(one.kind is Kind.DECISION and one.is_open for one in line.standings)


def _agreement(agreement: Agreement) -> tuple[tuple[str, str], ...]:
    return (
        ("Agreement", f"{agreement.title} ({agreement.id}, version {agreement.version})"),
        ("In force", f"{words.day(agreement.valid_from)} to {words.day(agreement.expires_on)}"),
        ("Suspended", "Yes" if agreement.suspended else "No"),
        ("When it ends", _TERMINATION[agreement.accountability.termination]),
        ("A breach is told within", f"{agreement.accountability.breach_hours:,} hours"),
    )


def _ended(over: Sequence[Line], today: date) -> str:
    left = [line for line in over if follow.may_recall(line.one, today)]
    if not left:
        return ""
    since = min(day for line in left if (day := owed.ended(line.one, today)) is not None)
    return f"The agreement no longer stands since {words.day(since)}, and {_releases(len(left))} under it left copies there: they are ticked below."


def _reciprocity(agreement: Agreement | None, found: Ledger, material: Sequence[date], today: date) -> tuple[str, ...]:
    if agreement is None:
        return ()
    shared = reciprocity(agreement, found, material, today)
    return (
        f"Since {words.day(shared.since)}, the period of {agreement.accountability.reciprocity_days:,} days that runs today:",
        f"We shared {_releases(shared.released)}.",
        f"They told what became of something {shared.answered:,} {'time' if shared.answered == 1 else 'times'}.",
        f"They sent us {shared.material:,} {'piece' if shared.material == 1 else 'pieces'} of material.",
    )


def reciprocity(agreement: Agreement, found: Ledger, material: Sequence[date], today: date) -> Reciprocity:
    """What each side has shared within the period that runs today."""
    since = duties.reciprocity_since(agreement.valid_from, agreement.accountability.reciprocity_days, today)
    ours = [line for line in found.lines if since <= line.one.release.manifest.day <= today]
    answered = [
        said
        for line in found.lines
        for said in line.one.answers
        if isinstance(said, AgencyFeedback) and since <= said.day <= today
    ]
    return Reciprocity(since, len(ours), len(answered), sum(since <= day <= today for day in material))


def _recall_line(line: Line, today: date) -> RecallLine:
    release = line.one.release
    recallable = follow.may_recall(line.one, today)
    return RecallLine(
        release=release.id,
        reference=_reference(release),
        left=words.day(release.manifest.day),
        state=tuple(
            _duty(one, today) for one in line.standings if one.kind in {Kind.COPIES, Kind.DECISION, Kind.SIGNATURE}
        ),
        recallable=recallable,
        ticked=recallable and _is_called(line),
    )


def _reference(release: Release) -> str:
    """What people read to each other; the portal shows the same."""
    return str(release.id).partition("-")[0]


def _things(number: int) -> str:
    return "1 thing" if number == 1 else f"{number:,} things"


def _releases(number: int) -> str:
    return "1 release" if number == 1 else f"{number:,} releases"


_NOTICE_STATES = {
    "waiting": "Recall asked for; a releasing officer has to sign it at the guard",
    "sent": "Recalled",
    "refused": "Recall that a releasing officer refused",
    "": "Recall of which the guard knows nothing",
}
_TERMINATION = {
    Termination.DESTROY: "They destroy every copy",
    Termination.RETURN: "They give every copy back",
    Termination.KEEP: "They may keep their copies under the same conditions",
}
