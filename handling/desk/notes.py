"""What analysts write down about one report, one note after the other: author, day, number and the note before are under its seal.

So no note is changed, given to somebody else, put between or taken from between unnoticed. Pure: rows in, notes out. That the
newest of them was taken away cannot be seen here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from crypto import columns
from crypto.canonical import canonical, parse
from crypto.digest import sha256
from crypto.errors import CryptoError
from crypto.secret import Secret

_START = "0" * 64
_COLUMN = "sealed"
_FIELDS = {"number", "previous", "by", "on", "said"}


class DamagedNotesError(Exception):
    """The notes about a report are not those that were written down, or not all of them."""


@dataclass(frozen=True, slots=True)
class Row:
    """One note as it is kept, sealed under the report's record key; author and day also stand beside the seal."""

    id: UUID
    report: UUID
    by: str
    on: date
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody wrote down on a day."""

    said: Mapping[str, Any]
    by: str
    on: date


def seal(key: Secret, table: str, report: UUID, note: Note, *, before: Sequence[Row]) -> Row:
    """Seal a note behind all that stand *before* it, or raise `DamagedNotesError`."""
    chain = _chain(key, table, before)
    number, row = len(chain) + 1, uuid4()
    previous = sha256(chain[-1].sealed).hex() if chain else _START
    content = {
        "number": number,
        "previous": previous,
        "by": note.by,
        "on": note.on.isoformat(),
        "said": dict(note.said),
    }
    sealed = columns.seal(key, canonical(content), table=table, column=_COLUMN, row=str(row))
    return Row(row, report, note.by, note.on, sealed)


def open_(key: Secret, table: str, rows: Sequence[Row]) -> tuple[Note, ...]:
    """Open all notes about one report, oldest first, or raise `DamagedNotesError`."""
    return tuple(Note(_content(key, table, row)["said"], row.by, row.on) for row in _chain(key, table, rows))


def _chain(key: Secret, table: str, rows: Sequence[Row]) -> tuple[Row, ...]:
    """Return the rows in the order in which they were written."""
    opened = sorted(((_content(key, table, row), row) for row in rows), key=lambda one: int(one[0]["number"]))
    previous = _START
    for number, (content, row) in enumerate(opened, 1):
        sealed = (content["number"], content["previous"], content["by"], content["on"])
        if sealed != (number, previous, row.by, row.on.isoformat()):
            raise DamagedNotesError
        previous = sha256(row.sealed).hex()
    return tuple(row for _, row in opened)


def _content(key: Secret, table: str, row: Row) -> Mapping[str, Any]:
    try:
        content = parse(columns.open_(key, row.sealed, table=table, column=_COLUMN, row=str(row.id)))
    except CryptoError:
        raise DamagedNotesError from None
    if not isinstance(content, dict) or content.keys() != _FIELDS:
        raise DamagedNotesError
    return content
