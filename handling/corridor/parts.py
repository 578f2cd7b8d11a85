"""A source's files: parts opened and sealed again piece by piece, checked against their sidecar, cut when read.

No whole file stands in memory or in a temporary file, and none in clear on the disk.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from crypto import age, padding
from crypto.blobs import BlobOpener, BlobSealer
from crypto.digest import Sha256
from crypto.errors import CryptoError
from crypto.secret import Secret
from handling.corridor import sealed
from handling.corridor.store import envelopes, files
from handling.corridor.store.envelopes import Envelope, EnvelopeState
from handling.corridor.store.files import File, FileState
from handling.store.keyring import MissingKeyError
from handling.store.vault import OpenVault
from tipline import envelope
from tipline.base.blobstore import BlobMissingError, BlobStore
from tipline.base.database import Pool

CHUNK = 1024 * 1024  # bytes read from the disk at a time


class DamagedError(Exception):
    """The bytes are not those that the sidecar describes."""

    def __init__(self) -> None:
        super().__init__("this file did not arrive as it was described")


def sidecar(key: Secret, file: File) -> envelope.File:
    """Open a file's sidecar with its thread's record key."""
    return envelope.File.parse(sealed.unseal(key, file.sealed, table="file", row=file.id))


@dataclass(frozen=True, slots=True)
class Blobs:
    """Where sealed bytes lie: envelopes as they were collected, and files sealed again under record keys."""

    collected: BlobStore
    files: BlobStore


class Assembly:
    """Puts files together with the keys of whoever is signed in."""

    def __init__(self, pool: Pool, blobs: Blobs, vault: OpenVault) -> None:
        self._pool = pool
        self._blobs = blobs
        self._vault = vault

    async def complete(self, file: File, mailbox: bytes) -> None:
        """Re-seal those parts of a waiting file that have come; with the last one, say how the file came out."""
        key = await asyncio.to_thread(self._vault.record, file.thread)
        described = sidecar(key, file)
        async with self._pool.acquire() as db:
            have = await files.parts(db, file.id)
            come = await envelopes.some(db, [part.id for part in described.parts])
        for part in described.parts:
            row = come.get(part.id)
            if part.id in have or row is None:
                continue
            if row.mailbox != mailbox or row.state is not EnvelopeState.COLLECTED:
                await self._say(file, FileState.DAMAGED)
                return
            if not await self._take(key, file, part, row):
                await self._say(file, FileState.DAMAGED)
                return
            have |= {part.id}
        if have == {part.id for part in described.parts}:
            whole = await asyncio.to_thread(_is_whole, self._blobs.files, key, described)
            await self._say(file, FileState.WHOLE if whole else FileState.DAMAGED)

    async def _take(self, key: Secret, file: File, part: envelope.Part, row: Envelope) -> bool:
        """Re-seal one part; False when it is not what was described. The envelope's bytes go after the commit."""
        try:
            intake = await asyncio.to_thread(self._vault.intake, row.serial)
            await asyncio.to_thread(_reseal, self._blobs, intake, key, part)
        except (DamagedError, CryptoError, MissingKeyError, BlobMissingError):
            async with self._pool.acquire() as db:
                await envelopes.set_state(db, row.id, was=EnvelopeState.COLLECTED, now=EnvelopeState.REFUSED)
            return False
        async with self._pool.acquire() as db, db.transaction():
            await files.settle_before_commit(db)
            if await envelopes.set_state(db, row.id, was=EnvelopeState.COLLECTED, now=EnvelopeState.RESEALED):
                await files.add_part(db, part.id, file.id)
        await asyncio.to_thread(self._blobs.collected.delete, row.id)
        return True

    async def _say(self, file: File, state: FileState) -> None:
        async with self._pool.acquire() as db:
            await files.set_state(db, file.id, state)


def _reseal(blobs: Blobs, intake: age.Identity, key: Secret, part: envelope.Part) -> None:
    """Open one part and seal it under the record key; published only when every check has passed. Blocking."""
    opener, sealer = age.Opener([intake]), BlobSealer(key, str(part.id))
    digest, size = Sha256(), 0
    with blobs.collected.open(part.id) as source, blobs.files.create() as target:
        wrapper = source.read(envelope.WRAPPER_BYTES)
        digest.update(wrapper)
        while chunk := source.read(CHUNK):
            digest.update(chunk)
            plain = opener.update(chunk)
            size += len(plain)
            target.write(sealer.update(plain))
        plain = opener.finish()
        size += len(plain)
        target.write(sealer.update(plain) + sealer.finish())
        if digest.digest() != part.sha256 or part.size > padding.PART_MAX or size != padding.part_size(part.size):
            raise DamagedError
        target.publish(part.id)


def read(kept: BlobStore, key: Secret, described: envelope.File) -> Iterator[bytes]:
    """Yield the true bytes of a file, each part cut at its true size. Blocking, in constant memory.

    Raises:
        OpenError, BlobMissingError: a blob is damaged or gone.
    """
    for part in described.parts:
        left = part.size
        for plain in _opened(kept, key, part.id):
            yield plain[:left]
            left -= len(plain[:left])


def _opened(kept: BlobStore, key: Secret, part: UUID) -> Iterator[bytes]:
    opener = BlobOpener(key, str(part))
    with kept.open(part) as source:
        while chunk := source.read(CHUNK):
            yield opener.update(chunk)
        yield opener.finish()


def _is_whole(kept: BlobStore, key: Secret, described: envelope.File) -> bool:
    """Whether the parts together are the file that the sidecar describes. Blocking."""
    digest, size = Sha256(), 0
    try:
        for chunk in read(kept, key, described):
            digest.update(chunk)
            size += len(chunk)
    except (CryptoError, BlobMissingError):
        return False
    return size == described.size and digest.digest() == described.sha256
