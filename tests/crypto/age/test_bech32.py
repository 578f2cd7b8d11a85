import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.age import bech32
from crypto.errors import KeyFormatError
from tests.crypto.support import QUICK

PREFIX = st.text("abcdefghijklmnopqrstuvwxyz-023456789", min_size=1, max_size=20)


@QUICK
@given(PREFIX, st.binary(max_size=1300))
def test_what_was_encoded_decodes_in_either_case(prefix: str, data: bytes) -> None:
    text = bech32.encode(prefix, data)

    assert bech32.decode(text) == bech32.decode(text.upper()) == (prefix, data)


@QUICK
@given(st.binary(min_size=1, max_size=60), st.data())
def test_a_changed_letter_is_noticed(data: bytes, draw: st.DataObject) -> None:
    text = bech32.encode("age1pq", data)
    at = draw.draw(st.integers(0, len(text) - 1))
    letter = draw.draw(st.sampled_from("qpzry9x8gf2tvdw0s3jn54khce6mua7l").filter(lambda other: other != text[at]))

    with pytest.raises(KeyFormatError):
        bech32.decode(text[:at] + letter + text[at + 1 :])


@pytest.mark.parametrize("text", ["A12UEL5L", "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw", "?1ezyfcl"])
def test_the_examples_of_bip_173_decode(text: str) -> None:
    prefix, data = bech32.decode(text)

    assert bech32.encode(prefix, data) == text.lower()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "pzry9x0s0muk",
        "1pzry9x0s0muk",
        "x1b4n0q5v",
        "li1dgmt3",
        "A1G7SGD8",
        "10a06t8",
        "a12UEL5L",
        " 1nwldj5",
        "\x7f1axkwrx",
        "age1\u017fqqqqqqqq",
        "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxx",
    ],
)
def test_what_bip_173_calls_invalid_is_refused(text: str) -> None:
    with pytest.raises(KeyFormatError):
        bech32.decode(text)


def test_padding_that_is_not_zero_is_refused() -> None:
    values = [0, 1]  # one byte and a padding bit that is set
    check = bech32._polymod([*bech32._expand("a"), *values, *[0] * 6]) ^ 1
    values += [(check >> 5 * (5 - i)) & 31 for i in range(6)]

    with pytest.raises(KeyFormatError):
        bech32.decode("a1" + "".join(bech32._ALPHABET[value] for value in values))
