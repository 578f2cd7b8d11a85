"""From one grading scheme to another: every code, every row, every path."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handling import data
from handling.rules.grading import Grade, GradeError, Standing
from handling.rules.mapping import AXES, Mapped, Original, Relation

TABLE = data.mappings()
SCHEMES = data.schemes()
CODES = [
    Original(name, axis, code.code)
    for name, scheme in SCHEMES.items()
    for axis, codes in zip(AXES, (scheme.source, scheme.information), strict=True)
    for code in codes
]
ROWS = [(code, target) for code in CODES for target in SCHEMES if target != code.scheme]


def standing(scheme: str, axis: str, code: str) -> Standing:
    return TABLE.label(Original(scheme, axis, code)).standing


def rank(scheme: str, axis: str, code: str) -> tuple[int, int]:
    return TABLE.ranks[axis, scheme, code]


def named(row: tuple[Original, str]) -> str:
    return f"{row[0]} to {row[1]}"


def test_every_code_of_every_scheme_has_a_row_for_every_other():
    assert len(ROWS) == 114
    assert all(TABLE.code(code, target) for code, target in ROWS)


def test_every_ranked_code_has_a_published_rank_and_no_other_has_one():
    ranked = {(c.axis, c.scheme, c.code) for c in CODES if standing(c.scheme, c.axis, c.code) is Standing.RANKED}

    assert set(TABLE.ranks) == ranked
    assert all(least <= most for least, most in TABLE.ranks.values())


@pytest.mark.parametrize("name", SCHEMES)
@pytest.mark.parametrize("axis", AXES)
def test_published_ranks_follow_the_order_inside_each_scheme(name, axis):
    codes = [code for code in getattr(SCHEMES[name], axis) if code.rank is not None]

    for lower, higher in itertools.combinations(sorted(codes, key=lambda code: code.rank), 2):
        assert rank(name, axis, lower.code)[1] < rank(name, axis, higher.code)[0]


@pytest.mark.parametrize("row", ROWS, ids=named)
def test_a_row_raises_nothing_and_makes_nothing_known(row):
    code, target = row
    mapped = TABLE.code(code, target)
    if mapped.code is None:
        return
    before, after = standing(code.scheme, code.axis, code.code), standing(target, code.axis, mapped.code)

    if before is Standing.UNKNOWN:
        assert after is Standing.UNKNOWN
    if before is Standing.RANKED:
        assert after is not Standing.SUSPECTED_FALSE, "nobody suspected it"
    if before is after is Standing.RANKED:
        here, there = rank(code.scheme, code.axis, code.code), rank(target, code.axis, mapped.code)
        assert there[0] <= here[0]
        assert there[1] <= here[1]
        assert (mapped.relation is Relation.SAME) is (there == here)


@pytest.mark.parametrize("row", ROWS, ids=named)
def test_the_same_goes_back_to_where_it_came_from(row):
    code, target = row
    mapped = TABLE.code(code, target)

    if mapped.relation is Relation.SAME:
        back = TABLE.code(Original(target, code.axis, mapped.code), code.scheme)
        assert (back.relation, back.code) == (Relation.SAME, code.code)


@pytest.mark.parametrize("row", ROWS, ids=named)
def test_a_code_keeps_its_original_and_whatever_cannot_be_said_is_left_open_with_a_reason(row):
    code, target = row
    mapped = TABLE.code(code, target)

    assert mapped.original == code
    assert (mapped.code is None) is (mapped.relation is Relation.CANNOT_SAY)
    if mapped.code is None:
        assert mapped.text


@pytest.mark.parametrize("row", ROWS, ids=named)
def test_what_is_suspected_to_be_false_stays_marked_and_says_so_where_the_other_scheme_cannot(row):
    code, target = row
    mapped = TABLE.code(code, target)
    false = standing(code.scheme, code.axis, code.code) is Standing.SUSPECTED_FALSE

    assert mapped.suspected_false is false
    if false and (mapped.code is None or standing(target, code.axis, mapped.code) is not Standing.SUSPECTED_FALSE):
        assert "suspected to be false" in mapped.text.lower()


@given(st.sampled_from(CODES), st.lists(st.sampled_from(sorted(SCHEMES)), min_size=1, max_size=8))
def test_no_path_through_the_schemes_raises_a_grade_or_makes_the_unknown_known(code, path):
    start, at, false = standing(code.scheme, code.axis, code.code), code, False
    for target in path:
        mapped = TABLE.code(at, target)
        false = false or mapped.suspected_false
        if mapped.code is None:
            return
        at = Original(target, code.axis, mapped.code)
    end = standing(at.scheme, at.axis, at.code)

    if start is Standing.UNKNOWN:
        assert end is Standing.UNKNOWN
    if start is end is Standing.RANKED:
        assert all(
            b <= a
            for a, b in zip(rank(code.scheme, code.axis, code.code), rank(at.scheme, at.axis, at.code), strict=True)
        )
    assert false is (start is Standing.SUSPECTED_FALSE)


@given(st.sampled_from(CODES), st.sampled_from(sorted(SCHEMES)))
def test_a_better_code_never_maps_to_a_worse_place_than_a_worse_one(code, target):
    axis = getattr(SCHEMES[code.scheme], code.axis)
    ranked = sorted((one for one in axis if one.rank is not None), key=lambda one: one.rank)
    reached = [TABLE.code(Original(code.scheme, code.axis, one.code), target) for one in ranked]
    known = [
        rank(target, code.axis, one.code)
        for one in reached
        if one.code is not None and standing(target, code.axis, one.code) is Standing.RANKED
    ]

    assert known == sorted(known)


@pytest.mark.parametrize(
    ("text", "target", "relation", "code"),
    [
        ("3x5x2:E", "europol", Relation.CANNOT_SAY, None),
        ("3x5x2:E", "5x5x5", Relation.SAME, "5"),
        ("3x5x2:D", "europol", Relation.CANNOT_SAY, None),
        ("3x5x2:D", "5x5x5", Relation.CANNOT_SAY, None),
        ("3x5x2:D", "admiralty", Relation.SAME, "6"),
        ("3x5x2:1", "5x5x5", Relation.SAME, "B"),
        ("5x5x5:A", "3x5x2", Relation.LOWER, "1"),
        ("admiralty:E", "europol", Relation.CANNOT_SAY, None),
        ("admiralty:F", "3x5x2", Relation.SAME, "2"),
        ("europol:X", "admiralty", Relation.SAME, "F"),
        ("admiralty:C", "3x5x2", Relation.CANNOT_SAY, None),
        ("europol:C", "admiralty", Relation.LOWER, "E"),
    ],
)
def test_the_rows_that_people_ask_for(text, target, relation, code):
    original = TABLE.read(text)
    assert isinstance(original, Original)
    mapped = TABLE.code(original, target)

    assert (mapped.relation, mapped.code) == (relation, code)


def test_a_whole_grade_is_mapped_only_where_both_codes_are():
    whole, half = TABLE.grade(Grade("3x5x2", "2", "E"), "5x5x5"), TABLE.grade(Grade("3x5x2", "2", "D"), "europol")

    assert whole.grade == Grade("5x5x5", "E", "5")
    assert half.grade is None
    assert half.source.code == "X"
    assert half.texts[0] == "Graded 3x5x2 2 D by its author."


def test_to_its_own_scheme_a_code_is_itself():
    assert TABLE.code(CODES[0], CODES[0].scheme) == Mapped(
        CODES[0], CODES[0].scheme, Relation.SAME, CODES[0].code, None, "", suspected_false=False
    )


@pytest.mark.parametrize("text", ["", "E", "3x5x2", "3x5x2:", "3x5x2:F", "4x4:A", "3x5x2:2DP", "admiralty:7"])
def test_what_is_no_code_of_a_scheme_is_refused(text):
    with pytest.raises(GradeError):
        TABLE.read(text)


def test_a_scheme_that_does_not_exist_is_refused():
    with pytest.raises(GradeError):
        TABLE.code(CODES[0], "4x4")
