"""One table of a TOML file, from which each key is taken once. What is wrong is noted with its path; nothing is guessed. Pure."""

import re
from collections.abc import Callable
from typing import Any, Final, TypeVar

from tipline.questionnaire.lines import Path

TEXT_MAX: Final = 600  # characters of one text

Note = Callable[[Path, str], None]
_T = TypeVar("_T")

_HIDDEN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


class Table:
    """Each reader returns a value of its type even when it noted a problem. Call `finish` last."""

    def __init__(self, values: object, path: Path, note: Note) -> None:
        self.path = path
        self._note = note
        self._values: dict[str, Any] = dict(values) if isinstance(values, dict) else {}
        if not isinstance(values, dict):
            note(path, "must be a table")

    def note(self, key: str, text: str) -> None:
        """Note what is wrong at *key*."""
        self._note((*self.path, key), text)

    def fault(self, text: str) -> None:
        """Note what is wrong with the table itself."""
        self._note(self.path, text)

    def left(self) -> tuple[str, ...]:
        """Every key that nobody has taken yet."""
        return tuple(self._values)

    def take(self, key: str, type_: type[_T], says: str, default: _T) -> _T:
        """Take a value of one type that may be missing."""
        value = self._values.pop(key, default)
        if type(value) is type_:
            return value
        self.note(key, f"must be {says}")
        return default

    def text(self, key: str) -> str:
        """Take one text that must be there."""
        if key not in self._values:
            self.note(key, "is missing")
            return ""
        return visible(self._values.pop(key), (*self.path, key), self._note)

    def optional_text(self, key: str) -> str:
        """Take one text; the empty one where there is none."""
        return self.text(key) if key in self._values else ""

    def matching(self, key: str, pattern: re.Pattern[str], says: str) -> str:
        """Take a text of a form."""
        value = self.text(key)
        if value and not pattern.fullmatch(value):
            self.note(key, says)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Take a list of texts; the empty one where there is none."""
        values: list[object] = self.take(key, list, "a list of texts", [])
        return tuple(visible(value, (*self.path, key, at), self._note) for at, value in enumerate(values))

    def table(self, key: str) -> "Table":
        """Take a table below this one; an empty one where there is none."""
        return Table(self._values.pop(key, {}), (*self.path, key), self._note)

    def tables(self, key: str) -> "list[Table]":
        """Take a list of tables, at least one."""
        values: list[object] = self._values.pop(key, [])
        if not isinstance(values, list) or not values:
            self.note(key, f"is missing: write [[{key}]]")
            return []
        return [Table(value, (*self.path, key, at), self._note) for at, value in enumerate(values)]

    def items(self) -> list[tuple[str, Any]]:
        """Take everything that is left."""
        items = list(self._values.items())
        self._values.clear()
        return items

    def finish(self) -> None:
        """Note every key that nobody took."""
        for key in self._values:
            self.note(key, "is not a key of a questionnaire")


def visible(value: object, path: Path, note: Note) -> str:
    """Return a text that a page can show, on one line; note why it is not one."""
    if not isinstance(value, str):
        note(path, "must be text in quotes")
    elif not value.strip() or len(value) > TEXT_MAX:
        note(path, f"must have 1 to {TEXT_MAX} characters")
    elif _HIDDEN.search(value):
        note(path, "must be one line without control or invisible characters")
    else:
        return value.strip()
    return ""
