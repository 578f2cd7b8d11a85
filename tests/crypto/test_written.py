"""A codename is written in words of several lists or in digits, and read whichever of them somebody types."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import CodenameError
from crypto.wordlist import LISTS, fold, lists
from crypto.written import BYTES, DIGITS, read, same, written
from tests.crypto.support import QUICK

WAYS = (*LISTS, DIGITS)
ENTROPY = st.binary(min_size=BYTES, max_size=BYTES)
SAMPLE = bytes(range(BYTES))
SCRIPTS = {"arabic": 0x660, "persian": 0x6F0, "devanagari": 0x966, "wide": 0xFF10}


@QUICK
@given(entropy=ENTROPY, way=st.sampled_from(WAYS), between=st.sampled_from([" ", "\n", ", ", " - "]))
def test_what_is_written_in_any_way_is_read_without_saying_which(entropy: bytes, way: str, between: str) -> None:
    assert read(between.join(written(entropy, way))) == entropy


@QUICK
@given(entropy=ENTROPY, way=st.sampled_from(LISTS))
def test_words_are_read_without_accents_in_capitals_and_by_four_letters(entropy: bytes, way: str) -> None:
    words = written(entropy, way)

    assert read(" ".join(fold(word)[:4].upper() for word in words)) == entropy
    assert read(unicodedata.normalize("NFD", " ".join(words))) == entropy


@pytest.mark.parametrize("name", LISTS)
def test_a_list_has_2048_words_that_differ_without_accents(name: str) -> None:
    one = lists()[name]

    assert len(set(one.folded)) == len(set(one.meanings)) == 2048
    assert [fold(word) for word in one.meanings] == list(one.folded)


@pytest.mark.parametrize("name", LISTS)
def test_no_beginning_of_four_letters_stands_for_two_words(name: str) -> None:
    one = lists()[name]

    for word, meaning in zip(one.folded, one.meanings, strict=True):
        for length in range(4, len(word)):
            begun = word[:length]
            assert begun in one.folded or one.meant(begun) == meaning


@pytest.mark.parametrize("name", LISTS)
def test_fewer_letters_than_four_are_a_word_of_their_own_or_none(name: str) -> None:
    one = lists()[name]

    assert all(one.meant(word[:3]) is None for word in one.folded if len(word) > 3 and word[:3] not in one.folded)


def test_chinese_signs_need_no_blanks_between_them() -> None:
    assert read("".join(written(SAMPLE, "chinese_simplified"))) == SAMPLE


@pytest.mark.parametrize("zero", SCRIPTS.values(), ids=SCRIPTS)
def test_digits_are_read_in_every_script(zero: int) -> None:
    digits = " ".join(written(SAMPLE, DIGITS))

    assert read(digits.translate({ord(str(digit)): zero + digit for digit in range(10)})) == SAMPLE


@QUICK
@given(entropy=ENTROPY, place=st.integers(0, 39), other=st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(entropy: bytes, place: int, other: int) -> None:
    digits = "".join(written(entropy, DIGITS))
    wrong = digits[:place] + str((int(digits[place]) + other) % 10) + digits[place + 1 :]

    with pytest.raises(CodenameError) as caught:
        read(wrong)

    assert caught.value.digits


@QUICK
@given(entropy=ENTROPY, place=st.integers(0, 38))
def test_two_digits_that_changed_places_are_always_noticed(entropy: bytes, place: int) -> None:
    digits = "".join(written(entropy, DIGITS))
    changed = digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]

    if changed != digits:
        with pytest.raises(CodenameError):
            read(changed)


@pytest.mark.parametrize("digits", ["1", "0" * 39, "0" * 41, str(29 << 128)])
def test_digits_of_another_number_or_past_the_last_codename_are_refused(digits: str) -> None:
    with pytest.raises(CodenameError) as caught:
        read(digits)

    assert (caught.value.digits, caught.value.unknown, caught.value.count) == (True, (), len(digits))


def test_the_first_and_the_last_codename_have_forty_digits() -> None:
    assert written(bytes(BYTES), DIGITS) == ("00000",) * 8
    assert len("".join(written(b"\xff" * BYTES, DIGITS))) == 40


def test_words_of_two_lists_are_named_by_the_list_that_knows_most_of_them() -> None:
    spanish, chinese = written(SAMPLE, "spanish"), written(SAMPLE, "chinese_simplified")

    with pytest.raises(CodenameError) as caught:
        read(" ".join((*spanish[:9], *chinese[9:])))

    assert caught.value.unknown == chinese[9:]


def test_words_that_are_a_codename_in_two_lists_are_refused_and_said_to_be() -> None:
    with pytest.raises(CodenameError) as caught:
        read("village science salon intact spatial aspect social depart metal badge reunion legal")

    assert (caught.value.ambiguous, caught.value.unknown) == (True, ())


@pytest.mark.parametrize("way", WAYS)
def test_one_item_is_the_same_as_it_is_typed_and_no_other_is(way: str) -> None:
    first, second, *_ = written(SAMPLE, way)

    assert same(f" {first.upper()}. ", first)
    assert same(fold(first)[: 5 if way == DIGITS else 4], first)
    assert not same(second, first)
    assert not same(f"{first} {second}", first)
    assert not same("", first)
