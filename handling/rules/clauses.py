"""pure: the clauses that look at a report, and what the exception for a threat to life lifts. Each answers for itself."""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Final, TypeVar

from handling.rules.facts import ReportFacts
from handling.rules.resting import OF_MATERIAL, originator
from handling.rules.risk import Ground, RiskFact, grounds
from handling.rules.standing import Standing
from handling.rules.terms import WORLD, Removable
from handling.rules.verdicts import HANDLER_RESTRICTION, Answer, Rule, Verdict, ask, deny, permit, sanitise

_E = TypeVar("_E", bound=Enum)

_LISTED = Verdict(permit("list/named", "The handler's list names this agency."))
_RESTRICTED = Verdict(deny("list/handler-restriction", HANDLER_RESTRICTION))


def _positive_list(standing: Standing, facts: ReportFacts) -> Verdict:
    """A handler named the agencies this report may go to. Why others are absent is never said."""
    allowed = facts.agencies
    return _LISTED if allowed is not None and standing.recipient.agency in allowed else _RESTRICTED


_INSIDE = permit("subject/inside", "All subjects lie in the agreement's scope.", "subjects")
_OUTSIDE = deny("subject/outside", "The report is about something outside the agreement's scope.", "outside")
_NO_SUBJECT = Verdict(deny("subject/not-stated", "The report does not say what it is about."))


def _subject(standing: Standing, facts: ReportFacts) -> Verdict:
    """Every subject of the report lies in scope; a report about nothing is about anything."""
    subjects = facts.subjects
    if not subjects:
        return _NO_SUBJECT
    outside = subjects - standing.agreement.covered
    return Verdict(_OUTSIDE, (outside,)) if outside else Verdict(_INSIDE, (subjects,))


_HANDLING = permit("handling/agreed", "The agreement covers the handling code and its conditions.", "handling")
_NO_HANDLING = Verdict(deny("handling/not-stated", "The report carries no handling code."))
_OTHER_HANDLING = deny("handling/not-agreed", "The agreement does not cover this handling code.", "handling")
_HANDLING_FIRST = sanitise(
    "handling/sanitise-first",
    "The agreement does not cover this handling code; a stricter version could go.",
    "handling",
)


def _handling(standing: Standing, facts: ReportFacts) -> Verdict:
    """The code is agreed, and under C its action and its sanitisation code too."""
    handling = facts.handling
    if handling is None:
        return _NO_HANDLING
    agreement = standing.agreement
    if handling.code in agreement.handling and (
        handling.action is None
        or (handling.action in agreement.marking.actions and handling.sanitisation in agreement.marking.sanitisations)
    ):
        return Verdict(_HANDLING, (handling,))
    return Verdict(_HANDLING_FIRST if _removable(facts, Removable.MARKING) else _OTHER_HANDLING, (handling,))


_MARKING = permit("marking/within", "The marking is at most the agreed one.", "marking")
_NO_MARKING = Verdict(deny("marking/not-stated", "The report carries no marking."))
_ABOVE = deny("marking/above", "The marking is above the agreed one.", "marking", "maximum")
_MARKING_FIRST = sanitise(
    "marking/sanitise-first",
    "The marking is above the agreed one; a version with a lower one could go.",
    "marking",
    "maximum",
)


def _marking(standing: Standing, facts: ReportFacts) -> Verdict:
    marking, maximum = facts.marking, standing.agreement.marking.maximum
    if marking is None:
        return _NO_MARKING
    if marking.within(maximum):
        return Verdict(_MARKING, (marking,))
    return Verdict(_MARKING_FIRST if _removable(facts, Removable.MARKING) else _ABOVE, (marking, maximum))


_GRADES = permit("grade/met", "Every grade meets the agreement's minimum.", "grades", "minimum")
_NO_GRADES = deny("grade/not-stated", "The report carries no grades.", "minimum")
_BELOW = deny("grade/below", "A grade does not meet the agreement's minimum ({minimum}): {below}.", "below", "minimum")


