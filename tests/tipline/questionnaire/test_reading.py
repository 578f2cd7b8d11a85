"""A questionnaire file is read whole, or every problem is told with its line and its key path."""

from importlib.resources import files
from pathlib import Path

import pytest

from tipline.base.languages import LANGUAGES
from tipline.base.settings import SettingsError
from tipline.questionnaire import current, reading
from tipline.questionnaire.model import Kind, say
from tipline.questionnaire.reading import QuestionnaireError

SHIPPED = sorted(file.name for file in files("tipline.questionnaire").joinpath("data").iterdir())

GOOD = """\
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
yes = "Yes; yeah"
no = "No"

[[section]]
key = "two"
title = "Two"

[[section.question]]
key = "animals"
kind = "listed"
list = "animals"
ask = "Which?"
help = "Any name."
when.seen = ["yes"]

[list.animals]
source = "a test"
[[list.animals.group]]
key = "cats"
name = "Cats"
[list.animals.group.choices]
"Panthera leo" = "Lion"

[language.fr]
section.one = "Un"
section.two = "Deux"
seen.ask = "Vu ?"
seen.choices = { yes = "Oui", no = "Non" }
animals.ask = "Lesquels ?"
animals.help = "Un nom."
list.animals.group.cats = "Félins"
list.animals."Panthera leo" = "Lion, le roi"
"""


def test_a_file_becomes_what_it_says() -> None:
    asked = reading.read(GOOD.encode())
    seen, animals = asked.questions

    assert (asked.name, asked.languages) == ("small", ("en", "fr"))
    assert (seen.kind, seen.codes, animals.kind) == (Kind.ONE, ("yes", "no"), Kind.LISTED)
    assert animals.when == {"seen": ("yes",)}
    assert say(animals.help, "fr") == "Un nom."
    assert say(animals.help, "sw") == "Any name."
    assert seen.choices[0].shown("en") == "Yes"
    assert animals.choices[0].shown("fr") == "Lion, le roi"


def test_lines_that_end_as_on_windows_are_read_alike() -> None:
    assert reading.read(GOOD.replace("\n", "\r\n").encode()) == reading.read(GOOD.encode())


@pytest.mark.parametrize(
    ("was", "now", "told"),
    [
        ('format = "tipline/questionnaire/v1"', 'format = "x"', "line 1: format must be"),
        ('name = "small"', "", "line 1: name is missing"),
        ('name = "small"', 'name = "Small"', "line 2: name must begin with a small letter"),
        ('name = "small"', "name = ", "line 2: the file is not TOML"),
        ('title = "One"', 'title = ""', "line 6: section[1].title must have 1 to 600 characters"),
        ('key = "two"', 'key = "one"', "line 17: section[2].key is used by another section"),
        ('key = "animals"\nkind', 'key = "seen"\nkind', "line 21: section[2].question[1].key is used twice"),
        (
            'key = "animals"\nkind',
            'key = "list"\nkind',
            "line 21: section[2].question[1].key is used twice, or is one of",
        ),
        ('kind = "one"', 'kind = "two"', "line 10: section[1].question[1].kind must be one of: text, long"),
        ('ask = "Seen?"', "ask = 3", "line 11: section[1].question[1].ask must be text in quotes"),
        (
            'ask = "Seen?"',
            'ask = "S\\u202een?"',
            "line 11: section[1].question[1].ask must be one line without control",
        ),
        ('yes = "Yes; yeah"\nno = "No"\n', "", "line 12: section[1].question[1].choices must hold at least one code"),
        ('no = "No"', '"n/o" = "No"', "line 14: section[1].question[1].choices.n/o as a code must"),
        ('list = "animals"', 'list = "plants"', "line 23: section[2].question[1].list names no list"),
        ('when.seen = ["yes"]', 'when.seen = ["maybe"]', "line 26: section[2].question[1].when.seen has no code maybe"),
        ('when.seen = ["yes"]', "when.animals = []", "when.animals is no question of an earlier section"),
        ('when.seen = ["yes"]', 'colour = "red"', "line 26: section[2].question[1].colour is not a key"),
        ('when.seen = ["yes"]', "maximum = 3", "section[2].question[1].maximum is not a key"),
        ('when.seen = ["yes"]', 'required = "yes"', "section[2].question[1].required must be true or false"),
        ('source = "a test"', "", "list.animals.source is missing"),
        ("[language.fr]", "[language.en]", "language.en is not the code of another language"),
        ('seen.ask = "Vu ?"\n', "", "line 36: language.fr lacks the text seen.ask"),
        ('animals.help = "Un nom."\n', "", "language.fr lacks the text animals.help"),
        (
            'section.two = "Deux"',
            'section.two = "Deux"\nseen.help = "?"',
            "language.fr.seen.help is the translation of no text",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line(was: str, now: str, told: str) -> None:
    assert was in GOOD
    with pytest.raises(QuestionnaireError) as refused:
        reading.read(GOOD.replace(was, now, 1).encode())

    assert told in str(refused.value)


@pytest.mark.parametrize("taken", ["csrf", "token", "step", "go"])
def test_a_question_cannot_have_the_name_of_a_field_that_its_page_has_itself(taken: str) -> None:
    with pytest.raises(QuestionnaireError) as refused:
        reading.read(GOOD.replace('key = "animals"', f'key = "{taken}"').encode())

    assert "key is used twice, or is one of: csrf, go, list, section, step, token" in str(refused.value)


def test_everything_that_is_wrong_is_told_at_once() -> None:
    bad = GOOD.replace('title = "One"', "").replace('kind = "one"', 'kind = "two"')

    with pytest.raises(QuestionnaireError) as refused:
        reading.read(bad.encode())

    assert {problem.path for problem in refused.value.problems} >= {"section[1].title", "section[1].question[1].kind"}


def test_a_file_that_is_not_text_is_refused() -> None:
    with pytest.raises(QuestionnaireError, match="line 1: the file is not UTF-8"):
        reading.read(b"\xff")


@pytest.mark.parametrize("name", SHIPPED)
def test_the_files_that_come_with_tipline_can_be_used(name: str) -> None:
    asked = reading.read(files("tipline.questionnaire").joinpath("data", name).read_bytes())

    assert asked.questions
    assert not any(question.required for question in asked.questions)


def test_wildlife_is_asked_about_in_every_language_of_the_pages() -> None:
    assert set(current.default().languages) == set(LANGUAGES)


def test_a_name_in_a_list_may_be_known_in_one_language_only() -> None:
    asked = reading.read(GOOD.replace('list.animals."Panthera leo" = "Lion, le roi"\n', "").encode())

    assert asked.questions[1].choices[0].shown("fr") == "Lion"


def test_another_crime_needs_another_file_and_nothing_else(tmp_path: Path) -> None:
    other = files("tipline.questionnaire").joinpath("data", "medicines.toml").read_bytes()
    (tmp_path / current.FILE).write_bytes(other)

    assert current.load(tmp_path).name == "medicines"


def test_without_a_file_of_its_own_a_unit_asks_about_wildlife(tmp_path: Path) -> None:
    assert current.load(tmp_path).name == "wildlife"


def test_a_file_of_the_unit_that_cannot_be_used_is_no_reason_to_ask_something_else(tmp_path: Path) -> None:
    (tmp_path / current.FILE).write_text(GOOD.replace('kind = "one"', 'kind = "two"'))

    with pytest.raises(SettingsError, match=r"questionnaire\.toml cannot be used as a questionnaire:\n  line 10: "):
        current.load(tmp_path)
