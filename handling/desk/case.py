"""A report with what became of it, loaded and opened for a page: as many queries for a page of reports as for one. Decides nothing."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from crypto.errors import CryptoError
from handling.desk import acts, consents, deconfliction, feedback, ledger, notices, reports, store, withholdings
from handling.desk.acts import Act
from handling.desk.consents import Consents
from handling.desk.feedback import Answer
from handling.desk.ledger import Release
from handling.desk.notes import DamagedNotesError, Row
from handling.desk.notices import Noticed
from handling.desk.reports import Reviewed
from handling.desk.session import Desk
from handling.desk.withholdings import LeftOut
from handling.rules.agreements import Agreement
from handling.rules.deconfliction import Deconfliction
from handling.store import agencies, agreements
from handling.store.keyring import MissingKeyError
from tipline.base.database import Db

PAGE_LENGTH = 25
_NO_CONSENTS = Consents()
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
    """A release with all that its agency has said about it, and all that the desk did since, oldest first.

    Attributes:
        agreements: every version of the agency's agreement, highest first.
        notices: the state that the guard keeps of each notice about the report, by its id.
    """

    release: Release
    answers: tuple[Answer, ...]
    acts: tuple[Act, ...] = ()
    agreements: tuple[Agreement, ...] = ()
    notices: Mapping[UUID, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    """A report, its releases, the agencies that were left out, and whether it is somebody's source or operation.

    Attributes:
        reviewed: with what agencies consented to among its facts.
        noticed: notices about it, oldest first.
        consents: what agencies answered to them.
    """

    reviewed: Reviewed
    releases: tuple[Answered, ...]
    left_out: tuple[LeftOut, ...] = ()
    deconfliction: tuple[Deconfliction, ...] = ()
    noticed: tuple[Noticed, ...] = ()
    consents: Consents = _NO_CONSENTS


@dataclass(frozen=True, slots=True)
class Lost:
    """A report whose record key is gone, or of which a row was changed: it cannot be read, and is not hidden.

    Attributes:
        damaged_notes: what was written down about it is not what stands there.
    """

    id: UUID
    received_on: date
    damaged_notes: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of reports, newest first, and where the next page begins if there is one."""

    cases: tuple[Case | Lost, ...]
    next: tuple[date, UUID] | None


async def listing(
    db: Db, desk: Desk, *, before: tuple[date, UUID] = NEWEST, since: date = date.min, length: int = PAGE_LENGTH
) -> Listing:
    """The newest reports before *before* that came on *since* or later, each with all that became of it."""
    rows = [row for row in await store.reports(db, before=before, limit=length + 1) if row.received_on >= since]
    shown = rows[:length]
    cases = await _cases(db, desk, shown)
    return Listing(cases, (shown[-1].received_on, shown[-1].id) if len(rows) > length else None)


async def documents(
    db: Db, desk: Desk, *, before: tuple[date, UUID] = NEWEST, length: int = PAGE_LENGTH
) -> tuple[tuple[Reviewed | Lost, ...], tuple[date, UUID] | None]:
    """The newest reports before *before* in one query where nobody answered about consent, opened off the event loop, and where the next page begins."""
    rows = await store.reports(db, before=before, limit=length + 1)
    shown = rows[:length]
    answers = await _answers(db, [row.id for row in shown if row.answered])

    def all_opened() -> tuple[Reviewed | Lost, ...]:
        return tuple(_reviewed(desk, row, answers) for row in shown)

    last = (shown[-1].received_on, shown[-1].id) if len(rows) > length else None
    return await asyncio.to_thread(all_opened), last


async def report(db: Db, desk: Desk, report_id: UUID) -> Reviewed:
    """One report, or `NoSuchReportError`."""
    row = await store.report(db, report_id)
    if row is None:
        raise NoSuchReportError
    answers = await _answers(db, [report_id])
    return await asyncio.to_thread(_agreed, desk, row, answers)


async def case(db: Db, desk: Desk, report_id: UUID) -> Case:
    """One report with all that became of it.

    Raises:
        NoSuchReportError: there is none with this id.
        MissingKeyError: it cannot be opened.
        DamagedNotesError: what was written down about it is not what stands there.
    """
    row = await store.report(db, report_id)
    if row is None:
        raise NoSuchReportError
    (found,) = await _cases(db, desk, [row])
    if isinstance(found, Lost) and found.damaged_notes:
        raise DamagedNotesError
    if isinstance(found, Lost):
        raise MissingKeyError
    return found


