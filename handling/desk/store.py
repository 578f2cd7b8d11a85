"""The desk's rows in Postgres. Each function is one statement over sealed values; the caller owns the transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from tipline.base.database import Db, store_errors

_LOCK = """
    SELECT pg_advisory_xact_lock(hashtextextended($1, 0))
"""

_INBOX = """
    SELECT id, kind, sealed, received_on
      FROM desk.inbox
     WHERE (received_on, id) > ($1, $2)
     ORDER BY received_on, id
     LIMIT $3
"""

_TAKE = """
    DELETE FROM desk.inbox
     WHERE id = $1
"""

_ADD_REPORT = """
    INSERT INTO desk.report (id, received_on, sealed)
    VALUES ($1, $2, $3)
"""

_REPORT = """
    SELECT id, received_on, sealed
      FROM desk.report
     WHERE id = $1
"""

_ADD_ATTACHMENT = """
    INSERT INTO desk.attachment (report, number, sealed)
    VALUES ($1, $2, $3)
"""

_ATTACHMENTS = """
    SELECT sealed
      FROM desk.attachment
     WHERE report = $1
     ORDER BY number
"""

_NAMED = """
    SELECT id
      FROM desk.report
     WHERE id = ANY($1::uuid[])
     UNION ALL
    SELECT id
      FROM desk.material
     WHERE id = ANY($1::uuid[])
     UNION ALL
    SELECT id
      FROM desk.material_gone
     WHERE id = ANY($1::uuid[])
"""

_RAN = """
    INSERT INTO desk.day (day)
    VALUES ($1)
    ON CONFLICT (day) DO NOTHING
"""

_DAYS = """
    SELECT day
      FROM desk.day
     WHERE day <= $1
     ORDER BY day DESC
     LIMIT 400
"""

_REPORTS = """
    SELECT id, received_on, sealed, EXISTS (SELECT FROM desk.consent c WHERE c.report = r.id) AS answered
      FROM desk.report r
     WHERE (received_on, id) < ($1, $2)
     ORDER BY received_on DESC, id DESC
     LIMIT $3
"""

_RELEASES = """
    SELECT r.id, r.report, r.agency, a.name AS agency_name, a.acknowledge,
           r.requested_by, r.requested_on, r.sealed, g.state, g.reason
      FROM desk.release r
      JOIN guard.release g ON g.id = r.id
      JOIN unit.agency a ON a.id = r.agency
     WHERE r.report = ANY($1::uuid[])
     ORDER BY r.requested_on DESC, r.id
"""

_RELEASE = """
    SELECT r.id, r.report, r.agency, a.name AS agency_name, a.acknowledge,
           r.requested_by, r.requested_on, r.sealed, g.state, g.reason
      FROM desk.release r
      JOIN guard.release g ON g.id = r.id
      JOIN unit.agency a ON a.id = r.agency
     WHERE r.id = $1
"""

_RELEASED = """
    SELECT r.id, r.report, r.agency, a.name AS agency_name, a.acknowledge,
           r.requested_by, r.requested_on, r.sealed, g.state, g.reason
      FROM desk.release r
      JOIN guard.release g ON g.id = r.id
      JOIN unit.agency a ON a.id = r.agency
     WHERE g.state = 'released'
       AND ($1::text IS NULL OR r.agency = $1)
       AND (r.report, r.id) > ($2, $3)
     ORDER BY r.report, r.id
     LIMIT $4
"""

_ADD_RELEASE = """
    INSERT INTO desk.release (id, report, agency, requested_by, requested_on, sealed)
    VALUES ($1, $2, $3, $4, $5, $6)
"""

_ADD_GUARD_RELEASE = """
    INSERT INTO guard.release (id, sealed, requested_by, requested_on)
    VALUES ($1, $2, $3, $4)
"""

_WITHDRAW = """
    SELECT guard.withdraw_releases($1::uuid[], $2)
"""

_ADD_ANSWER = """
    INSERT INTO desk.feedback (id, release, kind, received_on, sealed)
    VALUES ($1, $2, $3, $4, $5)
