"""pure: what is owed once a package has left, as states of the ledger: one table of moves for each kind, who makes them, by when.

Silence is a move too: when the last day has passed, what was owed becomes overdue. No silence settles anything.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Final

from handling.rules.clocks import days_after, working_days_after
from handling.rules.feedback import ASKABLE, Stage

DECIDE_WITHIN_DAYS: Final = 3
"""Calendar days in which the desk decides whether to recall what a breach or the end of an agreement calls for.

Source: the 72 hours of Regulation (EU) 2016/679, article 33(1), in which a breach is told on.
"""
RECALL_WITHIN_DAYS: Final = 3
"""Calendar days that a recall leaves to an agency; no agreement names another number. As above."""


SIGN_WITHIN_DAYS: Final = 1
"""Calendar days in which a releasing officer signs a recall: until then the agency knows nothing of it."""


class Kind(Enum):
    """What is owed."""

    ACKNOWLEDGEMENT = "acknowledgement"
    ASSESSED = "assessed"
    ACTIONED = "actioned"
    OUTCOME = "outcome"
    CLOSURE = "closure"
    COPIES = "copies"  # what became of every copy
    REPORT = "report"  # the agency's own word on a breach that the desk learned of otherwise
    DECISION = "decision"  # whether to recall what something calls for
    SIGNATURE = "signature"  # of a releasing officer, under a recall that the desk asked for
    REVIEW = "review"  # of a release under the exception for a threat to life
    LIST = "list"  # of all that an agency was sent, which it asked for


class State(Enum):
    """Where one thing that is owed stands."""

    FREE = "free"  # shown, and nobody owes it
    OWED = "owed"
    HALF = "half"  # one of two people has done it
    RECALLED = "recalled"
    OVERDUE = "overdue"
    HALF_OVERDUE = "half-overdue"
    RECALL_OVERDUE = "recall-overdue"
    KEPT = "kept"  # the agency says that copies stay, which and why
    DROPPED = "dropped"  # the desk has decided against a recall
    DONE = "done"


class Move(Enum):
    """What changes it."""

    TELL = "tell"
    DESTROY = "destroy"
    KEEP = "keep"
    RECALL = "recall"
    DROP = "drop"
    REVIEW = "review"
    SECOND = "second"
    SIGN = "sign"
    SILENCE = "silence"  # the last day has passed in silence


class Who(Enum):
    """Who makes a move."""

    AGENCY = "agency"
    DESK = "desk"
    OFFICER = "releasing officer"
    OTHER = "another of the desk"  # than who made the move before
    CLOCK = "clock"


WHO: Final[Mapping[Move, Who]] = {
    Move.TELL: Who.AGENCY,
    Move.DESTROY: Who.AGENCY,
    Move.KEEP: Who.AGENCY,
    Move.RECALL: Who.DESK,
    Move.DROP: Who.DESK,
    Move.REVIEW: Who.DESK,
    Move.SECOND: Who.OTHER,
    Move.SIGN: Who.OFFICER,
    Move.SILENCE: Who.CLOCK,
}

OPEN: Final = frozenset({State.OWED, State.HALF, State.RECALLED})
LATE: Final = frozenset({State.OVERDUE, State.HALF_OVERDUE, State.RECALL_OVERDUE})
_ASKED_FOR: Final = frozenset({State.DONE, State.RECALLED, State.RECALL_OVERDUE})
BY_AGENCY: Final = frozenset(Kind) - {Kind.DECISION, Kind.SIGNATURE, Kind.REVIEW, Kind.LIST}
"""What the agency owes; the rest is owed by the unit."""
STAGES: Final[Mapping[Stage, Kind]] = {stage: Kind(stage.value) for stage in ASKABLE}

Table = Mapping[tuple[State, Move], State]

_TOLD: Final[Table] = {
    (State.OWED, Move.TELL): State.DONE,
    (State.OWED, Move.SILENCE): State.OVERDUE,
    (State.OVERDUE, Move.TELL): State.DONE,
    (State.OVERDUE, Move.SILENCE): State.OVERDUE,
    (State.DONE, Move.TELL): State.DONE,
    (State.DONE, Move.SILENCE): State.DONE,
}
_COPIES: Final[Table] = {
    (State.FREE, Move.DESTROY): State.DONE,
    (State.FREE, Move.KEEP): State.KEPT,
    (State.FREE, Move.RECALL): State.RECALLED,
    (State.FREE, Move.SILENCE): State.FREE,
    (State.OWED, Move.DESTROY): State.DONE,
    (State.OWED, Move.KEEP): State.KEPT,
    (State.OWED, Move.RECALL): State.RECALLED,
    (State.OWED, Move.SILENCE): State.OVERDUE,
    (State.OVERDUE, Move.DESTROY): State.DONE,
    (State.OVERDUE, Move.KEEP): State.KEPT,
    (State.OVERDUE, Move.RECALL): State.RECALLED,
    (State.OVERDUE, Move.SILENCE): State.OVERDUE,
    (State.RECALLED, Move.DESTROY): State.DONE,
    (State.RECALLED, Move.KEEP): State.KEPT,
    (State.RECALLED, Move.RECALL): State.RECALLED,
    (State.RECALLED, Move.SILENCE): State.RECALL_OVERDUE,
    (State.RECALL_OVERDUE, Move.DESTROY): State.DONE,
    (State.RECALL_OVERDUE, Move.KEEP): State.KEPT,
    (State.RECALL_OVERDUE, Move.RECALL): State.RECALL_OVERDUE,  # asking again makes nothing timely
    (State.RECALL_OVERDUE, Move.SILENCE): State.RECALL_OVERDUE,
    (State.KEPT, Move.DESTROY): State.DONE,
    (State.KEPT, Move.KEEP): State.KEPT,
    (State.KEPT, Move.RECALL): State.RECALLED,
    (State.KEPT, Move.SILENCE): State.KEPT,
    (State.DONE, Move.DESTROY): State.DONE,
    (State.DONE, Move.KEEP): State.KEPT,  # another copy was found, or the first word was wrong
    (State.DONE, Move.RECALL): State.DONE,  # asked before their word had come in: nothing was left
    (State.DONE, Move.SILENCE): State.DONE,
}
_DECISION: Final[Table] = {
    (State.OWED, Move.RECALL): State.DONE,
    (State.OWED, Move.DROP): State.DROPPED,
    (State.OWED, Move.SILENCE): State.OVERDUE,
    (State.OVERDUE, Move.RECALL): State.DONE,
    (State.OVERDUE, Move.DROP): State.DROPPED,
    (State.OVERDUE, Move.SILENCE): State.OVERDUE,
    (State.DONE, Move.SILENCE): State.DONE,
    (State.DROPPED, Move.SILENCE): State.DROPPED,
}
_SIGNATURE: Final[Table] = {
    (State.OWED, Move.SIGN): State.DONE,
    (State.OWED, Move.SILENCE): State.OVERDUE,
    (State.OVERDUE, Move.SIGN): State.DONE,
    (State.OVERDUE, Move.SILENCE): State.OVERDUE,
    (State.DONE, Move.SILENCE): State.DONE,
}
_REVIEW: Final[Table] = {
    (State.OWED, Move.REVIEW): State.HALF,
    (State.OWED, Move.SILENCE): State.OVERDUE,
    (State.OVERDUE, Move.REVIEW): State.HALF_OVERDUE,
    (State.OVERDUE, Move.SILENCE): State.OVERDUE,
    (State.HALF, Move.SECOND): State.DONE,
    (State.HALF, Move.SILENCE): State.HALF_OVERDUE,
    (State.HALF_OVERDUE, Move.SECOND): State.DONE,
    (State.HALF_OVERDUE, Move.SILENCE): State.HALF_OVERDUE,
    (State.DONE, Move.SILENCE): State.DONE,
}
TABLES: Final[Mapping[Kind, Table]] = {
    Kind.ACKNOWLEDGEMENT: _TOLD,
    **dict.fromkeys(STAGES.values(), _TOLD),
    Kind.REPORT: _TOLD,
    Kind.COPIES: _COPIES,
    Kind.DECISION: _DECISION,
    Kind.SIGNATURE: _SIGNATURE,
    Kind.LIST: _SIGNATURE,
    Kind.REVIEW: _REVIEW,
}


class IllegalMoveError(Exception):
    """It does not stand where this could be done."""

    code = "illegal-move"

    def __init__(self) -> None:
        super().__init__("this is settled already, or cannot be done yet")


def advance(kind: Kind, state: State, move: Move) -> State:
    """Return the state after *move*, or raise `IllegalMoveError`."""
    try:
        return TABLES[kind][state, move]
    except KeyError:
        raise IllegalMoveError from None


@dataclass(frozen=True, slots=True)
class Step:
    """One move on a day.

    Attributes:
        by: of a recall, the day by which it is owed.
        replies: of a recall, that the agency had said that copies stay: it stands after that day's words, else before.
    """

    move: Move
    on: date
    by: date | None = None
    replies: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one duty stands.

    Attributes:
        by: the last day, which still counts.
        settled_on: the day on which it was settled, None while it is not.
        certain: whether the day of this machine can be believed; where not, silence has given no verdict.
    """

    kind: Kind
    state: State
    by: date
    settled_on: date | None = None
    certain: bool = True

    @property
    def is_open(self) -> bool:
        """Whether somebody still owes it."""
        return self.state in OPEN or self.state in LATE

    @property
    def is_late(self) -> bool:
        """Whether its last day has passed in silence."""
        return self.state in LATE


