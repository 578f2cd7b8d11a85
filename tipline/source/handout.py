"""Rows that the zone hands out to whoever seals on their own device: intake keys, and what stands in a mailbox."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from tipline.base.database import Db, store_errors

_INTAKE_STATEMENTS_FROM: Final = """
    SELECT statement
      FROM zone.intake_key
     WHERE unit = $1
       AND not_after >= $2
     ORDER BY serial
"""
_NEAREST: Final = """
    SELECT id = $1 AS known, thread_state, bundle
      FROM zone.mailbox
     WHERE id >= $1
     ORDER BY id
     LIMIT 1
"""  # a mailbox that is not there costs the look at its neighbour: time does not tell


@dataclass(frozen=True, slots=True)
class Nearest:
    """What stands at a mailbox's place; *known* when it is that very mailbox."""

    known: bool
    thread_state: bytes
    bundle: bytes


@store_errors()
async def intake_statements_from(db: Db, unit: str, today: date) -> list[bytes]:
    """Return the signed statements of the intake keys that say they are valid *today* or later."""
    return [bytes(row["statement"]) for row in await db.fetch(_INTAKE_STATEMENTS_FROM, unit, today)]


@store_errors()
async def nearest(db: Db, mailbox_id: bytes) -> Nearest | None:
    """Return one mailbox, or another one that is not known, for the same work; None behind the last."""
    row = await db.fetchrow(_NEAREST, mailbox_id)
    return None if row is None else Nearest(row["known"], bytes(row["thread_state"]), bytes(row["bundle"]))