def _grades(standing: Standing, facts: ReportFacts) -> Verdict:
    """Every item meets the minimum on both axes; the grade is shown."""
    grades, minimum = facts.grades, standing.agreement.grades
    if not grades:
        return Verdict(_NO_GRADES, (minimum,))
    for grade in grades:
        if not minimum.met_by(grade):
            below = tuple(f"item {n}: {one}" for n, one in enumerate(grades, 1) if not minimum.met_by(one))
            return Verdict(_BELOW, (below, minimum))
    return Verdict(_GRADES, (grades, minimum))


_NOT_FALSE = Verdict(permit("false/none", "Nothing in it is suspected to be false."))
_FALSE_AGREED = Verdict(
    permit("false/agreed", "Part of it is suspected to be false; the agreement accepts that.", warning=True)
)
_FALSE = Verdict(deny("false/suspected", "Part of it is suspected to be false."))
_FALSE_UNKNOWN = Verdict(deny("false/not-stated", "Nobody has stated whether anything in it is suspected to be false."))


def _suspected_false(standing: Standing, facts: ReportFacts) -> Verdict:
    """What is suspected to be false, by grade or by mark, goes only where that was agreed, and says so."""
    minimum = standing.agreement.grades
    if facts.suspected_false is None:
        return _FALSE_UNKNOWN
    if not facts.suspected_false and not any(grade.information in minimum.suspected for grade in facts.grades or ()):
        return _NOT_FALSE
    return _FALSE_AGREED if minimum.suspected_false_may_go else _FALSE


_DATA = permit("data/agreed", "All kinds of data in it are agreed.", "data")
_NO_DATA = Verdict(deny("data/not-stated", "Nobody has stated which kinds of data about people it holds."))
_OTHER_DATA = deny("data/not-agreed", "It holds kinds of data about people that were not agreed.", "outside")
_DATA_FIRST = sanitise(
    "data/sanitise-first", "It holds kinds of data that were not agreed; a version without them could go.", "outside"
)


def _data(standing: Standing, facts: ReportFacts) -> Verdict:
    held, agreed = facts.data, standing.agreement.content.data
    return _kinds(held, agreed, (_NO_DATA, _DATA, _OTHER_DATA, _DATA_FIRST), facts, Removable.DATA)


_NO_PERSONS = Verdict(permit("persons/none", "It names no person."))
_PERSONS = Verdict(permit("persons/agreed", "It names persons; the agreement accepts that."))
_PERSONS_UNKNOWN = Verdict(deny("persons/not-stated", "Nobody has stated whether it names persons."))
_PERSONS_DENIED = Verdict(deny("persons/not-agreed", "It names persons, which was not agreed."))
_PERSONS_FIRST = Verdict(
    sanitise("persons/sanitise-first", "It names persons, which was not agreed; a version without names could go.")
)


def _persons(standing: Standing, facts: ReportFacts) -> Verdict:
    answers = (_PERSONS_UNKNOWN, _NO_PERSONS, _PERSONS, _PERSONS_DENIED, _PERSONS_FIRST)
    return _held(facts.named_persons, standing.agreement.content.named_persons, answers, facts, Removable.PERSONS)


_SPECIAL = permit("special/agreed", "All specially protected data in it are agreed.", "special_categories")
_NO_SPECIAL = Verdict(deny("special/not-stated", "Nobody has stated which specially protected data it holds."))
_OTHER_SPECIAL = deny("special/not-agreed", "It holds specially protected data that were not agreed.", "outside")
_SPECIAL_FIRST = sanitise(
    "special/sanitise-first",
    "It holds specially protected data that were not agreed; a version without them could go.",
    "outside",
)


def _special(standing: Standing, facts: ReportFacts) -> Verdict:
    held, agreed = facts.special_categories, standing.agreement.content.special_categories
    return _kinds(held, agreed, (_NO_SPECIAL, _SPECIAL, _OTHER_SPECIAL, _SPECIAL_FIRST), facts, Removable.SPECIAL)


_NO_MINORS = Verdict(permit("minors/none", "It concerns no minor."))
_MINORS = Verdict(permit("minors/agreed", "It concerns minors; the agreement accepts that."))
_MINORS_UNKNOWN = Verdict(deny("minors/not-stated", "Nobody has stated whether it concerns minors."))
_MINORS_DENIED = Verdict(deny("minors/not-agreed", "It concerns minors, which was not agreed."))
_MINORS_FIRST = Verdict(
    sanitise("minors/sanitise-first", "It concerns minors, which was not agreed; a version without that could go.")
)


