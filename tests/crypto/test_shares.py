"""Shares of a key: any that are enough open it, fewer open nothing, and what is wrong is named where it can be known."""

import itertools
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import ShareError, ShareFault
from crypto.secret import Secret
from crypto.shares import MOST, WORDS, check, join, split

SECRET = Secret(bytes(range(32)))
OTHER = Secret(bytes(range(32, 64)))
SPLITS = st.integers(2, 6).flatmap(lambda n: st.tuples(st.integers(2, n), st.just(n)))


def fault(*typed: str) -> ShareError:
    with pytest.raises(ShareError) as caught:
        join(typed)
    assert str(caught.value) == "shares do not join"  # no word of a share stands in an error's text
    return caught.value


@given(st.binary(min_size=32, max_size=32), SPLITS, st.randoms(use_true_random=False))
def test_any_that_are_enough_open_it_in_any_order_and_one_fewer_does_not(data, shape, random) -> None:
    k, n = shape
    shares = list(split(Secret(data), k, n))
    random.shuffle(shares)

    assert join(shares[:k]).expose() == data
    assert join(shares).expose() == data
    refused = fault(*shares[: k - 1]) if k > 1 else None
    assert refused is None or (refused.fault, refused.needed) == (ShareFault.TOO_FEW, k)


@pytest.mark.parametrize(("k", "n"), [(2, 3), (3, 5), (2, MOST)])
def test_every_choice_that_is_enough_opens_it(k: int, n: int) -> None:
    shares = split(SECRET, k, n)

    assert all(join(chosen).matches(SECRET) for chosen in itertools.combinations(shares, k))


def test_a_share_says_its_number_and_how_many_are_needed() -> None:
    labels = [check(share) for share in split(SECRET, 2, 3)]

    assert [(label.number, label.needed) for label in labels] == [(1, 2), (2, 2), (3, 2)]
    assert len({label.set for label in labels}) == 1
    assert all(len(share.split()) == WORDS for share in split(SECRET, 2, 3))


def test_two_splittings_have_no_share_in_common() -> None:
    assert not set(split(SECRET, 2, 3)) & set(split(SECRET, 2, 3))


def test_the_first_four_letters_in_any_case_and_spacing_are_enough() -> None:
    first, second, _ = split(SECRET, 2, 3)

    assert join([f"  {first.upper()}\n", "   ".join(word[:4] for word in second.split())]).matches(SECRET)


def test_words_that_are_in_no_list_are_named_by_place() -> None:
    words = split(SECRET, 2, 3)[0].split()
    words[4], words[20] = "zebra", "aca"

    error = fault(" ".join(words))

    assert (error.fault, error.places, error.words) == (ShareFault.UNREADABLE, (1,), (5, 21))


@pytest.mark.parametrize("change", ["exchange", "one word", "cut", "longer"])
def test_a_share_with_a_mistake_fails_its_checksum_and_is_named(change: str) -> None:
    good, second, _ = split(SECRET, 2, 3)
    words = second.split()
    changed = {
        "exchange": [*words[:10], words[11], words[10], *words[12:]] if words[10] != words[11] else words[:-1],
        "one word": [*words[:-1], "academic" if words[-1] != "academic" else "acid"],
        "cut": words[:-1],
        "longer": [*words, "academic"],
    }[change]

    error = fault(good, " ".join(changed))

    assert (error.fault, error.places, error.words, error.count) == (ShareFault.UNREADABLE, (2,), (), len(changed))


def test_one_share_given_twice_is_named() -> None:
    first, second, _ = split(SECRET, 3, 3)

    error = fault(second, first, second)

    assert (error.fault, error.shares) == (ShareFault.TWICE, (2,))


def test_a_share_of_another_key_is_named_when_most_are_of_one() -> None:
    ours, theirs = split(SECRET, 3, 3), split(OTHER, 3, 3)

    error = fault(ours[0], theirs[1], ours[2])

    assert (error.fault, error.shares, error.places) == (ShareFault.MIXED, (2,), (2,))


def test_of_two_shares_of_two_keys_both_are_named() -> None:
    error = fault(split(SECRET, 2, 2)[0], split(OTHER, 2, 2)[1])

    assert (error.fault, error.shares, error.places) == (ShareFault.MIXED, (1, 2), (1, 2))


def forged(share: str) -> str:
    """Return a share that passes its own checksum and holds another value."""
    from dataclasses import replace  # noqa: PLC0415 - only here

    from shamir_mnemonic import Share  # noqa: PLC0415 - only here

    read = Share.from_mnemonic(share)
    return str(replace(read, value=bytes([read.value[0] ^ 1, *read.value[1:]])).mnemonic())


def test_a_forged_share_opens_nothing_and_with_one_more_it_is_named() -> None:
    first, second, third = split(SECRET, 2, 3)

    exact = fault(forged(first), second)
    more = fault(forged(first), second, third)

    assert (exact.fault, exact.shares) == (ShareFault.FORGED, ())
    assert (more.fault, more.shares) == (ShareFault.FORGED, (1,))


def test_no_share_at_all_is_too_few() -> None:
    assert fault().fault is ShareFault.TOO_FEW


@pytest.mark.parametrize(("k", "n"), [(1, 1), (1, 3), (4, 3), (2, MOST + 1), (0, 0)])
def test_a_splitting_that_is_none_is_refused(k: int, n: int) -> None:
    with pytest.raises(ValueError):
        split(SECRET, k, n)


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_another_length_of_secret_is_refused(size: int) -> None:
    with pytest.raises(ValueError):
        split(Secret(bytes(size)), 2, 3)


@given(st.text(max_size=400))
def test_whatever_is_typed_is_a_share_or_the_one_error(text: str) -> None:
    with pytest.raises(ShareError):
        check(text)


@pytest.mark.parametrize("process", ["corridor", "desk", "guard", "exchange"])
def test_no_process_that_answers_requests_loads_it(process: str) -> None:
    code = f"import sys, handling.{process}.main; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    assert "crypto.secret" in loaded
    assert not [name for name in loaded if re.match(r"crypto\.shares|shamir_mnemonic", name)]
