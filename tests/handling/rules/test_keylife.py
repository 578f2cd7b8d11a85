"""Lives of keys, decided from days alone: in time, never early, and the same whatever a drop withholds."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from handling.rules import keylife
from handling.rules.keylife import AHEAD, VALID_DAYS, Day, Fate, Seed, fate, is_steady, may_sweep, weeks

END = date(2026, 3, 1)
SEED = Seed(serial=7, not_after=END, waiting=0)


def after(days: int) -> date:
    return END + timedelta(days=days)


def ran(today: date, *, collected_on: tuple[date, ...] = ()) -> list[Day]:
    """Every day of the last weeks, with a full collection on some of them."""
    return [Day(day, day in collected_on) for day in (today - timedelta(days=n) for n in range(150))]


@pytest.mark.parametrize(
    ("days", "collected", "expected"),
    [
        (-3, -4, Fate.KEEP),
        (20, 20, Fate.KEEP),
        (21, 20, Fate.KEEP),  # what was sealed on the last day may still be under way
        (21, 21, Fate.COLLECTED),
        (40, 30, Fate.COLLECTED),
        (59, 20, Fate.KEEP),
        (60, 20, Fate.WARN),
        (89, 20, Fate.WARN),
        (90, 20, Fate.DEADLINE),
        (200, 20, Fate.DEADLINE),
    ],
)
def test_a_seed_goes_once_all_has_come_in_and_at_its_deadline_whatever_has_not(
    days: int, collected: int, expected: Fate
) -> None:
    today = after(days)

    assert fate(SEED, ran(today, collected_on=(after(collected),)), today) is expected


@pytest.mark.parametrize(("days", "expected"), [(30, Fate.KEEP), (60, Fate.WARN), (89, Fate.WARN), (90, Fate.DEADLINE)])
def test_what_waits_here_keeps_the_seed_until_its_deadline_and_no_longer(days: int, expected: Fate) -> None:
    today = after(days)

    assert fate(replace(SEED, waiting=1), ran(today, collected_on=(after(25),)), today) is expected


@pytest.mark.parametrize("days", [0, 30, 59, 89])
def test_a_drop_that_never_lets_a_collection_end_saves_no_seed_past_the_deadline(days: int) -> None:
    assert fate(SEED, ran(after(days)), after(days)) in {Fate.KEEP, Fate.WARN}
    assert fate(SEED, ran(after(90)), after(90)) is Fate.DEADLINE


def test_a_clock_set_back_destroys_nothing_although_later_days_were_noted() -> None:
    noted = ran(after(100), collected_on=(after(30),))

    assert fate(SEED, noted, after(10)) is Fate.KEEP
    assert fate(SEED, noted, after(20)) is Fate.KEEP


@pytest.mark.parametrize(("days_run", "expected"), [(1, Fate.WARN), (2, Fate.WARN), (3, Fate.DEADLINE)])
def test_after_a_long_gap_or_a_jump_of_the_clock_nothing_goes_for_two_days(days_run: int, expected: Fate) -> None:
    today = after(120)
    before = [Day(END - timedelta(days=n), collected=True) for n in range(30)]
    since = [Day(today - timedelta(days=n), collected=True) for n in range(days_run)]

    assert fate(SEED, [*before, *since], today) is expected


@pytest.mark.parametrize("gap", [1, 5, keylife.GAP_DAYS])
def test_a_corridor_that_does_not_run_every_day_is_believed(gap: int) -> None:
    today = after(95)

    assert is_steady([today - timedelta(days=gap * n) for n in range(4)], today)


def test_a_corridor_that_never_ran_before_is_not_believed_on_its_first_day() -> None:
    assert not is_steady([], END)


# Weeks ahead -------------------------------------------------------------------------------------------------------


def keys_from(first: date, count: int) -> list[tuple[date, date]]:
    starts = [first + timedelta(days=VALID_DAYS * n) for n in range(count)]
    return [(start, start + timedelta(days=VALID_DAYS - 1)) for start in starts]


def test_a_unit_without_keys_gets_twelve_weeks_without_a_gap() -> None:
    made = weeks([], END)

    assert len(made) == AHEAD
    assert [made[0] + timedelta(days=VALID_DAYS * n) for n in range(AHEAD)] == list(made)


@pytest.mark.parametrize("lost", range(AHEAD))
def test_a_lost_week_in_the_middle_is_made_again(lost: int) -> None:
    known = keys_from(END, AHEAD)
    gone = known.pop(lost)

    assert weeks(known, END) == (gone[0],)


def test_a_clock_that_ran_years_ahead_for_a_while_does_not_close_the_line_later() -> None:
    known = [*keys_from(END, AHEAD), *keys_from(END + timedelta(days=2000), AHEAD)]

    assert weeks(known, END) == ()
    assert len(weeks(known, END + timedelta(weeks=30))) == AHEAD


def test_a_clock_set_back_makes_keys_for_the_days_before_and_none_twice() -> None:
    known = keys_from(END, AHEAD)

    made = weeks(known, END - timedelta(days=VALID_DAYS))

    assert made == (END - timedelta(days=VALID_DAYS),)


@pytest.mark.parametrize(
    ("unnamed", "total", "allowed"),
    [(0, 0, True), (20, 20, True), (21, 21, False), (100, 1000, True), (101, 1000, False), (900, 1000, False)],
)
def test_many_keys_without_a_row_are_a_sign_of_the_wrong_database(unnamed: int, total: int, allowed: object) -> None:
    assert may_sweep(unnamed, total) is allowed
