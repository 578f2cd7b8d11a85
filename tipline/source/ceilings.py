"""How much may wait here before nothing more is taken. `has_room`, `has_mailbox` and `nearing` are pure; `Gate` measures, for `keep`.

Each kind has a share of a ceiling: so junk files lock out no words, and no flood of today locks out who came before.
"""

import asyncio
import logging
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from enum import Enum
from pathlib import Path
from typing import Final

from tipline.base import nearing as nearing_file
from tipline.base.database import Db, Pool, StoreError, store_errors
from tipline.base.settings import Settings

_LOG = logging.getLogger("keep")
_WAITING: Final = "SELECT count(*) AS envelopes, coalesce(sum(size), 0)::bigint AS bytes FROM zone.envelope"
_HANDED_IN: Final = """
    SELECT count(*) AS envelopes, coalesce(sum(size), 0)::bigint AS bytes FROM zone.hand_in_envelope WHERE here
"""
_MAILBOXES: Final = "SELECT count(*) FROM zone.mailbox WHERE created_on = $1"
_OF_BEFORE: Final = "SELECT EXISTS (SELECT FROM zone.mailbox WHERE id = $1 AND created_on < $2)"
_FRESH_SECONDS: Final = 2.0
"""How long a measurement counts; what is added meanwhile is added to it."""
_WATCH_SECONDS: Final = 300.0
_NEAR_PERCENT: Final = 80
_GIGABYTE: Final = 1_000_000_000


class Claim(Enum):
    """What somebody wants to add; the value is the percentage of each ceiling up to which that is taken."""

    FILE = 80
    WORDS = 95
    RETURNING = 100
    """Words of somebody whose mailbox is older than today."""


@dataclass(frozen=True, slots=True)
class Ceilings:
    """The most that may wait to be collected, the most mailboxes of one day, and the bytes of the disk left alone."""

    bytes: int
    envelopes: int
    mailboxes: int
    free: int

    @classmethod
    def of(cls, settings: Settings) -> "Ceilings":
        """Take them from the settings."""
        return cls(
            bytes=settings.waiting_gigabytes * _GIGABYTE,
            envelopes=settings.waiting_envelopes,
            mailboxes=settings.mailboxes_a_day,
            free=settings.free_gigabytes * _GIGABYTE,
        )


@dataclass(frozen=True, slots=True)
class Filling:
    """What there is now: bytes and number of envelopes that wait, mailboxes made today, free bytes of the disk."""

    bytes: int
    envelopes: int
    mailboxes: int
    free: int


