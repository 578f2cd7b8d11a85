"""pure: may this report go to that agency? Decided from values alone, clause by clause; the default is no."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from typing import Final

from handling.rules.agreements import PURPOSE_LABELS, Agreement, OnwardRule, Purpose, activation_problems
from handling.rules.clocks import days_after, working_days_after
from handling.rules.facts import ReportFacts
from handling.rules.feedback import Stage

HANDLER_RESTRICTION: Final = "Handler restriction: this report is not for this agency."
"""All that anybody past the corridor reads about an agency off the list, whether it is excluded or was simply not ticked."""


class Answer(IntEnum):
    """What a clause says; the highest one decides."""

    PERMIT = 0
    PERMIT_AFTER_SANITISE = 1
    ASK_APPROVER = 2
    ASK_ORIGINATOR = 3
    DENY = 4

    @property
    def code(self) -> str:
        """The name used in documents and on pages."""
        return self.name.lower().replace("_", "-")


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of one clause, the rule that gave it, a sentence for people, and the values it was drawn from."""

    clause: str
    rule: str  # stable, "clause/reason": ledgers, manifests and docs/agreements.md use it
    answer: Answer
    text: str
    values: tuple[tuple[str, str], ...] = ()
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Obligations:
    """What binds the agency once it has the package; each day is the last that counts."""

    delete_by: date
    acknowledge_by: date
    feedback_due: date
    stages: frozenset[Stage]
    onward: OnwardRule
    conditions: tuple[str, ...]  # of the agreement, then the onward rule as a sentence


@dataclass(frozen=True, slots=True)
class Decision:
    """The worst answer with every verdict behind it. Obligations are None only where there is no agreement."""

    outcome: Answer
    verdicts: tuple[Verdict, ...]
    obligations: Obligations | None

    @property
    def permits(self) -> bool:
        """Whether the report may go as it is."""
        return self.outcome is Answer.PERMIT

    @property
    def rules(self) -> tuple[str, ...]:
        """The ids of every rule that spoke, as manifest and ledger name them."""
        return tuple(verdict.rule for verdict in self.verdicts)

    @property
    def failing(self) -> tuple[Verdict, ...]:
        """The verdicts that stand against it."""
        return tuple(verdict for verdict in self.verdicts if verdict.answer is not Answer.PERMIT)


@dataclass(frozen=True, slots=True)
class _Question:
    facts: ReportFacts
    agreement: Agreement
    agency: str
    purpose: str
    today: date


def evaluate(facts: ReportFacts, agreement: Agreement | None, agency: str, purpose: str, today: date) -> Decision:
    """Ask every clause; the worst answer decides, and every verdict is kept.

    Args:
        facts: of the report as it would go.
        agreement: the version in force with this agency; None denies.
        agency: the id of the agency that would receive it.
        purpose: what for, one of `Purpose` by value.
        today: the day of release, from which all days are counted.
    """
    if agreement is None:
        return Decision(Answer.DENY, (_no_agreement(agency),), None)
    question = _Question(facts, agreement, agency, purpose, today)
    verdicts = tuple(clause(question) for clause in CLAUSES)
    return Decision(worst(verdicts), verdicts, _obligations(agreement, today))


def worst(verdicts: Sequence[Verdict]) -> Answer:
    """Return the answer that decides; where nobody was asked, nothing is permitted."""
    return max((verdict.answer for verdict in verdicts), default=Answer.DENY)


def would_permit_if(decision: Decision) -> tuple[Verdict, ...]:
    """Return the one failing verdict whose clause alone stands in the way, or nothing."""
    return decision.failing if len(decision.failing) == 1 else ()


def _no_agreement(agency: str) -> Verdict:
    return _deny("agreement/none", "There is no agreement with this agency.", agency=agency)


def _party(question: _Question) -> Verdict:
    """The agreement is with the agency that would receive, and with nobody else."""
    if question.agency == question.agreement.agency.id:
        return _permit("agency/party", "The agency is the party of the agreement.", agency=question.agency)
    return _deny("agency/not-party", "The agreement is with another agency.", agency=question.agency)


def _positive_list(question: _Question) -> Verdict:
    """A handler named the agencies this report may go to. Why others are absent is never said."""
    allowed = question.facts.agencies
    if allowed is not None and question.agency in allowed:
        return _permit("list/named", "The handler's list names this agency.")
    return _deny("list/handler-restriction", HANDLER_RESTRICTION)


def _validity(question: _Question) -> Verdict:
    """The first and the last day count; past review the agreement still holds, with a warning."""
    agreement, today = question.agreement, question.today
    if today < agreement.valid_from:
        return _deny("dates/not-yet-valid", "The agreement is not valid yet.", valid_from=agreement.valid_from)
    if today > agreement.expires_on:
        return _deny("dates/expired", "The agreement has expired.", expires_on=agreement.expires_on)
    if today > agreement.review_by:
        text = "The agreement is past its review day. It still holds; review it with the agency."
        return _permit("dates/past-review", text, warning=True, review_by=agreement.review_by)
    return _permit("dates/in-force", "The agreement is in force.", expires_on=agreement.expires_on)


def _suspension(question: _Question) -> Verdict:
    if question.agreement.suspended:
        return _deny("suspension/suspended", "The agreement is suspended.", since=question.agreement.suspended_since)
    return _permit("suspension/none", "The agreement is not suspended.")


