"""Reports as the corridor holds them, and their place in the guard's queue."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from uuid import UUID

import asyncpg

from tipline.base.database import Db, store_errors


class ReportState(Enum):
    """Where a report stands on its way to the desk."""

    DRAFT = "draft"
    QUEUED = "queued"
    REVIEWED = "reviewed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Report:
    """One report; *sealed* holds document, facts, agencies and the link to its items and thread."""

    id: UUID
    state: ReportState
    author: str
    created_on: date
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A request for review that was taken back: who had asked, and on which day."""

    report: UUID
    asked_by: str
    asked_on: date


_ADD = """
    INSERT INTO corridor.report (id, state, author, created_on, sealed)
    VALUES ($1, 'draft', $2, $3, $4)
"""

_GET = """
    SELECT id, state, author, created_on, sealed
      FROM corridor.report
     WHERE id = $1
       AND id <> ALL($2::uuid[])
"""

_SOME = """
    SELECT id, state, author, created_on, sealed
      FROM corridor.report
     WHERE id = ANY($1::uuid[])
       AND id <> ALL($2::uuid[])
     ORDER BY created_on DESC, id
"""

_PAGE = """
    SELECT id, state, author, created_on, sealed
      FROM corridor.report
     WHERE ($1::date IS NULL OR (created_on, id) < ($1::date, $2::uuid))
       AND id <> ALL($4::uuid[])
     ORDER BY created_on DESC, id DESC
     LIMIT $3
"""

_SAVE = """
    UPDATE corridor.report
       SET sealed = $2
     WHERE id = $1
       AND state = 'draft'
"""

_SET_STATE = """
    UPDATE corridor.report
       SET state = $3
     WHERE id = $1
       AND state = $2
"""

_QUEUE = """
    INSERT INTO guard.review (id, sealed, requested_by, requested_on, shown_to)
    VALUES ($1, $2, $3, $4, $5)
"""

_SHOW_REVIEWS_TO = """
    UPDATE guard.review
       SET shown_to = $2
     WHERE id = ANY($1::uuid[])
"""

_WITHDRAW_REVIEWS = """
    SELECT report, asked_by, asked_on
      FROM guard.withdraw_reviews($1::uuid[])
     ORDER BY report
"""

_REVIEWS = """
    SELECT id, state, reason
      FROM guard.review
     WHERE id = ANY($1::uuid[])
"""


async def add(db: Db, *, report: UUID, author: str, created_on: date, sealed: bytes) -> None:
    """Record a new draft; its record key is in the keyring already."""
    with store_errors():
        await db.execute(_ADD, report, author, created_on, sealed)


async def get(db: Db, report: UUID, hidden: Sequence[UUID]) -> Report | None:
    """Return one report, if there is one and it is not hidden."""
    with store_errors():
        row = await db.fetchrow(_GET, report, hidden)
    return None if row is None else _report(row)


async def some(db: Db, reports: Sequence[UUID], hidden: Sequence[UUID]) -> tuple[Report, ...]:
    """Return those of *reports* that exist and are not hidden, newest day first."""
    with store_errors():
        rows = await db.fetch(_SOME, reports, hidden)
    return tuple(_report(row) for row in rows)


async def page(db: Db, *, after: tuple[date, UUID] | None, limit: int, hidden: Sequence[UUID]) -> tuple[Report, ...]:
    """Reports, newest day first, from behind *after*."""
    day, last = (None, None) if after is None else after
    with store_errors():
        rows = await db.fetch(_PAGE, day, last, limit, hidden)
    return tuple(_report(row) for row in rows)


async def save(db: Db, report: UUID, sealed: bytes) -> bool:
    """Replace the content of a draft; False when it is no draft any more."""
    with store_errors():
        tag = await db.execute(_SAVE, report, sealed)
    return bool(tag == "UPDATE 1")


async def set_state(db: Db, report: UUID, *, was: ReportState, now: ReportState) -> bool:
    """Move a report on; False when somebody else moved it first."""
    with store_errors():
        tag = await db.execute(_SET_STATE, report, was.value, now.value)
    return bool(tag == "UPDATE 1")


async def queue(
    db: Db, *, report: UUID, sealed: bytes, requested_by: str, requested_on: date, shown_to: Sequence[str] | None
) -> None:
    """Hand a report to the guard for review; *shown_to* names who sees the request there, None is everybody."""
    with store_errors():
        await db.execute(_QUEUE, report, sealed, requested_by, requested_on, shown_to)


async def show_reviews_to(db: Db, reports: Sequence[UUID], shown_to: Sequence[str] | None) -> None:
    """Change who sees the requests for review of these reports."""
    with store_errors():
        await db.execute(_SHOW_REVIEWS_TO, reports, shown_to)


async def withdraw_reviews(db: Db, reports: Sequence[UUID]) -> tuple[Withdrawn, ...]:
    """Take back the requests for review of these reports that nobody has decided."""
    with store_errors():
        rows = await db.fetch(_WITHDRAW_REVIEWS, reports)
    return tuple(Withdrawn(row["report"], row["asked_by"], row["asked_on"]) for row in rows)


async def reviews(db: Db, reports: Sequence[UUID]) -> dict[UUID, tuple[str, bytes | None]]:
    """What the guard's queue says: state, and the reason of a refusal sealed to the corridor vault."""
    with store_errors():
        rows = await db.fetch(_REVIEWS, reports)
    return {row["id"]: (row["state"], row["reason"]) for row in rows}


def _report(row: asyncpg.Record) -> Report:
    return Report(
        id=row["id"],
        state=ReportState(row["state"]),
        author=row["author"],
        created_on=row["created_on"],
        sealed=row["sealed"],
    )
