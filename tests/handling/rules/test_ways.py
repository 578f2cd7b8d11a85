"""Each way of sealing has its own words, says what it does not protect against, and a change of way is told."""

import pytest

from handling.data import scheme
from handling.rules.ways import SCRIPTED, TYPED, WORDS, Way, contradiction, mixture, same
from tipline import envelope
from tipline.source import ways as of_the_source


def test_every_way_has_words_and_no_two_the_same_label():
    assert set(WORDS) == set(Way)
    assert len({words.label for words in WORDS.values()}) == len(Way)
    assert all(words.seen_by and words.protects and words.not_against and words.same for words in WORDS.values())


def test_every_way_that_a_message_may_name_is_one_of_them_and_grades_start_somewhere():
    assert {Way(way) for way in envelope.WAYS} == set(Way) - {Way.PGP}
    assert all(scheme().default(way.value) for way in Way)


def test_the_same_codename_is_claimed_for_codenames_alone():
    assert {way: words.same for way, words in WORDS.items()} == {
        Way.ARRIVAL: "Same codename",
        Way.KIT: "Same person's device",
        Way.PGP: "No codename",
        Way.BROWSER: "Same codename",
    }


@pytest.mark.parametrize("began", Way)
@pytest.mark.parametrize("says", Way)
def test_a_message_of_another_way_than_its_thread_is_told_with_both_names(began, says):
    words = contradiction(began, says)

    if began is says:
        assert not words
    else:
        assert WORDS[began].label in words
        assert WORDS[says].label in words


def test_both_ends_call_a_way_by_the_same_name():
    assert {way.value: words.label for way, words in WORDS.items()} == {
        way: words.label for way, words in of_the_source.WAYS.items()
    }


@pytest.mark.parametrize("way", Way)
def test_one_way_alone_is_no_mixture_and_proves_what_its_words_say(way):
    assert not mixture([way])
    assert same(way, []) == same(way, [way, way]) == WORDS[way].same


@pytest.mark.parametrize("other", [Way.ARRIVAL, Way.BROWSER])
def test_a_codename_that_left_the_device_once_never_again_stands_for_a_device(other):
    assert same(Way.KIT, [Way.KIT, other, Way.KIT]) == "Same codename"
    assert same(Way.KIT, [Way.KIT]) == "Same person's device"


def test_a_mixture_names_its_ways_and_who_may_have_the_codename():
    assert mixture([Way.KIT, Way.ARRIVAL]).endswith(TYPED)
    assert mixture([Way.ARRIVAL, Way.KIT, Way.BROWSER]).endswith(TYPED)
    assert mixture([Way.KIT, Way.BROWSER]).endswith(SCRIPTED)
    assert "“Sealed on arrival”, “Sealed in your browser”" in mixture([Way.ARRIVAL, Way.BROWSER])
    assert not mixture([Way.ARRIVAL, Way.BROWSER]).endswith((TYPED, SCRIPTED))
