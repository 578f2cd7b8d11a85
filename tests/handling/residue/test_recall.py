"""How much residue is found, on the half of the labelled set that nobody looked at. The figures stand in docs/performance.md."""

from functools import cache

import pytest

from handling.rules.residue import STRUCTURED
from tests.handling.residue.scoring import SET, Score, labelled, score

LANGUAGES = {"en", "fr", "es", "pt", "sw"}
CLASSES = {
    *(residue.value for residue in STRUCTURED if residue.value != "reference"),
    *("first-person", "kinship", "role", "few-know", "time", "date", "place", "name"),
}


@cache
def scored(half: str) -> Score:
    return score(half)


@pytest.mark.parametrize("half", ["tune", "held"])
def test_each_half_has_every_class_in_every_language(half: str) -> None:
    texts = list(labelled(half))

    assert {one.lang for one in texts} == LANGUAGES
    assert {span.residue for one in texts for span in one.spans} == CLASSES
    assert len(texts) >= 100


def test_a_text_stands_in_one_half_alone() -> None:
    texts = [one.text for half in ("tune", "held") for one in labelled(half)]

    assert len(texts) == len(set(texts)) == len(SET.read_text("utf-8").splitlines())


def test_identifiers_of_the_held_back_half_are_found_and_little_else_is_taken_for_one() -> None:
    """Says figures alone when it fails: what stands in that half stays unread."""
    held = scored("held")

    assert held.recall(structured=True) >= 0.99
    assert held.precision >= 0.95


def test_what_only_words_give_away_is_found_as_often_as_is_said() -> None:
    assert scored("held").recall(structured=False) >= 0.85


def test_the_half_that_was_looked_at_is_not_the_worse_one() -> None:
    tune = scored("tune")

    assert tune.recall(structured=True) >= 0.99, dict(tune.missed)
    assert tune.precision >= 0.97, tune.wrong
