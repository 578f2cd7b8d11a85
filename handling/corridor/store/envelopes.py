"""Envelopes that were collected and mailboxes that were seen: sealed bytes and their days, nothing opened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from uuid import UUID

import asyncpg

from tipline.base.database import Db, store_errors


class EnvelopeState(Enum):
    """Where an envelope stands between the drop and a thread."""

    COLLECTED = "collected"
    RESEALED = "resealed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Envelope:
    """One collected envelope; its bytes lie in the blob store under the same id."""

    id: UUID
    mailbox: bytes
    serial: int
    kind: str
    urgent: bool
    size: int
    sha256: bytes
    day: date
    state: EnvelopeState


_ADD = """
    INSERT INTO corridor.envelope (id, mailbox, serial, kind, urgent, size, sha256, day, state)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT (id) DO NOTHING
"""

_KNOWN = """
    SELECT id, sha256
      FROM corridor.envelope
     WHERE id = ANY($1::uuid[])
"""

_WAITING_MAILBOXES = """
    SELECT DISTINCT mailbox
      FROM corridor.envelope
     WHERE kind = 'message'
       AND state = 'collected'
       AND mailbox NOT IN (SELECT thread.mailbox FROM corridor.thread WHERE thread.id = ANY($1::uuid[]))
"""

_WAITING = """
    SELECT id, mailbox, serial, kind, urgent, size, sha256, day, state
      FROM corridor.envelope
     WHERE mailbox = $1
       AND kind = 'message'
       AND state = 'collected'
     ORDER BY id
     LIMIT $2
"""

_SOME = """
    SELECT id, mailbox, serial, kind, urgent, size, sha256, day, state
      FROM corridor.envelope
     WHERE id = ANY($1::uuid[])
"""

_SET_STATE = """
    UPDATE corridor.envelope
       SET state = $3
     WHERE id = $1
       AND state = $2
"""

_TRY_AGAIN = """
    UPDATE corridor.envelope
       SET state = 'collected'
     WHERE id = $1
       AND state = 'refused'
       AND mailbox NOT IN (SELECT thread.mailbox FROM corridor.thread WHERE thread.id = ANY($2::uuid[]))
"""

_NOT_OPENED = """
    SELECT id, mailbox, serial, kind, urgent, size, sha256, day, state
      FROM corridor.envelope
     WHERE state <> 'resealed'
       AND mailbox NOT IN (SELECT thread.mailbox FROM corridor.thread WHERE thread.id = ANY($2::uuid[]))
     ORDER BY day DESC, id
     LIMIT $1
"""

_NAMED_BLOBS = """
    SELECT id
      FROM corridor.envelope
     WHERE state <> 'resealed'
"""

_SEE_MAILBOX = """
    INSERT INTO corridor.mailbox (id, recipient)
    VALUES ($1, $2)
    ON CONFLICT (id) DO NOTHING
"""

_BUNDLE_RECIPIENTS = """
    SELECT mailbox.id, coalesce(thread.recipient, mailbox.recipient) AS recipient
      FROM corridor.mailbox
      LEFT JOIN corridor.thread ON thread.mailbox = mailbox.id
     WHERE mailbox.id = ANY($1::bytea[])
"""


async def add(db: Db, envelope: Envelope) -> None:
    """Record an envelope whose blob is on the disk; a second time changes nothing."""
    with store_errors():
        await db.execute(
            _ADD,
            envelope.id,
            envelope.mailbox,
            envelope.serial,
            envelope.kind,
            envelope.urgent,
            envelope.size,
            envelope.sha256,
            envelope.day,
            envelope.state.value,
        )


async def known(db: Db, ids: Sequence[UUID]) -> dict[UUID, bytes]:
    """SHA-256 of those of *ids* that are recorded already, in any state."""
    with store_errors():
        rows = await db.fetch(_KNOWN, ids)
    return {row["id"]: row["sha256"] for row in rows}


async def waiting_mailboxes(db: Db, hidden: Sequence[UUID]) -> tuple[bytes, ...]:
    """Mailboxes that a message was collected for and not yet re-sealed; those of hidden threads wait for a reader."""
    with store_errors():
        rows = await db.fetch(_WAITING_MAILBOXES, hidden)
    return tuple(row["mailbox"] for row in rows)


async def waiting(db: Db, mailbox: bytes, *, limit: int) -> tuple[Envelope, ...]:
    """Messages of one mailbox that wait to be re-sealed, at most *limit*."""
    with store_errors():
        rows = await db.fetch(_WAITING, mailbox, limit)
    return tuple(_envelope(row) for row in rows)


async def some(db: Db, ids: Sequence[UUID]) -> dict[UUID, Envelope]:
    """Those of *ids* that were collected, in any state."""
    with store_errors():
        rows = await db.fetch(_SOME, ids)
    return {row["id"]: _envelope(row) for row in rows}


async def set_state(db: Db, envelope: UUID, *, was: EnvelopeState, now: EnvelopeState) -> bool:
    """Move one envelope on; False when somebody else moved it first."""
    with store_errors():
        tag = await db.execute(_SET_STATE, envelope, was.value, now.value)
    return bool(tag == "UPDATE 1")


async def try_again(db: Db, envelope: UUID, hidden: Sequence[UUID]) -> bool:
    """Let a refused envelope be opened once more; False when there is none, or its thread's record is hidden."""
    with store_errors():
        tag = await db.execute(_TRY_AGAIN, envelope, hidden)
    return bool(tag == "UPDATE 1")


async def not_opened(db: Db, *, limit: int, hidden: Sequence[UUID]) -> tuple[Envelope, ...]:
    """Envelopes that were refused, and parts whose sidecar has not come, newest day first; none of a hidden thread."""
    with store_errors():
        rows = await db.fetch(_NOT_OPENED, limit, hidden)
    return tuple(_envelope(row) for row in rows)


async def named_blobs(db: Db) -> frozenset[UUID]:
    """Ids of every envelope whose bytes must stay in the blob store."""
    with store_errors():
        rows = await db.fetch(_NAMED_BLOBS)
    return frozenset(row["id"] for row in rows)


async def see_mailboxes(db: Db, seen: Sequence[tuple[bytes, str]]) -> None:
    """Remember mailboxes of the drop; the recipient seen first stays."""
    with store_errors():
        await db.executemany(_SEE_MAILBOX, seen)


async def bundle_recipients(db: Db, mailboxes: Sequence[bytes]) -> dict[bytes, str]:
    """Whom each bundle is sealed to: the recipient from the sealed message once there is one, else the first seen."""
    with store_errors():
        rows = await db.fetch(_BUNDLE_RECIPIENTS, mailboxes)
    return {row["id"]: row["recipient"] for row in rows}


def _envelope(row: asyncpg.Record) -> Envelope:
    return Envelope(
        id=row["id"],
        mailbox=row["mailbox"],
        serial=row["serial"],
        kind=row["kind"],
        urgent=row["urgent"],
        size=row["size"],
        sha256=row["sha256"],
        day=row["day"],
        state=EnvelopeState(row["state"]),
    )
