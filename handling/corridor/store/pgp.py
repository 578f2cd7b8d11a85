"""Rows of OpenPGP: which subkeys there were, and what messages held once they were opened. Text only as sealed bytes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from tipline.base.database import Db, store_errors


@dataclass(frozen=True, slots=True)
class OpenedRow:
    """What the message of the same id held; *file* is set where that is no text."""

    message: UUID
    thread: UUID
    file: UUID | None
    sealed: bytes


_MADE = """
    INSERT INTO corridor.pgp_key (serial, key_id, not_after, made_on)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (serial) DO NOTHING
"""

_DESTROYED = """
    UPDATE corridor.pgp_key
       SET destroyed_on = $2
     WHERE serial = $1
       AND destroyed_on IS NULL
"""

_GONE = """
    SELECT key_id, destroyed_on
      FROM corridor.pgp_key
     WHERE destroyed_on IS NOT NULL
"""

_HIGHEST = """
    SELECT coalesce(max(serial), 0)
      FROM corridor.pgp_key
"""

_ADD_OPENED = """
    INSERT INTO corridor.opened (message, thread, file, sealed)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (message) DO NOTHING
"""

_OPENED = """
    SELECT message, thread, file, sealed
      FROM corridor.opened
     WHERE thread = $1
"""


async def add_made(db: Db, keys: Sequence[tuple[int, str, date]], today: date) -> None:
    """Remember serial, id and last day of subkeys that were made; those known already stay as they are."""
    with store_errors():
        await db.executemany(_MADE, [(*key, today) for key in keys])


async def set_destroyed(db: Db, serial: int, today: date) -> None:
    """Remember that a subkey is gone; a second time changes nothing."""
    with store_errors():
        await db.execute(_DESTROYED, serial, today)


async def destroyed(db: Db) -> dict[str, date]:
    """When the subkey of each id was destroyed, of those that were."""
    with store_errors():
        rows = await db.fetch(_GONE)
    return {row["key_id"]: row["destroyed_on"] for row in rows}


async def highest_serial(db: Db) -> int:
    """The highest serial ever used."""
    with store_errors():
        serial: int = await db.fetchval(_HIGHEST)
    return serial


async def add_opened(db: Db, row: OpenedRow) -> bool:
    """Keep what a message held; False when that was done before."""
    with store_errors():
        tag = await db.execute(_ADD_OPENED, row.message, row.thread, row.file, row.sealed)
    return tag == "INSERT 0 1"


async def opened(db: Db, thread: UUID) -> tuple[OpenedRow, ...]:
    """What the messages of a thread held, of those that were opened."""
    with store_errors():
        rows = await db.fetch(_OPENED, thread)
    return tuple(OpenedRow(row["message"], row["thread"], row["file"], row["sealed"]) for row in rows)
