import copy
import pickle
from functools import lru_cache

import pytest

from crypto.age import Identity
from crypto.codename import Codename, keys, new_token
from crypto.secret import Guarded, Secret
from crypto.signing import SigningKey

HELD = [
    Secret(b"very secret bytes"),
    Identity.from_seed(Secret(b"i" * 32)),
    SigningKey.from_seed(Secret(b"s" * 32)),
    Codename.from_entropy(Secret(b"c" * 16)),
]


@pytest.mark.parametrize("held", HELD, ids=lambda held: type(held).__name__)
def test_what_holds_a_secret_prints_as_stars(held: Guarded) -> None:
    assert repr(held) == str(held) == f"{held}" == f"{type(held).__name__}(***)"


@pytest.mark.parametrize("held", HELD, ids=lambda held: type(held).__name__)
def test_what_holds_a_secret_is_not_compared_hashed_copied_or_pickled(held: Guarded) -> None:
    for attempt in (
        lambda: held == HELD[0],
        lambda: held != HELD[0],
        lambda: {held},
        lambda: lru_cache(lambda value: value)(held),
        lambda: copy.copy(held),
        lambda: copy.deepcopy(held),
        lambda: pickle.dumps(held),
    ):
        with pytest.raises(TypeError):
            attempt()


def test_the_keys_of_a_source_print_no_key() -> None:
    source = keys(Codename.from_token(new_token()))

    assert repr(source) == str(source) == "SourceKeys(***)"


def test_secrets_match_by_content_and_random_ones_do_not() -> None:
    assert Secret(b"one").matches(Secret(b"one"))
    assert not Secret(b"one").matches(Secret(b"two"))
    assert not Secret(b"one").matches(Secret(b"one "))
    assert not Secret.random().matches(Secret.random())
    assert len(Secret.random()) == 32
    assert len(Secret.random(7)) == 7


def test_a_secret_keeps_its_own_copy_of_what_it_was_made_from() -> None:
    source = bytearray(b"abc")
    secret = Secret(source)
    source[0] = 0
    assert secret.expose() == b"abc"
