"""What a form says is taken as far as the questionnaire asks for it, and no further."""

import pytest
from hypothesis import given

from crypto import canonical
from tests.questions import filled_forms, questionnaires
from tipline.questionnaire import reading
from tipline.questionnaire.answers import (
    ANSWERS_MAX,
    Fields,
    Filled,
    Listed,
    When,
    Wrong,
    fields_of,
    is_asked,
    names,
    read,
)
from tipline.questionnaire.model import Questionnaire
from tipline.strict import EnvelopeError

ASKED = reading.read(
    b"""
format = "tipline/questionnaire/v1"
name = "small"
[[section]]
key = "one"
title = "One"
[[section.question]]
key = "seen"
kind = "one"
ask = "Seen?"
[section.question.choices]
yes = "Yes"
no = "No"
[[section.question]]
key = "much"
kind = "number"
ask = "How much?"
maximum = 500
[[section.question]]
key = "animals"
kind = "listed"
list = "animals"
ask = "Which?"
[[section]]
key = "two"
title = "Two"
[[section.question]]
key = "day"
kind = "when"
ask = "When?"
when.seen = ["yes"]
[[section.question]]
key = "who"
kind = "text"
ask = "Who?"
maximum = 10
required = true
[list.animals]
source = "a test"
[[list.animals.group]]
key = "all"
name = "All"
[list.animals.group.choices]
"Panthera leo" = "Lion"
"Panthera tigris" = "Tiger"
"""
)
WHO = {"who": ["Ann"]}


@given(filled_forms())
def test_what_was_taken_is_taken_again_unchanged(form: tuple[Questionnaire, Fields]) -> None:
    asked, fields = form
    once = read(asked, fields).values

    again = read(asked, fields_of(once))

    assert again.values == once


@given(filled_forms())
def test_no_key_survives_that_no_question_has(form: tuple[Questionnaire, Fields]) -> None:
    asked, fields = form

    assert set(read(asked, fields).values) <= {question.key for question in asked.questions}


@given(filled_forms())
def test_no_answer_survives_to_a_question_that_is_not_asked(form: tuple[Questionnaire, Fields]) -> None:
    asked, fields = form
    values = read(asked, fields).values

    assert [
        question.key for question in asked.questions if question.key in values and not is_asked(question, values)
    ] == []


@given(filled_forms())
def test_what_is_asked_has_an_answer_a_problem_or_may_be_left_out(form: tuple[Questionnaire, Fields]) -> None:
    asked, fields = form
    found = read(asked, fields)

    for question in asked.questions:
        if question.required and is_asked(question, found.values):
            assert question.key in found.values or question.key in found.problems


@given(filled_forms())
def test_answers_travel_and_come_back(form: tuple[Questionnaire, Fields]) -> None:
    asked, fields = form
    filled = Filled(asked.sha256, "en", read(asked, fields).values)

    assert Filled.parse(canonical.parse(canonical.canonical(filled.body()))) == filled


@given(questionnaires())
def test_a_questionnaire_travels_and_comes_back(asked: Questionnaire) -> None:
    assert Questionnaire.parse(asked.encode()) == asked


@given(filled_forms())
def test_a_questions_answer_stands_in_its_own_fields(form: tuple[Questionnaire, Fields]) -> None:
    asked, fields = form
    values = read(asked, fields).values
    allowed = {name for question in asked.questions if question.key in values for name in names(question)}

    assert set(fields_of(values)) <= allowed


