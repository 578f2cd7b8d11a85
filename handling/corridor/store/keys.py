"""Days of collection, intake keys that were made, and the rows that name record keys. Holds no key and opens nothing."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from handling.rules.keylife import Day, Fate
from tipline.base.database import Db, store_errors

_RAN = """
    INSERT INTO corridor.day (day)
    VALUES ($1)
    ON CONFLICT (day) DO NOTHING
"""

_COLLECTED = """
    INSERT INTO corridor.day (day, collected)
    VALUES ($1, true)
    ON CONFLICT (day) DO UPDATE SET collected = true
"""

_DAYS = """
    SELECT day, collected
      FROM corridor.day
     ORDER BY day DESC
     LIMIT $1
"""

_MADE = """
    INSERT INTO corridor.intake_key (serial, not_after, made_on)
    VALUES ($1, $2, $3)
    ON CONFLICT (serial) DO NOTHING
"""

_DESTROYED = """
    UPDATE corridor.intake_key
       SET destroyed_on = $2,
           reason = $3
     WHERE serial = $1
       AND destroyed_on IS NULL
"""

_GONE = """
    SELECT serial, destroyed_on
      FROM corridor.intake_key
     WHERE destroyed_on IS NOT NULL
"""

_HIGHEST = """
    SELECT coalesce(max(serial), 0)
      FROM corridor.intake_key
"""

_WAITING = """
    SELECT serial, count(*) AS waiting
      FROM corridor.envelope
     WHERE state <> 'resealed'
     GROUP BY serial
"""

_NAMED = """
    SELECT id
      FROM corridor.thread
     WHERE id = ANY($1::uuid[])
    UNION ALL
    SELECT id
      FROM corridor.report
     WHERE id = ANY($1::uuid[])
    UNION ALL
    SELECT id
      FROM corridor.interests
     WHERE id = ANY($1::uuid[])
    UNION ALL
    SELECT id
      FROM corridor.material
     WHERE id = ANY($1::uuid[])
     UNION ALL
    SELECT id
      FROM corridor.material_gone
     WHERE id = ANY($1::uuid[])
"""

_DAYS_KEPT_IN_MIND = 400


async def ran(db: Db, today: date) -> None:
    """Note that the corridor ran today."""
    with store_errors():
        await db.execute(_RAN, today)


async def collected(db: Db, today: date) -> None:
    """Note that everything the drop listed today has come in."""
    with store_errors():
        await db.execute(_COLLECTED, today)


async def days(db: Db) -> tuple[Day, ...]:
    """Days on which the corridor ran, newest first; more than any rule looks back."""
    with store_errors():
        rows = await db.fetch(_DAYS, _DAYS_KEPT_IN_MIND)
    return tuple(Day(row["day"], row["collected"]) for row in rows)


async def add_made(db: Db, keys: Sequence[tuple[int, date]], today: date) -> None:
    """Remember serials and last days of keys that were made; those known already stay as they are."""
    with store_errors():
        await db.executemany(_MADE, [(serial, not_after, today) for serial, not_after in keys])


async def set_destroyed(db: Db, serial: int, today: date, why: Fate) -> None:
    """Remember that a seed is gone; a second time changes nothing."""
    with store_errors():
        await db.execute(_DESTROYED, serial, today, why.value)


async def destroyed(db: Db) -> dict[int, date]:
    """When the seed of each serial was destroyed, of those that were."""
    with store_errors():
        rows = await db.fetch(_GONE)
    return {row["serial"]: row["destroyed_on"] for row in rows}


async def highest_serial(db: Db) -> int:
    """The highest serial ever used."""
    with store_errors():
        serial: int = await db.fetchval(_HIGHEST)
    return serial


async def waiting(db: Db) -> dict[int, int]:
    """How many envelopes of each serial are here and in no thread, refused ones included."""
    with store_errors():
        rows = await db.fetch(_WAITING)
    return {row["serial"]: row["waiting"] for row in rows}


async def named(db: Db, records: Sequence[UUID]) -> frozenset[UUID]:
    """Those of *records* that a row names: their keys must stay."""
    with store_errors():
        rows = await db.fetch(_NAMED, records)
    return frozenset(row["id"] for row in rows)
