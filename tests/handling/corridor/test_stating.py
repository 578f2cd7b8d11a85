"""What the author of a report states: nothing is taken for granted, and what was stated becomes exactly those facts."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handling.corridor.stating import NONE, NOTHING, Stated
from handling.data import countries
from handling.rules.terms import DataCategory, Removable, SpecialCategory, Tlp
from tests.handling.materials import a_piece
from tests.journeys.answers import ANSWERED

AGENCIES = ("harbour-customs", "river-parks")
GOOD = Stated.of_form(ANSWERED)
WORDS = st.text(max_size=8)
ANYTHING = st.builds(
    Stated,
    marking=WORDS,
    data=st.lists(WORDS, max_size=2).map(tuple),
    named_persons=WORDS,
    special_categories=st.lists(WORDS, max_size=2).map(tuple),
    minors=WORDS,
    removable=st.lists(WORDS, max_size=2).map(tuple),
    about=st.lists(WORDS, max_size=2).map(tuple),
    material=st.lists(WORDS, max_size=2).map(tuple),
    originators=st.lists(WORDS, max_size=2).map(tuple),
    approvals=st.lists(WORDS, max_size=2).map(tuple),
    threat_to_life=st.booleans(),
)


def open_questions(stated: Stated) -> list[str]:
    return [field for field, _ in stated.problems(countries(), AGENCIES)]


def test_a_draft_that_was_just_begun_leaves_every_question_open() -> None:
    assert open_questions(NOTHING) == ["marking", "data", "named_persons", "special", "minors", "about", "originator"]
    assert open_questions(GOOD) == []


def test_what_was_answered_becomes_those_facts() -> None:
    stated = replace(
        GOOD,
        named_persons="yes",
        data=("trade", "finance"),
        special_categories=("health",),
        removable=("named-persons", "marking"),
        about=("KE", "ZZ"),
        originators=("river-parks",),
        approvals=AGENCIES,
    )

    facts = stated.facts(["harbour-customs"])

    assert open_questions(stated) == []
    assert (facts.marking, facts.named_persons, facts.minors) == (Tlp.AMBER, True, False)
    assert facts.data == {DataCategory.TRADE, DataCategory.FINANCE}
    assert facts.special_categories == {SpecialCategory.HEALTH}
    assert facts.removable == {Removable.PERSONS, Removable.MARKING}
    assert facts.about == {"KE", "ZZ"}
    assert facts.originators == {"river-parks"}
    assert facts.approvals == {"harbour-customs"}  # of an agency that it may not go to nothing is told
    assert facts.reviewed is None


def test_whose_material_it_rests_on_follows_from_what_is_ticked_and_a_letter_is_told_apart() -> None:
    piece = a_piece("river-parks")

    sent = replace(GOOD, material=(piece.sha256,)).facts(AGENCIES, [piece])
    both = replace(GOOD, originators=("harbour-customs",)).facts(AGENCIES, [piece])

    assert (sent.originators, sent.by_hand, sent.material) == ({"river-parks"}, frozenset(), (piece,))
    assert (both.originators, both.by_hand) == ({"river-parks", "harbour-customs"}, {"harbour-customs"})


def test_none_is_an_answer_and_becomes_an_empty_list() -> None:
    facts = GOOD.facts(AGENCIES)

    assert facts.special_categories == facts.originators == facts.removable == frozenset()
    assert (facts.by_hand, facts.material) == (frozenset(), ())


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"marking": "PURPLE"}, "marking"),
        ({"data": (NONE, "trade")}, "data"),
        ({"data": ("gossip",)}, "data"),
        ({"named_persons": "perhaps"}, "named_persons"),
        ({"special_categories": ()}, "special"),
        ({"minors": ""}, "minors"),
        ({"removable": ("everything",)}, "removable"),
        ({"about": ("KE", "QQ")}, "about"),
        ({"originators": ("port-police",)}, "originator"),
        ({"originators": (NONE, "river-parks")}, "originator"),
    ],
)
def test_each_answer_that_is_none_stays_an_open_question(change: dict[str, object], field: str) -> None:
    assert open_questions(replace(GOOD, **change)) == [field]


@given(ANYTHING)
def test_whatever_was_typed_is_kept_and_becomes_facts_only_without_open_questions(stated: Stated) -> None:
    assert Stated.from_body(json.loads(json.dumps(stated.to_body()))) == stated
    if not open_questions(stated):
        assert stated.facts(AGENCIES).data is not None


def test_a_new_version_asks_for_approval_again() -> None:
    before = replace(GOOD, originators=("river-parks",), approvals=AGENCIES)

    assert before.afresh() == replace(before, approvals=())


def test_that_agencies_consented_is_nothing_that_anybody_here_can_state() -> None:
    stated = Stated.from_body(GOOD.to_body() | {"originators": ["river-parks"], "consented": True})

    assert stated == replace(GOOD, originators=("river-parks",))
    assert stated.facts(AGENCIES).consents is None
    assert Stated.of_form({"consented": ["yes"]}) == NOTHING


def test_a_draft_of_before_has_stated_nothing() -> None:
    assert Stated.from_body({}) == NOTHING
