"""What the desk's pages about sharing show, and how it is worded. Pure: built from values; reads nothing and decides nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from uuid import UUID

from handling import data
from handling.desk import duty_pages, request, statements, words
from handling.desk.asking import WITHIN_DAYS
from handling.desk.case import Case
from handling.desk.consents import Answered, Requested
from handling.desk.everything import Count
from handling.desk.overview import Line, Overview
from handling.desk.pages import Choice, DecidedLine, Duties, Head
from handling.desk.share import MOST, Stand, View, undecided
from handling.desk.statements import Made
from handling.rules import consent
from handling.rules.agreements import PURPOSE_LABELS
from handling.rules.clocks import days_after
from handling.rules.consent import State
from handling.rules.deconfliction import ANSWER_LABELS, is_clear
from handling.rules.relevance import Circle, Relevance
from handling.rules.sharing import DECIDE_WITHIN_DAYS, WITHHELD_LABELS, Standing, decide_by
from handling.rules.staffing import two_keys
from handling.store.members import MemberList

NOT_CLEAR = "Deconfliction is not answered, so nothing is proposed"
_SHOWN = 100


@dataclass(frozen=True, slots=True)
class ProposedLine:
    """One agency that may receive the report, ticked unless somebody chose otherwise."""

    agency: str
    name: str
    agreement: str
    above: tuple[str, ...]
    relevance: tuple[str, ...]
    due: str
    late: bool
    ticked: bool
    purposes: tuple[Choice, ...]
    reasons: tuple[Choice, ...]
    problem: str


@dataclass(frozen=True, slots=True)
class AnsweredLine:
    """One answer to whether it is somebody's source or live operation."""

    asked: str
    answer: str
    who: str


@dataclass(frozen=True, slots=True)
class ConsentLine:
    """One request for consent: whose, to what, where it stands, and its history, newest first."""

    name: str
    to: str
    state: str
    urgent: bool
    history: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConsentForm:
    """What can be asked now, as typed where it has to be sent again; *closed* says of whom nobody may ask."""

    missing: tuple[Choice, ...]
    closed: tuple[str, ...]
    day: str
    words: str
    problem: str


@dataclass(frozen=True, slots=True)
class SharePage:
    """Sharing one report: who is proposed, as a form, and what was decided before."""

    template: ClassVar[str] = "desk/share.html"
    head: Head
    clear: bool
    answered: tuple[AnsweredLine, ...]
    answers: tuple[Choice, ...]
    asked: str
    circle: tuple[str, ...]
    proposed: tuple[ProposedLine, ...]
    more: int
    decided: tuple[DecidedLine, ...]
    purposes: tuple[tuple[str, str], ...]
    consents: tuple[ConsentLine, ...]
    consent: ConsentForm
    days: int
    problem: str


@dataclass(frozen=True, slots=True)
class RateLine:
    """What became of all that one agreement permitted."""

    name: str
    agreement: str
    share: str
    counts: tuple[int, ...]  # permitted, released, asked, left out, refused, open, overdue


