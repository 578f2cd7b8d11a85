"""Makes the public zone forget the order and the hours of earlier days: rows and blobs are written anew. It opens nothing.

Once a day, shortly after midnight (UTC), every table is rewritten in random order, every blob is copied to a fresh file in
random order, and the write-ahead log and statistics before that are dropped. A kill at any moment loses nothing and doubles
nothing: the tables change in one transaction, a blob by one rename, and until the day's stamp is written all is done again.
"""

import asyncio
import contextlib
import fcntl
import logging
import os
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from tipline.base import files
from tipline.base.blobstore import BlobStore
from tipline.base.database import Db, Pool, StoreError, store_errors
from tipline.source import early, handed, store, ticket

REWRITE_AT: Final = time(0, 5)
"""When earlier days are forgotten, in UTC: the same minute every day, whatever happened."""
RESEND_DAYS: Final = 7
"""How long an identical resend of a form is known again, and how long a hand-in may take to become complete."""

_LOG = logging.getLogger("keep")
BLOBS: Final = "blobs"
_STAMP: Final = "rewritten"
_PRESENT: Final = "present"
_RETRY_SECONDS: Final = 60.0
_SETTLED: Final = timedelta(days=1)

_TAKE_LOCK: Final = "SELECT pg_try_advisory_lock($1)"
_DROP_LOCK: Final = "SELECT pg_advisory_unlock($1)"
_LOCK: Final = 7_461_727_071  # any constant of our own; one rewrite at a time
_UNLIMITED: Final = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '60s'"
_REWRITE: Final = "SELECT zone.rewrite()"
_FORGET: Final = "SELECT zone.forget()"
_SECONDS: Final = 3600.0  # asyncpg's own limit for one statement of a rewrite


@dataclass(slots=True)
class Door:
    """Acts on the tables pass while it is open; whoever closes it waits for those inside, and the others wait, not fail."""

    _inside: int = 0
    _closed: bool = False
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @asynccontextmanager
    async def passing(self) -> AsyncIterator[None]:
        """Wait until the door is open and pass."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._closed)
            self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1
            await self._tell()

    @asynccontextmanager
    async def closed(self) -> AsyncIterator[None]:
        """Close the door and wait until nobody is inside."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._closed)
            self._closed = True
        try:
            async with self._changed:
                await self._changed.wait_for(lambda: not self._inside)
            yield
        finally:
            self._closed = False
            await self._tell()

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()


@dataclass(frozen=True, slots=True)
class Zone:
    """What is rewritten: the rows in *pool*, the blobs, and the folder with the day's stamp."""

    pool: Pool
    blobs: BlobStore
    folder: Path
    door: Door

    @property
    def stamp(self) -> Path:
        """The file that names the day of the last complete rewrite."""
        return self.folder / _STAMP


def next_rewrite(now: datetime) -> datetime:
    """Return the first moment after *now* at which earlier days are forgotten."""
    today = datetime.combine(now.date(), REWRITE_AT, UTC)
    return today if now < today else today + timedelta(days=1)


async def each_day(zone: Zone, clock: Callable[[], datetime]) -> None:
    """Forget earlier days once a day, and at the start when the machine was off at that time. Runs until cancelled."""
    while True:
        try:
            if await due(zone, clock().date()) and not await rewrite(zone, clock()):
                _LOG.warning("earlier days are not forgotten yet: another rewrite is under way")
                await asyncio.sleep(_RETRY_SECONDS)  # or was, and stopped: whether it came to its end is asked again
                continue
        except (StoreError, OSError) as error:
            _LOG.warning("earlier days are not forgotten yet: %s", type(error).__name__)
            await asyncio.sleep(_RETRY_SECONDS)
            continue
        await asyncio.sleep((next_rewrite(clock()) - clock()).total_seconds())


async def each_while(zone: Zone, seconds: float) -> None:
    """Forget parts whose slip never came, once nothing more has come for their mailbox. Runs until cancelled."""
    before: early.Waiting = {}
    while True:
        await asyncio.sleep(seconds)
        try:
            before = await silent(zone, before)
        except (StoreError, OSError) as error:
            _LOG.warning("parts without a slip are not forgotten yet: %s", type(error).__name__)


async def silent(zone: Zone, before: early.Waiting) -> early.Waiting:
    """Forget the parts without a slip of each mailbox for which the same wait as *before*; return what waits now.

    Who looks twice sees that nothing came in between, so no row needs to tell an hour. The door is closed, so that nobody
    finds a row whose blob is about to go.
    """
    async with zone.door.closed(), zone.pool.acquire() as db:
        now = await early.waiting(db)
        gone = [mailbox for mailbox, parts in now.items() if before.get(mailbox) == parts]
        blobs = await early.forget(db, gone)
        await asyncio.to_thread(zone.blobs.delete, *blobs)
    return {mailbox: parts for mailbox, parts in now.items() if mailbox not in gone}


async def due(zone: Zone, today: date) -> bool:
    """Say whether something of an earlier day may still stand as it came; a zone that began today is given its stamp."""
    stamp = await asyncio.to_thread(_read, zone.stamp)
    if stamp is not None:
        return stamp != today.isoformat()
    with store_errors():
        async with zone.pool.acquire() as db:
            earlier = await store.older_than(db, today)
    if not earlier:
        await asyncio.to_thread(_write, zone.stamp, today)
    return earlier


