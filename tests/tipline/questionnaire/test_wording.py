"""Answers stand beside their questions in words, also when nobody knows the questions any more."""

from tipline.questionnaire import current
from tipline.questionnaire.answers import Filled, read
from tipline.questionnaire.wording import Coded, lines

ASKED = current.default()
FIELDS = {
    "species": ["Panthera tigris"],
    "species.words": ["and a bird"],
    "again": ["going-on"],
    "when.day": ["2026-11-23"],
    "when.about": ["at night"],
    "who": ["Ann\nand Bob"],
}
FILLED = Filled(ASKED.sha256, "en", read(ASKED, FIELDS).values)


def test_each_answer_stands_beside_its_question_with_code_and_name() -> None:
    species, when, again, who = lines(FILLED, ASKED)

    assert species.asked == "Which animals or plants?"
    assert species.codes == (Coded("Panthera tigris", "Tiger"),)
    assert species.text == "Tiger; and a bird"
    assert (when.text, again.codes) == ("2026-11-23, at night", (Coded("going-on", "It goes on"),))
    assert (who.personal, species.personal) == (True, False)
    assert who.text == "Ann\nand Bob"


def test_answers_to_unknown_questions_are_shown_as_they_are() -> None:
    shown = {line.key: line for line in lines(FILLED, None)}

    assert shown["species"].asked == "species"
    assert shown["species"].text == "Panthera tigris; and a bird"
    assert shown["again"].text == "going-on"


def test_what_nobody_knows_the_question_of_counts_as_about_people() -> None:
    gone = Filled(bytes(32), "en", {"again": "never", "gone": "x"})

    assert [line.personal for line in lines(FILLED, None)] == [True] * len(FILLED.values)
    assert {line.key: line.personal for line in lines(gone, ASKED)} == {"again": False, "gone": True}


def test_a_code_and_a_key_that_the_questionnaire_does_not_have_are_not_lost() -> None:
    shown = {line.key: line for line in lines(Filled(bytes(32), "en", {"again": "never", "gone": "x"}), ASKED)}

    assert shown["again"].codes == (Coded("never", ""),)
    assert shown["gone"].text == "x"
