"""Outcome links from the desk, and the phrases the guard collects signatures on.

A link comes sealed to the corridor vault and is soon sealed again under its report's record key, so that it is hidden
with that report. *hidden* are the records that the session at work cannot open.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from uuid import UUID

import asyncpg

from tipline.base.database import Db, store_errors


class OutcomeState(Enum):
    """What was done about telling the source."""

    RECEIVED = "received"
    PROPOSED = "proposed"
    TOLD = "told"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One outcome link. *report* is the desk's word for what stands inside *sealed*; *resealed* says under which key."""

    id: UUID
    sealed: bytes
    received_on: date
    state: OutcomeState
    report: UUID
    resealed: bool


@dataclass(frozen=True, slots=True)
class Proposal:
    """A phrase before the guard; *reason* of a refusal is sealed to the corridor vault."""

    id: UUID
    phrase: str
    requested_by: str
    state: str
    reason: bytes | None


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A phrase that was taken back from the guard: its code, who had asked, and on which day."""

    outcome: UUID
    code: str
    asked_by: str
    asked_on: date


_ALL = """
    SELECT id, sealed, received_on, state, report, resealed
      FROM corridor.outcome
     WHERE report <> ALL($2::uuid[])
     ORDER BY received_on DESC, id DESC
     LIMIT $1
"""

_GET = """
    SELECT id, sealed, received_on, state, report, resealed
      FROM corridor.outcome
     WHERE id = $1
       AND report <> ALL($2::uuid[])
"""

_UNSEALED = """
    SELECT id, sealed, received_on, state, report, resealed
      FROM corridor.outcome
     WHERE NOT resealed
       AND report <> ALL($1::uuid[])
     ORDER BY received_on, id
"""

_RESEAL = """
    UPDATE corridor.outcome
       SET sealed = $2, resealed = true
     WHERE id = $1
       AND NOT resealed
"""

_SET_STATE = """
    UPDATE corridor.outcome
       SET state = $3
     WHERE id = $1
       AND state = $2
"""

_KEEP = """
    UPDATE corridor.outcome
       SET state = 'kept', sealed = $2, resealed = $3
     WHERE id = $1
       AND state IN ('received', 'proposed')
"""

_PROPOSE = """
    INSERT INTO guard.phrase (id, phrase, requested_by, requested_on, shown_to)
    VALUES ($1, $2, $3, $4, $5)
"""

_CLEAR_REFUSED = """
    SELECT guard.clear_refused_phrase($1)
"""

_WITHDRAW_PHRASES = """
    SELECT outcome, code, asked_by, asked_on
      FROM guard.withdraw_phrases($1::uuid[])
     ORDER BY outcome
"""

_SHOW_PHRASES_TO = """
    UPDATE guard.phrase
       SET shown_to = $2
      FROM corridor.outcome
     WHERE outcome.id = phrase.id
       AND outcome.report = ANY($1::uuid[])
"""

_PROPOSAL = """
    SELECT id, phrase, requested_by, state, reason
      FROM guard.phrase
     WHERE id = $1
"""

_APPROVED = """
    SELECT outcome.id, outcome.sealed, outcome.received_on, outcome.state, outcome.report, outcome.resealed,
           phrase.phrase, phrase.requested_by, phrase.state AS phrase_state, phrase.reason
      FROM corridor.outcome
      JOIN guard.phrase ON phrase.id = outcome.id
     WHERE outcome.state = 'proposed'
       AND phrase.state = 'approved'
       AND outcome.report <> ALL($1::uuid[])
     ORDER BY outcome.id
"""

_SIGNATURES = """
    SELECT signer, signature, assertion
      FROM guard.signature
     WHERE subject = $1
       AND kind = 'phrase'
