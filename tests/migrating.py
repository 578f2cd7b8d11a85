"""Fills every table of a database with rows that its constraints allow, so that the next migration meets data."""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib import resources
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg

from crypto.digest import sha256
from tests.conftest import Clusters
from tipline.base import database
from tipline.base.database import Db
from tipline.base.postgres import DATABASE, Cluster

_AGE = b"age-encryption.org/v1\n"  # what is sealed is a file that begins so, where nothing else is asked for
_TRIES = 2000
_TABLES = """
    SELECT oid, oid::regclass::text AS name
      FROM pg_class
     WHERE relkind = 'r'
       AND relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema', 'migration')
     ORDER BY oid
"""
_COLUMNS = """
    SELECT attname AS name, attnum AS number, format_type(atttypid, NULL) AS type, NOT attnotnull AS nullable
      FROM pg_attribute
     WHERE attrelid = $1
       AND attnum > 0
       AND attidentity = ''
       AND NOT attisdropped
     ORDER BY attnum
"""
_CHECKS = "SELECT conkey, pg_get_constraintdef(oid) AS text FROM pg_constraint WHERE conrelid = $1 AND contype = 'c'"
_REFERENCES = """
    SELECT conkey[1] AS number, confrelid::regclass::text AS parent, attname AS key
      FROM pg_constraint
      JOIN pg_attribute ON attrelid = confrelid AND attnum = confkey[1]
     WHERE conrelid = $1
       AND contype = 'f'
"""

Rows = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    type: str
    nullable: bool
    words: tuple[str, ...]  # what a check on it names, such as its states
    parent: tuple[Any, ...] | None  # values that it may refer to; None where it refers to nothing

    def values(self, number: int) -> list[Any]:
        """What could stand in it, the likeliest first; *number* makes rows different."""
        if self.parent is not None:
            return [*self.parent, None]
        return [*self.words, *_VALUES[self.type](number), *([None] if self.nullable else [])]


def _sealed(number: int) -> bytes:
    return _AGE + number.to_bytes(32)


_VALUES: Mapping[str, Any] = {
    "uuid": lambda _: [uuid4()],
    "text": lambda number: [f"unit-{number}", f"{number:016X}"],
    "bytea": lambda number: [_sealed(number), number.to_bytes(32), number.to_bytes(64), sha256(_sealed(number))],
    "integer": lambda number: [number],
    "bigint": lambda number: [number],
    "boolean": lambda _: [False],
    "date": lambda _: [date(2026, 11, 20)],
    "timestamp with time zone": lambda _: [datetime(2026, 11, 20, tzinfo=UTC)],
    "text[]": lambda _: [["amina"]],
}


def numbered_files(package: str) -> list[Path]:
    """The migrations of a package, in order."""
    return sorted(Path(str(resources.files(package) / "migrations")).glob("*.sql"))


async def each_version(clusters: Clusters, zone: str, numbered: Sequence[Path], *, into: Path) -> list[str]:
    """Apply each migration to a database in which every table of the one before holds rows; say what was lost or changed.

    Args:
        clusters: with a server that holds nothing of this.
        zone: "public" or "inside".
        numbered: the files, in order.
        into: an empty folder, into which they are put one by one.
    """
    cluster: Cluster = getattr(clusters, zone)
    roles = {"public": database.PUBLIC_ROLES, "inside": database.INSIDE_ROLES}[zone]
    name = f"t_{uuid4().hex}"
    owner = await asyncpg.connect(cluster.owner_dsn.replace(f"/{DATABASE}?", "/template1?"))
    await owner.execute(f"CREATE DATABASE {name}")
    dsn = cluster.owner_dsn.replace(f"/{DATABASE}?", f"/{name}?")
    wrong: list[str] = []
    try:
        before: Rows = {}
        for file in numbered:
            (into / file.name).write_bytes(file.read_bytes())
            assert await database.migrate(dsn, into, clusters.secrets, roles) == (file.name,)
            db = await asyncpg.connect(dsn)
            wrong += [f"{file.name}: {words}" for words in _lost(before, await _rows(db))]
            before = await _filled(db)
            wrong += [f"{file.name}: no row fits into {table}" for table, rows in before.items() if not rows]
            await db.close()
    finally:
        await owner.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await owner.close()
    return wrong


def _lost(before: Rows, after: Rows) -> Iterator[str]:
    for table, rows in before.items():
        if table not in after:
            yield f"{table} is gone with its rows"
            continue
        for row in rows:
            if not any(all(other.get(name, value) == value for name, value in row.items()) for other in after[table]):
                yield f"a row of {table} is gone or changed"


async def _rows(db: Db) -> Rows:
    return {
        table["name"]: [dict(row) for row in await db.fetch(f"SELECT * FROM {table['name']}")]
        for table in await db.fetch(_TABLES)
    }


async def _filled(db: Db) -> Rows:
    """Put rows into every empty table, parents first, one for each word that a check of it names; return all rows."""
    numbers = itertools.count(1)
    tables = await db.fetch(_TABLES)
    for _ in tables:  # as often as the longest line of references could need
        for table in tables:
            if not await db.fetchval(f"SELECT EXISTS (SELECT FROM {table['name']})"):
                await _fill(db, table["name"], await _columns(db, table["oid"]), numbers)
    return await _rows(db)


async def _fill(db: Db, table: str, columns: Sequence[_Column], numbers: Iterator[int]) -> None:
    for special in [(None, None), *((column, word) for column in columns for word in column.words)]:
        number = next(numbers)
        choices = [[special[1]] if column is special[0] else column.values(number) for column in columns]
        names = ", ".join(f'"{column.name}"' for column in columns)
        places = ", ".join(f"${at}" for at in range(1, len(columns) + 1))
        for values in itertools.islice(itertools.product(*choices), _TRIES):
            with suppress(asyncpg.IntegrityConstraintViolationError, asyncpg.RaiseError):
                await db.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", *values)
                break


async def _columns(db: Db, table: int) -> list[_Column]:
    checks, references = await db.fetch(_CHECKS, table), await db.fetch(_REFERENCES, table)
    found = []
    for row in await db.fetch(_COLUMNS, table):
        texts = [check["text"] for check in checks if check["conkey"] == [row["number"]]]
        words = tuple(word for text in texts for word in re.findall(r"'([a-z-]+)'::text", text))
        parent = None
        for one in references:
            if one["number"] == row["number"]:
                parent = tuple(value[0] for value in await db.fetch(f'SELECT "{one["key"]}" FROM {one["parent"]}'))
        found.append(_Column(row["name"], row["type"], row["nullable"], words, parent))
    return found
