import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.age import format as age_format
from crypto.age.format import Stanza
from crypto.errors import AuthenticationError, HeaderError
from crypto.secret import Secret
from tests.crypto.support import QUICK, cut, mutated

FILE_KEY = Secret(b"YELLOW SUBMARINE")
WORD = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)
STANZA = st.builds(Stanza, type=WORD, args=st.lists(WORD, max_size=3).map(tuple), body=st.binary(max_size=200))
STANZAS = st.lists(STANZA, min_size=1, max_size=4).map(tuple)

ONE = age_format.write((Stanza("grease", ("an", "argument"), b"b" * 40),), FILE_KEY)


@QUICK
@given(STANZAS)
def test_a_header_reads_back_as_it_was_written(stanzas: tuple[Stanza, ...]) -> None:
    data = age_format.write(stanzas, FILE_KEY)

    header = age_format.parse(data)

    assert header.stanzas == stanzas
    header.authenticate(FILE_KEY)
    with pytest.raises(AuthenticationError):
        header.authenticate(Secret(b"GREEN SUBMARINE!"))


@QUICK
@given(STANZAS, st.binary(max_size=100), st.integers())
def test_the_end_of_a_header_is_found_in_any_pieces(stanzas: tuple[Stanza, ...], body: bytes, seed: int) -> None:
    header = age_format.write(stanzas, FILE_KEY)
    came = b""

    for piece in cut(header + body, seed, most=60):
        seen, came = len(came), came + piece
        found = age_format.end_of_header(came, seen=seen)
        assert found == (len(header) if len(came) >= len(header) else None)
        if found is not None:
            return
    pytest.fail("the end was not found")


def test_every_shorter_header_is_incomplete_or_refused() -> None:
    for length in range(len(ONE)):
        assert age_format.end_of_header(ONE[:length]) is None
        with pytest.raises(HeaderError):
            age_format.parse(ONE[:length])


def test_a_flipped_bit_anywhere_is_refused_or_breaks_the_mac() -> None:
    for at in range(len(ONE)):
        for bit in range(8):
            changed = bytearray(ONE)
            changed[at] ^= 1 << bit
            with pytest.raises((HeaderError, AuthenticationError)):
                age_format.parse(bytes(changed)).authenticate(FILE_KEY)


@pytest.mark.parametrize(
    ("pattern", "replacement"),
    [
        (rb"/v1\n", b"/v2\n"),
        (rb"\n", b"\r\n"),
        (rb"-> ", b"->"),
        (rb"-> ", b"->  "),
        (rb" an ", b" "),
        (rb" an ", b"  an "),
        (rb"argument\n", b"argument \n"),
        (rb"argument", "é".encode()),
        (rb"argument\n", b"argument\n\n"),
        (rb"\n--- ", b"\n---"),
        (rb"\n--- ", b"\n---  "),
        (rb"\n--- ", b"\n\n--- "),
        (rb"\n$", b" \n"),
        (rb"\n$", b"=\n"),
        (rb"\n$", b"\n\n"),
        (rb"Yg\n", b"Yh\n"),
        (rb"Yg\n", b"Yg==\n"),
        (rb"YmJi", b"Ym Ji"),
        (rb"YmJi", b"Ym-i"),
    ],
)
def test_another_spelling_of_a_header_is_refused(pattern: bytes, replacement: bytes) -> None:
    changed = re.sub(pattern, replacement.replace(b"\\", b"\\\\"), ONE, count=1)
    assert changed != ONE

    with pytest.raises((HeaderError, AuthenticationError)) as caught:
        age_format.parse(changed).authenticate(FILE_KEY)

    if pattern != b" an ":  # one argument less is well formed, and caught by the MAC
        assert caught.type is HeaderError or replacement == b"argument\n\n"


def test_a_header_without_stanzas_is_refused() -> None:
    with pytest.raises(HeaderError):
        age_format.parse(age_format.write((), FILE_KEY))


def test_a_header_that_never_ends_is_refused_at_its_limit() -> None:
    endless = bytearray(b"age-encryption.org/v1\n-> x\n")
    endless += b"A" * (age_format.MAX_HEADER - len(endless))
    assert age_format.end_of_header(endless) is None

    with pytest.raises(HeaderError):
        age_format.end_of_header(endless + b"A")


@QUICK
@given(STANZAS, st.data())
def test_whatever_parses_is_what_an_encoder_writes(stanzas: tuple[Stanza, ...], draw: st.DataObject) -> None:
    changed = draw.draw(mutated(age_format.write(stanzas, FILE_KEY)))

    try:
        header = age_format.parse(changed)
    except HeaderError:
        return
    written = age_format.write(header.stanzas, FILE_KEY)
    assert changed == written[: -len(" ") - 43 - len("\n")] + b" " + age_format.b64encode(header.mac).encode() + b"\n"
    assert header.covered == changed[: -len(" ") - 43 - len("\n")]


@QUICK
@given(st.text(max_size=12) | st.binary(max_size=40).map(age_format.b64encode))
def test_base64_has_one_spelling(text: str) -> None:
    try:
        data = age_format.b64decode(text)
    except HeaderError:
        return
    assert age_format.b64encode(data) == text
