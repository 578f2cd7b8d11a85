"""The export as a FIRST IEP 2.0 policy never allows more than the agreement, and says what it leaves out."""

import uuid
from dataclasses import replace

import pytest
from hypothesis import given

from handling.data import scheme
from handling.rules import iep
from handling.rules.agreement_text import document
from handling.rules.grading import Action
from handling.rules.terms import Tlp
from tests.handling.rules.cases import AGREEMENTS
from tests.handling.rules.samples import AGREEMENT

KEYS = {  # IEP 2.0 JSON Specification, policy file
    *("id", "name", "description", "iep_version", "start_date", "end_date", "encrypt_in_transit"),
    *("permitted_actions", "affected_party_notifications", "tlp", "attribution", "unmodified_resale"),
    "external_references",
}


def test_the_policy_has_exactly_the_keys_of_the_specification():
    policy = iep.policy(AGREEMENT)

    assert set(policy) == KEYS
    assert uuid.UUID(policy["id"])
    assert policy["start_date"] == "2026-01-01T00:00:00Z"
    assert policy["end_date"] == "2027-12-31T23:59:59Z"
    assert policy["encrypt_in_transit"] == "must"
    assert policy["attribution"] == "may"
    assert policy["tlp"] == "amber"


def test_one_version_has_one_id_and_another_version_another():
    assert iep.policy(AGREEMENT)["id"] == iep.policy(AGREEMENT)["id"]
    assert iep.policy(AGREEMENT)["id"] != iep.policy(replace(AGREEMENT, version=2))["id"]


@pytest.mark.parametrize(
    ("actions", "permitted"),
    [
        ({Action.A1, Action.A3}, "contact-for-instruction"),
        ({Action.A2, Action.A3}, "externally-visible-indirect-actions"),
        ({Action.A3}, "externally-visible-direct-actions"),
    ],
)
def test_of_several_action_codes_the_strictest_is_exported_and_the_loss_is_told(actions, permitted):
    agreement = replace(AGREEMENT, marking=replace(AGREEMENT.marking, actions=frozenset(actions)))

    assert iep.policy(agreement)["permitted_actions"] == permitted
    lost = {one.path for one in iep.not_carried(agreement, scheme())}
    assert ("marking.actions" in lost) is (len(actions) > 1)


def test_a_marking_that_iep_does_not_know_becomes_the_stricter_one():
    strict = replace(AGREEMENT, marking=replace(AGREEMENT.marking, maximum=Tlp.AMBER_STRICT))

    assert iep.policy(strict)["tlp"] == "red"
    assert "marking.maximum" in {one.path for one in iep.not_carried(strict, scheme())}


@given(AGREEMENTS.filter(lambda agreement: agreement.marking.actions))
def test_every_clause_is_in_the_policy_or_in_the_list(agreement):
    said = {one.path for one in iep.not_carried(agreement, scheme())}

    assert set(document(agreement, scheme())) - said <= iep._CARRIED
    assert set(iep.policy(agreement)) == KEYS
