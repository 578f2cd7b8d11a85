"""Reports by agencies: a page of each, with the decision on every pair. Three queries, however many pairs; stores nothing."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from handling.desk import case, matching
from handling.desk.case import NEWEST, Lost
from handling.desk.matching import Match, Party
from handling.desk.reports import Reviewed
from handling.desk.session import Desk
from handling.rules.agreements import Purpose
from handling.store import agencies, agreements
from tipline.base.database import Db

AGENCIES = 8
"""Columns of one page: with 25 reports no more than 200 pairs."""


@dataclass(frozen=True, slots=True)
class Row:
    """One report with the decision on each agency of the page; a report that cannot be opened has none."""

    report: Reviewed | Lost
    cells: tuple[tuple[Purpose, Match], ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """One page of it.

    Attributes:
        older: where the next page of reports begins.
        further: the last agency of this page, where there are more.
    """

    parties: tuple[Party, ...]
    rows: tuple[Row, ...]
    older: tuple[date, UUID] | None
    further: str | None


async def load(
    db: Db,
    desk: Desk,
    today: date,
    *,
    purposes: Sequence[Purpose] = tuple(Purpose),
    before: tuple[date, UUID] = NEWEST,
    after: str = "",
) -> Matrix:
    """Load and decide one page: the newest reports before *before*, agencies after *after*, each for the mildest purpose."""
    reports, older = await case.documents(db, desk, before=before)
    found = await agencies.after(db, after, limit=AGENCIES + 1)
    shown = found[:AGENCIES]
    active = await agreements.active_of(db, [agency.id for agency in shown], today)
    parties = tuple(Party(agency.name, agencies.recipient(agency), active.get(agency.id)) for agency in shown)
    rows = await asyncio.to_thread(_rows, reports, parties, purposes, today)
    return Matrix(parties, rows, older, shown[-1].id if len(found) > AGENCIES else None)


def _rows(
    reports: Sequence[Reviewed | Lost], parties: Sequence[Party], purposes: Sequence[Purpose], today: date
) -> tuple[Row, ...]:
    return tuple(
        Row(report, ())
        if isinstance(report, Lost)
        else Row(report, tuple(matching.best(report.review.facts, party, purposes, today) for party in parties))
        for report in reports
    )
