"""pure: an emergency disclosure, told by one person and always reviewed by others: its states as one table, its clocks, who may."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from handling.rules.release import Duties, Duty

SECOND_WITHIN: Final = timedelta(hours=24)
REVIEW_WITHIN: Final = timedelta(days=7)


class State(Enum):
    """Where it stands. It has been told in every one of them: nothing takes words back."""

    TOLD = "told"
    CONFIRMED = "confirmed"
    OBJECTED = "objected"
    REVIEWED = "reviewed"


class Move(Enum):
    """What others do about it. The second person agrees or objects; either way it is reviewed."""

    CONFIRM = "confirm"
    OBJECT = "object"
    REVIEW = "review"


_NEXT: Final[Mapping[tuple[State, Move], State]] = {
    (State.TOLD, Move.CONFIRM): State.CONFIRMED,
    (State.TOLD, Move.OBJECT): State.OBJECTED,
    (State.CONFIRMED, Move.REVIEW): State.REVIEWED,
    (State.OBJECTED, Move.REVIEW): State.REVIEWED,
}


class Threat(Enum):
    """Why it could not wait: the value is stored, the label is what a person chooses."""

    LIFE = "life"
    INJURY = "injury"
    CAPTIVITY = "captivity"
    CHILD = "child"

    @property
    def label(self) -> str:
        """As a page shows it."""
        return _THREATS[self]


class Warned(Enum):
    """How the duty to warn the source was met. It stands until it says that the source was told, or cannot be."""

    TOLD = "told"
    DUE = "due"
    UNREACHABLE = "unreachable"
    DANGER = "danger"

    @property
    def label(self) -> str:
        """As a page shows it."""
        return _WARNED[self]


_THREATS: Final = {
    Threat.LIFE: "Somebody may be killed",
    Threat.INJURY: "Somebody may be badly hurt",
    Threat.CAPTIVITY: "Somebody is held or being taken away",
    Threat.CHILD: "A child is in danger",
}
_WARNED: Final = {
    Warned.TOLD: "The source was told before",
    Warned.DUE: "The source is still to be told",
    Warned.UNREACHABLE: "The source cannot be reached",
    Warned.DANGER: "Telling the source would put them in danger",
}


class IllegalMoveError(Exception):
    """It does not stand where this could be done."""

    code = "illegal-move"

    def __init__(self) -> None:
        super().__init__("this was decided already, or comes too early")


@dataclass(frozen=True, slots=True)
class Due:
    """What is still owed, by when, and whether that has passed."""

    words: str
    by: datetime
    late: bool


def advance(state: State, move: Move) -> State:
    """Return the state after *move*, or raise `IllegalMoveError`."""
    try:
        return _NEXT[state, move]
    except KeyError:
        raise IllegalMoveError from None


def moves(state: State) -> tuple[Move, ...]:
    """Return what can be done in this state; nothing only once it is reviewed."""
    return tuple(move for move in Move if (state, move) in _NEXT)


def owed(state: State, told_at: datetime, *, oversight: bool, now: datetime) -> tuple[Due, ...]:
    """Return what is owed on it: the second signature, that *oversight* outside got it, the review."""
    second, review = told_at + SECOND_WITHIN, told_at + REVIEW_WITHIN
    due = []
    if state is State.TOLD:
        due.append(Due("A second signature", second, now > second))
    if not oversight:
        due.append(Due("Oversight must get it", second, now > second))
    if state is not State.REVIEWED:
        due.append(Due("Its review", review, now > review))
    return tuple(due)


def may_tell(name: str, duties: Duties) -> bool:
    """Whether this person may disclose: a handler, for nobody else has read a tip."""
    return Duty.HANDLER in duties.get(name, frozenset())


def may_follow(name: str, told_by: str, duties: Duties) -> bool:
    """Whether this person may give the second signature or write the review: a handler or officer who did not tell it."""
    return name != told_by and not duties.get(name, frozenset()).isdisjoint({Duty.HANDLER, Duty.OFFICER})


def can_be_followed(shown_to: Collection[str], told_by: str, duties: Duties) -> bool:
    """Whether among those it is shown to there is somebody who can follow: what nobody else sees, nobody reviews."""
    return any(may_follow(name, told_by, duties) for name in shown_to)
