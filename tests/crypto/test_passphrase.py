import pytest

from crypto import passphrase
from crypto.secret import Secret
from crypto.wordlist import english


def test_a_passphrase_is_seven_words_of_the_list() -> None:
    words = passphrase.generate().expose().decode().split(" ")

    assert len(words) == 7
    assert set(words) <= set(english().wordlist)
    assert len(passphrase.generate(12).expose().split()) == 12
    assert not passphrase.generate().matches(passphrase.generate())


@pytest.mark.parametrize("typed", ["one two", "  One\tTWO \n", "\uff4f\uff4e\uff45 two", "one\u00a0\u2003two"])
def test_however_it_is_typed_it_is_the_same_passphrase(typed: str) -> None:
    assert passphrase.normalise(typed).matches(Secret(b"one two"))


def test_a_made_passphrase_is_normal_already() -> None:
    made = passphrase.generate()

    assert passphrase.normalise(made.expose().decode()).matches(made)


def test_typed_words_that_differ_stay_different() -> None:
    assert not passphrase.normalise("one two").matches(passphrase.normalise("onetwo"))
    assert not passphrase.normalise("één").matches(passphrase.normalise("een"))


def test_no_words_are_no_passphrase() -> None:
    with pytest.raises(ValueError):
        passphrase.generate(0)
