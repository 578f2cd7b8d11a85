"""Seals files into parts piece by piece, in constant memory, wherever the sealed bytes go. No I/O of its own.

The source process seals into blobs, a source's own device into files: both through this one place. Layout: docs/format.md,
"Padding" and "Envelopes".
"""

from dataclasses import dataclass
from datetime import date
from typing import Final, Generic, Protocol, Self, TypeVar

from crypto import age
from crypto.digest import Sha256
from crypto.padding import PART_MAX, part_size
from tipline.envelope import File, IntakeKey, Kind, Part, Wrapper
from tipline.handin import Listed, part_id

_ZEROS: Final = bytes(64 * 1024)


class Writer(Protocol):
    """Where one envelope goes."""

    def write(self, data: bytes | memoryview) -> object:
        """Take the next sealed bytes; they are valid until this returns."""

    def discard(self) -> None:
        """Drop what was written."""


W = TypeVar("W", bound=Writer)


class Box(Protocol[W]):
    """Where envelopes are collected."""

    def new(self) -> W:
        """Open the place for one envelope."""

    def add(self, listed: Listed, writer: W) -> None:
        """Take an envelope that is complete."""


@dataclass(frozen=True, slots=True)
class Address:
    """What the wrapper of each envelope of one submission says."""

    intake: IntakeKey
    mailbox: bytes
    day: date
    urgent: bool

    def wrapper(self, kind: Kind) -> Wrapper:
        """Return the wrapper for a message or a part."""
        return Wrapper(
            unit=self.intake.unit,
            serial=self.intake.serial,
            mailbox=self.mailbox,
            day=self.day,
            urgent=self.urgent,
            kind=kind,
        )


class _PartSealer(Generic[W]):
    """Writes one part: the wrapper, then an age file of up to `PART_MAX` bytes and their padding.

    Sealed bytes pass through *out*, which grows to what the largest piece needs: fresh memory for each would cost more.
    """

    def __init__(self, box: Box[W], address: Address, out: bytearray) -> None:
        self._box = box
        self._out = out
        self._sealer = age.Sealer([address.intake.recipient])
        self._hash = Sha256()
        self._writer = box.new()
        self._written = 0
        self.size = 0
        self._write(address.wrapper("part").encode())

    def update(self, data: memoryview) -> None:
        self._seal(data)
        self.size += len(data)

    def finish(self) -> Part:
        """Fill up to the class, close the age file and hand the envelope on."""
        missing = part_size(self.size) - self.size
        while missing:
            zeros = _ZEROS[:missing]
            self._seal(zeros)
            missing -= len(zeros)
        self._write(self._sealer.finish())
        digest = self._hash.digest()
        listed = Listed(part_id(digest), "part", self._written, digest)
        self._box.add(listed, self._writer)
        return Part(id=listed.id, sha256=listed.sha256, size=self.size)

    def discard(self) -> None:
        self._writer.discard()

    def _seal(self, data: bytes | memoryview) -> None:
        self._out += bytes(max(0, self._sealer.room(len(data)) - len(self._out)))
        with memoryview(self._out) as out:
            self._write(out[: self._sealer.update_into(data, out)])

    def _write(self, sealed: bytes | memoryview) -> None:
        self._writer.write(sealed)
        self._hash.update(sealed)
        self._written += len(sealed)


class FileSealer(Generic[W]):
    """Seals one file into parts as it arrives; leaving a ``with`` block drops a part that was not finished."""

    def __init__(self, box: Box[W], address: Address, *, name: str, type_: str) -> None:
        self._box = box
        self._address = address
        self._name = name
        self._type = type_
        self._hash = Sha256()
        self._size = 0
        self._out = bytearray()
        self._parts: list[Part] = []
        self._part: _PartSealer[W] | None = None

    def update(self, data: bytes | memoryview) -> None:
        """Take the next piece. Blocks: some milliseconds for a MiB."""
        self.hash(data)
        self.seal(data)

    def hash(self, data: bytes | memoryview) -> None:
        """Do the half of `update` that `seal` leaves; each piece passes both, and two threads may do them at once."""
        self._hash.update(data)
        self._size += len(data)

    def seal(self, data: bytes | memoryview) -> None:
        """Do the other half."""
        view = memoryview(data)
        while view:
            part = self._part = self._part or _PartSealer(self._box, self._address, self._out)
            taken = view[: PART_MAX - part.size]
            part.update(taken)
            view = view[len(taken) :]
            if part.size == PART_MAX:
                self._end_part()

    def finish(self) -> File:
        """Return the sidecar of everything that was pushed in."""
        self._end_part()
        return File(
            name=self._name,
            type=self._type,
            size=self._size,
            sha256=self._hash.digest(),
            parts=tuple(self._parts),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._part is not None:
            self._part.discard()

    def _end_part(self) -> None:
        if self._part is not None:
            self._parts.append(self._part.finish())
            self._part = None
