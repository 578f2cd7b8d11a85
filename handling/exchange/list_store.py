"""Requests for the list of all that an agency was sent, in Postgres. Each function is one statement and names the agency."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from tipline.base.database import Db, store_errors

_GIVEN = """
    SELECT COALESCE(dissemination_list, true)
      FROM unit.agreement a
     WHERE agency = $1
       AND (SELECT count(DISTINCT side)
              FROM unit.agreement_signature s
             WHERE (s.id, s.version) = (a.id, a.version)) = 2
     ORDER BY version DESC
     LIMIT 1
"""
_NEWEST = """
    SELECT asked_on, answered_on, notice
      FROM exchange.list_request
     WHERE agency = $1
     ORDER BY answered_on IS NOT NULL, asked_on DESC, answered_on DESC
     LIMIT 1
"""
_ADD = """
    INSERT INTO exchange.list_request (id, agency, asked_on)
    VALUES ($1, $2, $3)
        ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """The newest request of an agency; *notice* is the list, once it has come."""

    asked_on: date
    answered_on: date | None
    notice: UUID | None


async def is_given(db: Db, agency: str) -> bool:
    """Whether the newest version that both sides signed gives the list. A courtesy: the guard judges it by the signed bytes."""
    with store_errors():
        return bool(await db.fetchval(_GIVEN, agency))


async def newest(db: Db, agency: str) -> Asked | None:
    """The newest request of *agency*, the one that stands before all others."""
    with store_errors():
        row = await db.fetchrow(_NEWEST, agency)
    return None if row is None else Asked(**dict(row))


async def add(db: Db, request: UUID, agency: str, day: date) -> None:
    """Let *agency* ask; where its request stands already, nothing changes."""
    with store_errors():
        await db.execute(_ADD, request, agency, day)
