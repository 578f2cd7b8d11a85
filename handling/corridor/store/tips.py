"""Tips: their state, age and owner in clear, everything else sealed under the thread's record key.

*hidden* are the records that the session at work cannot open: what stands under them does not exist for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg

from handling.rules.triage import State
from tipline.base.database import Db, store_errors


@dataclass(frozen=True, slots=True)
class Tip:
    """One tip with what its thread says in clear."""

    id: UUID
    thread: UUID
    state: State
    urgent: bool
    received_on: date  # a day, never a time
    owner: str | None
    sealed: bytes
    way: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of the list ends; the next one starts behind it."""

    urgent: bool
    received_on: date
    id: UUID


_ADD = """
    INSERT INTO corridor.tip (id, thread, state, urgent, received_on, sealed, looked)
    VALUES ($1, $2, 'received', $3, $4, $5, $6)
"""

_GET = """
    SELECT tip.id, tip.thread, tip.state, tip.urgent, tip.received_on, tip.owner, tip.sealed, thread.way
      FROM corridor.tip
      JOIN corridor.thread ON thread.id = tip.thread
     WHERE tip.id = $1
       AND tip.thread <> ALL($2::uuid[])
"""

_LOCK = """
    SELECT tip.id, tip.thread, tip.state, tip.urgent, tip.received_on, tip.owner, tip.sealed, thread.way
      FROM corridor.tip
      JOIN corridor.thread ON thread.id = tip.thread
     WHERE tip.id = $1
       AND tip.thread <> ALL($2::uuid[])
       FOR UPDATE OF tip
"""

_LOCK_BY_THREAD = """
    SELECT tip.id, tip.thread, tip.state, tip.urgent, tip.received_on, tip.owner, tip.sealed, thread.way
      FROM corridor.tip
      JOIN corridor.thread ON thread.id = tip.thread
     WHERE tip.thread = $1
       FOR UPDATE OF tip
"""

_PAGE = """
    SELECT tip.id, tip.thread, tip.state, tip.urgent, tip.received_on, tip.owner, tip.sealed, thread.way
      FROM corridor.tip
      JOIN corridor.thread ON thread.id = tip.thread
     WHERE tip.state = ANY($1::text[])
       AND (tip.urgent OR NOT $2::boolean)
       AND ($3::boolean IS NULL OR (tip.urgent, tip.received_on, tip.id) < ($3::boolean, $4::date, $5::uuid))
       AND tip.thread <> ALL($7::uuid[])
     ORDER BY tip.urgent DESC, tip.received_on DESC, tip.id DESC
     LIMIT $6
"""

_OF_THREADS = """
    SELECT tip.id, tip.thread, tip.state, tip.urgent, tip.received_on, tip.owner, tip.sealed, thread.way
      FROM corridor.tip
      JOIN corridor.thread ON thread.id = tip.thread
     WHERE tip.thread = ANY($1::uuid[])
     ORDER BY tip.urgent DESC, tip.received_on, tip.id
"""

_NOT_LOOKED = """
    SELECT id
      FROM corridor.tip
     WHERE looked < $1
       AND thread <> ALL($2::uuid[])
     ORDER BY id
"""

_LOOKED = """
    UPDATE corridor.tip
       SET looked = greatest(looked, $2)
     WHERE id = $1
"""

_MOVE = """
    UPDATE corridor.tip
       SET state = $3, owner = $4, sealed = $5
     WHERE id = $1
       AND state = $2
"""

_RESEAL = """
    UPDATE corridor.tip
       SET sealed = $2, urgent = urgent OR $3
     WHERE id = $1
"""


async def add(db: Db, *, tip: UUID, thread: UUID, urgent: bool, received_on: date, sealed: bytes, looked: int) -> None:
    """Record a tip as received, held against this revision of what is known ahead."""
    with store_errors():
        await db.execute(_ADD, tip, thread, urgent, received_on, sealed, looked)


async def get(db: Db, tip: UUID, hidden: Sequence[UUID]) -> Tip | None:
    """Return one tip, if there is one."""
    with store_errors():
        row = await db.fetchrow(_GET, tip, hidden)
    return None if row is None else _tip(row)


async def lock(db: Db, tip: UUID, hidden: Sequence[UUID]) -> Tip | None:
    """Return one tip and hold it until the transaction ends."""
    with store_errors():
        row = await db.fetchrow(_LOCK, tip, hidden)
    return None if row is None else _tip(row)


async def lock_by_thread(db: Db, thread: UUID) -> Tip | None:
    """Return the tip of a thread and hold it until the transaction ends."""
    with store_errors():
        row = await db.fetchrow(_LOCK_BY_THREAD, thread)
    return None if row is None else _tip(row)


async def of_threads(db: Db, threads: Sequence[UUID]) -> tuple[Tip, ...]:
    """Return the tips of these threads, urgent ones first, then the oldest."""
    with store_errors():
        rows = await db.fetch(_OF_THREADS, threads)
    return tuple(_tip(row) for row in rows)


async def page(
    db: Db, *, states: Sequence[State], urgent_only: bool, after: Place | None, limit: int, hidden: Sequence[UUID]
) -> tuple[Tip, ...]:
    """Urgent ones first, then the newest, from behind *after*."""
    place = (None, None, None) if after is None else (after.urgent, after.received_on, after.id)
    with store_errors():
        rows = await db.fetch(_PAGE, [state.value for state in states], urgent_only, *place, limit, hidden)
    return tuple(_tip(row) for row in rows)


async def move(db: Db, tip: UUID, *, was: State, now: State, owner: str | None, sealed: bytes) -> bool:
    """Move a tip on; False when somebody else moved it first."""
    with store_errors():
        tag = await db.execute(_MOVE, tip, was.value, now.value, owner, sealed)
    return bool(tag == "UPDATE 1")


async def reseal(db: Db, tip: UUID, sealed: bytes, *, urgent: bool) -> None:
    """Replace the content of a tip that this transaction holds; urgency once said stays."""
    with store_errors():
        await db.execute(_RESEAL, tip, sealed, urgent)


async def not_looked(db: Db, revision: int, hidden: Sequence[UUID]) -> tuple[UUID, ...]:
    """Ids of the tips that were held against an older revision of what is known ahead, or against none."""
    with store_errors():
        rows = await db.fetch(_NOT_LOOKED, revision, hidden)
    return tuple(row["id"] for row in rows)


async def looked(db: Db, tip: UUID, revision: int) -> None:
    """Note that everything in a tip was held against this revision."""
    with store_errors():
        await db.execute(_LOOKED, tip, revision)


def _tip(row: asyncpg.Record) -> Tip:
    return Tip(
        id=row["id"],
        thread=row["thread"],
        state=State(row["state"]),
        urgent=row["urgent"],
        received_on=row["received_on"],
        owner=row["owner"],
        sealed=row["sealed"],
        way=row["way"],
    )
