"""Typed names are found as people write them."""

import pytest

from tipline.questionnaire import current, matching, reading
from tipline.questionnaire.matching import find
from tipline.questionnaire.model import Question

(SPECIES,) = [question for question in current.default().questions if question.key == "species"]


def like(typed: str, question: Question = SPECIES) -> set[str]:
    return {choice.code for choice in find(question, typed).like}


@pytest.mark.parametrize("typed", ["tiger", " TIGER ", "Panthera tigris", "panthera  TIGRIS", "Tiger,"])
def test_a_whole_name_is_its_code(typed: str) -> None:
    found = find(SPECIES, typed)

    assert (found.codes, found.words, found.like) == (("Panthera tigris",), "", ())


def test_accents_and_signs_do_not_matter() -> None:
    assert find(SPECIES, "vicuna, temmincks pangolin").codes[0] == "Vicugna vicugna"


def test_several_names_are_looked_up_each() -> None:
    found = find(SPECIES, "hippo; the blue thing, chimp")

    assert found.codes == ("Hippopotamus amphibius", "Pan troglodytes")
    assert found.words == "the blue thing"


def test_part_of_a_name_is_proposed_and_stays_as_it_was_typed() -> None:
    found = find(SPECIES, "eleph")

    assert {choice.code for choice in found.like} == {"Loxodonta africana", "Loxodonta cyclotis", "Elephas maximus"}
    assert (found.codes, found.words) == ((), "eleph")


def test_a_name_that_several_have_is_proposed_and_not_guessed() -> None:
    assert find(SPECIES, "sea turtle").codes == ()
    assert like("sea turtle") == {"Eretmochelys imbricata", "Chelonia mydas"}


def test_the_plural_finds_the_name() -> None:
    assert like("pangolins") == like("pangolin")
    assert len(like("pangolins")) == 6


@pytest.mark.parametrize("typed", ["", " , ;", "x", "a", "zzzz", "💥", "\u202e"])
def test_what_means_nothing_proposes_nothing(typed: str) -> None:
    assert like(typed) == set()


def test_however_many_pieces_were_typed_few_are_looked_up_and_all_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    begins = matching._begins
    monkeypatch.setattr(matching, "_begins", lambda piece, names: looked.append(piece) or begins(piece, names))
    pieces = [f"eleph{n}" for n in range(5_000)]

    found = find(SPECIES, ",".join(pieces))

    assert 0 < len(set(looked)) <= matching._PIECES_MAX
    assert len(looked) <= matching._PIECES_MAX * len(SPECIES.choices)
    assert found.words.split(", ") == pieces


def test_each_piece_is_folded_once_and_not_for_each_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    folded: list[str] = []
    fold = matching._folded
    monkeypatch.setattr(matching, "_folded", lambda text: folded.append(text) or fold(text))

    find(SPECIES, "a blue bird, eleph, tiger")

    names = sum(1 + len(choice.names()) for choice in SPECIES.choices)
    assert len(folded) == names + 3


def test_a_name_in_another_script_is_found_in_the_middle_of_a_word() -> None:
    toml = """
format = "tipline/questionnaire/v1"
name = "small"
[[section]]
key = "one"
title = "One"
[[section.question]]
key = "animals"
kind = "listed"
list = "animals"
ask = "Which?"
[list.animals]
source = "a test"
[[list.animals.group]]
key = "all"
name = "All"
[list.animals.group.choices]
"Loxodonta africana" = "African elephant"
"Panthera tigris" = "Tiger"
[language.zh-Hans]
section.one = "一"
animals.ask = "哪些"
list.animals.group.all = "全部"
list.animals."Loxodonta africana" = "非洲象"
list.animals."Panthera tigris" = "老虎\uff1b虎"
"""
    asked = reading.read(toml.encode())

    assert like("象", asked.questions[0]) == {"Loxodonta africana"}
    assert find(asked.questions[0], "非洲象\uff0c虎").codes == ("Loxodonta africana", "Panthera tigris")
