"""Recognises the files of a hand-in and checks them as they arrive, in constant memory. It opens nothing and has no key.

A file begins with its slip, or it is one part's envelope alone. All of it goes to blobs without a name of their own yet.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, Self

from crypto import age
from crypto.digest import Sha256
from crypto.errors import HeaderError
from crypto.padding import PART_MAX
from tipline.base.blobstore import BlobWriter
from tipline.envelope import WRAPPER_BYTES, Wrapper
from tipline.handin import FILE_MAX, SLIP_MAX, Listed, Slip
from tipline.limits import FILES_MAX, UPLOAD_MAX
from tipline.strict import EnvelopeError

PARTS_MAX: Final = UPLOAD_MAX // PART_MAX + FILES_MAX
"""Parts of one hand-in: as many as the files of one report can have."""
MESSAGES_MAX: Final = 2 + FILES_MAX
"""Messages of one hand-in: the words, the answers to the questionnaire, and a sidecar for each file."""

_HEAD: Final = WRAPPER_BYTES + age.HEADER_BYTES
_MARKS: Final = (Slip.FORMAT.encode(), Wrapper.FORMAT.encode())


class Fault(Enum):
    """Why a file is not taken; nothing of it is kept."""

    FOREIGN = "no-hand-in"
    DAMAGED = "damaged"
    TOO_LARGE = "too-large"
    FIRST_MISSING = "first-file-missing"


class PieceError(Exception):
    """A file is not taken, and nothing of it is kept."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass(slots=True)
class Received:
    """One whole envelope, not published yet."""

    wrapper: Wrapper
    size: int
    sha256: bytes
    writer: BlobWriter


@dataclass(slots=True)
class Piece:
    """One file that was read: a slip with the envelopes that follow it in this file, or one part without."""

    slip: Slip | None
    received: list[Received] = field(default_factory=list)


class PieceReader:
    """Takes one file as it comes; leaving a ``with`` block without `finish` drops what was written.

    Args:
        create: opens a blob that has no name yet.
    """

    def __init__(self, create: Callable[[], BlobWriter]) -> None:
        self._create = create
        self._line = bytearray()
        self._size = 0
        self._piece: Piece | None = None
        self._listed: list[Listed] = []
        self._open: _Envelope | None = None
        self._fault: PieceError | None = None

    def update(self, data: bytes | memoryview) -> None:
        """Take the next bytes; what follows a fault is passed over. Blocks on the disk."""
        if self._fault is not None:
            return
        try:
            self._update(data)
        except PieceError as error:
            self._fault = error

    def _update(self, data: bytes | memoryview) -> None:
        self._size += len(data)
        if self._size > FILE_MAX:
            raise PieceError(Fault.TOO_LARGE)
        rest = memoryview(data)
        if self._piece is None:
            rest = self._first_line(bytes(data))
        while rest and self._piece is not None:
            rest = self._envelope(rest)

    def finish(self) -> Piece:
        """Return the file, which is whole, and leave its blobs to the caller; raises `PieceError`."""
        if self._fault is not None:
            raise self._fault
        if self._piece is None:
            raise PieceError(_fault_of(bytes(self._line)))
        if self._piece.slip is None and self._open is not None:
            self._piece.received.append(self._open.finish())
            self._open = None
        if self._listed or self._open is not None or not self._piece.received:
            raise PieceError(Fault.DAMAGED)
        piece, self._piece = self._piece, Piece(None)
        return piece

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._open is not None:
            self._open.writer.discard()
        for received in self._piece.received if self._piece is not None else ():
            received.writer.discard()

    def _first_line(self, data: bytes) -> memoryview:
        """Collect the first line; once it is there, know what the file is and return what follows."""
        end = data.find(b"\n") + 1
        self._line += data[: end or len(data)]
        if len(self._line) > SLIP_MAX:
            raise PieceError(_fault_of(bytes(self._line)))
        if not end:
            return memoryview(b"")
        line = bytes(self._line)
        try:
            if len(line) == WRAPPER_BYTES:
                self._begin_part(Wrapper.parse(line))
                return memoryview(line + data[end:])
            self._begin_slip(Slip.parse(line))
        except EnvelopeError:
            raise PieceError(_fault_of(line)) from None
        return memoryview(data)[end:]

    def _begin_part(self, wrapper: Wrapper) -> None:
        if wrapper.kind != "part":
            raise PieceError(Fault.DAMAGED)  # messages stand behind their slip
        self._piece = Piece(None)

    def _begin_slip(self, slip: Slip) -> None:
        messages = sum(listed.kind == "message" for listed in slip.envelopes)
        if messages > MESSAGES_MAX or len(slip.envelopes) - messages > PARTS_MAX:
            raise PieceError(Fault.TOO_LARGE)
        self._piece = Piece(slip)
        self._listed = list(slip.pieces[0])

    def _envelope(self, data: memoryview) -> memoryview:
        """Write what belongs to the envelope at hand, and return the rest."""
        if self._piece is None or self._piece.slip is None:
            self._open = self._open or _Envelope(self._create(), None)
            self._open.update(data)
            return memoryview(b"")
        if not self._listed:
            raise PieceError(Fault.DAMAGED)
        listed = self._listed[0]
        self._open = self._open or _Envelope(self._create(), self._piece.slip.wrapper(listed.kind))
        taken = data[: listed.size - self._open.size]
        self._open.update(taken)
        if self._open.size == listed.size:
            received, self._open = self._open.finish(), None
            self._piece.received.append(received)
            del self._listed[0]
            if received.sha256 != listed.sha256:
                raise PieceError(Fault.DAMAGED)
        return data[len(taken) :]


class _Envelope:
    """One envelope on its way to a blob; its wrapper and header are checked before anything of it is written."""

    def __init__(self, writer: BlobWriter, expected: Wrapper | None) -> None:
        self.writer = writer
        self.size = 0
        self._expected = expected
        self._wrapper: Wrapper | None = None
        self._head = bytearray()
        self._hash = Sha256()

    def update(self, data: memoryview) -> None:
        self.size += len(data)
        if self._wrapper is None:
            head = data[: _HEAD - len(self._head)]
            self._head += head
            data = data[len(head) :]
            if len(self._head) < _HEAD:
                return
            self._wrapper = self._checked()
            self._write(self._head)
        self._write(data)

    def finish(self) -> Received:
        if self._wrapper is None:
            raise PieceError(Fault.DAMAGED)
        return Received(self._wrapper, self.size, self._hash.digest(), self.writer)

    def _checked(self) -> Wrapper:
        try:
            wrapper = Wrapper.parse(bytes(self._head[:WRAPPER_BYTES]))
            age.check_header(self._head[WRAPPER_BYTES:])
        except (EnvelopeError, HeaderError):
            raise PieceError(Fault.DAMAGED) from None
        if self._expected is not None and wrapper != self._expected:
            raise PieceError(Fault.DAMAGED)
        return wrapper

    def _write(self, data: bytearray | memoryview) -> None:
        self._hash.update(data)
        self.writer.write(data)


def _fault_of(line: bytes) -> Fault:
    """Tell a file of ours that was damaged from one that never was a hand-in."""
    return Fault.DAMAGED if any(mark in line for mark in _MARKS) else Fault.FOREIGN
