"""What rests on material of other agencies goes where these let it, under their conditions, and back to them always."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handling.rules import resting
from handling.rules.agreements import Onward, OnwardRule, Purpose
from handling.rules.grading import Action, Handling, HandlingCode, Sanitisation
from handling.rules.material import Conditions, MaterialStatedError, PassOn, Piece, as_narrow, listed, pieces
from handling.rules.obligations import obligations
from handling.rules.policy import Answer, evaluate
from handling.rules.resting import bound, handled_wider_than, onward_under, wider_than
from handling.rules.terms import AgencyClass, Tlp
from tests.handling.materials import AGENCIES, ASKED, CONDITIONS, PIECES, a_piece, conditions, handlings, narrower
from tests.handling.rules.cases import PURPOSES
from tests.handling.rules.samples import AGENCY, AGREEMENT, FACTS, PURPOSE, RECIPIENT, TODAY, consent_of


def decide(*sent, recipient=RECIPIENT, purpose=PURPOSE, **changes):
    facts = replace(FACTS, material=sent, originators=frozenset(one.agency for one in sent), **changes)
    return evaluate(facts, AGREEMENT, recipient, purpose, TODAY)


def against(decision):
    return [verdict.rule for verdict in decision.failing]


@given(PIECES)
def test_pieces_survive_their_document(sent):
    assert pieces([one.to_body() for one in sent]) == sent


@given(conditions())
def test_conditions_survive_their_document_and_are_told_in_words(stated):
    assert Conditions.from_body(stated.to_body()) == stated
    assert stated.words()[1:][-len(stated.lines) :] == stated.lines or not stated.lines


@pytest.mark.parametrize(
    "bodies",
    [
        {},
        [{}],
        [a_piece().to_body()] * 2,
        [a_piece(digest="bb").to_body(), a_piece().to_body()],
        [{**a_piece().to_body(), "sha256": "AA" * 32}],
        [{**a_piece().to_body(), "sha256": "aa"}],
        [{**a_piece().to_body(), "agency": ""}],
        [{**a_piece().to_body(), "agency": None}],
        [{**a_piece().to_body(), "pass_on": "may"}],
        [{**a_piece().to_body(), "more": 1}],
    ],
)
def test_what_is_no_list_of_pieces_each_once_and_in_order_is_refused(bodies):
    with pytest.raises(MaterialStatedError):
        pieces(bodies)


@pytest.mark.parametrize("bodies", [[], None, [1], [a_piece().to_body()], [a_piece().listed()] * 2])
def test_what_is_no_list_of_a_reports_document_is_refused_also_where_it_says_whose_material_it_is(bodies):
    assert listed([a_piece().listed()]) == (a_piece().listed(),)

    with pytest.raises(MaterialStatedError):
        listed(bodies)


def test_the_document_of_a_report_lists_material_without_saying_whose_it_is():
    shown = Piece("aa" * 32, "port-police", CONDITIONS).listed()

    assert "port-police" not in str(shown)
    assert shown["sha256"] == "aa" * 32


def test_who_is_listed_by_name_or_by_class_may_have_it_unasked_and_others_are_asked_for():
    by_name = decide(a_piece(pass_on=PassOn.MAY, agencies=frozenset({AGENCY})))
    by_class = decide(a_piece(pass_on=PassOn.MAY, classes=frozenset({AgencyClass.CUSTOMS})))
    others = decide(a_piece(pass_on=PassOn.MAY, agencies=frozenset({"river-parks"})))

    assert by_name.permits
    assert by_class.permits
    assert others.outcome is Answer.ASK_ORIGINATOR
    assert others.failing[0].values == (("originators", "port-police"),)


def test_one_piece_that_wants_to_be_asked_for_is_enough():
    let = a_piece(pass_on=PassOn.MAY, agencies=frozenset({AGENCY}))

    assert decide(let, a_piece(digest="bb")).outcome is Answer.ASK_ORIGINATOR
    assert decide(let, a_piece(digest="bb"), consents=frozenset({consent_of("port-police")})).permits


def test_what_came_by_letter_too_is_asked_for_although_all_that_was_sent_may_go():
    let = a_piece(pass_on=PassOn.MAY, agencies=frozenset({AGENCY}))

    assert against(decide(let, by_hand=frozenset({"port-police"}))) == ["originator/ask"]
    assert against(decide(let, by_hand=None)) == ["originator/ask"]
    assert decide(let).permits


def test_no_consent_and_no_danger_lift_a_never():
    never = a_piece(pass_on=PassOn.NEVER)
    life = replace(AGREEMENT, purposes=frozenset(Purpose))
    facts = replace(
        FACTS,
        material=(never,),
        originators=frozenset({"port-police"}),
        consents=frozenset({consent_of("port-police")}),
        threat_to_life=True,
    )

    assert against(evaluate(facts, life, RECIPIENT, "safeguarding", TODAY)) == ["passing-on/never"]


@given(st.lists(conditions(), min_size=1, max_size=3), st.sampled_from(PURPOSES))
@settings(max_examples=60)
def test_back_to_its_own_agency_it_always_goes_but_for_a_report_that_is_marked_wider(stated, purpose):
    sent = tuple(Piece(f"{number:02x}" * 32, AGENCY, one) for number, one in enumerate(stated))
    plain = evaluate(FACTS, AGREEMENT, RECIPIENT, purpose, TODAY)

    decision = decide(*sent, purpose=purpose)

    allowed = {"material-marking/wider", "material-handling/wider"}
    assert set(against(decision)) - allowed == set(against(plain))
    assert decision.obligations == plain.obligations


@pytest.mark.parametrize(("days", "permits"), [(-1, False), (0, True), (1, True)])
def test_the_last_day_of_material_still_counts_and_bounds_that_of_the_release(days, permits):
    last = TODAY + timedelta(days=days)

    decision = decide(a_piece(delete_by=last), consents=frozenset({consent_of("port-police")}))

    assert decision.permits is permits
    assert decision.obligations.delete_by == last


def test_material_that_may_be_kept_longer_than_agreed_lengthens_nothing():
    late = decide(a_piece(delete_by=TODAY + timedelta(days=10_000)), consents=frozenset({consent_of("port-police")}))

    assert late.obligations.delete_by == obligations(AGREEMENT, TODAY).delete_by


def test_a_report_is_marked_as_narrow_as_its_narrowest_material():
    facts = replace(FACTS, marking=Tlp.GREEN, handling=Handling.of("C", "A3", "S1"))
    green, amber = a_piece(marking=Tlp.GREEN), a_piece(digest="bb", marking=Tlp.AMBER)
    covert = a_piece(digest="cc", handling=Handling.of("C", "A2", "S2"))

    told = replace(facts, material=(green, amber, covert))

    assert wider_than(told) == (amber,)
    assert handled_wider_than(told) == (covert,)
    assert wider_than(replace(told, marking=Tlp.AMBER)) == ()
    assert handled_wider_than(replace(told, handling=Handling.of("C", "A1", "S2"))) == ()


@given(handlings(), handlings(), handlings())
def test_one_handling_as_narrow_as_another_is_an_order(one, other, third):
    assert as_narrow(one, one)
    assert not (as_narrow(one, other) and as_narrow(other, one)) or one == other
    assert not (as_narrow(one, other) and as_narrow(other, third)) or as_narrow(one, third)
    assert as_narrow(one, Handling(HandlingCode.P))
    assert as_narrow(Handling(HandlingCode.C, Action.A1, Sanitisation.S2), one)


_ONWARD = [
    OnwardRule(Onward.NEVER),
    OnwardRule(Onward.ASK),
    OnwardRule(Onward.LISTED, agencies=("river-parks",)),
    OnwardRule(Onward.CLASS, classes=frozenset({AgencyClass.POLICE})),
]


@pytest.mark.parametrize("rule", _ONWARD, ids=lambda rule: rule.rule.value)
def test_whoever_receives_what_rests_on_material_of_others_passes_it_on_to_nobody_unasked(rule):
    before = obligations(replace(AGREEMENT, onward=rule), TODAY)
    piece = a_piece(lines=("Name no officer of ours.",))

    after = bound(before, [piece], AGENCY)

    allowed = OnwardRule(Onward.NEVER) if rule.rule is Onward.NEVER else OnwardRule(Onward.ASK)
    assert after.onward == allowed
    assert str(allowed) in after.conditions
    assert rule == allowed or str(rule) not in after.conditions
    assert any(line.endswith("Name no officer of ours.") for line in after.conditions)
    terms = after.terms(FACTS)
    assert terms["onward"] == {"rule": allowed.rule.value, "agencies": [], "classes": []}
    assert terms["material"] == [piece.listed()]
    assert bound(before, [piece], "port-police") == before
    assert onward_under(rule, [piece], AGENCY) == allowed
    assert onward_under(rule, [piece], "port-police") == onward_under(rule, [], AGENCY) == rule


@given(conditions(), st.sampled_from(AGENCIES), st.sampled_from(PURPOSES), st.data())
@settings(max_examples=300)
def test_a_condition_more_never_widens_what_is_decided_or_what_binds(stated, agency, purpose, data):
    piece = Piece("aa" * 32, agency, stated)
    stricter = replace(piece, conditions=data.draw(narrower(stated)))

    before, after = decide(piece, purpose=purpose), decide(stricter, purpose=purpose)

    assert after.outcome >= before.outcome
    assert after.obligations.delete_by <= before.obligations.delete_by
    assert len(after.obligations.conditions) >= len(before.obligations.conditions)


def test_conditions_of_nobody_are_none():
    assert bound(obligations(AGREEMENT, TODAY), (), AGENCY) == obligations(AGREEMENT, TODAY)
    assert decide().permits
    assert ASKED.words() == ("It may be passed on only where its agency is asked each time.",)


def test_the_pieces_of_an_agency_are_known_where_none_of_its_material_came_another_way() -> None:
    pieces = (a_piece("port-police", "aa"), a_piece("port-police", "bb"), a_piece("coast-guard", "cc"))
    facts = replace(FACTS, material=pieces, originators=frozenset({"port-police", "coast-guard", "river-parks"}))

    assert resting.known(replace(facts, by_hand=frozenset({"coast-guard", "river-parks"}))) == {
        "port-police": frozenset({"aa" * 32, "bb" * 32})
    }
    assert resting.known(replace(facts, by_hand=None)) == {}
