"""Outcome links from the desk, sealed to the corridor vault, and the phrases the guard collects signatures on."""

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
    """One outcome link; which report it is about stands inside *sealed*."""

    id: UUID
    sealed: bytes
    received_on: date
    state: OutcomeState


@dataclass(frozen=True, slots=True)
class Proposal:
    """A phrase before the guard; *reason* of a refusal is sealed to the corridor vault."""

    id: UUID
    phrase: str
    requested_by: str
    state: str
    reason: bytes | None


_ALL = """
    SELECT id, sealed, received_on, state
      FROM corridor.outcome
     ORDER BY received_on DESC, id DESC
     LIMIT $1
"""

_GET = """
    SELECT id, sealed, received_on, state
      FROM corridor.outcome
     WHERE id = $1
"""

_SET_STATE = """
    UPDATE corridor.outcome
       SET state = $3
     WHERE id = $1
       AND state = $2
"""

_KEEP = """
    UPDATE corridor.outcome
       SET state = 'kept', sealed = $2
     WHERE id = $1
       AND state IN ('received', 'proposed')
"""

_PROPOSE = """
    INSERT INTO guard.phrase (id, phrase, requested_by, requested_on)
    VALUES ($1, $2, $3, $4)
"""

_PROPOSAL = """
    SELECT id, phrase, requested_by, state, reason
      FROM guard.phrase
     WHERE id = $1
"""

_APPROVED = """
    SELECT outcome.id, outcome.sealed, outcome.received_on, outcome.state,
           phrase.phrase, phrase.requested_by, phrase.state AS phrase_state, phrase.reason
      FROM corridor.outcome
      JOIN guard.phrase ON phrase.id = outcome.id
     WHERE outcome.state = 'proposed'
       AND phrase.state = 'approved'
     ORDER BY outcome.id
"""

_SIGNATURES = """
    SELECT signer, signature
      FROM guard.signature
     WHERE subject = $1
       AND kind = 'phrase'
"""


async def newest(db: Db, *, limit: int) -> tuple[Outcome, ...]:
    """Outcome links, newest day first."""
    with store_errors():
        rows = await db.fetch(_ALL, limit)
    return tuple(_outcome(row) for row in rows)


async def get(db: Db, outcome: UUID) -> Outcome | None:
    """Return one outcome link, if there is one."""
    with store_errors():
        row = await db.fetchrow(_GET, outcome)
    return None if row is None else _outcome(row)


async def set_state(db: Db, outcome: UUID, *, was: OutcomeState, now: OutcomeState) -> bool:
    """Move an outcome on; False when somebody else moved it first."""
    with store_errors():
        tag = await db.execute(_SET_STATE, outcome, was.value, now.value)
    return bool(tag == "UPDATE 1")


async def keep(db: Db, outcome: UUID, sealed: bytes) -> bool:
    """Record that the source is told nothing; *sealed* is the link with the reason added."""
    with store_errors():
        tag = await db.execute(_KEEP, outcome, sealed)
    return bool(tag == "UPDATE 1")


async def propose(db: Db, *, outcome: UUID, phrase: str, requested_by: str, requested_on: date) -> None:
    """Ask the guard for the two signatures on a phrase."""
    with store_errors():
        await db.execute(_PROPOSE, outcome, phrase, requested_by, requested_on)


async def proposal(db: Db, outcome: UUID) -> Proposal | None:
    """Return the phrase that was proposed for an outcome, if any."""
    with store_errors():
        row = await db.fetchrow(_PROPOSAL, outcome)
    if row is None:
        return None
    return Proposal(row["id"], row["phrase"], row["requested_by"], row["state"], row["reason"])


async def approved(db: Db) -> tuple[tuple[Outcome, Proposal], ...]:
    """Outcomes whose phrase the guard calls approved and that no source was told of yet."""
    with store_errors():
        rows = await db.fetch(_APPROVED)
    return tuple(
        (
            _outcome(row),
            Proposal(row["id"], row["phrase"], row["requested_by"], row["phrase_state"], row["reason"]),
        )
        for row in rows
    )


async def signatures(db: Db, outcome: UUID) -> dict[str, bytes]:
    """The signatures the guard holds on a phrase, by the name of the signer. Unverified."""
    with store_errors():
        rows = await db.fetch(_SIGNATURES, outcome)
    return {row["signer"]: row["signature"] for row in rows}


def _outcome(row: asyncpg.Record) -> Outcome:
    return Outcome(id=row["id"], sealed=row["sealed"], received_on=row["received_on"], state=OutcomeState(row["state"]))
