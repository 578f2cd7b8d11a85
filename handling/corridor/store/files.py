"""Files a source sent: the sealed sidecar and which parts have come. The bytes lie in the blob store."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from uuid import UUID

import asyncpg

from tipline.base.database import Db, store_errors


class FileState(Enum):
    """Whether a file can be read as it was sent."""

    WAITING = "waiting"
    WHOLE = "whole"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class File:
    """One file; *sealed* is its sidecar under the thread's record key."""

    id: UUID
    thread: UUID
    sealed: bytes
    state: FileState


_ADD = """
    INSERT INTO corridor.file (id, thread, sealed, state)
    VALUES ($1, $2, $3, $4)
"""

_GET = """
    SELECT id, thread, sealed, state
      FROM corridor.file
     WHERE id = $1
       AND thread <> ALL($2::uuid[])
"""

_OF_THREAD = """
    SELECT id, thread, sealed, state
      FROM corridor.file
     WHERE thread = $1
       AND thread <> ALL($2::uuid[])
"""

_WAITING = """
    SELECT file.id, file.thread, file.sealed, file.state, thread.mailbox
      FROM corridor.file
      JOIN corridor.thread ON thread.id = file.thread
     WHERE file.state = 'waiting'
       AND file.thread <> ALL($1::uuid[])
     ORDER BY file.id
"""

_SET_STATE = """
    UPDATE corridor.file
       SET state = $2
     WHERE id = $1
       AND state = 'waiting'
"""

_ADD_PART = """
    INSERT INTO corridor.part (id, file)
    VALUES ($1, $2)
"""

_PARTS = """
    SELECT id
      FROM corridor.part
     WHERE file = $1
"""

_BEGIN_PARTS = "SELECT pg_advisory_xact_lock_shared($1)"
_END_PARTS = "SELECT pg_advisory_xact_lock($1)"
_PARTS_LOCK = 7_461_727_073  # any constant of our own

_NAMED_BLOBS = """
    SELECT id
      FROM corridor.part
"""


async def add(db: Db, file: File) -> None:
    """Record a file that a sidecar describes."""
    with store_errors():
        await db.execute(_ADD, file.id, file.thread, file.sealed, file.state.value)


async def get(db: Db, file: UUID, hidden: Sequence[UUID]) -> File | None:
    """Return one file, if there is one and its thread's record is not hidden."""
    with store_errors():
        row = await db.fetchrow(_GET, file, hidden)
    return None if row is None else _file(row)


async def of_thread(db: Db, thread: UUID, hidden: Sequence[UUID]) -> tuple[File, ...]:
    """Every file of a thread whose record is not hidden."""
    with store_errors():
        rows = await db.fetch(_OF_THREAD, thread, hidden)
    return tuple(_file(row) for row in rows)


async def waiting(db: Db, hidden: Sequence[UUID]) -> tuple[tuple[File, bytes], ...]:
    """Every file that lacks parts, with the mailbox that its parts must name; none whose thread's record is hidden."""
    with store_errors():
        rows = await db.fetch(_WAITING, hidden)
    return tuple((_file(row), row["mailbox"]) for row in rows)


async def set_state(db: Db, file: UUID, state: FileState) -> None:
    """Say how a waiting file came out."""
    with store_errors():
        await db.execute(_SET_STATE, file, state.value)


async def add_part(db: Db, part: UUID, file: UUID) -> None:
    """Record a part whose re-sealed blob is on the disk."""
    with store_errors():
        await db.execute(_ADD_PART, part, file)


async def parts(db: Db, file: UUID) -> frozenset[UUID]:
    """The parts of a file that have been re-sealed."""
    with store_errors():
        rows = await db.fetch(_PARTS, file)
    return frozenset(row["id"] for row in rows)


async def settle_before_commit(db: Db) -> None:
    """Have `named_blobs` wait for this transaction, also when its process is killed and the server goes on with its commit."""
    with store_errors():
        await db.execute(_BEGIN_PARTS, _PARTS_LOCK)


async def named_blobs(db: Db) -> frozenset[UUID]:
    """Ids of every re-sealed blob that a row names, once no such transaction is under way."""
    with store_errors():
        async with db.transaction():
            await db.execute(_END_PARTS, _PARTS_LOCK)
            rows = await db.fetch(_NAMED_BLOBS)
    return frozenset(row["id"] for row in rows)


def _file(row: asyncpg.Record) -> File:
    return File(id=row["id"], thread=row["thread"], sealed=row["sealed"], state=FileState(row["state"]))
