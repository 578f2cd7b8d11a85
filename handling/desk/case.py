"""A report with what became of it, loaded and opened for a page: as many queries for a page of reports as for one. Decides nothing."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from crypto.errors import CryptoError
from handling.desk import acts, consents, deconfliction, feedback, ledger, notices, reports, store, withholdings
from handling.desk.acts import Act, Recall
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
        refusals: why an officer refused one of its recalls, by the notice's id.
    """

    release: Release
    answers: tuple[Answer, ...]
    acts: tuple[Act, ...] = ()
    agreements: tuple[Agreement, ...] = ()
    notices: Mapping[UUID, str] = field(default_factory=dict)
    refusals: Mapping[UUID, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    """A report, its releases, the agencies that were left out, and whether it is somebody's source or operation.

    Attributes:
        reviewed: with what agencies consented to among its facts.
        noticed: notices about it, oldest first.
        consents: what agencies answered about it and those that it is a version of.
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
    """The newest reports before *before*, opened off the event loop, and where the next page begins.

    In one query, where none is a new version and nobody answered about consent.
    """
    rows = await store.reports(db, before=before, limit=length + 1)
    shown = rows[:length]
    read = await asyncio.to_thread(_all_read, desk, shown)
    asked = {row.id for row in shown if row.answered}
    with_answers = [
        one for one in read if isinstance(one, Reviewed) and (one.report.id in asked or one.review.version_of)
    ]
    answers = await _answers(db, with_answers)

    def all_opened() -> tuple[Reviewed | Lost, ...]:
        return tuple(_reviewed(desk, one, answers) for one in read)

    last = (shown[-1].received_on, shown[-1].id) if len(rows) > length else None
    return await asyncio.to_thread(all_opened), last


async def report(db: Db, desk: Desk, report_id: UUID) -> Reviewed:
    """One report, or `NoSuchReportError`."""
    row = await store.report(db, report_id)
    if row is None:
        raise NoSuchReportError
    read = await asyncio.to_thread(reports.open_, desk.vault, row)
    answers = await _answers(db, [read])
    return await asyncio.to_thread(_agreed, desk, read, answers)


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
    about = await _answers(db, [reviewed])
    given = (await asyncio.to_thread(about.open, desk, reviewed))[1]
    return reviewed, opened(desk, row, await since(db, [row.report])), given


async def _cases(db: Db, desk: Desk, rows: Sequence[store.ReportRow]) -> tuple[Case | Lost, ...]:
    """Load what became of all of them in as many queries as for one, and open it off the event loop."""
    of = [row.id for row in rows]
    releases = await store.releases(db, of)
    left_out, asked = await withholdings.of(db, of), await deconfliction.of(db, of)
    read = await asyncio.to_thread(_all_read, desk, rows)
    beside, about = await since(db, of), await _answers(db, [one for one in read if isinstance(one, Reviewed)])

    def all_opened() -> tuple[Case | Lost, ...]:
        found = _Rows(releases, beside, left_out, asked, about)
        return tuple(_case(desk, one, found) for one in read)

    return await asyncio.to_thread(all_opened)


@dataclass(frozen=True, slots=True)
class Since:
    """What is stored about the releases of some reports since they were asked for.

    Attributes:
        agreed: every version of each agency's agreement, highest first, by agency id.
        notices: the state that the guard keeps of each notice about the reports.
        reasons: why one of them was refused, sealed to the desk intake.
    """

    answers: Sequence[store.AnswerRow]
    acts: Sequence[Row]
    agreed: Mapping[str, tuple[Agreement, ...]]
    notices: Mapping[UUID, str]
    reasons: Mapping[UUID, bytes]


async def since(db: Db, of: Sequence[UUID]) -> Since:
    """Load it, in as many queries for many reports as for one."""
    about = await notices.of(db, of)
    told = {row.id: row.state for row in about}
    reasons = {row.id: row.reason for row in about if row.reason is not None}
    return Since(await store.answers(db, of), await acts.of(db, of), await agreements.every(db), told, reasons)


def opened(desk: Desk, row: store.ReleaseRow, beside: Since) -> Answered:
    """Open one line of the ledger with what is about it. Blocking."""
    did = tuple(act for act in acts.open_(desk.vault, row.report, beside.acts) if act.release == row.id)
    recalls = [act.did.notice for act in did if isinstance(act.did, Recall)]
    return Answered(
        ledger.open_(desk.vault, desk.intake, row),
        tuple(feedback.open_(desk.vault, row.report, one) for one in beside.answers if one.release == row.id),
        did,
        beside.agreed.get(row.agency, ()),
        beside.notices,
        {one: ledger.reason(desk.intake, beside.reasons[one]) for one in recalls if one in beside.reasons},
    )


@dataclass(frozen=True, slots=True)
class _Answers:
    """Notices about some reports and those that they are versions of, what was answered to them, and the keys of agencies."""

    notices: Sequence[notices.Row]
    consents: Sequence[consents.Row]
    keys: Mapping[str, str]

    def open(self, desk: Desk, reviewed: Reviewed) -> tuple[tuple[Noticed, ...], Consents]:
        """Open the notices about one report, and what was answered about it and those that it is a version of. Blocking.

        What was said about one whose key is gone cannot be read here; the guard refuses a release without it.
        """
        noticed = {reviewed.report.id: notices.open_(desk, reviewed.report.id, self.notices)}
        for earlier in _line(reviewed)[1:]:
            with suppress(MissingKeyError):
                noticed[earlier] = notices.open_(desk, earlier, self.notices)
        every = [one for about in noticed.values() for one in about]
        given = consents.open_(desk.vault, noticed.keys(), self.consents, every, self.keys)
        return noticed[reviewed.report.id], given


def _line(reviewed: Reviewed) -> tuple[UUID, ...]:
    """A report and those that it is a new version of."""
    return (reviewed.report.id, *map(UUID, reviewed.review.version_of))


async def _answers(db: Db, about: Sequence[Reviewed]) -> _Answers:
    of = list(dict.fromkeys(one for reviewed in about for one in _line(reviewed)))
    if not of:
        return _Answers((), (), {})
    found, given = await notices.of(db, of), await consents.of(db, of)
    keys = {agency.id: agency.fingerprint for agency in await agencies.all_(db)} if given else {}
    return _Answers(found, given, keys)


def _all_read(desk: Desk, rows: Sequence[store.ReportRow]) -> tuple[Reviewed | Lost, ...]:
    return tuple(_read(desk, row) for row in rows)


def _read(desk: Desk, row: store.ReportRow) -> Reviewed | Lost:
    try:
        return reports.open_(desk.vault, row)
    except (MissingKeyError, CryptoError):
        return Lost(row.id, row.received_on)


def _agreed(desk: Desk, read: Reviewed, answers: _Answers) -> Reviewed:
    return consents.agreed(read, answers.open(desk, read)[1])


def _reviewed(desk: Desk, read: Reviewed | Lost, answers: _Answers) -> Reviewed | Lost:
    if isinstance(read, Lost):
        return read
    try:
        return _agreed(desk, read, answers)
    except (MissingKeyError, CryptoError):
        return Lost(read.report.id, read.received_on)


@dataclass(frozen=True, slots=True)
class _Rows:
    """What became of some reports, as it is stored."""

    releases: Sequence[store.ReleaseRow]
    since: Since
    left_out: Sequence[Row]
    deconfliction: Sequence[Row]
    about: _Answers


def _case(desk: Desk, read: Reviewed | Lost, of: _Rows) -> Case | Lost:
    if isinstance(read, Lost):
        return read
    vault, report_id = desk.vault, read.report.id
    try:
        noticed, given = of.about.open(desk, read)
        return Case(
            consents.agreed(read, given),
            tuple(opened(desk, one, of.since) for one in of.releases if one.report == report_id),
            withholdings.open_(vault, report_id, of.left_out),
            deconfliction.open_(vault, report_id, of.deconfliction),
            noticed,
            given,
        )
    except DamagedNotesError:
        return Lost(report_id, read.received_on, damaged_notes=True)
    except (MissingKeyError, CryptoError):
        return Lost(report_id, read.received_on)
