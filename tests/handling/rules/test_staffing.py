"""Which acts a unit can do with whom: the staffing table, row by row, with somebody away, and over every small unit."""

import itertools

import pytest

from handling.rules.release import Duty
from handling.rules.staffing import Standing, Task, standing, two_keys

THREE = {
    "amina": frozenset({"handler", "analyst"}),
    "ben": frozenset({"handler"}),
    "clara": frozenset({"officer"}),
}
TWO = {"amina": THREE["amina"], "ben": THREE["ben"]}
RUTH = {"ruth": frozenset({"outside"})}


def at(task: Task, duties: dict[str, frozenset[str]], *away: str) -> Standing:
    return next(one for one in standing(duties, away) if one.task is task)


def test_three_people_can_do_everything_and_nobody_from_outside_is_named():
    for one in standing({**THREE, **RUTH}):
        assert one.possible, one
        assert one.outside == ()


@pytest.mark.parametrize(
    ("task", "by"),
    [
        (Task.WORK, ("amina", "ben")),
        (Task.REVIEW, ("amina", "ben")),
        (Task.REQUEST, ("amina",)),
        (Task.FIRST, ("ben",)),
        (Task.SECOND, ("clara",)),
        (Task.PHRASE, ("amina", "ben", "clara")),
        (Task.NOTICE, ("clara",)),
        (Task.EMERGENCY, ("amina", "ben")),
        (Task.MEMBERS, ("amina", "ben")),
    ],
)
def test_in_a_unit_of_three_each_act_names_who_can(task: Task, by: tuple[str, ...]):
    assert at(task, THREE).by == by


def test_two_people_take_in_review_and_sign_first_and_let_nothing_out_also_with_somebody_outside():
    for unit in (TWO, {**TWO, **RUTH}):
        can = {one.task for one in standing(unit) if one.possible}

        assert can == {Task.WORK, Task.REVIEW, Task.REQUEST, Task.FIRST, Task.EMERGENCY, Task.MEMBERS}
        assert "releasing officer" in at(Task.SECOND, unit).why_not


@pytest.mark.parametrize(
    ("away", "task"), [("ben", Task.REVIEW), ("ben", Task.FIRST), ("clara", Task.SECOND), ("clara", Task.PHRASE)]
)
def test_for_one_who_is_away_the_outside_second_stands_in(away: str, task: Task):
    assert "no outside second" in at(task, THREE, away).why_not

    found = at(task, {**THREE, **RUTH}, away)

    assert found.possible
    assert found.outside == ("ruth",)


def test_both_signatures_never_come_from_outside():
    two_outside = {**THREE, **RUTH, "sam": frozenset({"outside"})}

    assert "the other is a member's" in at(Task.SECOND, two_outside, "ben", "clara").why_not


def test_nobody_outside_writes_matches_or_changes_the_member_list():
    unit = {**THREE, **RUTH}

    assert not at(Task.WORK, unit, "amina", "ben").possible
    assert not at(Task.REQUEST, unit, "amina").possible
    assert not at(Task.MEMBERS, unit, "ben").possible


def test_who_holds_keys_for_both_zones_is_named():
    assert two_keys(THREE) == ("amina",)


_SETS = [frozenset(c) for n in range(3) for c in itertools.combinations([d for d in Duty if d is not Duty.OUTSIDE], n)]


def test_whoever_is_away_nothing_becomes_possible_that_was_not():
    for sets in itertools.product(_SETS, repeat=3):
        unit = {**dict(zip("abc", sets, strict=True)), **RUTH}
        for one, less in zip(standing(unit), standing(unit, ["a"]), strict=True):
            assert one.possible or not less.possible
