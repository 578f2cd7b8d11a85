"""A report with what became of it, loaded and opened for a page. Three queries at most; decides nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from crypto.errors import CryptoError
from handling.desk import feedback, ledger, reports, store
from handling.desk.feedback import Answer
from handling.desk.ledger import Release
from handling.desk.reports import Reviewed
from handling.desk.session import Desk
from handling.store.keyring import MissingKeyError
from tipline.base.database import Db

PAGE_LENGTH = 25
NEWEST = (date.max, UUID(int=2**128 - 1))


class NoSuchReportError(Exception):
    """No report here has this id."""

    def __init__(self) -> None:
        super().__init__("no such report")


class NoSuchReleaseError(Exception):
    """No release here has this id."""

    def __init__(self) -> None:
        super().__init__("no such release")


@dataclass(frozen=True, slots=True)
class Answered:
    """A release with all that its agency has said about it, oldest first."""

    release: Release
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """A report and its releases."""

    reviewed: Reviewed
    releases: tuple[Answered, ...]


@dataclass(frozen=True, slots=True)
class Lost:
    """A report whose record key is gone, or whose row was changed: it cannot be read, and is not hidden."""

    id: UUID
    received_on: date


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of reports, newest first, and where the next page begins if there is one."""

    cases: tuple[Case | Lost, ...]
    next: tuple[date, UUID] | None


async def listing(db: Db, desk: Desk, *, before: tuple[date, UUID] = NEWEST) -> Listing:
    """The newest reports before *before*, each with its releases and answers."""
    rows = await store.reports(db, before=before, limit=PAGE_LENGTH + 1)
    shown = rows[:PAGE_LENGTH]
    found = await _answered(db, desk, [row.id for row in shown])
    cases = tuple(_case(desk, row, found) for row in shown)
    return Listing(cases, (shown[-1].received_on, shown[-1].id) if len(rows) > PAGE_LENGTH else None)


async def report(db: Db, desk: Desk, report_id: UUID) -> Reviewed:
    """One report, or `NoSuchReportError`."""
    row = await store.report(db, report_id)
    if row is None:
        raise NoSuchReportError
    return reports.open_(desk.vault, row)


async def case(db: Db, desk: Desk, report_id: UUID) -> Case:
    """One report with its releases and answers, or `NoSuchReportError`."""
    reviewed = await report(db, desk, report_id)
    return Case(reviewed, tuple(await _answered(db, desk, [report_id])))


async def release(db: Db, desk: Desk, release_id: UUID) -> tuple[Reviewed, Answered]:
    """One release with its report and answers, or `NoSuchReleaseError`."""
    row = await store.release(db, release_id)
    if row is None:
        raise NoSuchReleaseError
    reviewed = await report(db, desk, row.report)
    answers = await store.answers(db, [row.report])
    return reviewed, _opened(desk, row, answers)


async def _answered(db: Db, desk: Desk, of: Sequence[UUID]) -> list[Answered]:
    rows = await store.releases(db, of)
    answers = await store.answers(db, of)
    found = []
    for row in rows:
        try:
            found.append(_opened(desk, row, answers))
        except (MissingKeyError, CryptoError):
            continue  # its report is listed as lost
    return found


def _opened(desk: Desk, row: store.ReleaseRow, answers: Sequence[store.AnswerRow]) -> Answered:
    said = (feedback.open_(desk.vault, row.report, one) for one in answers if one.release == row.id)
    return Answered(ledger.open_(desk.vault, desk.intake, row), tuple(said))


def _case(desk: Desk, row: store.ReportRow, found: Sequence[Answered]) -> Case | Lost:
    try:
        reviewed = reports.open_(desk.vault, row)
    except (MissingKeyError, CryptoError):
        return Lost(row.id, row.received_on)
    return Case(reviewed, tuple(one for one in found if one.release.report == row.id))
