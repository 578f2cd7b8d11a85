"""An amendment is told field by field; what is said to narrow never lets more through."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handling.data import codes, scheme
from handling.rules.agreement_document import parse
from handling.rules.agreement_text import document
from handling.rules.amendments import FIELDS, Effect, amendments
from handling.rules.policy import evaluate
from tests.handling.rules import cases
from tests.handling.rules.cases import AGREEMENTS, FACTS_, PURPOSES, RECIPIENTS
from tests.handling.rules.samples import AGREEMENT, TODAY, TOML


def told(old: str, new: str) -> list[tuple[str, str]]:
    assert TOML.count(old) == 1
    changed = parse(TOML.replace(old, new).encode(), codes())
    found = amendments(document(AGREEMENT, scheme()), document(changed, scheme()), scheme())
    return [(str(one), one.effect.value) for one in found]


@pytest.mark.parametrize(
    ("old", "new", "sentence", "effect"),
    [
        ('"seizure"]', '"protection"]', "Purposes: adds protection, and takes away seizure.", "widens and narrows"),
        (', "seizure"]', "]", "Purposes: takes away seizure.", "narrows"),
        ("minors = false", "minors = true", "Minors: no becomes yes.", "widens"),
        ('maximum = "AMBER"', 'maximum = "GREEN"', "Highest marking: AMBER becomes GREEN.", "narrows"),
        (
            "suspended = false",
            "suspended = true\nsuspended_since = 2026-03-01",
            "Suspended: no becomes yes.",
            "narrows",
        ),
        ("expires_on = 2027-12-31", "expires_on = 2028-12-31", "Last day: 2027-12-31 becomes 2028-12-31.", "widens"),
        ("valid_from = 2026-01-01", "valid_from = 2026-02-01", "First day: 2026-01-01 becomes 2026-02-01.", "narrows"),
        ('source_minimum = "3"', 'source_minimum = "1"', "Lowest grade of the source: 3 becomes 1.", "narrows"),
        ('about = ["KE", "TZ"]', 'about = ["world"]', "adds world, and takes away KE, TZ.", "widens"),
        ('rule = "ask"', 'rule = "never"', "Passing on: ask becomes never.", "narrows"),
        ('evidence = "ask"', 'evidence = "may"', "Use as evidence: ask becomes may.", "widens"),
        ('in_transit = "must"', 'in_transit = "may"', "Encryption in transit: must becomes may.", "widens"),
        ("retention_days = 365", "retention_days = 30", "Days it may be kept: 365 becomes 30.", "narrows"),
        (
            'contact = "Liaison officer"',
            'contact = "Desk"',
            "Contact of the agency: Liaison officer becomes Desk.",
            "changes",
        ),
        (
            'conditions = ["Keep the report apart from the case file."]',
            "conditions = []",
            "Conditions: takes away Keep the report apart from the case file.",
            "widens",
        ),
        (
            "[grading]",
            '[approval]\napprover = "Head"\n\n[grading]',
            "Who is asked first: nothing becomes Head.",
            "narrows",
        ),
    ],
)
def test_each_change_is_a_sentence_that_says_what_it_does(old, new, sentence, effect):
    said, does = told(old, new)[0]

    assert sentence in said
    assert does == effect
    assert said.endswith(f" This {effect} it.") is (effect != "changes")


def test_equal_terms_have_no_amendments():
    assert amendments(document(AGREEMENT, scheme()), document(AGREEMENT, scheme()), scheme()) == ()


@given(AGREEMENTS, AGREEMENTS, FACTS_, RECIPIENTS, st.sampled_from(PURPOSES))
def test_an_amendment_that_widens_nothing_never_permits_more(old, new, facts, recipient, purpose):
    changes = amendments(document(old, scheme()), document(new, scheme()), scheme())
    widens = [one.path for one in changes if one.effect != Effect.NARROWS]
    narrow = replace(new, subjects=old.subjects, covered=old.covered & new.covered)

    if not widens:
        assert evaluate(facts, narrow, recipient, purpose, TODAY).outcome >= (
            evaluate(facts, old, recipient, purpose, TODAY).outcome
        )


@given(AGREEMENTS, st.data(), st.sampled_from(sorted(set(cases.NARROWER) - {"subjects", "signed"})))
def test_every_way_to_narrow_is_told_as_one(agreement, data, name):
    less = data.draw(cases.NARROWER[name](agreement))
    changes = amendments(document(agreement, scheme()), document(less, scheme()), scheme())

    allowed = {Effect.NARROWS, Effect.CHANGES}
    if name.startswith("geography.") and "world" in getattr(agreement.geography, name.partition(".")[2]):
        allowed = set(Effect)  # without "world" its countries count again
    assert {one.effect for one in changes} <= allowed


def test_every_field_has_a_name_of_its_own():
    assert len({label for label, _ in FIELDS.values()}) == len(FIELDS)
