"""Typed names become codes on their way from page to page; what is too long to be looked up stays whole."""

import pytest

from tipline.questionnaire import current, matching
from tipline.questionnaire.answers import Wrong, read
from tipline.source import steps

ASKED = current.default()
(SPECIES,) = [question for question in ASKED.questions if question.key == "species"]
LONG = "tiger, " + ", ".join(f"a blue bird {n}" for n in range(5_000)) + ", and the end"


def test_words_that_are_too_long_are_not_looked_up_and_stay_whole_with_a_problem(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[str] = []
    find = matching.find
    monkeypatch.setattr(matching, "find", lambda question, typed: looked.append(typed) or find(question, typed))

    fields, offer = steps.matched([SPECIES], {"species.words": [LONG]})
    wrong = read(ASKED, fields).problems[SPECIES.key]
    shown = steps.view(SPECIES, fields, "en", wrong=wrong, offer=SPECIES.key in offer)

    assert looked == []
    assert wrong is Wrong.TOO_LONG
    assert shown.texts["species.words"] == LONG


@pytest.mark.parametrize("letters", [299, 300, 301, 599, 600, 601, 900])
def test_nothing_that_was_typed_beside_a_whole_name_is_cut(letters: int) -> None:
    typed = "tiger, " + "b" * (letters - 7)

    fields, _ = steps.matched([SPECIES], {"species.words": [typed]})

    assert fields["species.words"] in (["b" * (letters - 7)], [typed])
    assert read(ASKED, fields).problems.get(SPECIES.key) in (None, Wrong.TOO_LONG)
    assert SPECIES.key in read(ASKED, fields).problems or fields["species"] == ["Panthera tigris"]
