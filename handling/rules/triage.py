"""pure: the states of a tip and the moves between them, as one table. A move that is not listed is an error."""

from collections.abc import Mapping
from enum import Enum
from typing import Final


class State(Enum):
    """Where a tip stands; values are those of corridor.tip."""

    RECEIVED = "received"
    OPEN = "open"
    PARKED = "parked"
    SPAM = "spam"
    WORKED = "worked"
    CLOSED = "closed"


class Move(Enum):
    """What a handler does with a tip."""

    OPEN = "open"
    PARK = "park"
    SPAM = "spam"
    WORK = "work"
    CLOSE = "close"


MOVE_LABELS: Final[Mapping[Move, str]] = {
    Move.OPEN: "Open it",
    Move.PARK: "Park it",
    Move.SPAM: "Mark it as spam",
    Move.WORK: "Mark it as worked",
    Move.CLOSE: "Close it",
}

_NEXT: Final[Mapping[tuple[State, Move], State]] = {
    (State.RECEIVED, Move.OPEN): State.OPEN,
    (State.OPEN, Move.PARK): State.PARKED,
    (State.OPEN, Move.SPAM): State.SPAM,
    (State.OPEN, Move.WORK): State.WORKED,
    (State.OPEN, Move.CLOSE): State.CLOSED,
    (State.PARKED, Move.OPEN): State.OPEN,
    (State.PARKED, Move.CLOSE): State.CLOSED,
    (State.SPAM, Move.OPEN): State.OPEN,
    (State.WORKED, Move.OPEN): State.OPEN,
    (State.WORKED, Move.CLOSE): State.CLOSED,
    (State.CLOSED, Move.OPEN): State.OPEN,
}


class IllegalMoveError(Exception):
    """The tip is not in a state that allows this move."""

    code = "illegal-move"

    def __init__(self) -> None:
        super().__init__("this tip cannot be moved like that from where it stands")


def advance(state: State, move: Move) -> State:
    """Return the state after *move*, or raise `IllegalMoveError`."""
    try:
        return _NEXT[state, move]
    except KeyError:
        raise IllegalMoveError from None


def moves(state: State) -> tuple[Move, ...]:
    """Return the moves a page offers from this state, in the order of `Move`."""
    return tuple(move for move in Move if (state, move) in _NEXT)


def needs_reason(state: State, move: Move) -> bool:
    """Whether the handler writes down why; only reading a new tip explains itself."""
    return (state, move) != (State.RECEIVED, Move.OPEN)
