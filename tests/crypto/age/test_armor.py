import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.age.armor import MAX_SPACE, Armorer, Dearmorer, detect
from crypto.errors import ArmorError
from tests.crypto.support import FEW, QUICK, push

HEADER, FOOTER = b"-----BEGIN AGE ENCRYPTED FILE-----\n", b"-----END AGE ENCRYPTED FILE-----\n"
EDGES = [0, 1, 2, 3, 47, 48, 49, 95, 96, 48 * 1024 - 1, 48 * 1024, 48 * 1024 + 1, 200_000]


def armored(data: bytes) -> bytes:
    return push(Armorer(), data, 0)


def read(text: bytes) -> bytes:
    return push(Dearmorer(), text, 0)


TEXT = armored(bytes(range(100)))


@pytest.mark.parametrize("size", EDGES)
def test_every_size_around_a_line_comes_back(size: int) -> None:
    data = bytes(range(256)) * (size // 256 + 1)
    text = armored(data[:size])

    lines = text.split(b"\n")
    assert {len(line) for line in lines[1:-3]} <= {64}
    assert read(text) == data[:size]


@FEW
@given(st.binary(max_size=3000), st.integers(0, 70), st.integers(), st.integers())
def test_pieces_of_any_size_give_the_same_bytes(data: bytes, times: int, one: int, other: int) -> None:
    text = push(Armorer(), data * times, one)

    assert text == push(Armorer(), data * times, other)
    assert push(Dearmorer(), text, other) == data * times


@QUICK
@given(st.binary(max_size=200), st.data())
def test_a_changed_byte_is_refused_or_changes_what_is_read_or_is_white_space(data: bytes, draw: st.DataObject) -> None:
    text = armored(data)
    at = draw.draw(st.integers(0, len(text) - 1))
    other = draw.draw(st.integers(0, 255).filter(lambda byte: byte != text[at]))
    changed = text[:at] + bytes([other]) + text[at + 1 :]

    try:
        found = read(changed)
    except ArmorError:
        return
    assert (found != data and armored(found) == changed) or changed.strip() == text.strip()


@QUICK
@given(st.binary(max_size=200), st.data())
def test_an_inserted_or_removed_byte_is_refused_or_white_space(data: bytes, draw: st.DataObject) -> None:
    text = armored(data)
    at = draw.draw(st.integers(0, len(text) - 1))
    byte = draw.draw(st.binary(max_size=1))
    changed = text[:at] + byte + text[at + (not byte) :]

    try:
        found = read(changed)
    except ArmorError:
        return
    assert found == data
    assert changed.replace(b"\r\n", b"\n").strip() == text.strip()


@pytest.mark.parametrize("length", range(len(TEXT)))
def test_armour_cut_anywhere_before_its_last_letter_is_refused(length: int) -> None:
    if length < len(TEXT) - 1:
        with pytest.raises(ArmorError):
            read(TEXT[:length])
    else:
        assert read(TEXT[:length]) == bytes(range(100))


def test_white_space_around_is_allowed_and_bounded() -> None:
    around = b" \t\r\n" * 10

    assert read(around + b"\n" + TEXT + around) == bytes(range(100))
    for text in (b"\n" * (MAX_SPACE + 1) + TEXT, TEXT + b"\n" * (MAX_SPACE + 1), b" " * 5000):
        with pytest.raises(ArmorError):
            read(text)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\n",
        TEXT + TEXT,
        TEXT + b"x",
        b"x" + TEXT,
        b" " + TEXT,
        TEXT.replace(b"\n", b"\r"),
        TEXT.replace(b"\n", b" \n"),
        TEXT.replace(b"\n", b"\n\n"),
        TEXT.replace(b"AGE", b"age"),
        HEADER + b"Comment: x\n\n" + TEXT.partition(b"\n")[2],
        HEADER + b"AA==\nAA==\n" + FOOTER,
        HEADER + b"AAA\n" + FOOTER,
        HEADER + b"AB==\n" + FOOTER,
        HEADER + b"====\n" + FOOTER,
        HEADER + b"A" * 68 + b"\n" + FOOTER,
        HEADER + b"A" * 65 + b"\n" + FOOTER,
        HEADER + b"AAAA" + FOOTER,
        HEADER + b"AAAA\n" + FOOTER.replace(b"END", b"BEGIN"),
        HEADER + b"A" * 60 + b"\n" + b"A" * 64 + b"\n" + FOOTER,
        HEADER + b"AA=A\n" + FOOTER,
        HEADER + b"AAAA\n\r" + FOOTER,
        HEADER + b"AAAA\n\r" + FOOTER.strip(),
        HEADER + b"AAAA\n" + FOOTER.strip() + b"\r\r",
        HEADER + "ÄÄÄÄ\n".encode() + FOOTER,
    ],
)
def test_what_no_encoder_writes_is_refused(text: bytes) -> None:
    with pytest.raises(ArmorError):
        read(text)


def test_refused_armour_stays_refused() -> None:
    machine = Dearmorer()
    with pytest.raises(ArmorError):
        machine.update(b"nothing\n")

    with pytest.raises(RuntimeError):
        machine.update(TEXT)
    with pytest.raises(RuntimeError):
        machine.finish()


def test_what_is_armour_is_recognised_behind_white_space() -> None:
    assert detect(TEXT)
    assert detect(b"\r\n \n" + TEXT)
    for start in (b"", b"age-encryption.org/v1\n", b"x" + TEXT, b"\n" * (MAX_SPACE + 1) + TEXT):
        assert not detect(start)


def test_memory_stays_small_however_long_the_file_is() -> None:
    piece = bytes(100_000)
    writer, reader = Armorer(), Dearmorer()
    tracemalloc.start()

    for _ in range(200):
        reader.update(writer.update(piece))
    reader.update(writer.finish())
    reader.finish()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3_000_000


@pytest.mark.parametrize("start", [b" " * 10, b"-----BEGIN", HEADER, TEXT[:-10], TEXT])
def test_a_line_that_never_ends_is_refused_before_it_is_long(start: bytes) -> None:
    def grow() -> None:
        machine = Dearmorer()
        machine.update(start)
        for _ in range(MAX_SPACE + 100):
            machine.update(b" " if start.isspace() else b"A")

    with pytest.raises(ArmorError):
        grow()
