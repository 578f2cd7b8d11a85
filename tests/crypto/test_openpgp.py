"""The outer form of OpenPGP messages: one whole one passes, as the encoder wrote it; everything around and after is refused."""

import base64
import contextlib
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import openpgp
from crypto.errors import PgpMessageError, PgpNewerError, PgpPasswordError, PgpShapeError, PgpUnprotectedError

KEY_ID = bytes.fromhex("0011223344556677")
TO_KEY = b"\x84" + bytes([13]) + b"\x03" + KEY_ID + b"\x12" + bytes(3)
TO_PASSWORD = b"\x8c" + bytes([4]) + b"\x04\x09\x00\x08"


def packet(tag: int, body: bytes) -> bytes:
    return bytes([0xC0 | tag, 255]) + len(body).to_bytes(4, "big") + body


BODY = b"\x01" + bytes(40)
MESSAGE = TO_KEY + packet(18, BODY)


def armoured(data: bytes, *, headers: str = "", end: str = "\n") -> str:
    lines = "\n".join(textwrap.wrap(base64.b64encode(data).decode(), 64))
    crc = base64.b64encode(openpgp._checksum(data)).decode()
    text = f"-----BEGIN PGP MESSAGE-----\n{headers}\n{lines}\n={crc}\n-----END PGP MESSAGE-----\n"
    return text.replace("\n", end)


def test_a_whole_message_passes_with_the_ids_that_it_names() -> None:
    assert openpgp.in_file(MESSAGE) == openpgp.Sealed(MESSAGE, ("0011223344556677",))
    assert openpgp.in_file(TO_PASSWORD + MESSAGE).key_ids == ("0011223344556677",)


def test_what_stands_around_armour_is_told_apart_from_it() -> None:
    text = armoured(MESSAGE)

    assert openpgp.around(f"Please read:\n{text}\nThanks") == "Please read:\nThanks"
    assert openpgp.around(text) == ""
    assert openpgp.around(f"{text}between{text}behind") == "behind"
    assert openpgp.around("no message") == "no message"
    assert openpgp.around(text[:50]) == ""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("headers", ["", "Version: GnuPG v2\n", "Comment: one\nComment: two\nCharset: utf-8\n"])
def test_armour_is_read_with_the_headers_and_line_ends_that_programs_write(headers: str, end: str) -> None:
    text = armoured(MESSAGE, headers=headers, end=end)

    assert openpgp.in_file(text.encode()).data == MESSAGE
    assert openpgp.in_file(b"\xef\xbb\xbf\n " + text.encode() + b"\n \n").data == MESSAGE
    assert openpgp.in_text(f"Please read:\n{text}\nThanks").data == MESSAGE


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", PgpShapeError),
        (b"a photo", PgpShapeError),
        (MESSAGE + b"x", PgpShapeError),
        (MESSAGE + MESSAGE, PgpShapeError),
        (MESSAGE[:-1], PgpShapeError),
        (TO_KEY, PgpShapeError),
        (packet(18, BODY), PgpShapeError),
        (TO_KEY * 70 + packet(18, BODY), PgpShapeError),
        (TO_KEY + packet(11, b"b\0\0\0\0\0text"), PgpShapeError),
        (TO_KEY + packet(9, BODY), PgpUnprotectedError),
        (TO_KEY + packet(20, BODY), PgpNewerError),
        (TO_KEY + packet(18, b"\x02" + bytes(40)), PgpNewerError),
        (TO_PASSWORD + packet(18, BODY), PgpPasswordError),
        (b"\x84\x0d\x06" + KEY_ID + b"\x12" + bytes(3) + packet(18, BODY), PgpNewerError),
        (TO_KEY + b"\xa7" + BODY, PgpShapeError),  # of indeterminate length: whatever follows would belong to it
        (TO_KEY + b"\xd2\xe5" + bytes(32), PgpShapeError),  # a piece, and nothing behind it
    ],
)
def test_everything_else_is_refused_by_name(data: bytes, error: type[PgpMessageError]) -> None:
    with pytest.raises(error):
        openpgp.in_file(data)


def test_a_message_in_pieces_ends_where_its_last_piece_ends() -> None:
    pieces = b"\xd2\xe9" + b"\x01" + bytes(511) + b"\x14" + bytes(20)

    assert openpgp.in_file(TO_KEY + pieces).data == TO_KEY + pieces
    with pytest.raises(PgpShapeError):
        openpgp.in_file(TO_KEY + pieces + b"\0")


@pytest.mark.parametrize(
    "text",
    [
        "no message",
        armoured(MESSAGE) * 2,
        armoured(MESSAGE).replace("-----END", "-----end"),
        armoured(MESSAGE, headers="Silly: header\n"),
        armoured(MESSAGE).replace("\n\n", "\n", 1),
        armoured(MESSAGE).replace("\n=", "\n=A", 1),
        armoured(MESSAGE).replace("AAAA", "AA*A", 1),
        armoured(MESSAGE).replace("AAAA", "AAAB", 1),
    ],
)
def test_armour_that_no_encoder_writes_is_refused(text: str) -> None:
    with pytest.raises(PgpShapeError):
        openpgp.in_text(text)


def test_a_file_is_known_by_how_it_begins_and_other_files_are_not_taken_for_one() -> None:
    assert openpgp.looks_sealed(MESSAGE)
    assert openpgp.looks_sealed(TO_PASSWORD)
    assert openpgp.looks_sealed(armoured(MESSAGE).encode())
    for head in (b"", b"\xff\xd8\xff\xe0photo", b"\x89PNG\r\n", b"PK\x03\x04", b"%PDF-1.7", b"\x84\x0d\x09", b"\x84"):
        assert not openpgp.looks_sealed(head)


@given(st.binary(max_size=200) | st.binary(max_size=80).map(lambda tail: MESSAGE[:20] + tail))
def test_any_bytes_are_a_message_or_refused_by_name(data: bytes) -> None:
    with contextlib.suppress(PgpMessageError):
        assert openpgp.in_file(data).data == data


@given(st.text(max_size=200).map(lambda text: openpgp.BEGIN + text + "-----END PGP MESSAGE-----"))
def test_any_text_is_a_message_or_refused_by_name(text: str) -> None:
    with pytest.raises(PgpMessageError):
        openpgp.in_text(text)
