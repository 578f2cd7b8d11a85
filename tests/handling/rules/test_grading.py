"""Grades and handling codes of 3x5x2 (docs/agreements.md, College of Policing APP)."""

import itertools
from dataclasses import replace

import pytest

from handling.data import scheme
from handling.rules.grading import Grade, GradeError, Handling, HandlingError, Standing, floor, scheme_of

SCHEME = scheme()
EVERY_GRADE = [SCHEME.grade(s.code, i.code) for s in SCHEME.source for i in SCHEME.information]


def a_floor(source: str = "3", information: str = "C", *, unknown: bool = False, false: bool = False):
    return floor(
        SCHEME,
        source=source,
        information=information,
        unknown_source_may_go=unknown,
        unknown_information_may_go=unknown,
        suspected_false_may_go=false,
    )


def test_the_scheme_has_exactly_the_published_codes():
    assert [code.code for code in SCHEME.source] == ["1", "2", "3"]
    assert [code.code for code in SCHEME.information] == ["A", "B", "C", "D", "E"]
    assert [marking.code for marking in SCHEME.markings] == ["P", "C", "A1", "A2", "A3", "S1", "S2"]


def test_the_published_ranks_order_each_axis_and_leave_unknown_and_false_out():
    ranked = {code.code: code.rank for code in (*SCHEME.source, *SCHEME.information)}

    assert ranked["1"] > ranked["3"]
    assert ranked["A"] > ranked["B"] > ranked["C"]
    assert ranked["2"] is ranked["D"] is ranked["E"] is None
    assert SCHEME.codes(SCHEME.parse("2D"))[0].standing is Standing.UNKNOWN
    assert SCHEME.codes(SCHEME.parse("2D"))[1].standing is Standing.UNKNOWN
    assert SCHEME.codes(SCHEME.parse("2E"))[1].standing is Standing.SUSPECTED_FALSE


@pytest.mark.parametrize("text", ["2D", "2 d", "3x5x2 2 D", " 3X5X2 2D "])
def test_a_grade_is_read_from_the_ways_people_write_it(text):
    assert SCHEME.parse(text) == Grade("3x5x2", "2", "D")


@pytest.mark.parametrize("text", ["", "2", "D2", "4D", "2F", "22D", "5x5x5 2D", "2DP", "3x5x2"])
def test_what_is_not_a_grade_of_the_scheme_is_refused(text):
    with pytest.raises(GradeError):
        SCHEME.parse(text)


@pytest.mark.parametrize("grade", EVERY_GRADE, ids=str)
def test_a_grade_is_shown_with_its_scheme_and_reads_back_the_same(grade):
    assert str(grade).startswith("3x5x2 ")
    assert SCHEME.parse(str(grade)) == grade


def test_an_anonymous_source_starts_untested_and_not_known():
    assert str(SCHEME.default("arrival")) == "3x5x2 2 D"


@pytest.mark.parametrize("grade", EVERY_GRADE, ids=str)
def test_every_grade_but_the_default_needs_a_reason(grade):
    assert SCHEME.needs_reason(grade, "arrival") is (grade != SCHEME.default("arrival"))


def test_a_grade_of_another_scheme_is_never_looked_up_here():
    with pytest.raises(GradeError):
        SCHEME.needs_reason(Grade("europol-4x4", "C", "3"))


def test_suspected_false_is_told_by_the_information_code():
    assert [str(grade) for grade in EVERY_GRADE if SCHEME.is_suspected_false(grade)] == [
        "3x5x2 1 E",
        "3x5x2 2 E",
        "3x5x2 3 E",
    ]


@pytest.mark.parametrize(("code", "action", "sanitisation"), [("P", None, None), ("C", "A1", "S1"), ("C", "A3", "S2")])
def test_p_stands_alone_and_c_carries_both_conditions(code, action, sanitisation):
    handling = Handling.of(code, action, sanitisation)

    assert str(handling).split() == [part for part in (code, action, sanitisation) if part]
    assert len(SCHEME.conditions(handling)) == len(str(handling).split())


@pytest.mark.parametrize(
    ("code", "action", "sanitisation"),
    [
        ("P", "A1", None),
        ("P", None, "S1"),
        ("P", "A1", "S1"),
        ("C", None, None),
        ("C", "A1", None),
        ("C", None, "S1"),
        ("D", None, None),
        ("C", "A4", "S1"),
        ("C", "A1", "S3"),
        ("c", "A1", "S1"),
        ("", None, None),
    ],
)
def test_any_other_combination_of_handling_codes_is_refused(code, action, sanitisation):
    with pytest.raises(HandlingError):
        Handling.of(code, action, sanitisation)


def test_the_markings_are_explained_and_an_unknown_one_is_not():
    assert SCHEME.marking("A2").label == "Covert action only"
    with pytest.raises(GradeError):
        SCHEME.marking("H1")


def test_a_minimum_accepts_what_ranks_as_high_and_nothing_else():
    accepted = {str(grade)[-3:] for grade in EVERY_GRADE if a_floor("1", "B").met_by(grade)}

    assert accepted == {"1 A", "1 B"}


def test_unknown_meets_no_minimum_unless_it_was_agreed():
    lowest = [grade for grade in EVERY_GRADE if "2" in str(grade)[-3:] or "D" in str(grade)]

    assert not any(a_floor().met_by(grade) for grade in lowest)
    assert a_floor(unknown=True).met_by(SCHEME.parse("2D"))


def test_unknown_may_be_agreed_without_agreeing_to_what_is_known_to_be_bad():
    assert a_floor("1", "A", unknown=True).met_by(SCHEME.parse("2D"))
    assert not a_floor("1", "A", unknown=True).met_by(SCHEME.parse("3D"))
    assert not a_floor("1", "A", unknown=True).met_by(SCHEME.parse("2C"))


def test_suspected_false_meets_no_minimum_unless_it_was_agreed():
    assert not any(a_floor(unknown=True).met_by(SCHEME.parse(f"{source}E")) for source in "123")
    assert a_floor(false=True).met_by(SCHEME.parse("1E"))


@pytest.mark.parametrize(("source", "information"), [("2", "C"), ("3", "D"), ("3", "E"), ("9", "C"), ("3", "")])
def test_a_minimum_is_a_ranked_code(source, information):
    with pytest.raises(GradeError):
        a_floor(source, information)


def test_a_grade_of_another_scheme_meets_no_minimum_though_its_letters_would():
    assert not a_floor().met_by(replace(SCHEME.parse("1A"), scheme="admiralty"))


def test_a_higher_minimum_never_accepts_more():
    pairs = list(itertools.product("31", "CBA"))
    for (low_s, low_i), (high_s, high_i) in itertools.product(pairs, pairs):
        if "31".index(high_s) < "31".index(low_s) or "CBA".index(high_i) < "CBA".index(low_i):
            continue
        high, low = a_floor(high_s, high_i), a_floor(low_s, low_i)

        assert high.accepts_source <= low.accepts_source
        assert high.accepts_information <= low.accepts_information


def test_a_scheme_file_that_ranks_the_unknown_is_a_fault():
    row = {"code": "2", "label": "", "meaning": "", "standing": "unknown", "rank": 1, "reason": False}

    with pytest.raises(ValueError, match="rank"):
        scheme_of({"scheme": "x", "source": [row], "information": []})