def has_room(most: Ceilings, now: Filling, claim: Claim, *, size: int = 0, new: bool = False) -> bool:
    """Say whether *size* bytes more are taken, with a mailbox of their own when *new*.

    Of the disk, words of today leave `Ceilings.free` alone, files twice as much, and words of before today half as much.
    """
    if new and not has_mailbox(most, now):
        return False
    floor = {Claim.FILE: 2 * most.free, Claim.WORDS: most.free, Claim.RETURNING: most.free // 2}[claim]
    within = (now.bytes + size) * 100 <= most.bytes * claim.value and now.envelopes * 100 < most.envelopes * claim.value
    return within and now.free - size >= floor


def has_mailbox(most: Ceilings, now: Filling) -> bool:
    """Say whether one more mailbox is made today."""
    return now.mailboxes < most.mailboxes


def nearing(most: Ceilings, now: Filling) -> tuple[str, ...]:
    """Name each setting whose ceiling is reached to four fifths, or of whose free bytes not twice as many are left."""
    shares = {
        "waiting_gigabytes": now.bytes * 100 >= most.bytes * _NEAR_PERCENT,
        "waiting_envelopes": now.envelopes * 100 >= most.envelopes * _NEAR_PERCENT,
        "mailboxes_a_day": now.mailboxes * 100 >= most.mailboxes * _NEAR_PERCENT,
        "free_gigabytes": now.free < 2 * most.free,
    }
    return tuple(name for name, near in shares.items() if near)


@store_errors()
async def measured(db: Db, folder: Path, today: date) -> Filling:
    """Ask the rows and the disk of *folder*."""
    waiting, handed_in = await db.fetchrow(_WAITING), await db.fetchrow(_HANDED_IN)
    if waiting is None or handed_in is None:
        raise RuntimeError("an aggregate gives a row")
    return Filling(
        bytes=waiting["bytes"] + handed_in["bytes"],
        envelopes=waiting["envelopes"] + handed_in["envelopes"],
        mailboxes=await db.fetchval(_MAILBOXES, today),
        free=_free(folder),
    )


def _free(folder: Path) -> int:
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


@dataclass(slots=True)
class Gate:
    """Lets in what there is room for, files on their way among it."""

    ceilings: Ceilings
    folder: Path
    _known: Filling | None = None
    _of: tuple[date, float] = (date.min, 0.0)
    _coming: list[dict[str, int]] = field(default_factory=list)
    _told: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Go on from what was told before a restart."""
        self._told = nearing_file.read(self.folder)

    @contextmanager
    def worker(self) -> Iterator["Uploads"]:
        """Keep account of one worker's files on their way; with it they end."""
        coming: dict[str, int] = {}
        self._coming.append(coming)
        try:
            yield Uploads(self, coming)
        finally:
            self._coming = [one for one in self._coming if one is not coming]

    async def takes(self, db: Db, *, kinds: Iterable[str], size: int, mailbox: bytes, new: bool, today: date) -> bool:
        """Say whether so many bytes in envelopes of these *kinds* are taken."""
        now = await self.filling(db, today)
        if "part" in kinds:
            return has_room(self.ceilings, now, Claim.FILE, size=size, new=new)
        if has_room(self.ceilings, now, Claim.WORDS, size=size, new=new):
            return True
        room = not new and has_room(self.ceilings, now, Claim.RETURNING, size=size)
        return room and bool(await db.fetchval(_OF_BEFORE, mailbox, today))

    async def takes_mailbox(self, db: Db, today: date) -> bool:
        """Say whether a mailbox of its own is made for what is here, and counted, already."""
        return has_mailbox(self.ceilings, await self.filling(db, today))

    def added(self, *, envelopes: int, size: int, new: bool) -> None:
        """Count what was stored until it is measured again."""
        if self._known is not None:
            known = self._known
            self._known = replace(
                known,
                bytes=known.bytes + size,
                envelopes=known.envelopes + envelopes,
                mailboxes=known.mailboxes + new,
            )

    async def filling(self, db: Db, today: date) -> Filling:
        """Return what there is, as of some moments ago at most, and log the names of ceilings that come near."""
        day, at = self._of
        if self._known is None or day != today or time.monotonic() - at > _FRESH_SECONDS:
            self._of = today, time.monotonic()
            self._known = await measured(db, self.folder, today)
            self._tell(nearing(self.ceilings, self._known))
        coming = sum(sum(one.values()) for one in self._coming)
        return replace(self._known, bytes=self._known.bytes + coming, free=_free(self.folder))

    def _tell(self, near: tuple[str, ...]) -> None:
        for name in near:
            if name not in self._told:
                _LOG.warning("%s comes near: collect what waits, make room, or raise it", name)
        if near != self._told:
            nearing_file.write(self.folder, near)
        self._told = near

    async def watch(self, pool: Pool) -> None:
        """Measure now and then, also when nobody comes. Runs until cancelled."""
        while True:
            try:
                with store_errors():
                    async with pool.acquire() as db:
                        await self.filling(db, datetime.now(UTC).date())
            except (StoreError, OSError) as error:
                _LOG.warning("ceilings are not measured: %s", type(error).__name__)
            await asyncio.sleep(_WATCH_SECONDS)


@dataclass(frozen=True, slots=True)
class Uploads:
    """One worker's files on their way, by a name of its own for each."""

    gate: Gate
    coming: dict[str, int]

    async def room(self, db: Db, upload: str, *, here: int, more: int, today: date) -> bool:
        """Note that *here* bytes of an upload have come, 0 when it has ended; say whether *more* would be taken."""
        self.coming.pop(upload, None)
        if here:
            self.coming[upload] = here
        now = await self.gate.filling(db, today)
        return has_room(self.gate.ceilings, now, Claim.FILE, size=more)
