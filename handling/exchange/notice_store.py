"""Notices in Postgres. Each function is one statement and names the agency; the caller owns transactions."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg

from handling.rules.agreements import Channel
from tipline.base.database import Db, store_errors

_COLUMNS = """
           id, channel, sent_on, answer_by, downloaded_on
      FROM exchange.notice
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
_MARK_DOWNLOADED = """
    UPDATE exchange.notice
       SET downloaded_on = $3
     WHERE agency = $1
       AND id = $2
       AND downloaded_on IS NULL
"""


@dataclass(frozen=True, slots=True)
class Notice:
    """What the portal knows of one notice: days. Not what it says, nor of what kind it is."""

    id: UUID
    channel: Channel
    sent_on: date
    answer_by: date
    downloaded_on: date | None


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


async def mark_downloaded(db: Db, agency: str, notice: UUID, day: date) -> None:
    """Note the day of the first download; later ones change nothing."""
    with store_errors():
        await db.execute(_MARK_DOWNLOADED, agency, notice, day)


def _notice(row: asyncpg.Record) -> Notice:
    return Notice(row["id"], Channel(row["channel"]), row["sent_on"], row["answer_by"], row["downloaded_on"])
