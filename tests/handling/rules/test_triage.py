"""The moves of a tip: the table is walked over every state and move."""

import itertools

import pytest

from handling.rules.triage import MOVE_LABELS, IllegalMoveError, Move, State, advance, moves, needs_reason

ALLOWED = {
    "received": {"open": "open"},
    "open": {"park": "parked", "spam": "spam", "work": "worked", "close": "closed"},
    "parked": {"open": "open", "close": "closed"},
    "spam": {"open": "open"},
    "worked": {"open": "open", "close": "closed"},
    "closed": {"open": "open"},
}


@pytest.mark.parametrize(("state", "move"), list(itertools.product(State, Move)))
def test_what_the_table_lists_moves_and_everything_else_is_an_error(state, move):
    after = ALLOWED[state.value].get(move.value)

    if after is None:
        with pytest.raises(IllegalMoveError):
            advance(state, move)
    else:
        assert advance(state, move) is State(after)


@pytest.mark.parametrize("state", State)
def test_a_page_offers_exactly_the_moves_that_are_allowed(state):
    assert {move.value for move in moves(state)} == set(ALLOWED[state.value])


@pytest.mark.parametrize("state", State)
def test_no_state_is_a_dead_end_and_each_can_be_reached(state):
    reached, todo = set(), {State.RECEIVED}
    while todo:
        here = todo.pop()
        reached.add(here)
        todo |= {advance(here, move) for move in moves(here)} - reached

    assert moves(state)
    assert state in reached


def test_only_reading_a_new_tip_needs_no_reason():
    free = [(s, m) for s in State for m in moves(s) if not needs_reason(s, m)]

    assert free == [(State.RECEIVED, Move.OPEN)]


def test_every_move_has_words():
    assert set(MOVE_LABELS) == set(Move)