def walk(kind: Kind, start: State, by: date, steps: Iterable[Step], today: date, *, certain: bool = True) -> Standing:
    """Return where a duty stands today. Of one day, what the desk did stands before what the agency said, unless it replies."""
    state, settled_on = start, None
    for step in sorted(steps, key=_order):
        if step.on > by:
            state = advance(kind, state, Move.SILENCE)
        before, state = state, advance(kind, state, step.move)
        if step.by is not None and state is not before:
            by = step.by
        settled_on = None if state in OPEN or state in LATE else step.on
    if certain and today > by:
        state = advance(kind, state, Move.SILENCE)
    return Standing(kind, state, by, settled_on, certain)


def _order(step: Step) -> tuple[date, int]:
    return step.on, 1 if WHO[step.move] is Who.AGENCY else 2 if step.replies else 0


@dataclass(frozen=True, slots=True)
class Sent:
    """What one release opened: days and terms of its manifest, and the stages of its agreement's version."""

    on: date
    acknowledge_by: date
    feedback_due: date
    delete_by: date
    stages: frozenset[Stage]
    disposal_proof: bool
    review_by: date | None  # under the exception for a threat to life


@dataclass(frozen=True, slots=True)
class Record:
    """What has happened to one release since.

    Attributes:
        acknowledged: days on which the agency named the hash of exactly our bytes.
        answered: stages that it told, each with its day.
        copies: what it said of its copies, and what the desk did: `DESTROY`, `KEEP`, `RECALL`, `DROP`. A recall stands
            among them once an officer has signed it.
        unsigned: days on which the desk asked for a recall that no officer has signed or refused yet.
        reported: days on which it told of a breach.
        learned: days on which the desk learned of one otherwise, each with the last day for the agency's own word.
        ended: the day on which its agreement no longer stood, where that asks for copies.
        reviews: `REVIEW` and then `SECOND`.
    """

    acknowledged: tuple[date, ...] = ()
    answered: tuple[tuple[Stage, date], ...] = ()
    copies: tuple[Step, ...] = ()
    unsigned: tuple[date, ...] = ()
    reported: tuple[date, ...] = ()
    learned: tuple[tuple[date, date], ...] = ()
    ended: date | None = None
    reviews: tuple[Step, ...] = ()

    @property
    def calls(self) -> tuple[date, ...]:
        """The days on which something called for a recall: every breach, and the end of the agreement."""
        ended = () if self.ended is None else (self.ended,)
        return tuple(sorted((*self.reported, *(on for on, _ in self.learned), *ended)))

    @property
    def latest(self) -> date:
        """The last day that was noted."""
        steps = (step.on for step in (*self.copies, *self.reviews))
        told = (day for _, day in self.answered)
        learned = (day for day, _ in self.learned)
        return max((*self.acknowledged, *self.unsigned, *self.reported, *steps, *told, *learned), default=date.min)


