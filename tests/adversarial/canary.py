"""The canary search: is a known text anywhere in clear, in any spelling, in the files and databases that processes wrote?"""

import base64
import mmap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote_plus

import asyncpg

_TABLES = """
    SELECT format('%I.%I', schemaname, tablename)
      FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
     ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Hit:
    """A canary in clear: which, in which spelling, where."""

    canary: str
    spelling: str
    place: str


def spellings(canary: str) -> dict[str, bytes]:
    """The byte strings under which *canary* could stand: text encodings, hex, base64 at each of its three offsets."""
    raw = canary.encode()
    found = {
        "utf-8": raw,
        "utf-16": canary.encode("utf-16-le"),
        "hex": raw.hex().encode(),
        "url": quote_plus(canary).encode(),
        "dashed": canary.replace(" ", "-").encode(),
    }
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + raw)
        # The first and last characters mix in neighbours: only the middle is the canary's own.
        found[f"base64+{shift}"] = encoded[(0, 2, 3)[shift] : -4]
    first = {
        needle: name for name, needle in reversed(found.items())
    }  # a canary without spaces is spelled alike by three
    return {name: needle for needle, name in first.items()}


def in_files(folder: Path, canaries: Iterable[str]) -> Iterator[Hit]:
    """Search every file below *folder*, its contents and its name, write-ahead logs and server logs included."""
    wanted = [(canary, spelling, needle) for canary in canaries for spelling, needle in spellings(canary).items()]
    for path in sorted(folder.rglob("*")):
        place = str(path.relative_to(folder))
        for canary, spelling, needle in wanted:
            if needle in place.encode():
                yield Hit(canary, spelling, f"name of {place}")
        if path.is_symlink() or not path.is_file() or not path.stat().st_size:
            continue
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            for canary, spelling, needle in wanted:
                if data.find(needle) >= 0:
                    yield Hit(canary, spelling, place)


async def in_database(dsn: str, canaries: Iterable[str]) -> list[Hit]:
    """Search a dump of every row of every table, each value as bytes."""
    wanted = [(canary, spelling, needle) for canary in canaries for spelling, needle in spellings(canary).items()]
    hits = []
    connection = await asyncpg.connect(dsn)
    try:
        for (table,) in await connection.fetch(_TABLES):
            async with connection.transaction():
                async for row in connection.cursor(f"SELECT * FROM {table}"):
                    for column, value in row.items():
                        data = value if isinstance(value, bytes) else str(value).encode()
                        hits += [
                            Hit(canary, spelling, f"{table}.{column}")
                            for canary, spelling, needle in wanted
                            if needle in data
                        ]
    finally:
        await connection.close()
    return hits
