"""What is known ahead of tips: one sealed row, and what the administrator's command laid beside it. Opens nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from tipline.base.database import Db, store_errors


@dataclass(frozen=True, slots=True)
class Kept:
    """The row; *sealed* is under the record key of the same id."""

    id: UUID
    revision: int
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Arrived:
    """People of an agency, sealed to the corridor vault."""

    id: UUID
    sealed: bytes


_LOCK = "SELECT pg_advisory_xact_lock($1)"
_INTERESTS_LOCK = 7_461_727_074  # any constant of our own

_GET = """
    SELECT id, revision, sealed
      FROM corridor.interests
"""

_HIGHEST = """
    SELECT coalesce(max(looked), 0)
      FROM corridor.tip
"""

_PUT = """
    INSERT INTO corridor.interests (id, revision, sealed)
    VALUES ($1, $2, $3)
    ON CONFLICT (id) DO UPDATE SET revision = $2, sealed = $3
"""

_ARRIVED = """
    SELECT id, sealed
      FROM corridor.interest_arrived
     ORDER BY id
"""

_IS_BEHIND = """
    SELECT EXISTS (SELECT FROM corridor.interest_arrived)
        OR EXISTS (
            SELECT
              FROM corridor.tip, corridor.interests
             WHERE tip.looked < interests.revision
               AND tip.thread <> ALL($1::uuid[])
        )
"""

_TAKEN = """
    DELETE FROM corridor.interest_arrived
     WHERE id = $1
"""


async def lock(db: Db) -> None:
    """Let nobody else change what is known until the transaction ends."""
    with store_errors():
        await db.execute(_LOCK, _INTERESTS_LOCK)


async def get(db: Db) -> Kept | None:
    """Return the row, if there is one yet."""
    with store_errors():
        row = await db.fetchrow(_GET)
    return None if row is None else Kept(row["id"], row["revision"], row["sealed"])


async def highest_looked(db: Db) -> int:
    """The highest revision that any tip was held against."""
    with store_errors():
        revision: int = await db.fetchval(_HIGHEST)
    return revision


async def put(db: Db, kept: Kept) -> None:
    """Keep what is known, in the place of what was known before; its record key is in the keyring already."""
    with store_errors():
        await db.execute(_PUT, kept.id, kept.revision, kept.sealed)


async def arrived(db: Db) -> tuple[Arrived, ...]:
    """What the administrator's command laid down."""
    with store_errors():
        rows = await db.fetch(_ARRIVED)
    return tuple(Arrived(row["id"], row["sealed"]) for row in rows)


async def is_behind(db: Db, hidden: Sequence[UUID]) -> bool:
    """Whether something was laid down, or a tip that is not *hidden* was held against less than is known."""
    with store_errors():
        behind: bool = await db.fetchval(_IS_BEHIND, hidden)
    return behind


async def taken(db: Db, one: UUID) -> None:
    """Remove what was taken over."""
    with store_errors():
        await db.execute(_TAKEN, one)
