"""Rows of material that analysts handed over. Each function is one statement."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg

from tipline.base.database import Db, store_errors

_HANDED = """
    SELECT id
      FROM corridor.material
     WHERE state = 'handed'
     ORDER BY received_on, id
"""

_HOLD = """
    SELECT id, agency, received_on, sealed
      FROM corridor.material
     WHERE id = $1
       AND state = 'handed'
       FOR UPDATE
"""

_SET_USABLE = """
    UPDATE corridor.material
       SET state = 'usable', sealed = $2
     WHERE id = $1
       AND state = 'handed'
"""

_SET_REFUSED = """
    UPDATE corridor.material
       SET state = 'refused'
     WHERE id = $1
       AND state = 'handed'
"""

_USABLE = """
    SELECT id, agency, received_on, sealed
      FROM corridor.material
     WHERE state = 'usable'
     ORDER BY received_on DESC, id DESC
     LIMIT $1
"""

_GET = """
    SELECT id, agency, received_on, sealed
      FROM corridor.material
     WHERE id = $1
       AND state = 'usable'
"""

_REFUSED = """
    SELECT count(*)
      FROM corridor.material
     WHERE state = 'refused'
"""


_DELETE = """
    DELETE FROM corridor.material
     WHERE id = $1
       AND state = 'usable'
"""

_ADD_GONE = """
    INSERT INTO corridor.material_gone (id, agency, received_on, gone_on, sealed)
    VALUES ($1, $2, $3, $4, $5)
"""

_GONE = """
    SELECT id, agency, received_on, gone_on, sealed
      FROM corridor.material_gone
     ORDER BY gone_on DESC, id DESC
     LIMIT $1
"""


@dataclass(frozen=True, slots=True)
class MaterialRow:
    """One piece, sealed to the vault or under its record key."""

    id: UUID
    agency: str
    received_on: date
    sealed: bytes


@dataclass(frozen=True, slots=True)
class GoneRow:
    """The line that is left of a piece that was deleted, sealed under a key of its own."""

    id: UUID
    agency: str
    received_on: date
    gone_on: date
    sealed: bytes


async def handed(db: Db) -> tuple[UUID, ...]:
    """What was handed over and not looked at yet, oldest first."""
    with store_errors():
        return tuple(row["id"] for row in await db.fetch(_HANDED))


async def hold(db: Db, material: UUID) -> MaterialRow | None:
    """One piece that nobody has looked at yet, held until the end of the transaction, so that two make no two keys for it."""
    with store_errors():
        row = await db.fetchrow(_HOLD, material)
    return _row(row) if row else None


async def set_usable(db: Db, material: UUID, sealed: bytes) -> None:
    """Keep it under its record key."""
    with store_errors():
        await db.execute(_SET_USABLE, material, sealed)


async def set_refused(db: Db, material: UUID) -> None:
    """Keep it apart as it came."""
    with store_errors():
        await db.execute(_SET_REFUSED, material)


async def usable(db: Db, *, limit: int | None) -> tuple[MaterialRow, ...]:
    """The newest pieces that reports can rest on, at most *limit*; None is all."""
    with store_errors():
        return tuple(map(_row, await db.fetch(_USABLE, limit)))


async def get(db: Db, material: UUID) -> MaterialRow | None:
    """One piece that reports can rest on."""
    with store_errors():
        row = await db.fetchrow(_GET, material)
    return _row(row) if row else None


async def delete(db: Db, material: UUID) -> bool:
    """Delete one piece that reports could rest on; False when somebody else did."""
    with store_errors():
        return bool(await db.execute(_DELETE, material) == "DELETE 1")


async def add_gone(db: Db, row: GoneRow) -> None:
    """Keep the line of a piece that was deleted."""
    with store_errors():
        await db.execute(_ADD_GONE, row.id, row.agency, row.received_on, row.gone_on, row.sealed)


async def gone(db: Db, *, limit: int | None) -> tuple[GoneRow, ...]:
    """The lines of what was deleted last, at most *limit*; None: of all."""
    with store_errors():
        return tuple(GoneRow(**dict(row)) for row in await db.fetch(_GONE, limit))


async def refused(db: Db) -> int:
    """How many pieces are kept apart."""
    with store_errors():
        count: int = await db.fetchval(_REFUSED)
    return count


def _row(row: asyncpg.Record) -> MaterialRow:
    return MaterialRow(row["id"], row["agency"], row["received_on"], row["sealed"])
