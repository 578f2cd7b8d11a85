"""Permitted agencies that were left out of a report, each with its reason, author and day. Nothing here is changed or taken back."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from handling.desk import notes
from handling.desk.notes import Note, Row
from handling.rules.sharing import Withheld
from handling.store.vault import OpenVault
from tipline.base.database import Db, store_errors

_TABLE = "desk.withholding"

_ADD = """
    INSERT INTO desk.withholding (id, report, withheld_by, withheld_on, sealed)
    VALUES ($1, $2, $3, $4, $5)
"""

_OF = """
    SELECT id, report, withheld_by AS by, withheld_on AS "on", sealed
      FROM desk.withholding
     WHERE report = ANY($1::uuid[])
"""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One agency that was left out."""

    agency: str
    reason: Withheld
    by: str
    on: date


async def add(db: Db, vault: OpenVault, report: UUID, left_out: LeftOut) -> None:
    """Keep one of them, behind those that are there; whoever calls this holds the report's lock.

    Raises:
        DamagedNotesError: those that are there are not what was written.
    """
    before = await of(db, [report])
    said = {"agency": left_out.agency, "reason": left_out.reason.value}

    def sealed() -> Row:
        note = Note(said, left_out.by, left_out.on)
        return notes.seal(vault.record(report), _TABLE, report, note, before=before)

    row = await asyncio.to_thread(sealed)
    with store_errors():
        await db.execute(_ADD, row.id, report, row.by, row.on, row.sealed)


async def of(db: Db, reports: Sequence[UUID]) -> tuple[Row, ...]:
    """All of some reports."""
    with store_errors():
        rows = await db.fetch(_OF, list(reports))
    return tuple(Row(**dict(row)) for row in rows)


def open_(vault: OpenVault, report: UUID, rows: Sequence[Row]) -> tuple[LeftOut, ...]:
    """Open those of one report, oldest first, or raise `DamagedNotesError`. Blocking."""
    mine = [row for row in rows if row.report == report]
    found = notes.open_(vault.record(report), _TABLE, mine) if mine else ()
    return tuple(LeftOut(one.said["agency"], Withheld(one.said["reason"]), one.by, one.on) for one in found)
