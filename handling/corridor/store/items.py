"""Items of a tip and their grades. A grade is never changed, and a graded item is never removed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import asyncpg

from handling.rules import grading as rules
from tipline.base.database import Db, store_errors


@dataclass(frozen=True, slots=True)
class Grade:
    """One judgement, with its scheme; *sealed* is the reason."""

    id: UUID
    item: UUID
    scheme: str
    source: str
    information: str
    author: str
    graded_at: datetime
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Immunity:
    """A claim of public-interest immunity for one item; *sealed* is the reason."""

    item: UUID
    claimed_by: str
    claimed_on: date
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Item:
    """One fact from one tip with its grades, newest last."""

    id: UUID
    tip: UUID
    position: int
    author: str
    created_on: date
    sealed: bytes
    grades: tuple[Grade, ...]
    immunity: Immunity | None


@dataclass(frozen=True, slots=True)
class Graded:
    """How many items one author gave one grade, where it is their newest."""

    author: str
    grade: rules.Grade
    items: int


_ADD = """
    INSERT INTO corridor.item (id, tip, position, author, created_on, sealed)
    SELECT $1, $2, coalesce(max(position), 0) + 1, $3, $4, $5
      FROM corridor.item
     WHERE tip = $2
"""

_REMOVE = """
    DELETE FROM corridor.item
     WHERE id = $1
       AND NOT EXISTS (SELECT FROM corridor.grade WHERE grade.item = item.id)
       AND NOT EXISTS (SELECT FROM corridor.immunity WHERE immunity.item = item.id)
"""

_OF_TIP = """
    SELECT item.id, item.tip, item.position, item.author, item.created_on, item.sealed,
           grade.id AS grade, grade.scheme, grade.source, grade.information,
           grade.author AS grade_author, grade.graded_at, grade.sealed AS reason,
           immunity.claimed_by, immunity.claimed_on, immunity.sealed AS claim
      FROM corridor.item
      LEFT JOIN corridor.grade ON grade.item = item.id
      LEFT JOIN corridor.immunity ON immunity.item = item.id
     WHERE item.tip = $1
     ORDER BY item.position, grade.graded_at, grade.id
"""

_TIP_OF = """
    SELECT item.tip
      FROM corridor.item
      JOIN corridor.tip ON tip.id = item.tip
     WHERE item.id = $1
       AND tip.thread <> ALL($2::uuid[])
"""

_GRADED = """
    SELECT author, scheme, source, information, count(*) AS items
      FROM (SELECT DISTINCT ON (grade.item) grade.author, grade.scheme, grade.source, grade.information
              FROM corridor.grade
              JOIN corridor.item ON item.id = grade.item
              JOIN corridor.tip ON tip.id = item.tip
             WHERE tip.thread <> ALL($1::uuid[])
             ORDER BY grade.item, grade.graded_at DESC, grade.id DESC) AS newest
     GROUP BY author, scheme, source, information
"""

_GRADE = """
    INSERT INTO corridor.grade (id, item, scheme, source, information, author, graded_at, sealed)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""


_CLAIM = """
    INSERT INTO corridor.immunity (item, claimed_by, claimed_on, sealed)
    VALUES ($1, $2, $3, $4)
"""


async def add(db: Db, *, item: UUID, tip: UUID, author: str, created_on: date, sealed: bytes) -> None:
    """Put a new item behind the others of its tip."""
    with store_errors():
        await db.execute(_ADD, item, tip, author, created_on, sealed)


async def remove(db: Db, item: UUID) -> bool:
    """Remove an item that nobody has graded or claimed immunity for; False when somebody has, or it is gone."""
    with store_errors():
        tag = await db.execute(_REMOVE, item)
    return bool(tag == "DELETE 1")


async def tip_of(db: Db, item: UUID, hidden: Sequence[UUID]) -> UUID | None:
    """Return the tip that an item came from; None also where the session at work cannot open that tip's record."""
    with store_errors():
        tip: UUID | None = await db.fetchval(_TIP_OF, item, hidden)
    return tip


async def of_tip(db: Db, tip: UUID) -> tuple[Item, ...]:
    """All items of a tip, in their order, with their grades."""
    with store_errors():
        rows = await db.fetch(_OF_TIP, tip)
    grouped: dict[UUID, list[asyncpg.Record]] = {}
    for row in rows:
        grouped.setdefault(row["id"], []).append(row)
    return tuple(_item(group) for group in grouped.values())


async def graded(db: Db, hidden: Sequence[UUID]) -> tuple[Graded, ...]:
    """Count the newest grades of all items, but those of records that the session at work cannot open."""
    with store_errors():
        rows = await db.fetch(_GRADED, hidden)
    return tuple(
        Graded(row["author"], rules.Grade(row["scheme"], row["source"], row["information"]), row["items"])
        for row in rows
    )


async def grade(db: Db, grade: Grade) -> None:
    """Add one judgement behind the earlier ones."""
    with store_errors():
        await db.execute(
            _GRADE,
            grade.id,
            grade.item,
            grade.scheme,
            grade.source,
            grade.information,
            grade.author,
            grade.graded_at,
            grade.sealed,
        )


async def claim(db: Db, claimed: Immunity) -> None:
    """Claim immunity for an item; `TakenError` where somebody has."""
    with store_errors():
        await db.execute(_CLAIM, claimed.item, claimed.claimed_by, claimed.claimed_on, claimed.sealed)


def _item(rows: Sequence[asyncpg.Record]) -> Item:
    first = rows[0]
    return Item(
        id=first["id"],
        tip=first["tip"],
        position=first["position"],
        author=first["author"],
        created_on=first["created_on"],
        sealed=first["sealed"],
        grades=tuple(_grade(row) for row in rows if row["grade"] is not None),
        immunity=None
        if first["claim"] is None
        else Immunity(first["id"], first["claimed_by"], first["claimed_on"], first["claim"]),
    )


def _grade(row: asyncpg.Record) -> Grade:
    return Grade(
        id=row["grade"],
        item=row["id"],
        scheme=row["scheme"],
        source=row["source"],
        information=row["information"],
        author=row["grade_author"],
        graded_at=row["graded_at"],
        sealed=row["reason"],
    )
