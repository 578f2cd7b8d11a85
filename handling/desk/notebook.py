"""Notes of one kind in Postgres: added behind those that are there, read, opened. None is changed or taken back."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from handling.desk import notes
from handling.desk.notes import Note, Row
from handling.store.vault import OpenVault
from tipline.base.database import Db, store_errors


@dataclass(frozen=True, slots=True)
class Notebook:
    """The table of one kind, and what its columns for author and day are called."""

    table: str
    by: str
    on: str

    async def add(self, db: Db, vault: OpenVault, report: UUID, note: Note) -> None:
        """Keep a note about a report; whoever calls this holds the report's lock.

        Raises:
            DamagedNotesError: those that are there are not what was written.
        """
        before = await self.of(db, [report])

        def sealed() -> Row:
            return notes.seal(vault.record(report), self.table, report, note, before=before)

        row = await asyncio.to_thread(sealed)
        statement = f"INSERT INTO {self.table} (id, report, {self.by}, {self.on}, sealed) VALUES ($1, $2, $3, $4, $5)"
        with store_errors():
            await db.execute(statement, row.id, report, row.by, row.on, row.sealed)

    async def of(self, db: Db, reports: Sequence[UUID]) -> tuple[Row, ...]:
        """All notes about some reports."""
        statement = f"""
            SELECT id, report, {self.by} AS by, {self.on} AS "on", sealed
              FROM {self.table}
             WHERE report = ANY($1::uuid[])
        """
        with store_errors():
            rows = await db.fetch(statement, list(reports))
        return tuple(Row(**dict(row)) for row in rows)

    def open_(self, vault: OpenVault, report: UUID, rows: Sequence[Row]) -> tuple[Note, ...]:
        """Open those about one report, oldest first, or raise `DamagedNotesError`. Blocking."""
        mine = [row for row in rows if row.report == report]
        return notes.open_(vault.record(report), self.table, mine) if mine else ()
