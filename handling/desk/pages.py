"""What the desk's pages show, in words and ready to print. Built from values; reads nothing and decides nothing."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from handling.desk.words import Clause, Due, Grade


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice of a form."""

    value: str
    words: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One report in the list; `title` is empty where it cannot be opened."""

    id: UUID
    title: str
    handling: str
    received: str
    age: str
    state: str
    owed: tuple[Due, ...]
    undecided: str


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """Something that was not taken in."""

    kind: str
    received: str
    reason: str


@dataclass(frozen=True, slots=True)
class Duties:
    """What is owed over all releases, in sentences; *late* says that something is overdue."""

    lines: tuple[str, ...]
    late: bool


@dataclass(frozen=True, slots=True)
class HomePage:
    """The reports, newest first, and what was not taken in."""

    template: ClassVar[str] = "desk/home.html"
    taken: str
    refused: tuple[RefusedLine, ...]
    refused_count: int
    reports: tuple[ReportLine, ...]
    older: str
    first: bool
    duties: Duties
    unseen: str  # material that nobody has looked at; empty where there is none
    statements: str  # for oversight, that wait to be handed over


@dataclass(frozen=True, slots=True)
class ReleaseLine:
    """One release of a report in a list."""

    id: UUID
    agency: str
    purpose: str
    state: str
    asked: str
    reason: str
    acknowledged: str
    owed: tuple[Due, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """What stands on top of every page about one report."""

    id: UUID
    title: str
    urn: str
    date: str
    received: str
    handling: str
    handling_words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DecidedLine:
    """One agency about which somebody has decided, or that is on the list and not permitted."""

    agency: str
    name: str
    state: str
    details: tuple[str, ...]
    purpose: str  # for which a release can be asked for now, else empty


@dataclass(frozen=True, slots=True)
class AttachmentLine:
    """One attachment of a report; *pictures* and *text* are all that is seen in it, where the page shows that."""

    name: str
    label: str
    size: str
    sha256: str
    pictures: tuple[str, ...] = ()
    text: str = ""
    is_video: bool = False


@dataclass(frozen=True, slots=True)
class AttachmentsPage:
    """Every attachment of a report, as it would leave."""

    template: ClassVar[str] = "desk/attachments.html"
    head: Head
    attachments: tuple[AttachmentLine, ...]


@dataclass(frozen=True, slots=True)
class ReportPage:
    """One report: the document, its review and what became of it."""

    template: ClassVar[str] = "desk/report.html"
    head: Head
    summary: str
    items: tuple[Grade, ...]
    subjects: tuple[str, ...]
    author: str
    reviewer: str
    reviewed: str
    list_of_agencies: tuple[str, ...]
    material: tuple[tuple[str, tuple[str, ...]], ...]  # that it rests on: whose it is, and its conditions
    sha256: str
    attachments: tuple[AttachmentLine, ...]
    releases: tuple[ReleaseLine, ...]
    undecided: str
    not_shared: tuple[DecidedLine, ...]


@dataclass(frozen=True, slots=True)
class MatchLine:
    """One agency's answer."""

    agency: str
    name: str
    agreement: str
    permits: bool
    letter: str
    answer: str
    clauses: tuple[Clause, ...]
    only: Clause | None
    failing: int
    next: str


@dataclass(frozen=True, slots=True)
class MatchPage:
    """Every agency's answer for one purpose."""

    template: ClassVar[str] = "desk/match.html"
    head: Head
    purpose: str
    purpose_words: str
    purposes: tuple[tuple[str, str], ...]
    matches: tuple[MatchLine, ...]
    permitted: str


@dataclass(frozen=True, slots=True)
class DecisionPage:
    """The decision on one agency as a form: facts, every clause, what would bind, who would sign."""

    template: ClassVar[str] = "desk/decision.html"
    head: Head
    sha256: str
    review: str
    purpose: str
    purpose_words: str
    line: MatchLine
    agreement_sha256: str
    day: str
    analyst: str
    conditions: tuple[str, ...]
    acknowledge_by: str
    feedback_due: str
    delete_by: str
    signers: tuple[str, ...]
    missing: str
    above: tuple[str, ...]
    deconflicted: bool
    problem: str


@dataclass(frozen=True, slots=True)
class Score:
    """One judgement of usefulness."""

    axis: str
    value: int


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """An acknowledgement or a feedback of the agency."""

    day: str
    what: str
    words: str
    good: bool
    details: tuple[tuple[str, str], ...]
    scores: tuple[Score, ...]
    text: str
    signed: str  # in words, empty for an agency that enrolled no key for it
    statement: str  # what was signed, as it is checked; empty when nothing was


@dataclass(frozen=True, slots=True)
class DutyLine:
    """Where one thing stands that a release opened."""

    words: str
    late: bool
    open: bool


@dataclass(frozen=True, slots=True)
class DoneLine:
    """Something that the desk did about a release after it left."""

    what: str
    who: str
    details: tuple[tuple[str, str], ...]
    text: str


@dataclass(frozen=True, slots=True)
class FollowForms:
    """Which acts a release's page offers, and the choices of their forms."""

    recall: bool
    decide: bool
    review: str  # what the review's form says, empty where none is owed by whoever looks
    reasons: tuple[Choice, ...]
    against: tuple[Choice, ...]
    losses: tuple[Choice, ...]
    findings: tuple[Choice, ...]
    agency: str
    asked: str
    today: str


@dataclass(frozen=True, slots=True)
class ConsentLine:
    """A consent that a release rested on."""

    agency: str
    until: str
    sha256: str
    now: str


@dataclass(frozen=True, slots=True)
class ReleasePage:
    """One line of the ledger with the agency's answers."""

    template: ClassVar[str] = "desk/release.html"
    head: Head
    line: ReleaseLine
    requested_by: str
    agreement: str
    zip_sha256: str
    members: tuple[tuple[str, str], ...]
    rules: tuple[str, ...]
    consents: tuple[ConsentLine, ...]
    conditions: tuple[str, ...]
    acknowledge_by: str
    feedback_due: str
    delete_by: str
    answers: tuple[AnswerLine, ...]
    duties: tuple[DutyLine, ...]
    done: tuple[DoneLine, ...]
    follow: FollowForms
    problem: str


@dataclass(frozen=True, slots=True)
class FiledLine:
    """One outcome that was filed."""

    what: str
    stage: str
    month: str
    tell_source: str
    filed: str


@dataclass(frozen=True, slots=True)
class OutcomePage:
    """What became of a report: filed so far, and a form for the next."""

    template: ClassVar[str] = "desk/outcome.html"
    head: Head
    filed: tuple[FiledLine, ...]
    form: UUID
    outcomes: tuple[tuple[str, tuple[Choice, ...]], ...]
    months: tuple[Choice, ...]
    tell_source: str
    problem: str


@dataclass(frozen=True, slots=True)
class StopPage:
    """Nothing was done, and why."""

    template: ClassVar[str] = "desk/stop.html"
    title: str
    message: str
    link: str
    link_words: str
