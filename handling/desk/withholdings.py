"""Permitted agencies that were left out of a report, each with its reason, author and day. Nothing here is changed or taken back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from crypto import columns
from crypto.canonical import canonical, parse
from handling.rules.sharing import Withheld
from handling.store.vault import OpenVault
from tipline.base.database import Db, store_errors

_TABLE, _COLUMN = "desk.withholding", "sealed"

_ADD = """
    INSERT INTO desk.withholding (id, report, withheld_by, withheld_on, sealed)
    VALUES ($1, $2, $3, $4, $5)
"""

_OF = """
    SELECT id, report, withheld_by, withheld_on, sealed
      FROM desk.withholding
     WHERE report = ANY($1::uuid[])
     ORDER BY withheld_on, id
"""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One agency that was left out."""

    agency: str
    reason: Withheld
    by: str
    on: date


@dataclass(frozen=True, slots=True)
class Row:
    """The same as it is kept, sealed under the report's record key."""

    id: UUID
    report: UUID
    withheld_by: str
    withheld_on: date
    sealed: bytes


def seal(vault: OpenVault, row: UUID, report: UUID, left_out: LeftOut) -> Row:
    """Seal one of them for its row. Blocking."""
    content = canonical({"agency": left_out.agency, "reason": left_out.reason.value})
    sealed = columns.seal(vault.record(report), content, table=_TABLE, column=_COLUMN, row=str(row))
    return Row(row, report, left_out.by, left_out.on, sealed)


def open_(vault: OpenVault, row: Row) -> LeftOut:
    """Open one of them. Blocking."""
    content = parse(columns.open_(vault.record(row.report), row.sealed, table=_TABLE, column=_COLUMN, row=str(row.id)))
    return LeftOut(content["agency"], Withheld(content["reason"]), row.withheld_by, row.withheld_on)


async def add(db: Db, row: Row) -> None:
    """Store one of them."""
    with store_errors():
        await db.execute(_ADD, row.id, row.report, row.withheld_by, row.withheld_on, row.sealed)


async def of(db: Db, reports: Sequence[UUID]) -> tuple[Row, ...]:
    """All of some reports, oldest first."""
    with store_errors():
        rows = await db.fetch(_OF, list(reports))
    return tuple(Row(**dict(row)) for row in rows)
