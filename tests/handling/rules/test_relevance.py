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


places = st.frozensets(st.sampled_from(["KE", "TZ", "UG"]))


def test_of_equals_who_is_where_the_report_is_about_comes_first_and_then_whose_agreement_names_the_place() -> None:
    facts = replace(FACTS, about=frozenset({"TZ"}))
    worldwide = replace(AGREEMENT, geography=replace(AGREEMENT.geography, about=frozenset({"WORLD"})))
    there = replace(worldwide, agency=replace(AGREEMENT.agency, country="TZ"))
    named = replace(AGREEMENT, geography=replace(AGREEMENT.geography, about=frozenset({"KE", "TZ"})))

    first, second, last = (relevance(facts, one, (Purpose.SEIZURE,)) for one in (there, named, worldwide))

    assert first.points == second.points == last.points
    assert first.rank < second.rank < last.rank
    assert (first.country, second.agreed) == ("TZ", {"TZ"})


@given(subjects, purposes, purposes, places, st.sampled_from(["KE", "TZ", "BR"]), places)
def test_a_place_orders_equals_alone_and_moves_no_point(  # noqa: PLR0917 - drawn by name
    about: frozenset[str],
    some: frozenset[Purpose],
    others: frozenset[Purpose],
    where: frozenset[str],
    country: str,
    named: frozenset[str],
) -> None:
    facts = replace(FACTS, subjects=about, about=where)
    agreement = replace(
        AGREEMENT,
        agency=replace(AGREEMENT.agency, country=country),
        geography=replace(AGREEMENT.geography, about=named),
    )

    one, other = relevance(facts, agreement, some), relevance(facts, AGREEMENT, others)

    assert one.points == relevance(facts, AGREEMENT, some).points
    if one.points != other.points:
        assert (one.rank < other.rank) is (one.points > other.points)


@given(ids, ids, trees)
def test_nobody_in_the_circle_counts_twice(
    has: frozenset[str], some: frozenset[str], tree: dict[str, str | None]
) -> None:
    found = circle({"amina", "ben"}, has, dict.fromkeys(some, OnwardRule(Onward.ASK)), tree)

    assert (found.people, found.now, found.then) == (2, len(has), len(has | some))
    assert found.then + found.above <= len(IDS)
    assert found.onward == 0


def test_agencies_that_it_may_be_passed_on_to_are_counted_once() -> None:
    listed = OnwardRule(Onward.LISTED, ("River Parks", "Port"))

    found = circle((), (), {"a": listed, "b": OnwardRule(Onward.LISTED, ("Port",))}, {})

    assert found.onward == 2
