"""What agencies answer, and which fixed phrases may follow from it."""

import re
from dataclasses import replace

import pytest

from handling.rules.feedback import (
    ASKABLE,
    AXES,
    CODES,
    Feedback,
    FeedbackError,
    Stage,
    Usefulness,
    at,
    code,
    may_propose,
)
from handling.rules.phrases import PHRASES, Kind, NoSuchPhraseError, phrase
from tipline import replies as source_replies

FEEDBACK = Feedback(
    "outcome", "seizure", "Two containers.", "2026-11", tell_source=True, usefulness=Usefulness(5, 4, 3, 2, 1)
)


def test_codes_are_unique_in_their_stage_and_every_stage_has_some():
    assert len({(entry.stage, entry.code) for entry in CODES}) == len(CODES)
    assert all(at(stage) for stage in Stage)


def test_every_answer_proposes_only_phrases_of_the_fixed_list():
    for entry in CODES:
        for proposed in entry.phrases:
            assert phrase(proposed)


def test_an_answer_before_the_work_has_ended_proposes_no_word_of_an_outcome_first():
    for entry in (*at(Stage.RECEIVED), code("actioned", "tasked"), code("actioned", "operation")):
        assert all(phrase(proposed).kind is Kind.STATUS for proposed in entry.phrases)


def test_nothing_is_proposed_when_the_agency_objects():
    for entry in CODES:
        assert may_propose(entry.stage.value, entry.code, tell_source=False) == ()
        assert may_propose(entry.stage.value, entry.code, tell_source=True) == entry.phrases


def test_that_it_was_wrong_is_never_told_to_the_source():
    assert may_propose("outcome", "wrong", tell_source=True) == ("never-say",)


def test_a_receipt_is_no_feedback_that_an_agreement_can_ask_for():
    assert Stage.RECEIVED not in ASKABLE
    assert set(ASKABLE) == set(Stage) - {Stage.RECEIVED}


def test_an_answer_survives_its_document():
    for feedback in (FEEDBACK, replace(FEEDBACK, usefulness=None)):
        assert Feedback.from_body(feedback.to_body()) == feedback


@pytest.mark.parametrize(
    "change",
    [
        {"stage": "assessed"},
        {"stage": []},
        {"stage": None},
        {"code": "jackpot"},
        {"text": None},
        {"text": "x" * 10_001},
        {"month": "2026-11-23"},
        {"month": "2026-13"},
        {"month": "2026-11\n"},
        {"month": 202611},
        {"tell_source": 1},
        {"tell_source": None},
        {"usefulness": {}},
        {"usefulness": dict.fromkeys(list(AXES)[:4], 3)},
        {"usefulness": dict.fromkeys(AXES, 0)},
        {"usefulness": dict.fromkeys(AXES, 6)},
        {"usefulness": dict.fromkeys(AXES, True)},
        {"usefulness": dict.fromkeys(AXES, "3")},
        {"surprise": 1},
    ],
)
def test_each_field_broken_alone_is_refused(change):
    with pytest.raises(FeedbackError):
        Feedback.from_body({**FEEDBACK.to_body(), **change})


@pytest.mark.parametrize("missing", sorted(FEEDBACK.to_body()))
def test_no_field_may_be_missing(missing):
    body = {key: value for key, value in FEEDBACK.to_body().items() if key != missing}

    with pytest.raises(FeedbackError):
        Feedback.from_body(body)


@pytest.mark.parametrize("body", [None, [], "", 1])
def test_what_is_no_object_is_no_feedback(body):
    with pytest.raises(FeedbackError):
        Feedback.from_body(body)


def test_phrases_have_unique_codes_and_a_code_off_the_list_is_refused():
    assert len({entry.code for entry in PHRASES}) == len(PHRASES)
    with pytest.raises(NoSuchPhraseError):
        phrase("we-arrested-him")


def test_a_phrase_has_no_count_and_no_date_finer_than_a_month():
    for entry in PHRASES:
        assert not re.search(r"[0-9]", entry.text)


def test_a_month_to_look_again_can_be_told_for_each_month():
    assert phrase("look-after-02").text == "Look here again after February."
    assert sum(entry.code.startswith("look-after-") for entry in PHRASES) == 12


def test_the_public_zone_has_the_same_words_for_every_code():
    assert dict(source_replies.PHRASES) == {entry.code: entry.text for entry in PHRASES}


def test_what_reveals_that_something_came_of_it_is_held_as_an_outcome():
    assert {entry.code for entry in PHRASES if entry.kind is Kind.OUTCOME} == {"known", "helped", "no-action"}
