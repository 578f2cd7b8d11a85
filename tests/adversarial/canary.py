"""The canary search: is a known text anywhere in clear, in any spelling, in what processes wrote or still hold?"""

import base64
import html
import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, quote_plus

import asyncpg

Canary = str | bytes
_Needle = tuple[str, str, bytes]

_WORD = 8
_NUMBERS = 3  # of each phase: one alone, as two letters in UTF-32, is met by chance
_LEAST = 5  # bytes: a shorter needle is found by chance
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


def spellings(canary: Canary) -> dict[str, bytes]:
    """The byte strings under which *canary* could stand: encodings, escapes, hex, base64 at each of its three offsets."""
    if isinstance(canary, bytes):
        return _unlike({"raw": canary, **_encoded(canary)})
    raw = canary.encode()
    return _unlike(
        {
            "utf-8": raw,
            "utf-16": canary.encode("utf-16-le"),
            "utf-16-be": canary.encode("utf-16-be"),
            "utf-32": canary.encode("utf-32-le"),
            "latin-1": canary.encode("latin-1", "ignore"),
            "url": quote_plus(canary).encode(),
            "url-path": quote(canary, safe="").encode(),
            "html": html.escape(canary).encode(),
            "json": json.dumps(canary)[1:-1].encode(),
            "dashed": canary.replace(" ", "-").encode(),
            "lines": canary.replace(" ", "\r\n").encode(),
            "title": canary.title().encode(),
            **_encoded(raw),
        }
    )


def _encoded(raw: bytes) -> dict[str, bytes]:
    found = {"hex": raw.hex().encode(), "hex-upper": raw.hex().upper().encode()}
    for shift in range(3):
        for name, encode in (("base64", base64.b64encode), ("base64url", base64.urlsafe_b64encode)):
            encoded = encode(b"\0" * shift + raw)
            # The first and last characters mix in neighbours: only the middle is the canary's own.
            found[f"{name}+{shift}"] = encoded[(0, 2, 3)[shift] : -4]
    return found


def _unlike(found: dict[str, bytes]) -> dict[str, bytes]:
    """Keep one name for each needle: a canary without spaces is spelled alike by three."""
    first = {needle: name for name, needle in reversed(found.items()) if len(needle) >= _LEAST}
    return {name: needle for needle, name in first.items()}


class Search:
    """Looks for many canaries in one pass, whose cost hardly depends on how many there are.

    A needle of 15 bytes or more covers some eight bytes that begin at a multiple of eight, in whichever of eight phases it
    lies. The data is read once as numbers of eight bytes; a needle is looked for byte by byte only when the numbers of one
    of its phases were met. Shorter needles always are.
    """

    def __init__(self, canaries: Iterable[Canary]) -> None:
        self._short: list[_Needle] = []
        self._long: dict[int, list[_Needle]] = {}
        numbers: set[int] = set()
        for canary in canaries:
            for spelling, needle in spellings(canary).items():
                one = (str(canary), spelling, needle)
                if len(needle) < 2 * _WORD - 1:
                    self._short.append(one)
                for phase in _phases(needle):
                    self._long.setdefault(phase[0], []).append(one)
                    numbers.update(phase)
        self._numbers = frozenset(numbers)

    def in_bytes(self, data: bytes, place: str) -> list[Hit]:
        """Search bytes at hand."""
        met = self._numbers.intersection(memoryview(data)[: len(data) // _WORD * _WORD].cast("Q"))
        likely = {
            one
            for number in met
            for one in self._long.get(number, ())
            if any(met.issuperset(phase) for phase in _phases(one[2]))
        }
        return [Hit(canary, spelling, place) for canary, spelling, needle in (*self._short, *likely) if needle in data]

    def in_files(self, paths: Iterable[Path], folder: Path) -> Iterator[Hit]:
        """Search the contents of files; places are named below *folder*."""
        for path in paths:
            with suppress(FileNotFoundError):  # a running server removes files
                yield from self.in_bytes(path.read_bytes(), str(path.relative_to(folder)))


def _phases(needle: bytes) -> list[tuple[int, ...]]:
    """The first numbers that a needle shows in each phase; none when it is too short to show one in each."""
    if len(needle) < 2 * _WORD - 1:
        return []
    return [
        tuple(
            int.from_bytes(needle[at : at + _WORD], sys.byteorder)
            for at in range(phase, min(phase + _NUMBERS * _WORD, len(needle) - _WORD + 1), _WORD)
        )
        for phase in range(_WORD)
    ]


def in_files(folder: Path, canaries: Iterable[Canary]) -> Iterator[Hit]:
    """Search every file below *folder*: contents, names, extended attributes; write-ahead logs and logs included."""
    search = Search(canaries)
    paths = sorted(folder.rglob("*"))
    for path in paths:
        place = path.relative_to(folder)
        yield from search.in_bytes(os.fsencode(place), f"name of {place}")
        yield from search.in_bytes(_attributes(path), f"attributes of {place}")
    yield from search.in_files((path for path in paths if path.is_file() and not path.is_symlink()), folder)


def _attributes(path: Path) -> bytes:
    with suppress(OSError):
        names = os.listxattr(path, follow_symlinks=False)
        return b"\n".join(name.encode() + os.getxattr(path, name, follow_symlinks=False) for name in names)
    return b""


async def in_database(dsn: str, canaries: Iterable[Canary]) -> list[Hit]:
    """Search a dump of every row of every table, each value as bytes."""
    hits = []
    connection = await asyncpg.connect(dsn)
    try:
        search = Search(canaries)
        for (table,) in await connection.fetch(_TABLES):
            columns: dict[str, bytearray] = {}
            async with connection.transaction():
                async for row in connection.cursor(f"SELECT * FROM {table}"):
                    for column, value in row.items():
                        data = value if isinstance(value, bytes) else str(value).encode()
                        columns.setdefault(column, bytearray()).extend(data + b"\n")
            for column, values in columns.items():
                hits += search.in_bytes(bytes(values), f"{table}.{column}")
    finally:
        await connection.close()
    return hits
