"""Statements for an oversight body: sealed to it, and waiting here until somebody says that they were handed over. Sends nothing."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from crypto import age
from crypto.canonical import canonical
from handling.store.members import Duty, MemberList
from tipline.base.database import Db, store_errors

NEWEST = 12
"""How many that were handed over are still listed."""

_ADD = """
    INSERT INTO desk.statement (id, made_by, made_on, sealed)
    VALUES ($1, $2, $3, $4)
"""

_LISTED = """
    (SELECT position, id, made_by, made_on, handed_over_by, handed_over_on
       FROM desk.statement
      WHERE handed_over_on IS NULL)
    UNION ALL
    (SELECT position, id, made_by, made_on, handed_over_by, handed_over_on
       FROM desk.statement
      WHERE handed_over_on IS NOT NULL
      ORDER BY position DESC
      LIMIT $1)
     ORDER BY position
"""

_WAITING = """
    SELECT count(*)
      FROM desk.statement
     WHERE handed_over_on IS NULL
"""

_GET = """
    SELECT sealed
      FROM desk.statement
     WHERE id = $1
       AND handed_over_on IS NULL
"""

_HANDED_OVER = """
    UPDATE desk.statement
       SET sealed = ''::bytea, handed_over_by = $2, handed_over_on = $3
     WHERE id = $1
       AND handed_over_on IS NULL
"""


@dataclass(frozen=True, slots=True)
class Made:
    """One statement: who made it when, and who handed it over when; None while it waits."""

    id: UUID
    made_by: str
    made_on: date
    handed_over_by: str | None
    handed_over_on: date | None


class NobodyToReadError(Exception):
    """No outside second is on the member list and no recipient was named, so nobody outside could open it."""

    def __init__(self) -> None:
        super().__init__("nobody outside could open it")


def readers(members: MemberList) -> tuple[str, ...]:
    """Names of the outside seconds, to whom every statement is sealed."""
    return tuple(member.name for member in members.having(Duty.OUTSIDE))


async def make(
    db: Db, members: MemberList, content: dict[str, Any], *, by: str, today: date, also: age.Recipient | None
) -> UUID:
    """Seal a statement to the outside seconds and to whoever is named beside them, and keep it.

    Raises:
        NobodyToReadError: there is no one of either.
    """
    to = [members.member(name).release for name in readers(members)] + ([] if also is None else [also])
    if not to:
        raise NobodyToReadError
    sealed = await asyncio.to_thread(age.seal, canonical(content), to)
    statement = uuid4()
    with store_errors():
        await db.execute(_ADD, statement, by, today, sealed)
    return statement


async def listed(db: Db) -> Sequence[Made]:
    """All that wait, and the newest that were handed over; oldest first."""
    with store_errors():
        rows = await db.fetch(_LISTED, NEWEST)
    return [
        Made(row["id"], row["made_by"], row["made_on"], row["handed_over_by"], row["handed_over_on"]) for row in rows
    ]


async def waiting(db: Db) -> int:
    """How many wait to be handed over."""
    with store_errors():
        count: int = await db.fetchval(_WAITING)
    return count


async def get(db: Db, statement: UUID) -> bytes | None:
    """One that waits, as the file that is handed over."""
    with store_errors():
        sealed: bytes | None = await db.fetchval(_GET, statement)
    return sealed


async def handed_over(db: Db, statement: UUID, *, by: str, today: date) -> bool:
    """Note that *by* handed it over, and keep the file no longer; False when somebody said so before."""
    with store_errors():
        return bool(await db.execute(_HANDED_OVER, statement, by, today) == "UPDATE 1")
