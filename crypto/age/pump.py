"""From a reader to a writer through a machine that seals or opens, in constant memory and with as few copies as can be."""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from crypto.age.armor import MAX_SPACE, Armorer, Dearmorer, detect
from crypto.age.stream import CHUNK

PIECE = 8 * CHUNK  # as much in and out stays in a core's cache

Write = Callable[[bytes | memoryview], object]


class Reader(Protocol):
    """A binary file, for reading."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Fill *buffer* as far as there is data; 0 at the end."""


class Machine(Protocol):
    """A sealer or an opener."""

    def room(self, size: int) -> int:
        """Return how many bytes `update_into` writes at most for *size* bytes."""

    def update_into(self, data: bytes | memoryview, out: memoryview) -> int:
        """Take *data* in, write into *out*, return how many bytes."""

    def finish(self) -> bytes:
        """Return the end."""


def pieces(reader: Reader) -> Iterator[memoryview]:
    """Yield what *reader* has, in one buffer that is used again: a piece is valid until the next."""
    buffer = memoryview(bytearray(PIECE))
    filled = 0
    while count := _read(reader, buffer[filled:]):
        filled += count
        if filled == PIECE:
            yield buffer
            filled = 0
    if filled:
        yield buffer[:filled]


def armored(sealed: Iterable[bytes | memoryview]) -> Iterator[bytes]:
    """Yield the binary file whose armour comes in."""
    machine = Dearmorer()
    for piece in sealed:
        yield machine.update(piece)
    yield machine.finish()


def either(sealed: Iterator[memoryview]) -> Iterator[bytes | memoryview]:
    """Yield the binary file, whether it comes armoured or not."""
    first = next(sealed, memoryview(b""))
    whole = _put_back(first, sealed)
    yield from armored(whole) if detect(first[: MAX_SPACE + CHUNK].tobytes()) else whole


def pump(machine: Machine, data: Iterable[bytes | memoryview], write: Write) -> None:
    """Push all of *data* through and write what comes out; nothing is written before there is something."""
    out = memoryview(bytearray())
    for piece in data:
        if len(out) < machine.room(len(piece)):
            out = memoryview(bytearray(machine.room(max(PIECE, len(piece)))))
        if count := machine.update_into(piece, out):
            write(out[:count])
    if end := machine.finish():
        write(end)


def into_armor(machine: Machine, data: Iterable[bytes | memoryview], write: Write) -> None:
    """Do as `pump` and write armour."""
    armor = Armorer()
    pump(machine, data, lambda sealed: write(armor.update(sealed)))
    write(armor.finish())


def _read(reader: Reader, buffer: memoryview) -> int:
    count = reader.readinto(buffer)
    if count is None:  # would look like the end, and cut the file without a word
        raise BlockingIOError
    return count


def _put_back(first: memoryview, rest: Iterator[memoryview]) -> Iterator[memoryview]:
    yield first
    yield from rest
