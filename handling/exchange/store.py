"""Packages and answers in Postgres. Each function is one statement and names the agency; the caller owns transactions."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg

from handling.exchange.package import Package, PackageId
from handling.rules.agreements import Channel
from tipline.base.database import Db, store_errors

_COLUMNS = """
           id, channel, octet_length(sealed) AS size, "check", released_on, acknowledge_by, feedback_due, delete_by,
           downloaded_on, acknowledged_on, recalled_on,
           EXISTS (SELECT FROM exchange.answer a WHERE a.package = p.id AND a.kind = 'feedback') AS answered,
           (SELECT max(given_on) FROM exchange.answer a WHERE a.package = p.id AND a.kind = 'destruction') AS destroyed_on
      FROM exchange.package p
"""
_NEWEST = f"""
    SELECT {_COLUMNS}
     WHERE agency = $1
     ORDER BY released_on DESC, id DESC
     LIMIT $2
"""
_OLDER = f"""
    SELECT {_COLUMNS}
     WHERE agency = $1
       AND (released_on, id) < ($3, $4)
     ORDER BY released_on DESC, id DESC
     LIMIT $2
"""
_GET = f"""
    SELECT {_COLUMNS}
     WHERE agency = $1
       AND id = $2
"""
_SEALED = """
    SELECT substring(sealed FROM $3 FOR $4)
      FROM exchange.package
     WHERE agency = $1
       AND id = $2
"""
_SIGNATURE = """
    SELECT signature
      FROM exchange.package
     WHERE agency = $1
       AND id = $2
"""
_MARK_DOWNLOADED = """
    UPDATE exchange.package
       SET downloaded_on = $3
     WHERE agency = $1
       AND id = $2
       AND downloaded_on IS NULL
"""
_MARK_ACKNOWLEDGED = """
    UPDATE exchange.package
       SET acknowledged_on = $3
     WHERE agency = $1
       AND id = $2
       AND acknowledged_on IS NULL
"""
_ANSWERS = """
    SELECT a.kind, a.given_on
      FROM exchange.answer a
      JOIN exchange.package p ON p.id = a.package
     WHERE p.agency = $1
       AND p.id = $2
     ORDER BY a.given_on DESC, a.kind DESC, a.id
     LIMIT $3
"""
_ADD_ANSWER = """
    INSERT INTO exchange.answer (id, package, kind, given_on)
    VALUES ($1, $2, $3, $4)
        ON CONFLICT DO NOTHING
"""
_GIVEN = """
    SELECT count(*)
      FROM exchange.answer
     WHERE package = $1
       AND kind = $2
"""
_PUT_INBOX = """
    INSERT INTO desk.inbox (id, kind, sealed, received_on)
    VALUES ($1, $2, $3, $4)
"""
_ADD_MATERIAL = """
    INSERT INTO exchange.material (id, agency, mark, received_on)
    VALUES ($1, $2, $3, $4)
        ON CONFLICT DO NOTHING
"""
_MATERIAL = """
    SELECT mark, received_on, opened_on
      FROM exchange.material
     WHERE agency = $1
     ORDER BY received_on DESC, id DESC
     LIMIT $2
"""
_UNOPENED = """
    SELECT count(*)
      FROM exchange.material
     WHERE agency = $1
       AND opened_on IS NULL
"""


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last package of a page; the next page begins behind it."""

    released_on: date
    id: PackageId


@dataclass(frozen=True, slots=True)
class Answer:
    """That something was answered, and when. What was said is at the desk, sealed."""

    kind: str
    given_on: date


@dataclass(frozen=True, slots=True)
class Sent:
    """One file of material, by the mark that its officer has; whether the unit has opened it, and nothing more."""

    mark: str
    received_on: date
    opened_on: date | None


async def newest(db: Db, agency: str, *, limit: int, behind: Cursor | None) -> list[Package]:
    """Up to *limit* packages of *agency*, newest first; those older than *behind* where it is given."""
    with store_errors():
        if behind is None:
            rows = await db.fetch(_NEWEST, agency, limit)
        else:
            rows = await db.fetch(_OLDER, agency, limit, behind.released_on, behind.id)
    return [_package(row) for row in rows]