def is_certain(sent: Sent, record: Record, today: date) -> bool:
    """Whether the day can be believed. One before a day that is noted already shows a clock that was set back, or lost power.

    Until that is mended, silence gives no verdict and the desk notes nothing.
    """
    return today >= max(sent.on, record.latest)


def standings(sent: Sent, record: Record, today: date) -> tuple[Standing, ...]:
    """Return where everything stands that one release opened, in the order in which it is read."""
    walked = _Walk(today, certain=is_certain(sent, record, today))
    copies = walked.of(
        Kind.COPIES,
        sent.delete_by,
        [step for step in record.copies if step.move is not Move.DROP],
        start=State.OWED if sent.disposal_proof else State.FREE,
    )
    found = [
        walked.told(Kind.ACKNOWLEDGEMENT, sent.acknowledge_by, record.acknowledged),
        *(walked.told(STAGES[one], sent.feedback_due, _told(one, record)) for one in ASKABLE if one in sent.stages),
        *_decisions(walked, record, copies),
        *(walked.of(Kind.SIGNATURE, days_after(day, SIGN_WITHIN_DAYS), ()) for day in record.unsigned),
        *(walked.told(Kind.REPORT, by, [day for day in record.reported if day >= on]) for on, by in record.learned),
        copies,
    ]
    if sent.review_by is not None:
        found.append(walked.of(Kind.REVIEW, sent.review_by, record.reviews))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Walk:
    today: date
    certain: bool

    def of(self, kind: Kind, by: date, steps: Iterable[Step], start: State = State.OWED) -> Standing:
        return walk(kind, start, by, steps, self.today, certain=self.certain)

    def told(self, kind: Kind, by: date, days: Iterable[date]) -> Standing:
        return self.of(kind, by, [Step(Move.TELL, day) for day in sorted(days)[:1]])


