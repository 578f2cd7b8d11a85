"""The manifest is what two people sign: made only from a permitting decision, read strictly."""

import json
from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from handling.data import scheme
from handling.rules.grading import Handling
from handling.rules.manifest import Manifest, ManifestError, NotPermittedError, manifest_of
from handling.rules.package import hashes
from handling.rules.policy import evaluate
from tests.handling.rules.samples import AGENCY, AGREEMENT, FACTS, PURPOSE, RECIPIENT, TODAY

RELEASE = UUID("6c1d2e2e-93a8-4a52-9a6e-6d6a6e2f7f11")
URN = "urn:uuid:0b9d6f0e-2c1b-4f0e-8b1f-2f5a0d9d3c21"
MEMBERS = {"1-read-first.html": b"a", "report.html": b"b", "report.json": b"{}"}
CONDITIONED = Handling.of("C", "A1", "S2")


def made(**change):
    facts = change.setdefault("facts", FACTS)
    values = {
        "release": RELEASE,
        "report": URN,
        "purpose": PURPOSE,
        "scheme": scheme(),
        "members": MEMBERS,
        "day": TODAY,
    }
    decision = evaluate(facts, AGREEMENT, RECIPIENT, PURPOSE, TODAY)
    return manifest_of(decision, AGREEMENT, **{**values, **change})


MANIFEST = made()
BODY = MANIFEST.to_body()


def test_it_follows_from_the_decision():
    assert MANIFEST.agency == AGENCY
    assert MANIFEST.agreement.sha256 == AGREEMENT.sha256
    assert MANIFEST.members == hashes(MEMBERS)
    assert MANIFEST.report_sha256 == hashes(MEMBERS)["report.json"]
    assert MANIFEST.delete_by == date(2027, 11, 23)
    assert MANIFEST.acknowledge_by == date(2026, 11, 25)
    assert "purpose/agreed" in MANIFEST.rules


def test_it_is_the_same_when_the_guard_makes_it_again():
    assert made() == Manifest.from_body(json.loads(json.dumps(BODY)))


def test_the_handling_conditions_come_before_those_of_the_agreement():
    said = made(facts=replace(FACTS, handling=CONDITIONED)).conditions

    assert said[:3] == scheme().conditions(CONDITIONED)
    assert said[3:5] == (*AGREEMENT.conditions, str(AGREEMENT.onward))


def test_a_decision_that_does_not_permit_makes_no_manifest():
    with pytest.raises(NotPermittedError):
        made(facts=replace(FACTS, reviewed=False))


def test_without_an_agreement_there_is_no_manifest():
    decision = evaluate(FACTS, None, RECIPIENT, PURPOSE, TODAY)

    with pytest.raises(NotPermittedError):
        manifest_of(
            decision,
            AGREEMENT,
            release=RELEASE,
            report=URN,
            purpose=PURPOSE,
            facts=FACTS,
            scheme=scheme(),
            members=MEMBERS,
            day=TODAY,
        )


@pytest.mark.parametrize("name", sorted(MEMBERS))
def test_every_member_is_needed(name):
    with pytest.raises(ManifestError):
        made(members={key: value for key, value in MEMBERS.items() if key != name})


def test_it_names_nobody_of_the_unit_and_no_time():
    assert not {"author", "requested_by", "handler", "signer", "unit"} & set(BODY)
    assert BODY["day"] == "2026-11-23"


def test_it_describes_exactly_its_members():
    assert MANIFEST.describes(MEMBERS)
    assert MANIFEST.describes({**MEMBERS, "manifest.json": b"anything"})
    assert not MANIFEST.describes({**MEMBERS, "report.html": b"B"})
    assert not MANIFEST.describes({**MEMBERS, "more.html": b""})
    assert not MANIFEST.describes({"report.json": b"{}"})


@pytest.mark.parametrize("key", sorted(BODY))
def test_no_key_may_be_missing(key):
    with pytest.raises(ManifestError):
        Manifest.from_body({name: value for name, value in BODY.items() if name != key})


@pytest.mark.parametrize(
    "change",
    [
        {"surprise": 1},
        {"format": "tipline/manifest/v2"},
        {"release": "6C1D2E2E-93A8-4A52-9A6E-6D6A6E2F7F11"},
        {"release": "6c1d2e2e"},
        {"release": 1},
        {"report": "urn:uuid:1"},
        {"report": None},
        {"report_sha256": "00" * 32},
        {"report_sha256": BODY["report_sha256"].upper()},
        {"agency": "Harbour"},
        {"agency": "a" * 33},
        {"purpose": "anything"},
        {"agreement": {}},
        {"agreement": {**BODY["agreement"], "version": 0}},
        {"agreement": {**BODY["agreement"], "version": True}},
        {"agreement": {**BODY["agreement"], "sha256": "x"}},
        {"agreement": {**BODY["agreement"], "more": 1}},
        {"rules": "rule"},
        {"rules": [1]},
        {"members": []},
        {"members": {**BODY["members"], "manifest.json": "00" * 32}},
        {"members": {**BODY["members"], "report.html": "00"}},
        {"conditions": [""]},
        {"conditions": ["two\nlines"]},
        {"terms": {}},
        {"terms": {**BODY["terms"], "more": 1}},
        {"terms": {**BODY["terms"], "breach_hours": "72"}},
        {"terms": {**BODY["terms"], "actions": "A1"}},
        {"delete_by": "2027-02-30"},
        {"delete_by": "20271123"},
        {"feedback_due": None},
        {"acknowledge_by": "2026-11-25T00:00:00"},
        {"day": 20261123},
    ],
)
def test_each_value_broken_alone_is_refused(change):
    with pytest.raises(ManifestError):
        Manifest.from_body({**BODY, **change})


@pytest.mark.parametrize("body", [None, [], "x", 1])
def test_what_is_no_object_is_no_manifest(body):
    with pytest.raises(ManifestError):
        Manifest.from_body(body)