async def get(db: Db, agency: str, package: PackageId) -> Package | None:
    """One package; None alike for one that does not exist and one of another agency."""
    with store_errors():
        row = await db.fetchrow(_GET, agency, package)
    return None if row is None else _package(row)


async def sealed_piece(db: Db, agency: str, package: PackageId, *, start: int, size: int) -> bytes:
    """Up to *size* bytes of the sealed file from byte *start* on, counted from 0; empty behind its end."""
    with store_errors():
        piece: bytes | None = await db.fetchval(_SEALED, agency, package, start + 1, size)
    return piece or b""


async def signature(db: Db, agency: str, package: PackageId) -> str | None:
    """The armoured signature over the sealed file."""
    with store_errors():
        text: str | None = await db.fetchval(_SIGNATURE, agency, package)
    return text


async def mark_downloaded(db: Db, agency: str, package: PackageId, day: date) -> None:
    """Note the day of the first download; later ones change nothing."""
    with store_errors():
        await db.execute(_MARK_DOWNLOADED, agency, package, day)


async def mark_acknowledged(db: Db, agency: str, package: PackageId, day: date) -> bool:
    """Note the day of the acknowledgement; False when it was acknowledged before."""
    with store_errors():
        tag = await db.execute(_MARK_ACKNOWLEDGED, agency, package, day)
    return tag == "UPDATE 1"


async def answers(db: Db, agency: str, package: PackageId, *, limit: int) -> list[Answer]:
    """What the agency has answered for one package, newest first, at most *limit*."""
    with store_errors():
        rows = await db.fetch(_ANSWERS, agency, package, limit)
    return [Answer(kind=row["kind"], given_on=row["given_on"]) for row in rows]


async def add_answer(db: Db, answer: UUID, package: PackageId, *, kind: str, day: date) -> bool:
    """Note that an answer was given; False when this very answer is noted already."""
    with store_errors():
        tag = await db.execute(_ADD_ANSWER, answer, package, kind, day)
    return tag == "INSERT 0 1"


async def given(db: Db, package: PackageId, kind: str) -> int:
    """How many answers of one kind were given about a package."""
    with store_errors():
        count: int = await db.fetchval(_GIVEN, package, kind)
    return count


async def put_inbox(db: Db, answer: UUID, *, kind: str, sealed: bytes, day: date) -> None:
    """Lay *sealed* into the desk's inbox. This role can put it there and never read it back."""
    with store_errors():
        await db.execute(_PUT_INBOX, answer, kind, sealed, day)


async def add_material(db: Db, material: UUID, agency: str, *, mark: str, day: date) -> bool:
    """Note that a sealed file came from *agency*; False when this very file did before."""
    with store_errors():
        tag = await db.execute(_ADD_MATERIAL, material, agency, mark, day)
    return tag == "INSERT 0 1"


async def material(db: Db, agency: str, *, limit: int) -> tuple[Sent, ...]:
    """What *agency* sent in, newest first, at most *limit*."""
    with store_errors():
        rows = await db.fetch(_MATERIAL, agency, limit)
    return tuple(Sent(row["mark"], row["received_on"], row["opened_on"]) for row in rows)


async def unopened(db: Db, agency: str) -> int:
    """How many files of *agency* the desk has yet to open."""
    with store_errors():
        count: int = await db.fetchval(_UNOPENED, agency)
    return count


def _package(row: asyncpg.Record) -> Package:
    return Package(
        id=PackageId(row["id"]),
        channel=Channel(row["channel"]),
        size=row["size"],
        check=row["check"],
        released_on=row["released_on"],
        acknowledge_by=row["acknowledge_by"],
        feedback_due=row["feedback_due"],
        delete_by=row["delete_by"],
        downloaded_on=row["downloaded_on"],
        acknowledged_on=row["acknowledged_on"],
        answered=row["answered"],
        destroyed_on=row["destroyed_on"],
        recalled_on=row["recalled_on"],
    )