def _told(stage: Stage, record: Record) -> list[date]:
    """An answer at a later stage tells of the earlier ones too: who arrested somebody has looked at it."""
    later = ASKABLE[ASKABLE.index(stage) :]
    return [day for told, day in record.answered if told in later]


def _decisions(walked: _Walk, record: Record, copies: Standing) -> tuple[Standing, ...]:
    """One decision for each call; what was decided on its day or later settles it, and so does the end of every copy."""
    made = [step for step in record.copies if step.move in {Move.RECALL, Move.DROP}]
    decided = sorted((*made, *(Step(Move.RECALL, day) for day in record.unsigned)), key=_order)
    found = []
    for called_on in record.calls:
        steps = [Step(step.move, step.on) for step in decided if step.on >= called_on][:1]
        if steps or may_recall(copies):
            found.append(walked.of(Kind.DECISION, days_after(called_on, DECIDE_WITHIN_DAYS), steps))
    return tuple(found)


def list_standing(asked_on: date, answered_on: date | None, within: int, today: date) -> Standing:
    """Return where the list stands that an agency asked for; *within* are working days. A signature answers, and nothing else."""
    steps = () if answered_on is None else (Step(Move.SIGN, answered_on),)
    certain = today >= max(asked_on, answered_on or asked_on)
    return walk(Kind.LIST, State.OWED, working_days_after(asked_on, within), steps, today, certain=certain)


def may_recall(copies: Standing) -> bool:
    """Whether copies are left that nobody has asked for yet."""
    return copies.state not in _ASKED_FOR


def hours_late(noticed: datetime, told: datetime, hours: int) -> int:
    """By how many hours, rounded up, a breach was told later than agreed; 0 where it was in time."""
    over = told - noticed - timedelta(hours=hours)
    return max(0, -(-over // timedelta(hours=1)))


def ended_on(
    valid_from: date, expires_on: date, suspended_since: date | None, *, suspended: bool, today: date
) -> date | None:
    """Return the first day on which an agreement no longer stood, None where it stands."""
    days = [days_after(expires_on, 1)] if today > expires_on else []
    if suspended:
        days.append(suspended_since or valid_from)
    return min(days, default=None)


@dataclass(frozen=True, slots=True)
class Reciprocity:
    """What each side has shared under one agreement within its period: shown, and blocks nothing."""

    since: date
    released: int
    answered: int  # answers of the agency that say what became of something
    material: int  # pieces that the agency sent by itself


def reciprocity_since(valid_from: date, days: int, today: date) -> date:
    """Return the first day of the period that runs today: periods follow each other from the agreement's first day."""
    return valid_from if today < valid_from else days_after(valid_from, (today - valid_from).days // days * days)