async def release(db: Db, desk: Desk, release_id: UUID) -> tuple[Reviewed, Answered, Consents]:
    """One release with its report, its answers and what was consented to, or `NoSuchReleaseError`."""
    row = await store.release(db, release_id)
    if row is None:
        raise NoSuchReleaseError
    reviewed = await report(db, desk, row.report)
    about = await _answers(db, [row.report])
    given = (await asyncio.to_thread(about.open, desk, row.report))[1]
    return reviewed, opened(desk, row, await since(db, [row.report])), given


async def _cases(db: Db, desk: Desk, rows: Sequence[store.ReportRow]) -> tuple[Case | Lost, ...]:
    """Load what became of all of them in as many queries as for one, and open it off the event loop."""
    of = [row.id for row in rows]
    releases = await store.releases(db, of)
    left_out, asked = await withholdings.of(db, of), await deconfliction.of(db, of)
    beside, about = await since(db, of), await _answers(db, of)

    def all_opened() -> tuple[Case | Lost, ...]:
        found = _Rows(releases, beside, left_out, asked, about)
        return tuple(_case(desk, row, found) for row in rows)

    return await asyncio.to_thread(all_opened)


@dataclass(frozen=True, slots=True)
class Since:
    """What is stored about the releases of some reports since they were asked for.

    Attributes:
        agreed: every version of each agency's agreement, highest first, by agency id.
        notices: the state that the guard keeps of each notice about the reports.
    """

    answers: Sequence[store.AnswerRow]
    acts: Sequence[Row]
    agreed: Mapping[str, tuple[Agreement, ...]]
    notices: Mapping[UUID, str]


async def since(db: Db, of: Sequence[UUID]) -> Since:
    """Load it, in as many queries for many reports as for one."""
    told = {row.id: row.state for row in await notices.of(db, of)}
    return Since(await store.answers(db, of), await acts.of(db, of), await agreements.every(db), told)


def opened(desk: Desk, row: store.ReleaseRow, beside: Since) -> Answered:
    """Open one line of the ledger with what is about it. Blocking."""
    return Answered(
        ledger.open_(desk.vault, desk.intake, row),
        tuple(feedback.open_(desk.vault, row.report, one) for one in beside.answers if one.release == row.id),
        tuple(act for act in acts.open_(desk.vault, row.report, beside.acts) if act.release == row.id),
        beside.agreed.get(row.agency, ()),
        beside.notices,
    )


@dataclass(frozen=True, slots=True)
class _Answers:
    """Notices about some reports, what was answered to them, and the keys of agencies."""

    notices: Sequence[notices.Row]
    consents: Sequence[consents.Row]
    keys: Mapping[str, str]

    def open(self, desk: Desk, report: UUID) -> tuple[tuple[Noticed, ...], Consents]:
        """Open those about one report. Blocking."""
        noticed = notices.open_(desk, report, self.notices)
        return noticed, consents.open_(desk.vault, report, self.consents, noticed, self.keys)


async def _answers(db: Db, of: Sequence[UUID]) -> _Answers:
    if not of:
        return _Answers((), (), {})
    found, given = await notices.of(db, of), await consents.of(db, of)
    keys = {agency.id: agency.fingerprint for agency in await agencies.all_(db)} if given else {}
    return _Answers(found, given, keys)


def _agreed(desk: Desk, row: store.ReportRow, answers: _Answers) -> Reviewed:
    return consents.agreed(reports.open_(desk.vault, row), answers.open(desk, row.id)[1])


def _reviewed(desk: Desk, row: store.ReportRow, answers: _Answers) -> Reviewed | Lost:
    try:
        return _agreed(desk, row, answers)
    except (MissingKeyError, CryptoError):
        return Lost(row.id, row.received_on)


@dataclass(frozen=True, slots=True)
class _Rows:
    """What became of some reports, as it is stored."""

    releases: Sequence[store.ReleaseRow]
    since: Since
    left_out: Sequence[Row]
    deconfliction: Sequence[Row]
    about: _Answers


def _case(desk: Desk, row: store.ReportRow, of: _Rows) -> Case | Lost:
    vault = desk.vault
    try:
        noticed, given = of.about.open(desk, row.id)
        return Case(
            consents.agreed(reports.open_(vault, row), given),
            tuple(opened(desk, one, of.since) for one in of.releases if one.report == row.id),
            withholdings.open_(vault, row.id, of.left_out),
            deconfliction.open_(vault, row.id, of.deconfliction),
            noticed,
            given,
        )
    except DamagedNotesError:
        return Lost(row.id, row.received_on, damaged_notes=True)
    except (MissingKeyError, CryptoError):
        return Lost(row.id, row.received_on)
