import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import age
from crypto.age.armor import MAX_SPACE
from crypto.age.pump import PIECE, either, into_armor, pieces, pump
from crypto.errors import ArmorError, HeaderError, PayloadError
from tests.crypto.support import FEW

ME = age.Identity.generate()


class Trickle(io.RawIOBase):
    """A reader that gives what it likes, as a pipe does."""

    def __init__(self, data: bytes, most: int) -> None:
        self._data = data
        self._most = most

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # narrower on purpose
        piece = self._data[: min(self._most, len(buffer))]
        self._data = self._data[len(piece) :]
        buffer[: len(piece)] = piece
        return len(piece)


class WouldBlock(Trickle):
    def readinto(self, buffer: memoryview) -> int | None:  # type: ignore[override] # as a file that does not wait
        return super().readinto(buffer) or None


def sealed(plain: bytes, *, armored: bool) -> bytes:
    out = io.BytesIO()
    (into_armor if armored else pump)(age.Sealer([ME.recipient]), pieces(io.BytesIO(plain)), out.write)
    return out.getvalue()


def opened(data: bytes, most: int) -> bytes:
    out = io.BytesIO()
    pump(age.Opener([ME]), either(pieces(Trickle(data, most))), out.write)
    return out.getvalue()


@pytest.mark.parametrize("armored", [False, True])
@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 3 * PIECE + 1])
def test_every_size_around_a_piece_comes_back(size: int, armored: bool) -> None:  # noqa: FBT001 - a test's case
    plain = bytes(range(256)) * (size // 256) + bytes(size % 256)

    for most in (PIECE, 70_001):
        assert opened(sealed(plain, armored=armored), most) == plain


@FEW
@given(
    st.binary(max_size=200),
    st.integers(1, 50),
    st.binary(max_size=20).map(lambda raw: bytes(b"\n\t"[n % 2] for n in raw)),
)
def test_a_trickle_is_read_like_a_file(plain: bytes, most: int, around: bytes) -> None:
    assert opened(sealed(plain, armored=False), most) == plain
    assert opened(around + b"\n" + sealed(plain, armored=True) + around, most) == plain


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", HeaderError),
        (b"age", HeaderError),
        (b"\n" * (MAX_SPACE + 1), HeaderError),
        (b"\nage-encryption.org/v1\n", HeaderError),
        (sealed(b"x", armored=True)[:-40], ArmorError),
        (sealed(b"x", armored=False)[:-1], PayloadError),
        (sealed(b"x", armored=True) + b"more", ArmorError),
    ],
)
def test_nothing_is_written_of_what_is_refused_at_once(data: bytes, error: type[Exception]) -> None:
    written: list[object] = []

    with pytest.raises(error):
        pump(age.Opener([ME]), either(pieces(io.BytesIO(data))), written.append)

    assert written == []


def test_a_reader_that_does_not_wait_is_no_end_of_file() -> None:
    with pytest.raises(BlockingIOError):
        pump(age.Sealer([ME.recipient]), pieces(WouldBlock(b"half of it", 100)), lambda _: None)
