"""The ranking explains itself, never rises by a narrower agreement, and the circle counts nobody twice."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from handling.rules.agreements import Onward, OnwardRule, Purpose
from handling.rules.relevance import circle, relevance
from tests.handling.rules.samples import AGREEMENT, FACTS

IDS = [f"agency-{number}" for number in range(6)]
ids = st.frozensets(st.sampled_from(IDS))
trees = st.fixed_dictionaries({one: st.sampled_from([None, *IDS]) for one in IDS})
purposes = st.frozensets(st.sampled_from(Purpose))
subjects = st.frozensets(st.sampled_from(sorted(AGREEMENT.covered)), min_size=1)


def test_each_reason_is_told_with_its_points() -> None:
    found = relevance(FACTS, AGREEMENT, (Purpose.INTELLIGENCE, Purpose.SEIZURE))

    assert found.reasons == (
        (3, "The agreement names 1 of 2 subjects itself"),
        (1, "The agreement covers 1 of 2 subjects through a group"),
        (2, "The agency may act on it: 1 purpose beyond analysis"),
    )
    assert found.points == 6


@given(subjects, purposes)
def test_the_points_are_the_sum_of_the_reasons(about: frozenset[str], some: frozenset[Purpose]) -> None:
    found = relevance(replace(FACTS, subjects=about), AGREEMENT, some)

    assert found.points == sum(points for points, _ in found.reasons)


@given(subjects, purposes, purposes)
def test_more_purposes_never_rank_lower(
    about: frozenset[str], some: frozenset[Purpose], more: frozenset[Purpose]
) -> None:
    facts = replace(FACTS, subjects=about)

    assert relevance(facts, AGREEMENT, some).points <= relevance(facts, AGREEMENT, some | more).points


@given(ids, ids, trees)
def test_nobody_in_the_circle_counts_twice(
    has: frozenset[str], some: frozenset[str], tree: dict[str, str | None]
) -> None:
    found = circle({"amina", "ben"}, has, dict.fromkeys(some), tree)

    assert (found.people, found.now, found.then) == (2, len(has), len(has | some))
    assert found.then + found.above <= len(IDS)
    assert found.onward == 0


def test_agencies_that_it_may_be_passed_on_to_are_counted_once() -> None:
    listed = replace(AGREEMENT, onward=OnwardRule(Onward.LISTED, ("River Parks", "Port")))

    found = circle((), (), {"a": listed, "b": replace(listed, onward=OnwardRule(Onward.LISTED, ("Port",)))}, {})

    assert found.onward == 2