"""


async def newest(db: Db, *, limit: int, hidden: Sequence[UUID]) -> tuple[Outcome, ...]:
    """Outcome links, newest day first."""
    with store_errors():
        rows = await db.fetch(_ALL, limit, hidden)
    return tuple(_outcome(row) for row in rows)


async def get(db: Db, outcome: UUID, hidden: Sequence[UUID]) -> Outcome | None:
    """Return one outcome link, if there is one."""
    with store_errors():
        row = await db.fetchrow(_GET, outcome, hidden)
    return None if row is None else _outcome(row)


async def unsealed(db: Db, hidden: Sequence[UUID]) -> tuple[Outcome, ...]:
    """Outcome links that are sealed to the vault still, as they came."""
    with store_errors():
        rows = await db.fetch(_UNSEALED, hidden)
    return tuple(_outcome(row) for row in rows)


async def reseal(db: Db, outcome: UUID, sealed: bytes) -> None:
    """Put the link under its report's record key; somebody who did it first wins."""
    with store_errors():
        await db.execute(_RESEAL, outcome, sealed)


async def set_state(db: Db, outcome: UUID, *, was: OutcomeState, now: OutcomeState) -> bool:
    """Move an outcome on; False when somebody else moved it first."""
    with store_errors():
        tag = await db.execute(_SET_STATE, outcome, was.value, now.value)
    return bool(tag == "UPDATE 1")


async def keep(db: Db, outcome: UUID, sealed: bytes, *, resealed: bool) -> bool:
    """Record that the source is told nothing; *sealed* is the link with the reason added."""
    with store_errors():
        tag = await db.execute(_KEEP, outcome, sealed, resealed)
    return bool(tag == "UPDATE 1")


async def propose(
    db: Db, *, outcome: UUID, phrase: str, requested_by: str, requested_on: date, shown_to: Sequence[str] | None
) -> None:
    """Ask the guard for the two signatures on a phrase; *shown_to* names who sees it there, None is everybody."""
    with store_errors():
        await db.execute(_PROPOSE, outcome, phrase, requested_by, requested_on, shown_to)


async def show_phrases_to(db: Db, reports: Sequence[UUID], shown_to: Sequence[str] | None) -> None:
    """Change who sees the phrases that were proposed on outcomes of these reports."""
    with store_errors():
        await db.execute(_SHOW_PHRASES_TO, reports, shown_to)


async def withdraw_phrases(db: Db, reports: Sequence[UUID]) -> tuple[Withdrawn, ...]:
    """Take back, with a first signature, the phrases on outcomes of these reports that are neither approved nor refused."""
    with store_errors():
        rows = await db.fetch(_WITHDRAW_PHRASES, reports)
    return tuple(Withdrawn(row["outcome"], row["code"], row["asked_by"], row["asked_on"]) for row in rows)


async def clear_refused(db: Db, outcome: UUID) -> bool:
    """Make room at the guard for another phrase; False when there is none that was refused."""
    with store_errors():
        return bool(await db.fetchval(_CLEAR_REFUSED, outcome))


async def proposal(db: Db, outcome: UUID) -> Proposal | None:
    """Return the phrase that was proposed for an outcome, if any."""
    with store_errors():
        row = await db.fetchrow(_PROPOSAL, outcome)
    if row is None:
        return None
    return Proposal(row["id"], row["phrase"], row["requested_by"], row["state"], row["reason"])


async def approved(db: Db, hidden: Sequence[UUID]) -> tuple[tuple[Outcome, Proposal], ...]:
    """Outcomes whose phrase the guard calls approved and that no source was told of yet."""
    with store_errors():
        rows = await db.fetch(_APPROVED, hidden)
    return tuple(
        (
            _outcome(row),
            Proposal(row["id"], row["phrase"], row["requested_by"], row["phrase_state"], row["reason"]),
        )
        for row in rows
    )


async def signatures(db: Db, outcome: UUID) -> dict[str, tuple[bytes, bytes | None]]:
    """The signatures the guard holds on a phrase, with what authenticators answered, by the name of the signer. Unverified."""
    with store_errors():
        rows = await db.fetch(_SIGNATURES, outcome)
    return {row["signer"]: (row["signature"], row["assertion"]) for row in rows}


def _outcome(row: asyncpg.Record) -> Outcome:
    return Outcome(
        id=row["id"],
        sealed=row["sealed"],
        received_on=row["received_on"],
        state=OutcomeState(row["state"]),
        report=row["report"],
        resealed=row["resealed"],
    )
