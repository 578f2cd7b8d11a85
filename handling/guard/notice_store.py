"""Notices at the exchange, in Postgres: handed over there, and what lies there that they speak of. Each function is one statement."""

from collections.abc import Collection
from dataclasses import astuple, dataclass
from datetime import date
from uuid import UUID

from handling.rules.dissemination import Left
from tipline.base.database import Db, store_errors

_IS_RELEASED_TO = """
    SELECT EXISTS (SELECT
                     FROM exchange.package
                    WHERE id = $1
                      AND agency = $2)
"""
_RECALLED = """
    UPDATE exchange.package
       SET recalled_on = $2, delete_by = LEAST(delete_by, $3)
     WHERE id = $1
"""
_LEFT = """
    SELECT p.id, p.released_on, p.recalled_on, r.line
      FROM exchange.package p
      LEFT JOIN guard.released r ON r.release = p.id
     WHERE p.agency = $1
     ORDER BY p.released_on, p.id
"""
_ASKS_FOR_LIST = """
    SELECT EXISTS (SELECT
                     FROM exchange.list_request
                    WHERE id = $1
                      AND agency = $2
                      AND answered_on IS NULL)
"""
_ANSWER_LIST = """
    UPDATE exchange.list_request
       SET notice = $3, answered_on = $4
     WHERE id = $1
       AND agency = $2
       AND answered_on IS NULL
"""
_ADD_NOTICE = """
    INSERT INTO exchange.notice (id, agency, channel, sealed, signature, subject, sent_on, answer_by)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""

_CONSENTS = """
    SELECT c.token
      FROM exchange.consent c
      JOIN exchange.notice n ON n.id = c.notice
     WHERE n.subject = ANY($1::bytea[])
     ORDER BY c.position
"""


@dataclass(frozen=True, slots=True)
class ListRequest:
    """A request of an agency for the list of all that it was sent, which stands until it is answered."""

    id: UUID
    agency: str


@dataclass(frozen=True, slots=True)
class Message:
    """One notice as the exchange keeps it: nothing of it says what it is about."""

    id: UUID
    agency: str
    channel: str
    sealed: bytes
    signature: str
    subject: bytes
    sent_on: date
    answer_by: date


async def add_notice(db: Db, message: Message) -> None:
    """Hand a notice to the exchange. The one statement by which a notice leaves."""
    with store_errors():
        await db.execute(_ADD_NOTICE, *astuple(message))


async def is_released_to(db: Db, release: UUID, agency: str) -> bool:
    """Whether a package lies at the exchange for an agency."""
    with store_errors():
        return bool(await db.fetchval(_IS_RELEASED_TO, release, agency))


async def left(db: Db, agency: str) -> tuple[Left, ...]:
    """Every package that left to an agency, oldest first."""
    with store_errors():
        return tuple(Left(*row.values()) for row in await db.fetch(_LEFT, agency))


async def asks_for_list(db: Db, request: ListRequest) -> bool:
    """Whether this agency's request stands, and waits for its answer."""
    with store_errors():
        return bool(await db.fetchval(_ASKS_FOR_LIST, request.id, request.agency))


async def answer_list(db: Db, request: ListRequest, notice: UUID, day: date) -> bool:
    """Note that a request is answered, by which notice; False when it was before."""
    with store_errors():
        tag = await db.execute(_ANSWER_LIST, request.id, request.agency, notice, day)
    return bool(tag == "UPDATE 1")


async def mark_recalled(db: Db, release: UUID, day: date, *, by: date) -> None:
    """End the handing out of a package: it is recalled, and *by* is its last day where that was not earlier."""
    with store_errors():
        await db.execute(_RECALLED, release, day, by)


async def consents(db: Db, subjects: Collection[bytes]) -> tuple[bytes, ...]:
    """The hashes of every answer that agencies gave about some matters, in the order in which they arrived."""
    with store_errors():
        rows = await db.fetch(_CONSENTS, list(subjects))
    return tuple(row["token"] for row in rows)
