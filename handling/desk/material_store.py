"""Rows of material at the desk, and the word to its agency that it was opened. Each function is one statement."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from tipline.base.database import Db, store_errors

_IS_HERE = """
    SELECT EXISTS (SELECT FROM desk.material WHERE agency = $1 AND sha256 = $2)
        OR EXISTS (SELECT FROM desk.material_gone WHERE agency = $1 AND sha256 = $2)
"""

_ADD = """
    INSERT INTO desk.material (id, agency, sha256, received_on, sealed)
    VALUES ($1, $2, $3, $4, $5)
"""

_DAYS = """
    SELECT received_on
      FROM desk.material
     WHERE agency = $1
     UNION ALL
    SELECT received_on
      FROM desk.material_gone
     WHERE agency = $1
"""

_MARK_OPENED = """
    UPDATE exchange.material
       SET opened_on = $2
     WHERE id = $1
       AND opened_on IS NULL
"""

_PAGE = """
    SELECT m.id, m.agency, a.name AS agency_name, m.received_on, m.sealed, m.handed_by, m.handed_on, m.looked_on
      FROM desk.material m
      JOIN unit.agency a ON a.id = m.agency
     WHERE (m.received_on, m.id) < ($1, $2)
     ORDER BY m.received_on DESC, m.id DESC
     LIMIT $3
"""

_GET = """
    SELECT m.id, m.agency, a.name AS agency_name, m.received_on, m.sealed, m.handed_by, m.handed_on, m.looked_on
      FROM desk.material m
      JOIN unit.agency a ON a.id = m.agency
     WHERE m.id = $1
"""

_ALL = """
    SELECT m.id, m.agency, a.name AS agency_name, m.received_on, m.sealed, m.handed_by, m.handed_on, m.looked_on
      FROM desk.material m
      JOIN unit.agency a ON a.id = m.agency
     ORDER BY m.received_on, m.id
"""

_DELETE = """
    DELETE FROM desk.material
     WHERE id = $1
"""

_ADD_GONE = """
    INSERT INTO desk.material_gone (id, agency, sha256, received_on, gone_on, sealed)
    VALUES ($1, $2, $3, $4, $5, $6)
"""

_GONE = """
    SELECT m.id, m.agency, a.name AS agency_name, m.received_on, m.gone_on, m.sealed
      FROM desk.material_gone m
      JOIN unit.agency a ON a.id = m.agency
     ORDER BY m.gone_on DESC, m.id DESC
     LIMIT $1
"""

_LOOKED = """
    UPDATE desk.material
       SET looked_on = $2
     WHERE id = $1
       AND looked_on IS NULL
"""

_UNSEEN = """
    SELECT count(*)
      FROM desk.material
     WHERE looked_on IS NULL
"""

_HAND = """
    UPDATE desk.material
       SET handed_by = $2, handed_on = $3
     WHERE id = $1
       AND handed_by IS NULL
"""

_TELL_CORRIDOR = """
    INSERT INTO corridor.material (id, agency, received_on, sealed)
    VALUES ($1, $2, $3, $4)
"""

_ANSWERED = """
    SELECT id
      FROM desk.release
     WHERE agency = $1
       AND left(id::text, 8) = $2
     ORDER BY id
     LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class MaterialRow:
    """One piece of material, sealed under its record key."""

    id: UUID
    agency: str
    agency_name: str
    received_on: date
    sealed: bytes
    handed_by: str | None  # to the corridor
    handed_on: date | None
    looked_on: date | None


@dataclass(frozen=True, slots=True)
class GoneRow:
    """The line that is left of a piece that was deleted; its reference is sealed under a key of its own."""

    id: UUID
    agency: str
    agency_name: str
    received_on: date
    gone_on: date
    sealed: bytes


async def is_here(db: Db, agency: str, sha256: str) -> bool:
    """Whether the same material of *agency* is kept already, or was until its last day."""
    with store_errors():
        return bool(await db.fetchval(_IS_HERE, agency, bytes.fromhex(sha256)))


async def add(db: Db, material: UUID, agency: str, *, sha256: str, day: date, sealed: bytes) -> None:
    """Keep one piece of material."""
    with store_errors():
        await db.execute(_ADD, material, agency, bytes.fromhex(sha256), day, sealed)


async def days(db: Db, agency: str) -> tuple[date, ...]:
    """The day on which each piece of material of *agency* came, also of those that are deleted by now."""
    with store_errors():
        return tuple(row["received_on"] for row in await db.fetch(_DAYS, agency))


async def mark_opened(db: Db, material: UUID, day: date) -> None:
    """Let the agency read in the portal that it was opened, and on which day."""
    with store_errors():
        await db.execute(_MARK_OPENED, material, day)


async def page(db: Db, *, before: tuple[date, UUID], limit: int) -> tuple[MaterialRow, ...]:
    """The newest material before *before*, at most *limit*."""
    with store_errors():
        rows = await db.fetch(_PAGE, *before, limit)
    return tuple(MaterialRow(**dict(row)) for row in rows)


async def get(db: Db, material: UUID) -> MaterialRow | None:
    """One piece of material."""
    with store_errors():
        row = await db.fetchrow(_GET, material)
    return MaterialRow(**dict(row)) if row else None


async def all_(db: Db) -> tuple[MaterialRow, ...]:
    """Every piece that is kept, oldest first."""
    with store_errors():
        rows = await db.fetch(_ALL)
    return tuple(MaterialRow(**dict(row)) for row in rows)


async def delete(db: Db, material: UUID) -> bool:
    """Delete one piece; False when somebody else did."""
    with store_errors():
        return bool(await db.execute(_DELETE, material) == "DELETE 1")


async def add_gone(db: Db, row: GoneRow, sha256: str) -> None:
    """Keep the line of a piece that was deleted."""
    with store_errors():
        await db.execute(_ADD_GONE, row.id, row.agency, bytes.fromhex(sha256), row.received_on, row.gone_on, row.sealed)


async def gone(db: Db, *, limit: int) -> tuple[GoneRow, ...]:
    """The lines of what was deleted last, at most *limit*."""
    with store_errors():
        rows = await db.fetch(_GONE, limit)
    return tuple(GoneRow(**dict(row)) for row in rows)


async def looked(db: Db, material: UUID, day: date) -> None:
    """Note the day on which somebody first looked at it."""
    with store_errors():
        await db.execute(_LOOKED, material, day)


async def unseen(db: Db) -> int:
    """How many pieces nobody has looked at."""
    with store_errors():
        count: int = await db.fetchval(_UNSEEN)
    return count


async def hand(db: Db, material: UUID, *, by: str, day: date) -> bool:
    """Note who hands it to the corridor; False when somebody did before."""
    with store_errors():
        return bool(await db.execute(_HAND, material, by, day) == "UPDATE 1")


async def tell_corridor(db: Db, row: MaterialRow, sealed: bytes) -> None:
    """Hand the corridor a piece, sealed to its vault; this role can never read it back."""
    with store_errors():
        await db.execute(_TELL_CORRIDOR, row.id, row.agency, row.received_on, sealed)


async def answered(db: Db, agency: str, reference: str) -> UUID | None:
    """The release to *agency* that people call by this reference, if there is one."""
    with store_errors():
        found: UUID | None = await db.fetchval(_ANSWERED, agency, reference)
    return found
