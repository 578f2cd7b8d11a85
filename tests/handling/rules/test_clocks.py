"""Days are counted forward from the day that is given."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handling.rules.clocks import days_after, working_days_after

FRIDAY, SATURDAY, MONDAY = date(2026, 11, 20), date(2026, 11, 21), date(2026, 11, 23)


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        (FRIDAY, 0, FRIDAY),
        (FRIDAY, 1, MONDAY),
        (FRIDAY, 2, date(2026, 11, 24)),
        (SATURDAY, 1, MONDAY),
        (SATURDAY, 0, SATURDAY),
        (MONDAY, 5, date(2026, 11, 30)),
        (MONDAY, 10, date(2026, 12, 7)),
    ],
)
def test_weekends_do_not_count(start, days, end):
    assert working_days_after(start, days) == end


def test_holidays_do_not_count():
    assert working_days_after(FRIDAY, 1, frozenset({MONDAY})) == date(2026, 11, 24)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 60))
def test_the_end_is_a_working_day_and_one_more_day_ends_later(start, days):
    end = working_days_after(start, days)

    assert end.weekday() < 5
    assert end < working_days_after(start, days + 1)
    assert end >= days_after(start, days)


def test_calendar_days_cross_a_leap_day():
    assert days_after(date(2028, 2, 28), 2) == date(2028, 3, 1)
