"""Sharing is the rule: each pair stands in one place, the clock ends with a decision, and who is off the list moves nothing."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handling.rules.agreements import Purpose
from handling.rules.sharing import (
    DECIDE_WITHIN_DAYS,
    UNDECIDED,
    WITHHELD_LABELS,
    Asked,
    Pair,
    Rate,
    Standing,
    Withheld,
    decide_by,
    permitted_purposes,
    rate,
    since,
    standing,
)
from tests.handling.rules.samples import AGREEMENT, FACTS, RECIPIENT, TODAY

STATES = ("waiting", "signed-once", "released", "refused", "void")
LAST = decide_by(TODAY)
OPEN = Pair(named=True, permitted=True, since=TODAY)

days = st.dates(TODAY - timedelta(days=60), TODAY + timedelta(days=60))
pairs = st.builds(
    Pair,
    named=st.booleans(),
    permitted=st.booleans(),
    since=days,
    asked=st.lists(st.builds(Asked, st.sampled_from(STATES), days), max_size=3).map(tuple),
    withheld=st.lists(days, max_size=2).map(tuple),
)


@pytest.mark.parametrize(
    ("pair", "expected"),
    [
        (OPEN, Standing.OPEN),
        (replace(OPEN, permitted=False), Standing.OUTSIDE),
        (replace(OPEN, named=False), Standing.OUTSIDE),
        (replace(OPEN, asked=(Asked("waiting", TODAY),)), Standing.ASKED),
        (replace(OPEN, asked=(Asked("signed-once", TODAY),)), Standing.ASKED),
        (replace(OPEN, asked=(Asked("released", TODAY),)), Standing.RELEASED),
        (replace(OPEN, asked=(Asked("refused", TODAY),)), Standing.REFUSED),
        (replace(OPEN, asked=(Asked("void", TODAY),)), Standing.OPEN),
        (replace(OPEN, asked=(Asked("void", LAST),), withheld=(TODAY,)), Standing.WITHHELD),
        (replace(OPEN, withheld=(TODAY,)), Standing.WITHHELD),
        (replace(OPEN, asked=(Asked("refused", TODAY),), withheld=(LAST,)), Standing.WITHHELD),
        (replace(OPEN, asked=(Asked("refused", LAST),), withheld=(TODAY,)), Standing.REFUSED),
        (replace(OPEN, asked=(Asked("waiting", TODAY),), withheld=(LAST,)), Standing.ASKED),
    ],
)
def test_each_decision_has_its_standing(pair: Pair, expected: Standing) -> None:
    assert standing(pair, TODAY) is expected


def test_the_last_day_still_counts_and_the_next_is_overdue() -> None:
    assert (LAST - TODAY).days == DECIDE_WITHIN_DAYS
    assert standing(OPEN, LAST) is Standing.OPEN
    assert standing(OPEN, LAST + timedelta(days=1)) is Standing.OVERDUE


def test_the_clock_starts_when_somebody_could_decide() -> None:
    assert since(date(2026, 3, 1), AGREEMENT) == date(2026, 3, 1)
    assert since(date(2025, 12, 1), AGREEMENT) == AGREEMENT.valid_from


def test_a_report_is_proposed_for_every_agreed_purpose_in_the_order_of_the_closed_set() -> None:
    assert permitted_purposes(FACTS, AGREEMENT, RECIPIENT, TODAY) == (
        Purpose.INTELLIGENCE,
        Purpose.INVESTIGATION,
        Purpose.SEIZURE,
    )


@pytest.mark.parametrize(
    ("facts", "agreement"),
    [(FACTS, None), (replace(FACTS, agencies=frozenset()), AGREEMENT), (FACTS, replace(AGREEMENT, suspended=True))],
)
def test_what_is_not_permitted_is_never_proposed(facts, agreement) -> None:
    assert permitted_purposes(facts, agreement, RECIPIENT, TODAY) == ()


def test_every_reason_has_its_words() -> None:
    assert set(WITHHELD_LABELS) == set(Withheld)


@given(pairs, days)
def test_whoever_is_off_the_list_stands_nowhere_whatever_is_known_of_them(pair: Pair, today: date) -> None:
    assert standing(replace(pair, named=False), today) is Standing.OUTSIDE


@given(st.lists(pairs), st.lists(pairs), days)
def test_the_counts_are_those_of_a_world_without_what_is_off_the_list(
    seen: list[Pair], hidden: list[Pair], today: date
) -> None:
    off = [replace(pair, named=False) for pair in hidden]

    with_them = rate(standing(pair, today) for pair in [*seen, *off])

    assert with_them == rate(standing(pair, today) for pair in seen)


@given(pairs, days)
def test_a_decision_ends_the_clock(pair: Pair, today: date) -> None:
    if pair.withheld or any(asked.state != "void" for asked in pair.asked):
        assert standing(pair, today) not in UNDECIDED


@given(pairs, days, st.integers(0, 400))
def test_time_alone_only_makes_overdue(pair: Pair, today: date, later: int) -> None:
    before, after = standing(pair, today), standing(pair, today + timedelta(days=later))

    assert before is after or (before, after) == (Standing.OPEN, Standing.OVERDUE)


@given(st.lists(pairs), days)
def test_each_pair_on_the_list_is_counted_once(some: list[Pair], today: date) -> None:
    found = [standing(pair, today) for pair in some]

    assert rate(found).permitted == sum(one is not Standing.OUTSIDE for one in found)


def test_a_share_of_nothing_is_no_number() -> None:
    assert rate(()).percent is None
    assert Rate(released=2, withheld=1).percent == 66