"""

_ANSWERS = """
    SELECT f.id, f.release, f.kind, f.received_on, f.sealed
      FROM desk.feedback f
      JOIN desk.release r ON r.id = f.release
     WHERE r.report = ANY($1::uuid[])
     ORDER BY f.received_on, f.id
"""

_ADD_OUTCOME = """
    INSERT INTO desk.outcome (id, report, filed_by, filed_on, sealed)
    VALUES ($1, $2, $3, $4, $5)
"""

_ADD_CORRIDOR_OUTCOME = """
    INSERT INTO corridor.outcome (id, sealed, received_on, report)
    VALUES ($1, $2, $3, $4)
"""

_OUTCOMES = """
    SELECT id, report, filed_by, filed_on, sealed
      FROM desk.outcome
     WHERE report = $1
     ORDER BY filed_on, id
"""


@dataclass(frozen=True, slots=True)
class InboxRow:
    """Something sealed to the desk intake that nobody has taken in yet."""

    id: UUID
    kind: str
    sealed: bytes
    received_on: date


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One reviewed report, sealed under its record key; *answered* where a list knows that an agency answered about consent."""

    id: UUID
    received_on: date
    sealed: bytes
    answered: bool = False


@dataclass(frozen=True, slots=True)
class NewRelease:
    """A line of the ledger as it is entered; the guard keeps its state from then on."""

    id: UUID
    report: UUID
    agency: str
    requested_by: str
    requested_on: date
    sealed: bytes


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """One line of the ledger with the state that the guard keeps of it."""

    id: UUID
    report: UUID
    agency: str
    agency_name: str
    acknowledge: bytes | None  # the agency's key for acknowledgements, where it enrolled one
    requested_by: str
    requested_on: date
    sealed: bytes
    state: str
    reason: bytes | None


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """An acknowledgement or a feedback on one release, sealed under the report's record key."""

    id: UUID
    release: UUID
    kind: str
    received_on: date
    sealed: bytes


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """An outcome somebody filed on a report."""

    id: UUID
    report: UUID
    filed_by: str
    filed_on: date
    sealed: bytes


async def lock(db: Db, subject: str) -> None:
    """Wait until nobody else works on *subject*; held to the end of the transaction."""
    with store_errors():
        await db.execute(_LOCK, subject)


async def inbox(db: Db, *, after: tuple[date, UUID], limit: int) -> tuple[InboxRow, ...]:
    """The oldest rows after *after*, at most *limit*."""
    with store_errors():
        rows = await db.fetch(_INBOX, *after, limit)
    return tuple(InboxRow(row["id"], row["kind"], row["sealed"], row["received_on"]) for row in rows)


async def take(db: Db, row: UUID) -> bool:
    """Remove a row from the inbox; False when somebody else took it first."""
    with store_errors():
        return bool(await db.execute(_TAKE, row) == "DELETE 1")


async def add_attachment(db: Db, report: UUID, number: int, sealed: bytes) -> None:
    """Store one attachment of a report, by its place in the report's list."""
    with store_errors():
        await db.execute(_ADD_ATTACHMENT, report, number, sealed)


async def attachments(db: Db, report: UUID) -> tuple[bytes, ...]:
    """Return a report's sealed attachments in their order."""
    with store_errors():
        rows = await db.fetch(_ATTACHMENTS, report)
    return tuple(row["sealed"] for row in rows)


async def add_report(db: Db, report: ReportRow) -> None:
    """Store a reviewed report."""
    with store_errors():
        await db.execute(_ADD_REPORT, report.id, report.received_on, report.sealed)


async def report(db: Db, report_id: UUID) -> ReportRow | None:
    """One report."""
    with store_errors():
        row = await db.fetchrow(_REPORT, report_id)
    return ReportRow(row["id"], row["received_on"], row["sealed"]) if row else None


async def named(db: Db, records: Sequence[UUID]) -> frozenset[UUID]:
    """Those of *records* that a row names: their keys must stay."""
    with store_errors():
        rows = await db.fetch(_NAMED, records)
    return frozenset(row["id"] for row in rows)


