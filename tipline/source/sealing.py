"""Turns what arrives into sealed blobs, piece by piece: only ciphertext ever reaches the disk, in constant memory."""

import asyncio
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from uuid import uuid4

from crypto.digest import sha256
from tipline.base.blobstore import BlobStore, BlobWriter
from tipline.envelope import seal_encoded
from tipline.handin import Listed
from tipline.parts import Address
from tipline.source.store import Envelope


@dataclass(frozen=True, slots=True)
class Pending:
    """A sealed envelope under a temporary name; a part is on its way to the disk, as *flushed* will tell."""

    envelope: Envelope
    writer: BlobWriter
    flushed: Future[None] | None = None


class Outbox:
    """The sealed envelopes of one submission. All but `leave` block on the disk: event loops call them in a thread."""

    def __init__(self, blobs: BlobStore, day: date) -> None:
        self._blobs = blobs
        self._day = day
        self._pending: list[Pending] = []
        self._disk = ThreadPoolExecutor(1)  # begins no thread before it is given work

    def new(self) -> BlobWriter:
        """Open a blob under a temporary name."""
        return self._blobs.create(day=self._day)

    def add(self, listed: Listed, writer: BlobWriter) -> None:
        """Take an envelope that is complete; the disk gets it while the next one is sealed."""
        envelope = Envelope(listed.id, listed.kind, listed.size, listed.sha256)
        self._pending.append(Pending(envelope, writer, self._disk.submit(writer.flush)))

    def add_message(self, encoded: bytes, address: Address) -> None:
        """Seal one message, given as its canonical bytes."""
        sealed = seal_encoded(encoded, address.wrapper("message"), address.intake.recipient)
        writer = self.new()
        writer.write(sealed)
        self._pending.append(Pending(Envelope(uuid4(), "message", len(sealed), sha256(sealed)), writer))

    def publish(self) -> tuple[Envelope, ...]:
        """Bring every envelope to disk under its own name."""
        published = []
        while self._pending:
            pending = self._pending[0]
            if pending.flushed is not None:
                pending.flushed.result()
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
        self._disk.shutdown(wait=False)

    def _discard(self) -> None:
        self._disk.shutdown(cancel_futures=True)  # a file must not be closed while its bytes are on their way
        while self._pending:
            self._pending.pop().writer.discard()
