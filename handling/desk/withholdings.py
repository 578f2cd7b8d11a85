"""Permitted agencies that were left out of a report, each with its reason, author and day. Nothing here is changed or taken back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from handling.desk.notebook import Notebook
from handling.desk.notes import Note, Row
from handling.rules.sharing import Withheld
from handling.store.vault import OpenVault
from tipline.base.database import Db

_KEPT = Notebook("desk.withholding", by="withheld_by", on="withheld_on")


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
    said = {"agency": left_out.agency, "reason": left_out.reason.value}
    await _KEPT.add(db, vault, report, Note(said, left_out.by, left_out.on))


async def of(db: Db, reports: Sequence[UUID]) -> tuple[Row, ...]:
    """All of some reports."""
    return await _KEPT.of(db, reports)


def open_(vault: OpenVault, report: UUID, rows: Sequence[Row]) -> tuple[LeftOut, ...]:
    """Open those of one report, oldest first, or raise `DamagedNotesError`. Blocking."""
    found = _KEPT.open_(vault, report, rows)
    return tuple(LeftOut(one.said["agency"], Withheld(one.said["reason"]), one.by, one.on) for one in found)
