"""Emergency disclosures in Postgres. Each function is one statement; the caller owns the transaction."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from handling.rules.emergency import State
from tipline.base.database import Db, store_errors


@dataclass(frozen=True, slots=True)
class Row:
    """One disclosure; what was told, to whom and why stays sealed."""

    id: UUID
    state: State
    told_by: str
    told_at: datetime
    shown_to: tuple[str, ...]
    second_by: str
    reviewed_by: str
    given_on: date | None
    sealed: bytes


_COLUMNS = "id, state, told_by, told_at, shown_to, second_by, reviewed_by, given_on, sealed"

_NEWEST = f"""
    SELECT {_COLUMNS}
      FROM guard.emergency
     WHERE $1 = ANY(shown_to)
     ORDER BY (state = 'reviewed'), told_at DESC, id DESC
     LIMIT 100
"""

_ONE = f"""
    SELECT {_COLUMNS}
      FROM guard.emergency
     WHERE id = $1
       AND $2 = ANY(shown_to)
"""

_ADD = """
    INSERT INTO guard.emergency (id, told_by, told_at, shown_to, sealed)
    VALUES ($1, $2, $3, $4, $5)
"""

_SECOND = """
    UPDATE guard.emergency
       SET state = $3, second_by = $4, sealed = $5
     WHERE id = $1
       AND state = 'told'
       AND sha256(sealed) = $2
"""

_REVIEW = """
    UPDATE guard.emergency
       SET state = 'reviewed', reviewed_by = $3, sealed = $4
     WHERE id = $1
       AND state IN ('confirmed', 'objected')
       AND given_on IS NOT NULL
       AND sha256(sealed) = $2
"""

_HOLD = """
    UPDATE guard.emergency
       SET sealed = $3
     WHERE id = $1
       AND sha256(sealed) = $2
"""

_GIVEN = """
    UPDATE guard.emergency
       SET given_on = $2
     WHERE id = $1
       AND given_on IS NULL
"""


async def newest(db: Db, who: str) -> tuple[Row, ...]:
    """Those shown to *who*: what is not reviewed first, then the newest."""
    with store_errors():
        return tuple(_row(row) for row in await db.fetch(_NEWEST, who))


async def one(db: Db, emergency: UUID, who: str) -> Row | None:
    """One disclosure, if it is shown to *who*."""
    with store_errors():
        row = await db.fetchrow(_ONE, emergency, who)
    return _row(row) if row else None


async def add(db: Db, row: Row) -> None:
    """Keep a new one."""
    with store_errors():
        await db.execute(_ADD, row.id, row.told_by, row.told_at, list(row.shown_to), row.sealed)


async def second(db: Db, emergency: UUID, *, sealed_sha256: bytes, now: State, by: str, sealed: bytes) -> bool:
    """Add the second signature; False when somebody else moved it first."""
    with store_errors():
        return bool(await db.execute(_SECOND, emergency, sealed_sha256, now.value, by, sealed) == "UPDATE 1")


async def review(db: Db, emergency: UUID, *, sealed_sha256: bytes, by: str, sealed: bytes) -> bool:
    """Add the review; False when somebody else moved it first, or oversight has not got it."""
    with store_errors():
        return bool(await db.execute(_REVIEW, emergency, sealed_sha256, by, sealed) == "UPDATE 1")


async def hold(db: Db, emergency: UUID, *, sealed_sha256: bytes, sealed: bytes) -> None:
    """Keep it with what the guard states about its parts, unless somebody moved it meanwhile: they state it too."""
    with store_errors():
        await db.execute(_HOLD, emergency, sealed_sha256, sealed)


async def given(db: Db, emergency: UUID, day: date) -> None:
    """Note the day on which somebody first took it along for oversight outside."""
    with store_errors():
        await db.execute(_GIVEN, emergency, day)


def _row(row: Any) -> Row:  # noqa: ANN401 - asyncpg's records are untyped; they end here
    return Row(
        id=row["id"],
        state=State(row["state"]),
        told_by=row["told_by"],
        told_at=row["told_at"],
        shown_to=tuple(row["shown_to"]),
        second_by=row["second_by"] or "",
        reviewed_by=row["reviewed_by"] or "",
        given_on=row["given_on"],
        sealed=row["sealed"],
    )
