"""Subjects and scopes."""

from collections import Counter

import pytest

from handling.data import subjects
from handling.rules.subjects import subjects_of

SUBJECTS = subjects()


def test_a_report_carries_a_code_and_a_scope_may_carry_a_group():
    assert SUBJECTS.knows("goods.ivory")
    assert not SUBJECTS.knows("goods")
    assert "goods" in SUBJECTS.scopes
    assert "goods.unicorn" not in SUBJECTS.scopes


def test_every_group_is_used_and_no_label_stands_twice_in_it():
    assert {code.partition(".")[0] for code in SUBJECTS.labels} == set(SUBJECTS.groups)
    assert max(Counter((c.partition(".")[0], label) for c, label in SUBJECTS.labels.items()).values()) == 1


@pytest.mark.parametrize("code", sorted(SUBJECTS.labels))
def test_a_scope_covers_the_code_it_names_and_a_group_all_codes_below_it(code):
    group = code.partition(".")[0]

    assert SUBJECTS.covered({code}) == {code}
    assert SUBJECTS.covered({group}) == {other for other in SUBJECTS.labels if other.startswith(f"{group}.")}


@pytest.mark.parametrize("scope", [set(), {"goods.iv"}, {"good"}, {"goods.unicorn"}, {""}, {"."}])
def test_a_scope_covers_nothing_beside_what_it_names(scope):
    assert SUBJECTS.covered(scope) == frozenset()


def test_an_unknown_code_is_shown_as_it_stands():
    assert SUBJECTS.label("goods.ivory") == "Elephant ivory"
    assert SUBJECTS.label("goods") == "Goods"
    assert SUBJECTS.label("goods.unicorn") == "goods.unicorn"


def test_a_code_outside_every_group_is_a_fault_of_the_file():
    with pytest.raises(ValueError, match="group"):
        subjects_of({"version": 1, "dated": None, "definition": "", "groups": {}, "subjects": {"a.b": "c"}})
