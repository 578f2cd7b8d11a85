"""The risk of sharing is judged on five axes where the table asks for it, and a half assessment is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handling import data
from handling.corridor.risk import Typed
from handling.rules.grading import Grade, Handling
from handling.rules.risk import (
    NOT_RELIABLE,
    QUESTIONS,
    REASONS,
    WORDS_LIMIT,
    Assessment,
    Axis,
    Ground,
    Judged,
    Level,
    RiskError,
    grounds,
)

P, C = Handling.of("P"), Handling.of("C", "A1", "S2")
GOOD = Grade("3x5x2", "2", "D")
BOOLS = st.booleans()
ASSESSED = st.builds(
    Assessment,
    st.fixed_dictionaries(
        {
            axis: st.builds(
                Judged, st.sampled_from(Level), st.text(min_size=1, max_size=50).map(str.strip).filter(bool)
            )
            for axis in Axis
        }
    ),
)


def typed(axes: dict[str, tuple[str, str]]) -> Typed:
    return Typed(axes=axes)


@pytest.mark.parametrize(
    ("changed", "ground"),
    [
        ({"handling": C}, Ground.CONDITIONS),
        ({"suspected_false": True}, Ground.SUSPECTED_FALSE),
        ({"grades": [GOOD, Grade("3x5x2", "3", "D")]}, Ground.NOT_RELIABLE),
        ({"grades": [Grade("unheard-of", "2", "D")]}, Ground.NOT_RELIABLE),
        ({"threat_to_life": True}, Ground.THREAT_TO_LIFE),
        ({"minors": True}, Ground.MINORS),
    ],
)
def test_each_ground_alone_asks_for_an_assessment(changed, ground):
    plain = {"handling": P, "grades": [GOOD], "suspected_false": False}

    assert grounds(**plain) == ()
    assert grounds(**{**plain, **changed}) == (ground,)


@given(st.sampled_from([P, C, None]), BOOLS, BOOLS, BOOLS, BOOLS)
def test_a_further_ground_never_takes_one_away(handling, false, life, minors, doubtful):
    grades = [Grade("3x5x2", "3" if doubtful else "2", "D")]
    some = set(grounds(handling=handling, grades=grades, suspected_false=false, threat_to_life=life, minors=minors))

    worst = set(
        grounds(
            handling=C,
            grades=[*grades, Grade("3x5x2", "3", "D")],
            suspected_false=True,
            threat_to_life=True,
            minors=True,
        )
    )

    assert some <= worst == set(Ground)


def test_every_axis_has_its_question_every_ground_its_words_and_every_scheme_its_codes():
    assert set(QUESTIONS) == set(Axis)
    assert set(REASONS) == set(Ground)
    assert set(NOT_RELIABLE) == set(data.schemes())
    for name, codes in NOT_RELIABLE.items():
        assert codes < {code.code for code in data.schemes()[name].source}


@given(ASSESSED)
def test_an_assessment_comes_back_as_it_was(assessment):
    assert Assessment.from_body(assessment.to_body()) == assessment


@given(ASSESSED, st.sampled_from(Axis))
def test_an_axis_that_is_missing_or_empty_makes_it_none(assessment, axis):
    body = assessment.to_body()

    for broken in (
        {name: value for name, value in body.items() if name != axis.value},
        {**body, axis.value: {"level": "low", "words": " "}},
        {**body, axis.value: {"level": "none", "words": "x"}},
        {**body, axis.value: {"level": "low"}},
        {**body, "further": {"level": "low", "words": "x"}},
        None,
    ):
        with pytest.raises(RiskError):
            Assessment.from_body(broken)


@given(
    st.dictionaries(
        st.sampled_from([axis.value for axis in Axis]),
        st.tuples(st.sampled_from(["", "low", "extreme"]), st.sampled_from(["", "why", "y" * (WORDS_LIMIT + 1)])),
    ),
    BOOLS,
)
def test_what_is_typed_is_whole_or_says_what_is_missing_where_it_is_needed_or_begun(axes, needed):
    one = typed(axes)
    whole = len(axes) == len(Axis) and all(said == ("low", "why") for said in axes.values())
    begun = any(any(said) for said in axes.values())

    assert (one.assessment() is not None) is whole
    assert bool(one.problems((Ground.MINORS,) if needed else ())) is ((needed or begun) and not whole)
    assert Typed.from_body(one.to_body()) == one
