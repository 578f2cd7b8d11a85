"""Fetching sealed envelopes from the drop and bringing sealed replies back. Opens nothing; loses and doubles nothing.

Order for each envelope: bytes on the disk, then the row, then the receipt. A crash between any two is mended by
the next collection: bytes without a row are fetched again, a row without a receipt gets its receipt again.
"""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from crypto import age
from crypto.digest import Sha256
from crypto.errors import CryptoError
from crypto.padding import PART_MAX
from crypto.statement import Statement
from handling.corridor.dropclient import FIRST, DropClient, Fetched, GoneError, Listed
from handling.corridor.store import envelopes, keys, threads
from handling.corridor.store.envelopes import Envelope, EnvelopeState
from handling.store.keyring import Keyring, Kind, MissingKeyError
from tipline import envelope as sealed
from tipline.base.blobstore import BlobStore, BlobWriter
from tipline.base.database import Db, Pool, store_errors
from tipline.base.ticks import BUNDLES
from tipline.bundles import pack_bundle
from tipline.strict import EnvelopeError

LARGEST = PART_MAX + 64 * 1024  # bytes: a full part, its wrapper, header and chunk tags

_NEARING_ACT = "whoever runs it should make room or raise it. Above it, files are refused first and new sources next."
_INNER_MAX = 16  # sealed replies offered to one bundle; no more than ten of the smallest class fit
_LOCK = 7_461_727_070  # any constant of our own; one collector at a time in the whole installation
_TRY_LOCK = "SELECT pg_try_advisory_lock($1)"
_UNLOCK = "SELECT pg_advisory_unlock($1)"

_log = logging.getLogger("collector")


class BusyError(Exception):
    """Another collector is at work on this database."""

    def __init__(self) -> None:
        super().__init__("another collection is under way; try again in a minute")


@dataclass(frozen=True, slots=True)
class Collected:
    """What one collection did, in counts."""

    fetched: int
    known: int
    left: int


