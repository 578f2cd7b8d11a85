"""Turns what arrives into sealed blobs, piece by piece: only ciphertext ever reaches the disk, in constant memory."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final, Self
from uuid import uuid4

from crypto import age
from crypto.digest import Sha256, sha256
from crypto.padding import PART_MAX, part_size
from tipline.base.blobstore import BlobStore, BlobWriter
from tipline.envelope import File, IntakeKey, Kind, Message, Part, Wrapper, seal_message
from tipline.source.store import Envelope

_ZEROS: Final = bytes(64 * 1024)


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


@dataclass(frozen=True, slots=True)
class Pending:
    """A sealed envelope on disk under a temporary name."""

    envelope: Envelope
    writer: BlobWriter


class Outbox:
    """The sealed envelopes of one submission. All but `leave` block on the disk: event loops call them in a thread."""

    def __init__(self, blobs: BlobStore, day: date) -> None:
        self._blobs = blobs
        self._day = day
        self._pending: list[Pending] = []

    def new(self) -> BlobWriter:
        """Open a blob under a temporary name."""
        return self._blobs.create(day=self._day)

    def add(self, pending: Pending) -> None:
        """Take an envelope that is complete."""
        self._pending.append(pending)

    def add_message(self, message: Message, address: Address) -> None:
        """Seal one message."""
        sealed = seal_message(message, address.wrapper("message"), address.intake.recipient)
        writer = self.new()
        writer.write(sealed)
        self.add(Pending(Envelope(uuid4(), "message", len(sealed), sha256(sealed)), writer))

    def publish(self) -> tuple[Envelope, ...]:
        """Bring every envelope to disk under its own name."""
        published = []
        while self._pending:
            pending = self._pending[0]
            pending.writer.publish(pending.envelope.id)
            published.append(pending.envelope)
            del self._pending[0]
        return tuple(published)

    def withdraw(self, envelopes: Iterable[Envelope]) -> None:
        """Delete what was published and that certainly no row names."""
        for envelope in envelopes:
            self._blobs.delete(envelope.id)

    async def leave(self) -> None:
        """Forget what was not published. For an event loop: it blocks on nothing."""
        if self._pending:
            await asyncio.to_thread(self._discard)

    def _discard(self) -> None:
        while self._pending:
            self._pending.pop().writer.discard()


class _PartSealer:
    """Writes one part: the wrapper, then an age file of up to `PART_MAX` bytes and their padding."""

    def __init__(self, outbox: Outbox, address: Address) -> None:
        self._outbox = outbox
        self._sealer = age.Sealer([address.intake.recipient])
        self._hash = Sha256()
        self._writer = outbox.new()
        self._written = 0
        self.size = 0
        self._write(address.wrapper("part").encode())

    def update(self, data: memoryview) -> None:
        self._write(self._sealer.update(data))
        self.size += len(data)

    def finish(self) -> Part:
        """Fill up to the class, close the age file and hand the envelope on."""
        missing = part_size(self.size) - self.size
        while missing:
            zeros = _ZEROS[:missing]
            self._write(self._sealer.update(zeros))
            missing -= len(zeros)
        self._write(self._sealer.finish())
        envelope = Envelope(uuid4(), "part", self._written, self._hash.digest())
        self._outbox.add(Pending(envelope, self._writer))
        return Part(id=envelope.id, sha256=envelope.sha256, size=self.size)

    def discard(self) -> None:
        self._writer.discard()

    def _write(self, sealed: bytes) -> None:
        self._writer.write(sealed)
        self._hash.update(sealed)
        self._written += len(sealed)


class FileSealer:
    """Seals one file into parts as it arrives; leaving a ``with`` block drops a part that was not finished."""

    def __init__(self, outbox: Outbox, address: Address, *, name: str, type_: str) -> None:
        self._outbox = outbox
        self._address = address
        self._name = name
        self._type = type_
        self._hash = Sha256()
        self._size = 0
        self._parts: list[Part] = []
        self._part: _PartSealer | None = None

    def update(self, data: bytes) -> None:
        """Seal the next piece. Blocks: some milliseconds for a MiB."""
        self._hash.update(data)
        self._size += len(data)
        view = memoryview(data)
        while view:
            part = self._part = self._part or _PartSealer(self._outbox, self._address)
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