def _lawful_basis(question: _Question) -> Verdict:
    """Each side has written down by which law it shares."""
    missing = activation_problems(question.agreement)
    if missing:
        text = "A lawful basis is missing in the agreement."
        return _deny("basis/missing", text, missing=", ".join(problem.path for problem in missing))
    return _permit("basis/stated", "Both sides have stated their lawful basis.")


def _purpose(question: _Question) -> Verdict:
    """One purpose of the closed set, and one that was agreed; use for another needs new consent."""
    agreed = {purpose.value for purpose in question.agreement.purposes}
    if question.purpose in agreed:
        label = PURPOSE_LABELS[Purpose(question.purpose)]
        return _permit("purpose/agreed", f"The purpose is agreed. {label}.", purpose=question.purpose)
    text = "The agreement does not cover this purpose."
    return _deny("purpose/not-agreed", text, purpose=question.purpose, agreed=", ".join(sorted(agreed)))


def _subject(question: _Question) -> Verdict:
    """Every subject of the report lies in scope; a report about nothing is about anything."""
    subjects = question.facts.subjects
    if not subjects:
        return _deny("subject/not-stated", "The report does not say what it is about.")
    outside = sorted(subjects - question.agreement.covered)
    if outside:
        text = "The report is about something outside the agreement's scope."
        return _deny("subject/outside", text, outside=", ".join(outside))
    return _permit("subject/inside", "All subjects lie in the agreement's scope.", subjects=", ".join(sorted(subjects)))


def _handling(question: _Question) -> Verdict:
    handling = question.facts.handling
    if handling is None:
        return _deny("handling/not-stated", "The report carries no handling code.")
    if handling.code not in question.agreement.handling:
        return _deny("handling/not-agreed", "The agreement does not cover this handling code.", handling=handling)
    return _permit("handling/agreed", "The agreement covers the handling code.", handling=handling)


def _grades(question: _Question) -> Verdict:
    """Every item meets the minimum on both axes; the grade is shown."""
    grades, minimum = question.facts.grades, question.agreement.grades
    if not grades:
        return _deny("grade/not-stated", "The report carries no grades.", minimum=minimum)
    below = [f"item {n}: {grade}" for n, grade in enumerate(grades, 1) if not minimum.met_by(grade)]
    if below:
        text = f"A grade does not meet the agreement's minimum ({minimum}): {'; '.join(below)}."
        return _deny("grade/below", text, below="; ".join(below), minimum=minimum)
    shown = "; ".join(str(grade) for grade in grades)
    return _permit("grade/met", "Every grade meets the agreement's minimum.", grades=shown, minimum=minimum)


def _suspected_false(question: _Question) -> Verdict:
    """What is suspected to be false, by grade or by mark, goes only where that was agreed, and says so."""
    facts, minimum = question.facts, question.agreement.grades
    if facts.suspected_false is None:
        return _deny("false/not-stated", "Nobody has stated whether anything in it is suspected to be false.")
    graded = any(grade.information in minimum.suspected for grade in facts.grades or ())
    if not facts.suspected_false and not graded:
        return _permit("false/none", "Nothing in it is suspected to be false.")
    if minimum.suspected_false_may_go:
        text = "Part of it is suspected to be false; the agreement accepts that."
        return _permit("false/agreed", text, warning=True)
    return _deny("false/suspected", "Part of it is suspected to be false.")


def _review(question: _Question) -> Verdict:
    if question.facts.reviewed is True:
        return _permit("review/done", "A second handler has reviewed it against the tip.")
    return _deny("review/missing", "No second handler has reviewed it against the tip.")


def _report_date(question: _Question) -> Verdict:
    day = question.facts.date
    if day is None:
        return _deny("report-date/not-stated", "The report carries no date.")
    if day > question.today:
        return _deny("report-date/future", "The report is dated after today.", date=day)
    return _permit("report-date/stated", "The report is dated.", date=day)


Clause = Callable[[_Question], Verdict]

CLAUSES: Final[tuple[Clause, ...]] = (
    _party,
    _positive_list,
    _validity,
    _suspension,
    _lawful_basis,
    _purpose,
    _subject,
    _handling,
    _grades,
    _suspected_false,
    _review,
    _report_date,
)


def _obligations(agreement: Agreement, today: date) -> Obligations:
    duties = agreement.duties
    return Obligations(
        delete_by=days_after(today, duties.retention_days),
        acknowledge_by=working_days_after(today, duties.acknowledge_working_days),
        feedback_due=days_after(today, duties.feedback_days),
        stages=duties.stages,
        onward=agreement.onward,
        conditions=(*agreement.conditions, str(agreement.onward)),
    )


def _permit(rule: str, text: str, *, warning: bool = False, **values: object) -> Verdict:
    return _verdict(rule, Answer.PERMIT, text, values, warning=warning)


def _deny(rule: str, text: str, **values: object) -> Verdict:
    return _verdict(rule, Answer.DENY, text, values, warning=False)


def _verdict(rule: str, answer: Answer, text: str, values: dict[str, object], *, warning: bool) -> Verdict:
    shown = tuple((name, str(value)) for name, value in values.items())
    return Verdict(rule.partition("/")[0], rule, answer, text, shown, warning)
