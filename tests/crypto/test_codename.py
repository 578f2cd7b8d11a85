import hashlib
import hmac
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import age
from crypto.codename import Codename, keys, new_token, submission_mac
from crypto.errors import CodenameError
from crypto.secret import Secret
from crypto.wordlist import english
from tests.crypto.support import QUICK

TOKEN = b"t" * 32
CODENAME = Codename.from_token(TOKEN)
WORDS = CODENAME.words()
ENTROPY = st.binary(min_size=16, max_size=16).map(Secret)


@QUICK
@given(ENTROPY)
def test_twelve_words_lead_back_to_the_codename(entropy: Secret) -> None:
    words = Codename.from_entropy(entropy).words()

    assert len(words) == 12
    assert Codename.parse(" ".join(words)).entropy.matches(entropy)


@QUICK
@given(
    entropy=ENTROPY,
    between=st.sampled_from([" ", ", ", "-", "\n", " 1. ", "\u2003", "; "]),
    short=st.booleans(),
    loud=st.booleans(),
)
def test_words_are_read_as_people_type_them(*, entropy: Secret, between: str, short: bool, loud: bool) -> None:
    words = Codename.from_entropy(entropy).words()
    typed = between.join(word[:4] if short else word for word in words)

    assert Codename.parse(typed.upper() if loud else typed).entropy.matches(entropy)


def test_accents_and_wide_letters_are_folded() -> None:
    words = " ".join(WORDS)

    assert Codename.parse(words.replace("e", "é").replace("a", "\uff41")).entropy.matches(CODENAME.entropy)


def test_words_that_are_in_no_list_are_named_in_order() -> None:
    typed = ["Zebraa", *WORDS[1:11], "xyzzy"]

    with pytest.raises(CodenameError) as caught:
        Codename.parse(" ".join(typed))

    assert caught.value.unknown == ("zebraa", "xyzzy")
    assert caught.value.count == 12
    assert str(caught.value) == "not a codename"


@pytest.mark.parametrize("words", [WORDS[:11], (*WORDS, "able"), (), WORDS * 2])
def test_too_few_or_too_many_words_name_none(words: tuple[str, ...]) -> None:
    with pytest.raises(CodenameError) as caught:
        Codename.parse(" ".join(words))

    assert caught.value.unknown == ()
    assert caught.value.count == len(words)


def test_a_wrong_word_of_the_list_is_noticed_nearly_always() -> None:
    unnoticed = 0

    for word in english().wordlist[::32]:
        with suppress(CodenameError):
            unnoticed += not Codename.parse(" ".join((word, *WORDS[1:]))).entropy.matches(CODENAME.entropy)

    assert unnoticed <= 8  # of 64; BIP39 has four checksum bits


def test_three_letters_are_not_enough() -> None:
    with pytest.raises(CodenameError) as caught:
        Codename.parse(" ".join(("aba", *WORDS[1:])))

    assert caught.value.unknown == ("aba",)


def test_one_form_has_one_codename_and_another_form_another() -> None:
    assert Codename.from_token(TOKEN).entropy.matches(CODENAME.entropy)
    assert not Codename.from_token(new_token()).entropy.matches(CODENAME.entropy)
    assert len(new_token()) == 32


def test_tokens_and_entropy_have_one_length() -> None:
    for attempt in (
        lambda: Codename.from_token(b"short"),
        lambda: submission_mac(b"short"),
        lambda: Codename.from_entropy(Secret(b"short")),
    ):
        with pytest.raises(ValueError):
            attempt()


def _hkdf(key: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    """RFC 5869 with one block, by hand: what docs/format.md tells a stranger to compute."""
    extracted = hmac.digest(salt, key, "sha256")
    return hmac.digest(extracted, info + b"\x01", "sha256")[:length]


def test_the_keys_are_those_that_the_format_document_gives() -> None:
    source = keys(CODENAME)
    entropy = _hkdf(TOKEN, b"tipline/token/v1", b"codename", 16)
    salt = b"tipline/codename/v1"
    lookup = _hkdf(entropy, salt, b"lookup", 32)

    assert CODENAME.entropy.expose() == entropy
    assert source.lookup.expose() == lookup
    assert source.mailbox == hashlib.sha256(lookup).digest()
    seed = Secret(_hkdf(entropy, salt, b"identity", 32))
    assert source.identity.recipient == age.Identity.from_seed(seed).recipient
    assert source.to_unit.expose() == _hkdf(entropy, salt, b"thread/to-unit", 32)
    assert source.to_source.expose() == _hkdf(entropy, salt, b"thread/to-source", 32)
    assert source.state.expose() == _hkdf(entropy, salt, b"state", 32)


def _mac(*fields: tuple[str, bytes], files: tuple[tuple[str, bytes], ...] = ()) -> bytes:
    mac = submission_mac(TOKEN)
    for name, value in fields:
        mac.field(name, value)
    for name, content in files:
        mac.file(name, len(content), hashlib.sha256(content).digest())
    return mac.digest()


def test_an_identical_form_has_an_identical_mac() -> None:
    one = _mac(("message", b"text"), files=(("a.jpg", b"abcdef"),))

    assert one == _mac(("message", b"text"), files=(("a.jpg", b"abcdef"),))
    assert len(one) == 32


def test_every_other_form_has_another_mac() -> None:
    forms = [
        _mac(),
        _mac(("message", b"text")),
        _mac(("message", b"text"), ("more", b"")),
        _mac(("messag", b"etext")),
        _mac(("message", b"tex"), ("t", b"")),
        _mac(("more", b""), ("message", b"text")),
        _mac(files=(("message", b"text"),)),
        _mac(files=(("a", b"b"), ("c", b""))),
        _mac(files=(("a", b""), ("c", b"b"))),
        _mac(files=(("a", b"b\x02c"),)),
        _mac(files=(("a", b"b"),)),
        _mac(files=(("a", b""),)),
    ]

    assert len(set(forms)) == len(forms)


def test_another_form_token_gives_another_mac() -> None:
    other = submission_mac(b"u" * 32)
    other.field("message", b"text")

    assert other.digest() != _mac(("message", b"text"))