async def rewrite(zone: Zone, now: datetime) -> bool:
    """Forget everything but the day about all that arrived before *now*; False when another rewrite is under way.

    Raises:
        StoreError: the database refused; nothing is lost, and it is to be tried again.
    """
    with store_errors():
        async with zone.pool.acquire() as db, _locked(db) as alone:
            if not alone:
                return False
            await _housekeeping(zone, now)
            await _rows(zone)
            await _blobs(zone)
            await db.execute(_FORGET, timeout=_SECONDS)
    await asyncio.to_thread(_level, zone.folder, now.date())
    await asyncio.to_thread(_write, zone.stamp, now.date())
    return True


@asynccontextmanager
async def _locked(db: Db) -> AsyncIterator[bool]:
    """Hold the lock of a rewrite; False when another holds it.

    The pool resets nothing, so a connection of which it is not known that the lock is gone is ended, and the lock with it.
    """
    certain = False
    try:
        alone = await db.fetchval(_TAKE_LOCK, _LOCK)
        try:
            yield alone
        finally:
            certain = not alone or await db.fetchval(_DROP_LOCK, _LOCK)
    finally:
        if not certain:
            db.terminate()


@asynccontextmanager
async def present(pool: Pool, blobs: BlobStore, folder: Path) -> AsyncIterator[None]:
    """Sweep if no other `keep` is at work on the zone's *folder*, and be at work on it while the block runs.

    Another one's workers may just be publishing what no row names yet. Whoever is killed is at work no more, at once.
    """
    place = os.open(folder / _PRESENT, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
            await sweep(pool, blobs)
        await asyncio.to_thread(fcntl.flock, place, fcntl.LOCK_SH)
        yield
    finally:
        os.close(place)


async def sweep(pool: Pool, blobs: BlobStore, *, settled_before: datetime | None = None) -> int:
    """Remove blobs that no row names; without *settled_before* only while no worker can be writing."""
    with store_errors():
        async with pool.acquire() as db:
            named = await store.settled_envelope_ids(db)
    moment = None if settled_before is None else settled_before.timestamp()
    return await asyncio.to_thread(blobs.sweep, named, settled_before=moment)


async def _housekeeping(zone: Zone, now: datetime) -> None:
    """Drop what a killed worker left behind and what has expired: keys and marks of forms, sessions, hand-ins, marks of erasing."""
    await asyncio.to_thread(ticket.turn_keys, zone.folder, now.date())
    await _hand_ins(zone, (now - timedelta(days=RESEND_DAYS)).date())
    await sweep(zone.pool, zone.blobs, settled_before=now - _SETTLED)
    async with zone.pool.acquire() as db:
        await store.delete_sessions_before(db, (now - _SETTLED).date())
        await store.forget_erased_before(db, (now - _SETTLED).date())
        await store.delete_submissions_before(db, (now - timedelta(days=RESEND_DAYS)).date())


async def _hand_ins(zone: Zone, before: date) -> None:
    """Forget hand-ins that never became complete, with their blobs: nobody may hand the same in again between the two."""
    async with zone.door.closed():
        async with zone.pool.acquire() as db:
            gone = await handed.forget_before(db, before)
        await asyncio.to_thread(zone.blobs.delete, *gone)


async def _rows(zone: Zone) -> None:
    async with zone.door.closed(), zone.pool.acquire() as db, db.transaction():
        await db.execute(_UNLIMITED)
        await db.execute(_REWRITE, timeout=_SECONDS)


async def _blobs(zone: Zone) -> None:
    """Copy each blob that a row names. What a unit collects meanwhile goes: its row went first, and is asked for last."""
    async with zone.pool.acquire() as db:
        days = await store.envelope_days(db)
    await asyncio.to_thread(_copy, zone.blobs, days)
    async with zone.pool.acquire() as db:
        still = await store.envelope_ids(db)
    await asyncio.to_thread(zone.blobs.delete, *(days.keys() - still))


def _copy(blobs: BlobStore, days: Mapping[UUID, date]) -> None:
    order = list(days)
    secrets.SystemRandom().shuffle(order)
    for blob in order:
        blobs.renew(blob, day=days[blob])


def _level(folder: Path, day: date) -> None:
    """Give every other file of the zone the times of this midnight: the server's own tell when a page was last changed."""
    midnight = int(datetime.combine(day, time(), UTC).timestamp())
    for place, _, names in os.walk(folder):
        if Path(place).name == BLOBS:
            continue
        for path in (place, *(os.path.join(place, name) for name in names)):  # noqa: PTH118 - thousands of names
            with contextlib.suppress(OSError):  # gone meanwhile, or an own server's
                os.utime(path, (midnight, midnight), follow_symlinks=False)


def _read(stamp: Path) -> str | None:
    try:
        return stamp.read_text("ascii").strip()
    except FileNotFoundError:
        return None


def _write(stamp: Path, day: date) -> None:
    files.write_private(stamp, f"{day.isoformat()}\n".encode())