class Collector:
    """One unit's collector: the collector key inside *drop*, and rows and blobs that stay sealed."""

    def __init__(
        self, *, pool: Pool, drop: DropClient, blobs: BlobStore, keyring: Keyring, unit: str, today: Callable[[], date]
    ) -> None:
        self._pool = pool
        self._drop = drop
        self._blobs = blobs
        self._keyring = keyring
        self._unit = unit
        self._today = today
        self.nearing: tuple[str, ...] = ()

    def notices(self) -> tuple[str, ...]:
        """Say in words what comes near a ceiling at the drop, as of the last collection."""
        return tuple(f"The public zone comes near its ceiling {name}: {_NEARING_ACT}" for name in self.nearing)

    async def collect(self, *, urgent_only: bool = False) -> Collected:
        """Bring everything that waits (or the urgent part of it) inside and give receipts.

        Raises:
            BusyError, DropError, StoreError: what was fetched before stays, the rest waits at the drop.
        """
        async with self._alone() as db:
            total, after, more = Collected(0, 0, 0), FIRST, True
            while more:  # once, whatever waits, up to a page: see tipline.base.ticks
                page = await self._drop.envelopes(urgent_only=urgent_only, after=after)
                self.nearing = page.nearing
                done = await self._batch(db, page.listed)
                total = Collected(total.fetched + done.fetched, total.known + done.known, total.left + done.left)
                after, more = page.last, page.more
            if not urgent_only and total.left == 0:
                await keys.collected(db, self._today())
            return total

    async def publish_intake_keys(self) -> int:
        """Offer the drop every signed intake key that has not ended; it keeps those that it lacks."""
        return await self._publish("intake-statement", "intake-keys")

    async def publish_pgp_keys(self) -> int:
        """Offer the drop every signed OpenPGP intake key that has not ended; it keeps those that it lacks."""
        return await self._publish("pgp-intake-statement", "pgp-keys")

    async def replace_bundles(self) -> int:
        """Seal every mailbox's bundle afresh, news or not, and put it at the drop; return how many."""
        async with self._alone() as db:
            mailboxes = list(await self._drop.mailboxes())
            random.shuffle(mailboxes)
            replaced = 0
            for start in range(0, len(mailboxes), BUNDLES):
                batch = mailboxes[start : start + BUNDLES]
                await envelopes.see_mailboxes(db, [(mailbox.id, mailbox.recipient) for mailbox in batch])
                replaced += await self._replace(db, [mailbox.id for mailbox in batch])
            return replaced

    async def sweep(self) -> None:
        """Remove blobs that a crash left behind without a row."""
        async with self._alone() as db:
            named = await envelopes.named_blobs(db)
            await asyncio.to_thread(self._blobs.sweep, named)

    async def _publish(self, kind: Kind, place: Literal["intake-keys", "pgp-keys"]) -> int:
        names = await asyncio.to_thread(self._keyring.names, kind)
        published = 0
        for serial in sorted(int(name) for name in names if name.isdigit()):
            try:
                statement = await asyncio.to_thread(self._keyring.get, kind, str(serial))
                ends = date.fromisoformat(Statement.parse(statement).body["not_after"])
            except (MissingKeyError, CryptoError, KeyError, TypeError, ValueError):
                continue  # destroyed since the names were read, or no statement
            if ends >= self._today():
                published += await self._drop.put_key(place, serial, statement)
        return published

    async def _batch(self, db: Db, listed: Sequence[Listed]) -> Collected:
        known = await envelopes.known(db, [one.id for one in listed])
        taken: list[tuple[UUID, bytes]] = []
        wanted: list[Listed] = []
        left = 0
        for one in listed:
            if known.get(one.id, one.sha256) != one.sha256 or one.size > LARGEST:
                _log.warning("the drop offers something under a known id or beyond every size; it stays there")
                left += 1
            elif one.id in known:
                taken.append((one.id, one.sha256))
            else:
                wanted.append(one)
        random.shuffle(wanted)  # the order of fetching says nothing about the order of arrival
        had = len(taken)
        async with self._drop.fetch([one.id for one in wanted]) as fetched:
            for one in wanted:
                if await self._fetch(db, one, fetched):
                    taken.append((one.id, one.sha256))
                else:
                    left += 1
        await self._drop.receipts(taken)
        return Collected(len(taken) - had, had, left)

    async def _fetch(self, db: Db, listed: Listed, fetched: Fetched) -> bool:
        """Bring one envelope to the disk, then into its row; False when it is gone or other than listed."""
        writer = await asyncio.to_thread(self._blobs.create)
        try:
            head = await self._download(listed, writer, fetched)
            if head is None:
                _log.warning("an envelope did not have the bytes that the drop lists; it stays there")
                return False
            await asyncio.to_thread(writer.publish, listed.id)
        except GoneError:  # deleted by its source between the list and now
            return False
        finally:
            await asyncio.to_thread(writer.discard)
        await envelopes.add(db, self._row(listed, head))
        return True

    async def _download(self, listed: Listed, writer: BlobWriter, fetched: Fetched) -> bytes | None:
        """Write what the drop sends; return its first bytes, or None when it is not what was listed."""
        digest, head = Sha256(), bytearray()
        size = await fetched.size()
        async for chunk in fetched.pieces(size):
            head += chunk[: sealed.WRAPPER_BYTES - len(head)]
            digest.update(chunk)
            await asyncio.to_thread(writer.write, chunk)
        return bytes(head) if size == listed.size and digest.digest() == listed.sha256 else None

    def _row(self, listed: Listed, head: bytes) -> Envelope:
        """Read the wrapper; one that is malformed or for another unit is kept and shown as refused."""
        try:
            wrapper = sealed.Wrapper.parse(head)
        except EnvelopeError:
            wrapper = None
        if wrapper is None or wrapper.unit != self._unit:
            return Envelope(
                id=listed.id,
                mailbox=b"",
                serial=0,
                kind="message",
                urgent=listed.urgent,
                size=listed.size,
                sha256=listed.sha256,
                day=self._day(listed),
                state=EnvelopeState.REFUSED,
            )
        return Envelope(
            id=listed.id,
            mailbox=wrapper.mailbox,
            serial=wrapper.serial,
            kind=wrapper.kind,
            urgent=wrapper.urgent,
            size=listed.size,
            sha256=listed.sha256,
            day=self._day(listed),
            state=EnvelopeState.COLLECTED,
        )

    def _day(self, listed: Listed) -> date:
        """Return the day of arrival: the wrapper of what was sealed on a source's own device says its key's first day."""
        return min(listed.day, self._today())

    async def _replace(self, db: Db, mailboxes: Sequence[bytes]) -> int:
        recipients = await envelopes.bundle_recipients(db, mailboxes)
        outgoing = await threads.newest_outgoing(db, mailboxes, each=_INNER_MAX)
        bundles = await asyncio.to_thread(_pack, recipients, outgoing)
        missing = await self._drop.put_bundles(bundles) if bundles else frozenset()
        return len(bundles.keys() - missing)

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[Db]:
        """Hold the one collector's lock; it falls with the connection when this process dies.

        A database that has just been killed refuses already where a connection is asked for: that is a `StoreError` too.
        """
        with store_errors():
            async with self._pool.acquire() as db:
                if not await db.fetchval(_TRY_LOCK, _LOCK):
                    raise BusyError
                try:
                    yield db
                finally:
                    await db.fetchval(_UNLOCK, _LOCK)


def _pack(recipients: Mapping[bytes, str], outgoing: Mapping[bytes, Sequence[bytes]]) -> dict[bytes, bytes]:
    """Seal the bundles of mailboxes, each to its own recipient. Blocking."""
    bundles = {}
    for mailbox, recipient in recipients.items():
        try:
            bundles[mailbox] = pack_bundle(outgoing.get(mailbox, []), age.Recipient.parse(recipient))
        except CryptoError:
            _log.warning("a mailbox at the drop has no usable key; its bundle stays as it is")
    return bundles
