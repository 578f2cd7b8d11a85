"""What docs/agreements.md says is what the code reads."""

import json
import re
import tomllib
from pathlib import Path
from string import Template
from typing import Any

import pytest

from handling.data import codes
from handling.rules.agreement_document import AgreementError, parse
from handling.rules.agreements import PURPOSE_LABELS, Agreement, activation_problems
from handling.rules.facts import ReportFacts
from handling.rules.policy import evaluate
from handling.rules.terms import CLASS_LABELS, DATA_LABELS, SPECIAL_LABELS
from tests.handling.rules.samples import document

DOCUMENT = Path("docs/agreements.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    found = re.findall(rf"^```{language}\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)
    assert len(found) == 1
    return found[0]


def read(toml: str) -> Agreement:
    return parse(toml.encode(), codes())


def keys(table: dict[str, Any]) -> set[str]:
    below = {f"{name}.{key}" for name, value in table.items() if isinstance(value, dict) for key in value}
    return set(table) | below


def test_the_example_is_a_valid_agreement_that_can_be_put_into_force():
    assert activation_problems(read(block("toml"))) == ()


def test_the_example_facts_are_permitted_by_the_example_agreement():
    agreement = read(block("toml")).as_signed()
    facts = ReportFacts.from_body(json.loads(block("json")))

    assert evaluate(facts, agreement, agreement.recipient(), "seizure", agreement.valid_from).permits


def test_what_the_example_shows_as_comments_are_keys_too():
    shown = re.sub(r"^# (?=[a-z_]+ = |\[)", "", block("toml"), flags=re.MULTILINE)

    with pytest.raises(AgreementError) as caught:
        read(shown)

    assert {problem.path for problem in caught.value.problems} == {"onward.agencies", "onward.classes"}


def test_the_example_and_the_sample_of_the_tests_have_the_same_keys():
    assert keys(tomllib.loads(block("toml"))) == keys(document())


@pytest.mark.parametrize("template", sorted(Path("handling/data").glob("practice-*.toml")), ids=lambda path: path.stem)
def test_the_practice_agreements_can_be_put_into_force(template):
    blanks = {"unit": "unit", "valid_from": "2026-01-01", "review_by": "2027-01-01", "expires_on": "2028-01-01"}
    fingerprints = {"harbour-customs": "0" * 64, "river-parks": "0" * 40}
    agency = template.stem.removeprefix("practice-")

    agreement = read(Template(template.read_text()).substitute(blanks, fingerprint=fingerprints[agency]))

    assert agreement.agency.id == agency
    assert activation_problems(agreement) == ()


@pytest.mark.parametrize("labels", [PURPOSE_LABELS, DATA_LABELS, SPECIAL_LABELS, CLASS_LABELS])
def test_every_code_is_explained(labels):
    explained = set(re.findall(r"^\| `([a-z-]+)` \|", DOCUMENT, re.MULTILINE))

    assert {code.value for code in labels} <= explained