def _minors(standing: Standing, facts: ReportFacts) -> Verdict:
    answers = (_MINORS_UNKNOWN, _NO_MINORS, _MINORS, _MINORS_DENIED, _MINORS_FIRST)
    return _held(facts.minors, standing.agreement.content.minors, answers, facts, Removable.MINORS)


_ABOUT = permit("geography/inside", "The places it is about lie in the agreed countries.", "about")
_NO_PLACE = Verdict(deny("geography/not-stated", "Nobody has stated which countries it is about."))
_ELSEWHERE = deny("geography/outside", "It is about places outside the agreed countries.", "outside")


def _geography(standing: Standing, facts: ReportFacts) -> Verdict:
    """Every country that it is about is agreed; a report about nowhere is about anywhere."""
    about, agreed = facts.about, standing.agreement.geography.about
    if not about:
        return _NO_PLACE
    outside = frozenset[str]() if WORLD in agreed else about - agreed
    return Verdict(_ELSEWHERE, (outside,)) if outside else Verdict(_ABOUT, (about,))


_NO_APPROVER = Verdict(permit("approval/not-needed", "The agreement names nobody who must be asked first."))
_APPROVED = permit("approval/given", "Whoever must be asked first has approved.", "approver")
_ASK_APPROVER = ask(
    "approval/ask", Answer.ASK_APPROVER, "The agreement names somebody who must be asked first.", "approver"
)


def _approval(standing: Standing, facts: ReportFacts) -> Verdict:
    """The approver that the agreement names has said yes to this report for this agency."""
    approver = standing.agreement.approver
    if approver is None:
        return _NO_APPROVER
    approved = facts.approvals is not None and standing.recipient.agency in facts.approvals
    return Verdict(_APPROVED if approved else _ASK_APPROVER, (approver,))


_REVIEWED = Verdict(permit("review/done", "A second handler has reviewed it against the tip."))
_UNREVIEWED = Verdict(deny("review/missing", "No second handler has reviewed it against the tip."))


def _review(_: Standing, facts: ReportFacts) -> Verdict:
    return _REVIEWED if facts.reviewed is True else _UNREVIEWED


_DATED = permit("report-date/stated", "The report is dated.", "date")
_UNDATED = Verdict(deny("report-date/not-stated", "The report carries no date."))
_FUTURE = deny("report-date/future", "The report is dated after today.", "date")


def _report_date(standing: Standing, facts: ReportFacts) -> Verdict:
    day = facts.date
    if day is None:
        return _UNDATED
    return Verdict(_FUTURE if day > standing.today else _DATED, (day,))


_RISK_UNSAID = Verdict(deny("risk/not-stated", "Nobody has stated whether the risk of sharing was assessed."))
_RISK_MISSING = deny("risk/missing", "The risk of sharing was not assessed, which the report asks for.", "grounds")
_RISK_SETTLED = Verdict(
    permit("risk/settled", "The risk of sharing was assessed and reviewed, or nothing in it asks for that.")
)


def _risk(_: Standing, facts: ReportFacts) -> Verdict:
    """What sharing could do was judged on every axis where the facts ask for it.

    Whether and how it was judged stays in the unit: the rule that speaks, which the manifest names, is the same either way.
    """
    if facts.risk is None:
        return _RISK_UNSAID
    needed = frozenset() if facts.risk is RiskFact.ASSESSED else frozenset(grounds_of(facts))
    return Verdict(_RISK_MISSING, (needed,)) if needed else _RISK_SETTLED


_IMMUNITY_UNSAID = Verdict(
    deny("immunity/not-stated", "Nobody has stated whether public-interest immunity is claimed for part of it.")
)
_IMMUNITY = Verdict(
    permit("immunity/stated", "It is stated whether public-interest immunity is claimed; the guard acts on it.")
)


def _immunity(_: Standing, facts: ReportFacts) -> Verdict:
    """A claim stops nothing here: the guard waits for the releasing officer's word. One rule, so that no manifest tells."""
    return _IMMUNITY_UNSAID if facts.immunity is None else _IMMUNITY


