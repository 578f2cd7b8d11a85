"""Notices in Postgres. Each function is one statement and names the agency; the caller owns transactions."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg

from handling.consents import SignedAnswer
from handling.rules.agreements import Channel
from handling.rules.consent import Answer, Token
from tipline.base.database import Db, store_errors

_COLUMNS = """
           id, channel, sent_on, answer_by, downloaded_on,
           EXISTS (SELECT FROM exchange.consent c WHERE c.notice = n.id) AS answered,
           EXISTS (SELECT FROM exchange.list_request l WHERE l.notice = n.id) AS is_list
      FROM exchange.notice n
"""
_NEWEST = f"""
    SELECT {_COLUMNS}
     WHERE agency = $1
     ORDER BY sent_on DESC, id DESC
     LIMIT $2
"""
_GET = f"""
    SELECT {_COLUMNS}
     WHERE agency = $1
       AND id = $2
"""
_FILES = """
    SELECT sealed, signature
      FROM exchange.notice
     WHERE agency = $1
       AND id = $2
"""
_ANSWERS = """
    SELECT c.answer, c.until, c.given_on
      FROM exchange.consent c
      JOIN exchange.notice n ON n.id = c.notice
     WHERE n.agency = $1
       AND n.id = $2
     ORDER BY c.position
"""
_ADD_ANSWER = """
    INSERT INTO exchange.consent (notice, token, answer, until, given_on, sealed)
    SELECT n.id, $3, $4, $5, $6, $7
      FROM exchange.notice n
     WHERE n.agency = $1
       AND n.id = $2
       AND ($4 <> 'no' OR 'no' IS DISTINCT FROM (SELECT c.answer
                                                   FROM exchange.consent c
                                                  WHERE c.notice = n.id
                                                  ORDER BY c.position DESC
                                                  LIMIT 1))
       AND ($4 = 'no' OR NOT EXISTS (SELECT
                                       FROM exchange.consent c
                                      WHERE c.token = ANY($8::bytea[])))
        ON CONFLICT DO NOTHING
"""
_MARK_DOWNLOADED = """
    UPDATE exchange.notice
       SET downloaded_on = $3
     WHERE agency = $1
       AND id = $2
       AND downloaded_on IS NULL
"""


@dataclass(frozen=True, slots=True)
class Notice:
    """What the portal knows of one notice: days, and whether it is a list that was asked for here. Not what it says."""

    id: UUID
    channel: Channel
    sent_on: date
    answer_by: date
    downloaded_on: date | None
    answered: bool
    is_list: bool


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer that the agency handed in, as far as the portal shows it."""

    answer: Answer
    until: date | None
    given_on: date


async def newest(db: Db, agency: str, *, limit: int) -> list[Notice]:
    """Up to *limit* notices to *agency*, newest first."""
    with store_errors():
        return [_notice(row) for row in await db.fetch(_NEWEST, agency, limit)]


async def get(db: Db, agency: str, notice: UUID) -> Notice | None:
    """One notice; None alike for one that does not exist and one to another agency."""
    with store_errors():
        row = await db.fetchrow(_GET, agency, notice)
    return None if row is None else _notice(row)


async def files(db: Db, agency: str, notice: UUID) -> tuple[bytes, str] | None:
    """The sealed file and the signature over it."""
    with store_errors():
        row = await db.fetchrow(_FILES, agency, notice)
    return None if row is None else (row["sealed"], row["signature"])


async def answers(db: Db, agency: str, notice: UUID) -> tuple[Answered, ...]:
    """What the agency has answered to one notice, in the order in which it came."""
    with store_errors():
        rows = await db.fetch(_ANSWERS, agency, notice)
    return tuple(Answered(Answer(row["answer"]), row["until"], row["given_on"]) for row in rows)


async def add_answer(db: Db, agency: str, signed: SignedAnswer, token: Token, *, sealed: bytes, day: date) -> bool:
    """Keep an answer, sealed to the desk; False when this very yes is here already, or a no was the last word."""
    said = (token.request, signed.sha256, token.answer.value, token.until, day, sealed, list(signed.same))
    with store_errors():
        return bool(await db.execute(_ADD_ANSWER, agency, *said) == "INSERT 0 1")


async def mark_downloaded(db: Db, agency: str, notice: UUID, day: date) -> None:
    """Note the day of the first download; later ones change nothing."""
    with store_errors():
        await db.execute(_MARK_DOWNLOADED, agency, notice, day)


def _notice(row: asyncpg.Record) -> Notice:
    return Notice(
        id=row["id"],
        channel=Channel(row["channel"]),
        sent_on=row["sent_on"],
        answer_by=row["answer_by"],
        downloaded_on=row["downloaded_on"],
        answered=row["answered"],
        is_list=row["is_list"],
    )