async def ran(db: Db, today: date) -> None:
    """Note that the desk ran today."""
    with store_errors():
        await db.execute(_RAN, today)


async def days(db: Db, today: date) -> tuple[date, ...]:
    """Days until *today* on which the desk ran; more than any rule looks back."""
    with store_errors():
        return tuple(row["day"] for row in await db.fetch(_DAYS, today))


async def reports(db: Db, *, before: tuple[date, UUID], limit: int) -> tuple[ReportRow, ...]:
    """The newest reports before *before*, at most *limit*."""
    with store_errors():
        rows = await db.fetch(_REPORTS, *before, limit)
    return tuple(ReportRow(**dict(row)) for row in rows)


async def releases(db: Db, of: Sequence[UUID]) -> tuple[ReleaseRow, ...]:
    """The ledger lines of some reports, newest first."""
    with store_errors():
        rows = await db.fetch(_RELEASES, list(of))
    return tuple(ReleaseRow(**dict(row)) for row in rows)


async def release(db: Db, release_id: UUID) -> ReleaseRow | None:
    """One line of the ledger."""
    with store_errors():
        row = await db.fetchrow(_RELEASE, release_id)
    return ReleaseRow(**dict(row)) if row else None


async def released(db: Db, agency: str | None, *, after: tuple[UUID, UUID], limit: int) -> tuple[ReleaseRow, ...]:
    """Lines of the ledger that have left, to one agency or to any, by report and id; at most *limit* after *after*."""
    with store_errors():
        rows = await db.fetch(_RELEASED, agency, *after, limit)
    return tuple(ReleaseRow(**dict(row)) for row in rows)


async def add_release(db: Db, line: NewRelease) -> None:
    """Enter a request in the ledger; the guard's row carries its state."""
    with store_errors():
        await db.execute(
            _ADD_RELEASE, line.id, line.report, line.agency, line.requested_by, line.requested_on, line.sealed
        )


async def ask_guard(db: Db, line: NewRelease, sealed: bytes) -> None:
    """Hand the guard what its signers will read, sealed to them."""
    with store_errors():
        await db.execute(_ADD_GUARD_RELEASE, line.id, sealed, line.requested_by, line.requested_on)


async def withdraw(db: Db, releases_: Sequence[UUID], reason: bytes) -> None:
    """End those of some releases that wait for a signature; *reason* is sealed to the desk intake. Decided ones stay as they are."""
    with store_errors():
        await db.execute(_WITHDRAW, list(releases_), reason)


async def add_answer(db: Db, answer: AnswerRow) -> None:
    """Store what an agency answered."""
    with store_errors():
        await db.execute(_ADD_ANSWER, answer.id, answer.release, answer.kind, answer.received_on, answer.sealed)


async def answers(db: Db, of: Sequence[UUID]) -> tuple[AnswerRow, ...]:
    """All answers on the releases of some reports, oldest first."""
    with store_errors():
        rows = await db.fetch(_ANSWERS, list(of))
    return tuple(AnswerRow(**dict(row)) for row in rows)


async def add_outcome(db: Db, outcome: OutcomeRow) -> None:
    """Store an outcome on the desk's side."""
    with store_errors():
        await db.execute(_ADD_OUTCOME, outcome.id, outcome.report, outcome.filed_by, outcome.filed_on, outcome.sealed)


async def tell_corridor(db: Db, outcome: UUID, report: UUID, sealed: bytes, day: date) -> None:
    """Hand the corridor an outcome, sealed to its vault; this role can never read it back."""
    with store_errors():
        await db.execute(_ADD_CORRIDOR_OUTCOME, outcome, sealed, day, report)


async def outcomes(db: Db, of: UUID) -> tuple[OutcomeRow, ...]:
    """The outcomes filed on one report, oldest first."""
    with store_errors():
        rows = await db.fetch(_OUTCOMES, of)
    return tuple(OutcomeRow(**dict(row)) for row in rows)
