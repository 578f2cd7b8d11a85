"""The facts of a report as a document: strict, and silent facts stay unset."""

from dataclasses import fields

import pytest

from handling.rules.facts import FactsError, ReportFacts
from tests.handling.rules.samples import FACTS


def test_every_key_is_written_and_reads_back_the_same():
    body = FACTS.to_body()

    assert list(body) == [field.name for field in fields(ReportFacts) if field.name != "consents"]
    assert ReportFacts.from_body(body) == FACTS


def test_what_nobody_stated_stays_unset():
    assert ReportFacts.from_body({}) == ReportFacts()
    assert ReportFacts.from_body(ReportFacts().to_body()) == ReportFacts()


def test_only_the_review_is_added_when_its_signature_was_verified():
    unreviewed = ReportFacts.from_body({**FACTS.to_body(), "reviewed": None})

    assert unreviewed.reviewed is None
    assert unreviewed.as_reviewed() == FACTS


def test_consents_are_never_stated_and_what_a_review_of_before_said_of_them_is_not_read():
    said = {**FACTS.to_body(), "consents": ["port-police"]}

    assert "consents" not in FACTS.to_body()
    assert ReportFacts.from_body(said) == FACTS
    assert ReportFacts.from_body(said).consents is None


@pytest.mark.parametrize(
    "change",
    [
        {"surprise": 1},
        {"subjects": "goods.ivory"},
        {"subjects": [1]},
        {"subjects": {"goods.ivory": 1}},
        {"grades": "2D"},
        {"grades": ["2D"]},
        {"grades": [{"scheme": "3x5x2", "source": "2"}]},
        {"grades": [{"scheme": "3x5x2", "source": 2, "information": "D"}]},
        {"grades": [{"scheme": "3x5x2", "source": "2", "information": "D", "more": 1}]},
        {"handling": "P"},
        {"handling": {}},
        {"handling": {"code": "C"}},
        {"handling": {"code": "P", "action": "A1"}},
        {"handling": {"code": ["P"]}},
        {"handling": {"code": "P", "more": 1}},
        {"suspected_false": 0},
        {"suspected_false": "no"},
        {"reviewed": 1},
        {"risk": "low"},
        {"risk": True},
        {"immunity": 0},
        {"agencies": "harbour-customs"},
        {"marking": "PURPLE"},
        {"marking": ["RED"]},
        {"data": "trade"},
        {"data": ["gossip"]},
        {"named_persons": "yes"},
        {"special_categories": ["shoes"]},
        {"minors": 0},
        {"removable": ["everything"]},
        {"about": "KE"},
        {"about": [1]},
        {"originators": "port-police"},
        {"approvals": {}},
        {"threat_to_life": 1},
        {"date": "2026-11-31"},
        {"date": "20261120"},
        {"date": 20261120},
    ],
)
def test_each_value_broken_alone_is_refused(change):
    with pytest.raises(FactsError):
        ReportFacts.from_body({**FACTS.to_body(), **change})


@pytest.mark.parametrize("body", [None, [], "x", 1])
def test_what_is_no_object_is_no_facts(body):
    with pytest.raises(FactsError):
        ReportFacts.from_body(body)