@pytest.mark.parametrize(
    ("fields", "values"),
    [
        ({"seen": ["yes"]}, {"seen": "yes"}),
        ({"seen": ["maybe"]}, {}),
        ({"seen": ["yes", "no"]}, {"seen": "yes"}),
        ({"much": ["12"]}, {"much": "12"}),
        ({"much": ["٤٢"]}, {"much": "42"}),
        ({"much": ["007,5"]}, {"much": "7.5"}),
        (
            {"animals": ["Panthera tigris", "x", "Panthera leo"]},
            {"animals": Listed(("Panthera leo", "Panthera tigris"), "")},
        ),
        ({"animals.words": [" a liger\r\n"]}, {"animals": Listed((), "a liger")}),
        ({"seen": ["yes"], "day.day": ["2026-11-23"]}, {"seen": "yes", "day": When("2026-11-23", "")}),
        ({"seen": ["yes"], "day.about": ["last week"]}, {"seen": "yes", "day": When("", "last week")}),
        ({"seen": ["no"], "day.about": ["last week"]}, {"seen": "no"}),
        ({"day.about": ["last week"]}, {}),
        ({"who": ["\x00A\x1bn\x7fn\u0085"]}, {"who": "Ann"}),
        ({"who": ["A\nnn"]}, {"who": "A nn"}),
        ({"colour": ["red"], "section": ["one"], "__proto__": ["x"]}, {}),
    ],
)
def test_a_form_is_read_as_it_was_meant(fields: Fields, values: dict[str, object]) -> None:
    found = read(ASKED, {**WHO, **fields})

    assert found.values == {"who": "Ann", **values}
    assert not found.problems


@pytest.mark.parametrize(
    ("fields", "key", "wrong"),
    [
        ({"who": [""]}, "who", Wrong.MISSING),
        ({"who": [" \u3000 "]}, "who", Wrong.MISSING),
        ({"who": ["x" * 11]}, "who", Wrong.TOO_LONG),
        ({"much": ["many"]}, "much", Wrong.NO_NUMBER),
        ({"much": ["1,000"]}, "much", Wrong.NO_NUMBER),
        ({"much": ["-1"]}, "much", Wrong.NO_NUMBER),
        ({"much": ["501"]}, "much", Wrong.TOO_GREAT),
        ({"much": ["500.01"]}, "much", Wrong.TOO_GREAT),
        ({"much": ["9" * 5000]}, "much", Wrong.NO_NUMBER),
        ({"animals.words": ["x" * 301]}, "animals", Wrong.TOO_LONG),
        ({"seen": ["yes"], "day.day": ["2026-02-30"]}, "day", Wrong.NO_DAY),
        ({"seen": ["yes"], "day.day": ["23 November"]}, "day", Wrong.NO_DAY),
        ({"seen": ["yes"], "day.about": ["x" * 301]}, "day", Wrong.TOO_LONG),
    ],
)
def test_what_cannot_stand_is_told_at_its_question_and_nothing_of_it_is_taken(
    fields: Fields, key: str, wrong: Wrong
) -> None:
    found = read(ASKED, {**WHO, **fields})

    assert found.problems == {key: wrong}
    assert key not in found.values


def test_answers_that_are_too_much_together_are_told_at_the_longest() -> None:
    questions = "".join(
        f'[[section.question]]\nkey = "q{n}"\nkind = "long"\nask = "?"\nmaximum = 8000\n' for n in range(9)
    )
    asked = reading.read(
        f'format = "tipline/questionnaire/v1"\nname = "long"\n[[section]]\nkey = "s"\ntitle = "S"\n{questions}'.encode()
    )
    fields = {f"q{n}": ["x" * 7990] for n in range(8)} | {"q8": ["x" * 8000]}

    assert sum(len(texts[0]) for texts in fields.values()) > ANSWERS_MAX
    assert read(asked, fields).problems == {"q8": Wrong.TOO_MUCH}


@pytest.mark.parametrize(
    "body",
    [
        {"schema": "00" * 32, "language": "en"},
        {"schema": "00" * 31, "language": "en", "answers": {}},
        {"schema": "00" * 32, "language": "english please", "answers": {}},
        {"schema": "00" * 32, "language": "en", "answers": {"Seen": "yes"}},
        {"schema": "00" * 32, "language": "en", "answers": {"seen": 1}},
        {"schema": "00" * 32, "language": "en", "answers": {"seen": None}},
        {"schema": "00" * 32, "language": "en", "answers": {"seen": [1]}},
        {"schema": "00" * 32, "language": "en", "answers": {"seen": {"day": "2026-11-23"}}},
        {"schema": "00" * 32, "language": "en", "answers": {"seen": {"codes": [], "words": "", "more": ""}}},
        {"schema": "00" * 32, "language": "en", "answers": {f"q{n}": "x" for n in range(101)}},
        [],
    ],
)
def test_a_body_of_another_form_is_refused(body: object) -> None:
    with pytest.raises(EnvelopeError):
        Filled.parse(body)