@dataclass(frozen=True, slots=True)
class NotSharedLine:
    """One report that did not go to one agency."""

    report: UUID
    title: str
    agency: str
    details: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One statement for an oversight body: who made it when, since when it waits or who handed it over."""

    id: UUID
    made: str
    waits: str
    handed_over: str


@dataclass(frozen=True, slots=True)
class SharingPage:
    """A year of sharing, as oversight reads it."""

    template: ClassVar[str] = "desk/sharing.html"
    since: str
    rates: tuple[RateLine, ...]
    overdue: tuple[NotSharedLine, ...]
    overdue_count: int
    not_shared: tuple[NotSharedLine, ...]
    not_shared_count: int
    unsigned: tuple[NotSharedLine, ...]
    unsigned_count: int
    unreadable: int
    duties: Duties
    days: int
    two_keys: str
    statements: tuple[StatementLine, ...]
    readers: str
    typed: str
    problem: str


def share(
    head: Head,
    view: View,
    members: MemberList,
    today: date,
    *,
    given: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
    problem: str = "",
    asking: str = "",
) -> SharePage:
    """Who is proposed for one report; *given* is what was sent, by field, where it has to be sent again.

    *asking* is what was wrong with a request for consent.
    """
    answers = view.case.deconfliction
    clear = is_clear(answers)
    open_ = undecided(view.stands) if clear else ()
    given_answer = "" if given is None else given.get("answer", "")
    return SharePage(
        head=head,
        clear=clear,
        answered=tuple(
            AnsweredLine(one.asked, ANSWER_LABELS[one.answer], f"{words.person(members, one.by)}, {words.day(one.on)}")
            for one in reversed(answers)
        ),
        answers=tuple(
            Choice(answer.value, label, answer.value == given_answer) for answer, label in ANSWER_LABELS.items()
        ),
        asked="" if given is None else given.get("asked", ""),
        circle=_circle(view.circle) if open_ else (),
        proposed=tuple(
            _proposed(
                one,
                today,
                given,
                (problems or {}).get(one.party.id, ""),
                above=tuple(party.name for party in view.above[one.party.id]),
            )
            for one in open_[:MOST]
        ),
        more=max(0, len(open_) - MOST),
        decided=decided(view.stands, members),
        purposes=tuple((purpose.value, label) for purpose, label in PURPOSE_LABELS.items()),
        consents=tuple(_consent(one, view, members) for one in view.requested),
        consent=_form(view, today, given or {}, asking),
        days=DECIDE_WITHIN_DAYS,
        problem=problem,
    )


def _consent(one: Requested, view: View, members: MemberList) -> ConsentLine:
    noticed, name = one.noticed, view.name_of
    asked = f"Asked for on {words.day(noticed.notice.on)} by {words.person(members, noticed.requested_by)}"
    line = f": “{noticed.notice.words}”" if noticed.notice.words else ""
    history = [f"{asked}, for an answer by {words.day(noticed.notice.day)}{line}."]
    if noticed.reason:
        history.append(f"{'Ended' if noticed.state == 'void' else 'Refused by a signer'}: {noticed.reason}")
    history += [_answered(answer, name(one.asked.originator)) for answer in one.answers]
    return ConsentLine(
        name=name(one.asked.originator),
        to=f"to {name(one.asked.recipient)}, for {PURPOSE_LABELS[one.asked.purpose]}",
        state=_UNSENT[noticed.state] if one.state is None else one.state.value,
        urgent=one.state is State.OVERDUE,
        history=tuple(reversed(history)),
    )


def _answered(answer: Answered, agency: str) -> str:
    on = words.day(answer.given_on)
    if answer.token is None:
        return f"Answered on {on}, and it counts for nothing: it is not signed by the agency's key, or answers something else."
    until = "" if answer.token.until is None else f", until {words.day(answer.token.until)}"
    return f"Answered on {on} by {agency}: {_SAID[answer.token.answer]}{until}."


def _form(view: View, today: date, given: Mapping[str, str], problem: str) -> ConsentForm:
    name = view.name_of
    ask = given.get("ask", "")
    return ConsentForm(
        missing=tuple(
            Choice(
                one.value,
                f"{name(one.originator)}: that it goes to {name(one.recipient)}, for {PURPOSE_LABELS[one.purpose]}",
                one.value == ask,
            )
            for one in view.missing
            if one.may_ask
        ),
        closed=tuple(dict.fromkeys(name(one.originator) for one in view.missing if not one.may_ask)),
        day=given.get("day", days_after(today, WITHIN_DAYS).isoformat()),
        words=given.get("words", ""),
        problem=problem,
    )


_UNSENT: Mapping[str, str] = {
    "waiting": "Waiting for an officer's signature",
    "refused": "Refused by a signer: it was not sent",
    "void": "Ended before it was sent",
}
_SAID: Mapping[consent.Answer, str] = {
    consent.Answer.YES: "yes, to every version",
    consent.Answer.THIS_VERSION: "yes, to this version alone",
    consent.Answer.NO: "no",
}


def decided(stands: Sequence[Stand], members: MemberList) -> tuple[DecidedLine, ...]:
    """What was decided about the others."""
    return tuple(
        DecidedLine(
            agency=one.party.id,
            name=one.party.name,
            state=_STATES[one.standing],
            details=_why(one, members),
            purpose=one.purposes[0].value if one.purposes and one.standing in _NOT_SHARED else "",
        )
        for one in stands
        if not one.proposed
    )


def sharing(
    found: Overview,
    made: Sequence[Made],
    count: Count,
    members: MemberList,
    today: date,
    *,
    problem: str = "",
    typed: str = "",
) -> SharingPage:
    """A year of sharing, and the statements about it."""
    return SharingPage(
        since=words.day(found.since),
        rates=tuple(
            RateLine(
                name=party.name,
                agreement="" if party.agreement is None else f"{party.agreement.id}, version {party.agreement.version}",
                share="Nothing permitted" if rate.percent is None else f"{rate.percent} %",
                counts=(
                    rate.permitted,
                    rate.released,
                    rate.asked,
                    rate.withheld,
                    rate.refused,
                    rate.open,
                    rate.overdue,
                ),
            )
            for party, rate in found.rates
        ),
        overdue=tuple(_line(line, _late(line)) for line in found.overdue[:_SHOWN]),
        overdue_count=len(found.overdue),
        not_shared=tuple(_line(line, _why(line.stand, members)) for line in found.not_shared[:_SHOWN]),
        not_shared_count=len(found.not_shared),
        unsigned=tuple(
            _line(line, (*_unsigned(line.stand), *_why(line.stand, members))) for line in found.unsigned[:_SHOWN]
        ),
        unsigned_count=len(found.unsigned),
        unreadable=found.unreadable,
        duties=duty_pages.counts(count),
        days=DECIDE_WITHIN_DAYS,
        two_keys=", ".join(words.person(members, name) for name in two_keys(request.duties(members))),
        statements=tuple(_statement(one, members, today) for one in made),
        readers=", ".join(words.person(members, name) for name in statements.readers(members)),
        typed=typed,
        problem=problem,
    )


def _statement(one: Made, members: MemberList, today: date) -> StatementLine:
    by, on = one.handed_over_by, one.handed_over_on
    return StatementLine(
        id=one.id,
        made=f"{words.day(one.made_on)}, {words.person(members, one.made_by)}",
        waits=words.age_in_words(one.made_on, today),
        handed_over="" if by is None or on is None else f"{words.day(on)}, {words.person(members, by)}",
    )


def waiting(found: Case, stands: Sequence[Stand]) -> str:
    """Say in a line how many agencies wait for a decision; empty when none does, no number before deconfliction."""
    late = sum(one.standing is Standing.OVERDUE for one in stands)
    open_ = len(undecided(stands))
    if not open_:
        return ""
    if not is_clear(found.deconfliction):
        return f"{NOT_CLEAR}; overdue" if late else NOT_CLEAR
    said = f"{words.agencies(open_)} may receive it and nobody has decided"
    return f"{said}; {late} overdue" if late else said


_NOT_SHARED = frozenset({Standing.WITHHELD, Standing.REFUSED})
_STATES: Mapping[Standing, str] = {
    Standing.OUTSIDE: "Not permitted today",
    Standing.RELEASED: "Released",
    Standing.ASKED: "Waiting for signatures",
    Standing.REFUSED: "Refused by a signer",
    Standing.WITHHELD: "Left out",
}


def _circle(found: Circle) -> tuple[str, ...]:
    """Say who knows and who will."""
    now, then = words.agencies(found.now), words.agencies(found.then)
    people = "1 person" if found.people == 1 else f"{found.people:,} people"
    above = f"{words.agencies(found.above)} more above these in the tree may hear of it."
    onward = f"They may pass it on to {words.agencies(found.onward)} that their agreements list."
    return (
        f"{people} of this unit can read it, and {now} has it or soon will. With all that is ticked: {then}."
        if found.now == 1
        else f"{people} of this unit can read it, and {now} have it or soon will. With all that is ticked: {then}.",
        *([above] if found.above else []),
        *([onward] if found.onward else []),
    )


def _near(found: Relevance) -> tuple[str, ...]:
    """Say what puts it before others of equal points: where it is, and which places its agreement names."""
    names = data.countries()
    said = []
    if found.country:
        said.append(
            f"It is where the report is about, {names.get(found.country, found.country)}: of equals it comes first."
        )
    if found.agreed:
        places = ", ".join(sorted(names.get(code, code) for code in found.agreed))
        said.append(f"Its agreement names where the report is about, {places}: that counts among equals.")
    return tuple(said)


def _proposed(
    one: Stand, today: date, given: Mapping[str, str] | None, problem: str, *, above: tuple[str, ...]
) -> ProposedLine:
    agency, agreement = one.party.id, one.party.agreement
    asked = given or {}
    late = one.decide_by is not None and today > one.decide_by
    return ProposedLine(
        agency=agency,
        name=one.party.name,
        agreement="" if agreement is None else f"{agreement.title} ({agreement.id}, version {agreement.version})",
        above=above,
        relevance=(*(f"{text} (+{points})." for points, text in one.relevance.reasons), *_near(one.relevance)),
        due="" if one.decide_by is None else words.day(one.decide_by),
        late=late,
        ticked=given is None or f"share-{agency}" in given,
        purposes=tuple(
            Choice(purpose.value, PURPOSE_LABELS[purpose], asked.get(f"purpose-{agency}") == purpose.value)
            for purpose in one.purposes
        ),
        reasons=tuple(
            Choice(reason.value, label, asked.get(f"reason-{agency}") == reason.value)
            for reason, label in WITHHELD_LABELS.items()
        ),
        problem=problem,
    )


def _why(one: Stand, members: MemberList) -> tuple[str, ...]:
    left_out = (
        f"Left out on {words.day(left.on)} by {words.person(members, left.by)}: {WITHHELD_LABELS[left.reason]}."
        for left in one.left_out
    )
    refused = (f"Asked for on {words.day(on)} and refused by a signer: {reason}" for on, reason in one.refusals)
    return (*left_out, *refused)


def _late(line: Line) -> tuple[str, ...]:
    by = line.stand.decide_by
    late = "" if by is None else f"Somebody should have decided by {words.day(by)}."
    return (late,) if is_clear(line.case.deconfliction) else (late, f"{NOT_CLEAR}.")


def _unsigned(one: Stand) -> tuple[str, ...]:
    on = one.asked_on
    return (
        ()
        if on is None
        else (f"Asked for on {words.day(on)}; it should be signed or refused by {words.day(decide_by(on))}.",)
    )


def _line(line: Line, details: tuple[str, ...]) -> NotSharedLine:
    report = line.case.reviewed.report
    return NotSharedLine(report.id, report.title, line.stand.party.name, details)
