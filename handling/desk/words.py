"""How the desk's pages say things. Pure; names and codes come in as values, meaning never rests on a colour or a code alone."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from handling.desk.case import Answered
from handling.desk.documents import day_in_words, grade_in_words
from handling.desk.owed import clocks
from handling.desk.reports import Report
from handling.rules.grading import Scheme
from handling.rules.policy import Answer, Verdict
from handling.store.members import MemberList, NotAMemberError

ANSWERS: Mapping[Answer, tuple[str, str]] = {
    Answer.PERMIT: ("P", "Permit"),
    Answer.PERMIT_AFTER_SANITISE: ("S", "Permit after sanitising"),
    Answer.ASK_APPROVER: ("A", "Ask an approver"),
    Answer.ASK_ORIGINATOR: ("O", "Ask the originator"),
    Answer.DENY: ("D", "Deny"),
}

NEXT: Mapping[Answer, str] = {
    Answer.PERMIT: "",
    Answer.PERMIT_AFTER_SANITISE: "Not as it is: ask its author for a version without what is named. It is a new report,"
    " with a review of its own.",
    Answer.ASK_APPROVER: "Not yet: whoever the agreement names has to approve first. The author states the approval in a"
    " new version, and the reviewer signs it.",
    Answer.ASK_ORIGINATOR: "Not yet: the agency whose material it rests on has to consent first, with its own"
    " signature. It is asked on the page where this report is shared.",
    Answer.DENY: "",
}
"""What has to happen before the answer can be another one."""

CLAUSES: Mapping[str, str] = {
    "agreement": "Agreement",
    "agency": "Party",
    "list": "Handler's list",
    "risk": "Risk of sharing",
    "immunity": "Public-interest immunity",
    "dates": "Dates of the agreement",
    "suspension": "Suspension",
    "signatures": "Signatures of both sides",
    "basis": "Lawful basis",
    "purpose": "Purpose",
    "subject": "Subject",
    "key": "The agency's key",
    "encryption": "Encryption",
    "transfer": "Where it is kept",
    "handling": "Handling code",
    "marking": "Marking",
    "grade": "Grades",
    "false": "Suspected to be false",
    "data": "Data about people",
    "persons": "Named persons",
    "special": "Specially protected data",
    "minors": "Minors",
    "geography": "Countries it is about",
    "originator": "Originator",
    "passing-on": "Passing on material",
    "material-purpose": "Purpose of material",
    "material-day": "Last day of material",
    "material-marking": "Marking of material",
    "material-handling": "Handling code of material",
    "approval": "Approver",
    "review": "Review",
    "report-date": "Date of the report",
}


_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Grade:
    """A fact with its grade in words, then scheme and code."""

    text: str
    words: str
    code: str


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause's verdict: answer as letter and word, why, and the values it was drawn from."""

    name: str
    rule: str
    permits: bool
    letter: str
    answer: str
    why: str
    values: str
    warning: bool


@dataclass(frozen=True, slots=True)
class Due:
    """Something an agency owes."""

    agency: str
    words: str
    late: bool


def clause(verdict: Verdict) -> Clause:
    """One clause for a page; an unknown clause shows its own name."""
    letter, answer = ANSWERS[verdict.answer]
    return Clause(
        name=CLAUSES.get(verdict.clause, verdict.clause),
        rule=verdict.rule,
        permits=verdict.answer is Answer.PERMIT,
        letter=letter,
        answer=answer,
        why=verdict.text,
        values="; ".join(f"{name.replace('_', ' ')}: {_value(value)}" for name, value in verdict.values),
        warning=verdict.warning,
    )


def _value(value: str) -> str:
    """A value as a person reads it: days in words, everything else as it stands."""
    return day_in_words(date.fromisoformat(value)) if _ISO_DAY.fullmatch(value) else value


def graded(report: Report, scheme: Scheme) -> tuple[Grade, ...]:
    """Every item of a report with its grade."""
    return tuple(Grade(item.text, grade_in_words(item, scheme), str(item.grade)) for item in report.items)


def person(members: MemberList, name: str) -> str:
    """How a member is shown; somebody who has left by the name that was signed."""
    try:
        return members.member(name).display
    except NotAMemberError:
        return name


def age_in_words(received: date, today: date) -> str:
    """How long ago a report arrived."""
    days = (today - received).days
    if days <= 0:
        return "today"
    return "yesterday" if days == 1 else f"{days:,} days ago"


def state_of(releases: Sequence[Answered]) -> str:
    """Where a report stands, in words, from the releases asked for."""
    if not releases:
        return "Not shared yet"
    count = dict.fromkeys(_STATES, 0)
    for one in releases:
        count[one.release.state] += 1
    words = ", ".join(_STATES[state].format(agencies(number)) for state, number in count.items() if number)
    return words[0].upper() + words[1:]


_STATES: Mapping[str, str] = {
    "released": "released to {}",
    "signed-once": "signed once for {}",
    "waiting": "waiting for signatures for {}",
    "refused": "refused for {}",
    "void": "void for {}",
}


def agencies(number: int) -> str:
    """A number of agencies."""
    return "1 agency" if number == 1 else f"{number:,} agencies"


def owed(releases: Sequence[Answered], today: date) -> tuple[Due, ...]:
    """What is owed on these releases, overdue first."""
    due = [Due(one.release.agency_name, clock.words, clock.late) for one in releases for clock in clocks(one, today)]
    return tuple(sorted(due, key=lambda d: not d.late))


def signed(*, signs: bool, signed: bool) -> str:
    """Who vouches for an answer; nothing for an agency that enrolled no key for it, since that way is as good."""
    if signed:
        return "Signed by the agency's key."
    return "Given in the portal's form, without the agency's signature." if signs else ""


def day(when: date) -> str:
    """A day as every page writes it."""
    return day_in_words(when)
