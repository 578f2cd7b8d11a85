"""Grades that always agree on both axes are said, and outcomes are held against grades without showing single cases."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handling import data
from handling.rules.calibration import ENOUGH, SMALLEST, TURNED, Share, Turned, calibration, diagonal, share, turned
from handling.rules.feedback import CODES, Stage
from handling.rules.grading import Grade

SCHEMES = list(data.schemes().values())
SCHEME = data.scheme()
GRADES = st.builds(
    Grade,
    st.just(SCHEME.name),
    st.sampled_from([code.code for code in SCHEME.source]),
    st.sampled_from([code.code for code in SCHEME.information]),
)
BECAME = st.lists(st.tuples(GRADES, st.sampled_from(Turned)), max_size=60)


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.name)
def test_the_diagonal_has_one_grade_for_each_code_of_the_shorter_axis(scheme):
    found = diagonal(scheme)

    assert len(found) == min(len(scheme.source), len(scheme.information))
    assert all(scheme.codes(grade) for grade in found)
    assert len({grade.source for grade in found}) == len({grade.information for grade in found}) == len(found)


def test_the_anonymous_default_lies_off_the_diagonal():
    assert Grade("3x5x2", "1", "A") in diagonal(SCHEME)
    assert SCHEME.default() not in diagonal(SCHEME)


@pytest.mark.parametrize(
    ("graded", "on", "warns"), [(9, 9, False), (10, 7, False), (10, 8, True), (100, 70, False), (100, 71, True)]
)
def test_it_is_said_above_seven_in_ten_and_from_ten_items_on(graded, on, warns):
    assert Share(graded, on).warns is warns
    assert ENOUGH == 10


@given(st.dictionaries(GRADES, st.integers(1, 30)))
def test_a_share_counts_every_grade_of_its_scheme_and_none_of_another(counted):
    other = {Grade("admiralty", "A", "1"): 50}

    found = share({**counted, **other}, SCHEME)

    assert found.graded == sum(counted.values())
    assert 0 <= found.on <= found.graded


@given(st.lists(st.sampled_from([(code.stage.value, code.code) for code in CODES])), st.randoms())
def test_what_became_of_an_item_does_not_depend_on_the_order_and_wrong_outweighs_all(answers, random):
    mixed = random.sample(answers, len(answers))

    assert turned(mixed) is turned(answers)
    assert turned([*answers, ("outcome", "wrong")]) is Turned.WRONG


def test_every_answer_that_says_something_of_the_information_is_one_an_agency_can_give():
    known = {(code.stage.value, code.code) for code in CODES}

    assert set(TURNED) <= known
    assert all(stage == Stage.OUTCOME.value for stage, _ in TURNED)


@given(BECAME)
def test_counts_from_one_to_four_are_never_shown_and_all_others_are_exact(items):
    lines = calibration(items, SCHEME)
    exact = Counter(
        (axis, getattr(grade, axis), became) for grade, became in items for axis in ("source", "information")
    )

    assert [(line.axis, line.code) for line in lines] == [
        *(("source", code.code) for code in SCHEME.source),
        *(("information", code.code) for code in SCHEME.information),
    ]
    for line in lines:
        for became, count in line.counts.items():
            true = exact[line.axis, line.code, became]
            assert count == (None if 0 < true < SMALLEST else true)
