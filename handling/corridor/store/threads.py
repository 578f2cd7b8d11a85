"""Threads, their messages, and replies on their way to a mailbox. Text only as sealed bytes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg

from handling.corridor.chain import Verdict
from tipline.base.database import Db, store_errors


@dataclass(frozen=True, slots=True)
class Thread:
    """The dialogue with one source; *sealed* holds its keys and what was seen, under the record key of the same id."""

    id: UUID
    mailbox: bytes
    recipient: str
    way: str
    sealed: bytes
    created_on: date


@dataclass(frozen=True, slots=True)
class Message:
    """One message, in or out; *file_state* is set when it describes a file."""

    id: UUID
    thread: UUID
    direction: str
    counter: int
    verdict: Verdict
    day: date
    author: str | None
    sealed: bytes
    file_state: str | None = None


_LOCK_BY_MAILBOX = """
    SELECT id, mailbox, recipient, way, sealed, created_on
      FROM corridor.thread
     WHERE mailbox = $1
       FOR UPDATE
"""

_LOCK = """
    SELECT id, mailbox, recipient, way, sealed, created_on
      FROM corridor.thread
     WHERE id = $1
       FOR UPDATE
"""

_ADD = """
    INSERT INTO corridor.thread (id, mailbox, recipient, way, sealed, created_on)
    VALUES ($1, $2, $3, $4, $5, $6)
"""

_RESEAL = """
    UPDATE corridor.thread
       SET sealed = $2
     WHERE id = $1
"""

_ADD_MESSAGE = """
    INSERT INTO corridor.message (id, thread, direction, counter, verdict, day, author, sealed)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""

_MESSAGES = """
    SELECT message.id, message.thread, direction, counter, verdict, day, author, message.sealed, file.state AS file_state
      FROM corridor.message
      LEFT JOIN corridor.file ON file.id = message.id
     WHERE message.thread = $1
     ORDER BY day, direction, counter, message.id
"""

_SET_VERDICT = """
    UPDATE corridor.message
       SET verdict = $3
     WHERE thread = $1
       AND direction = 'in'
       AND counter = $2
       AND verdict = 'gap'
"""

_QUEUE = """
    INSERT INTO corridor.outgoing (id, mailbox, inner_file)
    VALUES ($1, $2, $3)
"""

_NEWEST_OUTGOING = """
    SELECT mailbox, inner_file
      FROM (SELECT mailbox, inner_file, position,
                   row_number() OVER (PARTITION BY mailbox ORDER BY position DESC) AS age
              FROM corridor.outgoing
             WHERE mailbox = ANY($1::bytea[])) AS newest
     WHERE age <= $2
     ORDER BY mailbox, position
"""


async def lock_by_mailbox(db: Db, mailbox: bytes) -> Thread | None:
    """Return the thread of *mailbox* and hold it until the transaction ends."""
    with store_errors():
        row = await db.fetchrow(_LOCK_BY_MAILBOX, mailbox)
    return None if row is None else _thread(row)


async def lock(db: Db, thread: UUID) -> Thread | None:
    """Return one thread and hold it until the transaction ends."""
    with store_errors():
        row = await db.fetchrow(_LOCK, thread)
    return None if row is None else _thread(row)


async def add(db: Db, thread: Thread) -> None:
    """Record a new thread; its record key is in the keyring already."""
    with store_errors():
        await db.execute(
            _ADD, thread.id, thread.mailbox, thread.recipient, thread.way, thread.sealed, thread.created_on
        )


async def reseal(db: Db, thread: UUID, sealed: bytes) -> None:
    """Replace what is known of a thread that this transaction holds."""
    with store_errors():
        await db.execute(_RESEAL, thread, sealed)


async def add_message(db: Db, message: Message) -> None:
    """Record one message."""
    with store_errors():
        await db.execute(
            _ADD_MESSAGE,
            message.id,
            message.thread,
            message.direction,
            message.counter,
            message.verdict.value,
            message.day,
            message.author,
            message.sealed,
        )


async def messages(db: Db, thread: UUID) -> tuple[Message, ...]:
    """The whole dialogue, oldest day first."""
    with store_errors():
        rows = await db.fetch(_MESSAGES, thread)
    return tuple(_message(row) for row in rows)


async def close_gap(db: Db, thread: UUID, counter: int, verdict: Verdict) -> None:
    """Judge a message anew whose missing predecessor has come since."""
    with store_errors():
        await db.execute(_SET_VERDICT, thread, counter, verdict.value)


async def queue(db: Db, *, message: UUID, mailbox: bytes, inner: bytes) -> None:
    """Put a sealed reply where the next bundle takes it from."""
    with store_errors():
        await db.execute(_QUEUE, message, mailbox, inner)


async def newest_outgoing(db: Db, mailboxes: Sequence[bytes], *, each: int) -> dict[bytes, list[bytes]]:
    """The newest *each* sealed replies of every mailbox, oldest of them first."""
    with store_errors():
        rows = await db.fetch(_NEWEST_OUTGOING, mailboxes, each)
    newest: dict[bytes, list[bytes]] = {}
    for row in rows:
        newest.setdefault(row["mailbox"], []).append(row["inner_file"])
    return newest


def _thread(row: asyncpg.Record) -> Thread:
    return Thread(
        id=row["id"],
        mailbox=row["mailbox"],
        recipient=row["recipient"],
        way=row["way"],
        sealed=row["sealed"],
        created_on=row["created_on"],
    )


def _message(row: asyncpg.Record) -> Message:
    return Message(
        id=row["id"],
        thread=row["thread"],
        direction=row["direction"],
        counter=row["counter"],
        verdict=Verdict(row["verdict"]),
        day=row["day"],
        author=row["author"],
        sealed=row["sealed"],
        file_state=row["file_state"],
    )