def grounds_of(facts: ReportFacts) -> tuple[Ground, ...]:
    """Return why the facts ask for an assessment of risk, but for a threat to life: that the review asks for.

    Here it would be an objection, and everywhere else in a decision a threat to life is a reason to share.
    """
    return grounds(
        handling=facts.handling,
        grades=facts.grades or (),
        suspected_false=facts.suspected_false is True,
        minors=facts.minors is True,
    )


def _kinds(
    held: frozenset[_E] | None,
    agreed: frozenset[_E],
    answers: tuple[Verdict, Rule, Rule, Rule],
    facts: ReportFacts,
    removable: Removable,
) -> Verdict:
    """Answer for a list: not stated, agreed, not agreed, or without what is not."""
    unknown, agrees, denies, first = answers
    if held is None:
        return unknown
    outside = held - agreed
    if not outside:
        return Verdict(agrees, (held,))
    return Verdict(first if _removable(facts, removable) else denies, (outside,))


def _held(
    held: bool | None,  # noqa: FBT001 - what the report says, and the agreement
    agreed: bool,  # noqa: FBT001
    answers: tuple[Verdict, Verdict, Verdict, Verdict, Verdict],
    facts: ReportFacts,
    removable: Removable,
) -> Verdict:
    """Answer for something that a report holds or not: not stated, no, agreed, not agreed, or without it."""
    unknown, none, agrees, denies, first = answers
    if held is None:
        return unknown
    if not held:
        return none
    if agreed:
        return agrees
    return first if _removable(facts, removable) else denies


def _removable(facts: ReportFacts, what: Removable) -> bool:
    return facts.removable is not None and what in facts.removable


ALWAYS: Final[tuple[Callable[[Standing, ReportFacts], Verdict], ...]] = (
    _positive_list,
    _subject,
    _handling,
    _marking,
    _grades,
    _suspected_false,
    _data,
    _persons,
    _special,
    _minors,
    _geography,
    originator,
    _approval,
    _review,
    _report_date,
    _risk,
    _immunity,
)

OF_REPORT: Final = (*ALWAYS, *OF_MATERIAL)
"""Every clause that looks at a report."""


def _exception(clause: str, text: str) -> Rule:
    return permit(f"{clause}/threat-to-life", f"{text}; somebody's life is in danger.", "said", warning=True)


_SPARED_SUBJECT = _exception("subject", "It is outside the agreement's scope")
_SPARED_GRADE = _exception("grade", "A grade does not meet the agreement's minimum")
_SPARED_DATA = _exception("data", "It holds data that were not agreed")
_SPARED_PERSONS = _exception("persons", "It names persons, which was not agreed")
_SPARED_SPECIAL = _exception("special", "It holds specially protected data that were not agreed")
_SPARED_MINORS = _exception("minors", "It concerns minors, which was not agreed")
_SPARED_GEOGRAPHY = _exception("geography", "It is about places outside the agreed countries")
_SPARED_APPROVAL = _exception("approval", "Whoever must be asked first is told afterwards")

SPARED: Final[Mapping[Rule, Rule]] = {
    _OUTSIDE: _SPARED_SUBJECT,
    _BELOW: _SPARED_GRADE,
    _OTHER_DATA: _SPARED_DATA,
    _DATA_FIRST: _SPARED_DATA,
    _PERSONS_DENIED.said: _SPARED_PERSONS,
    _PERSONS_FIRST.said: _SPARED_PERSONS,
    _OTHER_SPECIAL: _SPARED_SPECIAL,
    _SPECIAL_FIRST: _SPARED_SPECIAL,
    _MINORS_DENIED.said: _SPARED_MINORS,
    _MINORS_FIRST.said: _SPARED_MINORS,
    _ELSEWHERE: _SPARED_GEOGRAPHY,
    _ASK_APPROVER: _SPARED_APPROVAL,
}
"""What the exception lifts. A fact that nobody stated, an exclusion, a marking, a key or a date is never lifted."""


def spared(verdict: Verdict) -> Verdict:
    """Return what a verdict becomes where a life is in danger."""
    lifted = SPARED.get(verdict.said)
    return verdict if lifted is None else Verdict(lifted, (verdict.said.id,))
