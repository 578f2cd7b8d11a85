"""A whole run does not go over midnight."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.midnight import LONGEST, wait


@pytest.mark.parametrize(
    ("hour", "minute", "begins"),
    [(12, 0, "at once"), (0, 0, "at once"), (23, 34, "at once"), (23, 36, "after"), (23, 59, "after")],
)
def test_a_run_that_would_go_over_midnight_begins_right_after_it(hour: int, minute: int, begins: str) -> None:
    now = datetime(2026, 12, 31, hour, minute, 17, tzinfo=UTC)

    then = now + wait(now)

    assert then == now if begins == "at once" else timedelta() < then - datetime(2027, 1, 1, tzinfo=UTC) < LONGEST
