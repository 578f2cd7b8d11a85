"""Answers as a file: whatever a questionnaire asks can be printed, filled in and read, and says what a form would say."""

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.questions import filled_forms, questionnaires
from tipline.questionnaire import answers, current, filling
from tipline.questionnaire.answers import Listed, Value, When
from tipline.questionnaire.carried import Carried
from tipline.questionnaire.model import Questionnaire, Section
from tipline.questionnaire.reading import QuestionnaireError

WILDLIFE = Carried.of(current.default())


def written(values: Mapping[str, Value]) -> bytes:
    """A file with these answers."""
    return "".join(f"{key} = {_toml(value)}\n" for key, value in values.items()).encode()


def _toml(value: Value) -> str:
    match value:
        case When(day, about):
            return f"{{ day = {_text(day)}, about = {_text(about)} }}"
        case Listed(codes, words):
            return f"{{ codes = {_toml(codes)}, words = {_text(words)} }}"
        case str():
            return _text(value)
        case _:
            return f"[{', '.join(map(_text, value))}]"


def _text(text: str) -> str:
    """A text of TOML: JSON's escapes are TOML's, but for letters beyond the first plane, which stand as they are."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


@given(filled_forms())
def test_answers_of_a_form_that_stand_in_a_file_are_the_same_answers(
    form: tuple[Questionnaire, dict[str, list[str]]],
) -> None:
    asked, fields = form
    said = answers.read(asked, fields)
    carried = Carried.of(asked)

    if said.problems:
        values = {key: value for key, value in said.values.items() if key not in said.problems}
        again = answers.read(asked, answers.fields_of(values))
        if again.problems:
            with pytest.raises(QuestionnaireError):
                filling.read(written(values), carried)
            return
        said = again
    assert filling.read(written(said.values), carried).filled == answers.Filled(asked.sha256, "en", said.values)


@given(questionnaires())
def test_the_file_to_fill_in_names_every_question_once_and_is_read_as_it_is(asked: Questionnaire) -> None:
    text = filling.blank(asked)

    for question in asked.questions:
        assert sum(line.startswith(f"{question.key} = ") for line in text.split("\n")) == 1
    if any(question.required and not question.when for question in asked.questions):
        with pytest.raises(QuestionnaireError, match="must be answered"):
            filling.read(text.encode(), Carried.of(asked))
    elif not any(question.required for question in asked.questions):
        assert filling.read(text.encode(), Carried.of(asked)).filled.values == {}


@given(st.text(max_size=40))
def test_no_words_of_a_kit_are_more_than_a_comment(words: str) -> None:
    question = replace(current.default().sections[0].questions[0], ask={"en": words}, help={"en": words})
    asked = Questionnaire("made-up", ("en",), (Section("s", {"en": words}, (question,)),))

    assert filling.read(filling.blank(asked).encode(), Carried.of(asked)).filled.values == {}


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        (b"\xff", "line 1: the file is not UTF-8"),
        (b"where = here\n", "line 1: the file is not TOML"),
        (b" " * (filling.FILE_MAX + 1), "line 1: the file is too long"),
        (b"where = true\n", "line 1: where must be text in quotes"),
        (b"\nwhen = 'May'\n", "line 2: when must be written as { day"),
        (b"when = { day = '', hour = '3' }\n", "line 1: when.hour is not known here"),
        (b"species = ['Tiger']\n", "line 1: species must be written as { codes"),
        (b"species = { codes = ['Tiger'] }\n", "line 1: species.codes holds a code that this question does not have"),
        (b"state = 'killed'\n", "line 1: state must be a list of codes in quotes"),
        (b"\n[animals]\nname = 'x'\n", "line 2: animals is no question of this kit"),
        (b"amount = inf\n", "line 1: amount must be one number in digits"),
        (b"amount = 99999999999\n", "line 1: amount is too great a number"),
        (b"amount = 0x" + b"f" * 5_000 + b"\n", "line 1: amount is too great a number"),
        (b"amount = " + b"1" * 5_000, "line 1: the file is not TOML"),
        (b"where = '" + b"x" * 301 + b"'\n", "line 1: where is too long: shorten it to 300 letters"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_at_its_line_and_key(toml: bytes, says: str) -> None:
    with pytest.raises(QuestionnaireError) as caught:
        filling.read(toml, WILDLIFE)

    assert str(caught.value.problems[0]).startswith(says)
