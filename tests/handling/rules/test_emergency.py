"""An emergency disclosure always comes to its review, by somebody else, and what is owed on it is said."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handling.rules.emergency import (
    REVIEW_WITHIN,
    SECOND_WITHIN,
    IllegalMoveError,
    Move,
    State,
    Threat,
    Warned,
    advance,
    can_be_followed,
    may_follow,
    may_tell,
    moves,
    owed,
)

AT = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
THREE = {
    "amina": frozenset({"handler", "analyst"}),
    "ben": frozenset({"handler"}),
    "clara": frozenset({"officer"}),
    "dan": frozenset({"analyst"}),
    "ruth": frozenset({"outside"}),
}


@given(st.lists(st.sampled_from(Move)))
def test_no_path_ends_without_a_review_and_none_skips_the_second_person(path: list[Move]) -> None:
    state, gone = State.TOLD, []
    for move in path:
        try:
            state = advance(state, move)
        except IllegalMoveError:
            continue
        gone.append(move)

    if moves(state) == ():
        assert state is State.REVIEWED
        assert gone[-1] is Move.REVIEW
        assert len(gone) == 2
    else:
        assert Move.REVIEW not in gone


@pytest.mark.parametrize(("state", "move"), list(itertools.product(State, Move)))
def test_a_move_that_is_not_listed_is_an_error(state: State, move: Move) -> None:
    listed = {
        (State.TOLD, Move.CONFIRM): State.CONFIRMED,
        (State.TOLD, Move.OBJECT): State.OBJECTED,
        (State.CONFIRMED, Move.REVIEW): State.REVIEWED,
        (State.OBJECTED, Move.REVIEW): State.REVIEWED,
    }
    if (state, move) in listed:
        assert advance(state, move) is listed[state, move]
        assert move in moves(state)
    else:
        with pytest.raises(IllegalMoveError):
            advance(state, move)


def test_a_handler_tells_alone_and_who_told_neither_signs_second_nor_reviews() -> None:
    assert [name for name in THREE if may_tell(name, THREE)] == ["amina", "ben"]
    assert [name for name in THREE if may_follow(name, "amina", THREE)] == ["ben", "clara"]
    assert not may_follow("zoe", "amina", THREE)
    assert can_be_followed({"amina", "clara"}, "amina", THREE)
    assert not can_be_followed({"amina", "dan", "ruth", "zoe"}, "amina", THREE)


def late(state: State, after: timedelta, *, oversight: bool) -> dict[str, bool]:
    return {due.words: due.late for due in owed(state, AT, oversight=oversight, now=AT + after)}


def test_what_is_owed_is_late_only_once_its_time_is_over() -> None:
    second, review = "A second signature", "Its review"

    assert late(State.TOLD, SECOND_WITHIN, oversight=True) == {second: False, review: False}
    assert late(State.TOLD, SECOND_WITHIN + timedelta(seconds=1), oversight=True) == {second: True, review: False}
    assert late(State.OBJECTED, REVIEW_WITHIN + timedelta(seconds=1), oversight=True) == {review: True}
    assert late(State.CONFIRMED, SECOND_WITHIN, oversight=False) == {"Oversight must get it": False, review: False}
    assert late(State.REVIEWED, REVIEW_WITHIN * 2, oversight=True) == {}


def test_each_reason_and_each_way_with_the_source_has_words() -> None:
    for one in (*Threat, *Warned):
        assert one.label
