"""Derived copies in reports, each sealed under its report's record key. Each function is one statement; the caller owns the transaction."""

from uuid import UUID

from tipline.base.database import Db, store_errors

_ADD = """
    INSERT INTO corridor.attachment (id, report, sealed)
    VALUES ($1, $2, $3)
"""

_OF_REPORT = """
    SELECT id, sealed
      FROM corridor.attachment
     WHERE report = $1
"""

_GET = """
    SELECT sealed
      FROM corridor.attachment
     WHERE id = $1
       AND report = $2
"""

_REMOVE = """
    DELETE FROM corridor.attachment
     WHERE id = $1
       AND report = $2
"""


async def add(db: Db, attachment: UUID, report: UUID, sealed: bytes) -> None:
    """Store one copy of a report."""
    with store_errors():
        await db.execute(_ADD, attachment, report, sealed)


async def of_report(db: Db, report: UUID) -> dict[UUID, bytes]:
    """Every copy of a report, by id."""
    with store_errors():
        rows = await db.fetch(_OF_REPORT, report)
    return {row["id"]: row["sealed"] for row in rows}


async def get(db: Db, attachment: UUID, report: UUID) -> bytes | None:
    """One copy of a report, if it has it."""
    with store_errors():
        row = await db.fetchrow(_GET, attachment, report)
    return None if row is None else bytes(row["sealed"])


async def remove(db: Db, report: UUID, attachment: UUID) -> None:
    """Take one copy away."""
    with store_errors():
        await db.execute(_REMOVE, attachment, report)
