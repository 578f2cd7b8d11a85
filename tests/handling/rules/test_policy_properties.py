"""What holds of every decision: no restriction widens, order does not matter, and the explanation is the decision."""

from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handling.rules import policy
from handling.rules.clauses import OF_REPORT
from handling.rules.facts import ReportFacts
from handling.rules.policy import Answer, evaluate, worst, would_permit_if
from handling.rules.standing import STANDING, Standing
from handling.rules.verdicts import RULES
from tests.handling.rules import cases
from tests.handling.rules.cases import AGREEMENTS, DAYS, FACTS_, PURPOSES, RECIPIENTS
from tests.handling.rules.samples import AGREEMENT, PURPOSE, RECIPIENT, TODAY

ANY_PURPOSE = st.sampled_from(PURPOSES)
OTHERWISE = st.just((RECIPIENT, PURPOSE, TODAY)) | st.tuples(RECIPIENTS, ANY_PURPOSE, DAYS)
# What an agreement holds beside its restrictions: nothing of this is looked at when a release is decided.
NO_RESTRICTION = {
    *("id", "version", "sha256", "title", "review_by", "suspended_since", "use", "onward", "conditions", "duties"),
    *("accountability", "covered"),
}


@pytest.mark.parametrize("way", cases.NARROWER)
@settings(max_examples=40)
@given(FACTS_, AGREEMENTS, OTHERWISE, st.data())
def test_a_narrower_agreement_never_permits_more(way, facts, agreement, otherwise, data):
    less = data.draw(cases.NARROWER[way](agreement))

    assert evaluate(facts, less, *otherwise).outcome >= evaluate(facts, agreement, *otherwise).outcome


def test_every_field_of_an_agreement_is_narrowed_or_restricts_nothing():
    narrowed = {name.partition(".")[0] for name in cases.NARROWER}
    names = {"grades": "grading", "approver": "approval"}

    for field in fields(AGREEMENT):
        assert (names.get(field.name, field.name) in narrowed) is not (field.name in NO_RESTRICTION)


@pytest.mark.parametrize("way", cases.WORSE)
@settings(max_examples=40)
@given(FACTS_, AGREEMENTS, OTHERWISE, st.data())
def test_a_further_objection_in_the_facts_never_permits_more(way, facts, agreement, otherwise, data):
    more = data.draw(cases.WORSE[way](facts))

    assert evaluate(more, agreement, *otherwise).outcome >= evaluate(facts, agreement, *otherwise).outcome


def test_every_fact_can_speak_against_sharing():
    assert set(cases.WORSE) == {field.name for field in fields(ReportFacts)}


@given(
    FACTS_, cases.WHOLLY_STATED, AGREEMENTS, ANY_PURPOSE, st.sampled_from([field.name for field in fields(ReportFacts)])
)
def test_an_unset_fact_never_permits_more_than_any_value_of_it(facts, values, agreement, purpose, name):
    unset = evaluate(replace(facts, **{name: None}), agreement, RECIPIENT, purpose, TODAY)
    stated = evaluate(replace(facts, **{name: getattr(values, name)}), agreement, RECIPIENT, purpose, TODAY)

    assert unset.outcome >= stated.outcome


@given(FACTS_, AGREEMENTS, RECIPIENTS, ANY_PURPOSE, st.sampled_from(["key", "in_transit", "at_rest"]))
def test_what_nobody_knows_of_a_recipient_never_permits_more(facts, agreement, recipient, purpose, name):
    unknown = evaluate(facts, agreement, replace(recipient, **{name: None}), purpose, TODAY)

    assert unknown.outcome >= evaluate(facts, agreement, recipient, purpose, TODAY).outcome


@given(FACTS_, AGREEMENTS, RECIPIENTS, ANY_PURPOSE, st.randoms())
def test_the_order_of_the_clauses_never_matters(facts, agreement, recipient, purpose, chance):
    decision = evaluate(facts, agreement, recipient, purpose, TODAY)
    shuffled = chance.sample(decision.verdicts, len(decision.verdicts))
    standing = Standing(agreement, recipient, purpose, TODAY)
    alone = [clause(standing) for clause in chance.sample(STANDING, len(STANDING))]
    alone += [clause(standing, facts) for clause in chance.sample(OF_REPORT, len(OF_REPORT))]

    assert worst(shuffled) is decision.outcome
    if not (agreement.threat_to_life.may_go and facts.threat_to_life and purpose == "safeguarding"):
        assert set(alone) == set(decision.verdicts)


@given(FACTS_, AGREEMENTS, RECIPIENTS, ANY_PURPOSE, DAYS)
def test_the_explanation_is_exactly_the_failing_rules(facts, agreement, recipient, purpose, today):
    decision = evaluate(facts, agreement, recipient, purpose, today)
    failing = [rule for rule in decision.rules if RULES[rule].answer is not Answer.PERMIT]

    assert [verdict.rule for verdict in decision.failing] == failing
    assert decision.permits is (not failing)
    assert len({verdict.clause for verdict in decision.verdicts}) == len(policy.CLAUSES) == len(decision.verdicts)
    assert decision.outcome is max((RULES[rule].answer for rule in decision.rules), default=Answer.DENY)


@given(FACTS_, AGREEMENTS, RECIPIENTS, ANY_PURPOSE, DAYS)
def test_the_one_clause_of_a_dry_run_is_the_only_one_that_fails(facts, agreement, recipient, purpose, today):
    decision = evaluate(facts, agreement, recipient, purpose, today)

    named = would_permit_if(decision)

    assert len(named) <= 1
    assert not named or worst([v for v in decision.verdicts if v not in named]) is Answer.PERMIT


@given(FACTS_, ANY_PURPOSE, DAYS, st.sampled_from(cases.AGENCIES))
def test_no_facts_whatsoever_stand_in_for_an_agreement(facts, purpose, today, agency):
    assert evaluate(facts, None, replace(RECIPIENT, agency=agency), purpose, today).outcome is Answer.DENY


@given(FACTS_)
def test_facts_survive_their_document(facts):
    assert ReportFacts.from_body(facts.to_body()) == replace(facts, consents=None)  # which nobody states
