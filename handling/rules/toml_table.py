"""pure: a TOML table read key by key. Every problem is kept with its path; what nobody asked for is one of them."""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any, TypeVar

_E = TypeVar("_E", bound=Enum)
_HIDDEN = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}  # characters that can make a printed sentence read otherwise


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong and where: a key path such as ``agency.fingerprint``, or ``line 12`` of unreadable text.

    *line* is where the key stands, or what it is missing from; None where that is the whole document.
    """

    path: str
    text: str
    line: int | None = None

    def __str__(self) -> str:
        return f"{self.path}: {self.text}" if self.line is None else f"{self.path} (line {self.line}): {self.text}"


class Table:
    """One table of a document. Each reader returns a value of its type even when it noted a problem.

    Call `finish` last, and use no value while `problems` is not empty.
    """

    def __init__(self, values: Mapping[str, Any], problems: list[Problem], path: str = "") -> None:
        self._values = dict(values)
        self._path = path
        self.problems = problems

    def note(self, key: str, text: str) -> None:
        """Keep a problem at *key*."""
        self.problems.append(Problem(f"{self._path}{key}", text))

    def has(self, key: str) -> bool:
        """Whether the key is present and not yet read."""
        return key in self._values

    def table(self, key: str) -> "Table":
        """Read a table below this one."""
        value = self._take(key)
        if value is not None and not isinstance(value, dict):
            self.note(key, "must be a table")
        return Table(value if isinstance(value, dict) else {}, self.problems, f"{self._path}{key}.")

    def text_for(self, key: str, kind: _E, patterns: Mapping[_E, str], says: Mapping[_E, str]) -> str:
        """Read text whose pattern depends on a choice that was read before."""
        return self.text(key, pattern=patterns[kind], says=says[kind])

    def text(self, key: str, *, pattern: str | None = None, says: str = "", limit: int = 300) -> str:
        """Read one line of visible text, or one that matches *pattern*, which *says* describes."""
        value = self._take(key)
        if value is None:
            return ""
        problem = _text_problem(value, limit)
        if problem is None and pattern is not None and not re.fullmatch(pattern, value):
            problem = says
        if problem is not None:
            self.note(key, problem)
            return ""
        return str(value)

    def optional_text(self, key: str) -> str | None:
        """Read one line of text that may be missing."""
        return self.text(key) or None if self.has(key) else None

    def texts(self, key: str, *, least: int = 0) -> tuple[str, ...]:
        """Read a list of lines, which must be there but may be empty unless *least* is 1."""
        entries = self._list(key, lambda value: _text_problem(value, 300))
        return tuple(self._some(key, entries) if least else entries)

    def day(self, key: str) -> date:
        """Read a date without a time."""
        value = self._take(key)
        if type(value) is date:
            return value
        if value is not None:
            self.note(key, "must be a date such as 2026-11-23, without quotes")
        return date.min

    def truth(self, key: str) -> bool:
        """Read true or false."""
        value = self._take(key)
        if value is not None and not isinstance(value, bool):
            self.note(key, "must be true or false")
        return value is True

    def number(self, key: str, lowest: int, highest: int) -> int:
        """Read a whole number between two bounds, both allowed."""
        value = self._take(key)
        if value is None:
            return lowest
        if type(value) is not int or not lowest <= value <= highest:
            self.note(key, f"must be a whole number from {lowest} to {highest}")
            return lowest
        return value

    def choice(self, key: str, choices: type[_E]) -> _E:
        """Read one of a closed set."""
        value = self._take(key)
        found = [member for member in choices if member.value == value]
        if not found and value is not None:
            self.note(key, f"must be one of: {_names(choices)}")
        return found[0] if found else next(iter(choices))

    def one_of(self, key: str, known: Collection[str]) -> str:
        """Read one of some codes; the empty text stands for none of them."""
        value = self._take(key)
        if isinstance(value, str) and value in known:
            return value
        if value is not None:
            self.note(key, f"must be one of: {', '.join(known)}")
        return ""

    def code(self, key: str, known: Collection[str], says: str) -> str:
        """Read one of *known*, which are too many to be listed in an error; the empty text stands for none."""
        value = self._take(key)
        if isinstance(value, str) and value in known:
            return value
        if value is not None:
            self.note(key, says)
        return ""

    def choices(self, key: str, choices: Iterable[_E], *, least: int = 1) -> frozenset[_E]:
        """Read a list of members of a closed set; *least* is 0 where the list may be empty."""
        known = {member.value: member for member in choices}
        entries = self._list(key, lambda value: None if value in known else f"must be one of: {', '.join(known)}")
        return frozenset(known[entry] for entry in (self._some(key, entries) if least else entries))

    def codes(self, key: str, known: Collection[str], says: str) -> frozenset[str]:
        """Read a list of *known* codes, at least one."""
        entries = self._list(key, lambda value: None if value in known else says)
        return frozenset(self._some(key, entries))

    def finish(self) -> None:
        """Note every key that nobody read."""
        for key in self._values:
            self.note(key, "is not a key of an agreement")

    def _take(self, key: str) -> Any:  # noqa: ANN401 - TOML holds any type; each reader checks its own
        if key not in self._values:
            self.note(key, "is missing")
            return None
        return self._values.pop(key)

    def _list(self, key: str, problem: Callable[[Any], str | None]) -> list[str]:
        value = self._take(key)
        if value is None:
            return []
        if not isinstance(value, list):
            self.note(key, "must be a list")
            return []
        good: list[str] = []
        for index, entry in enumerate(value):
            said = "must be text" if not isinstance(entry, str) else problem(entry)
            if said is None and entry in good:
                said = "stands in the list twice"
            if said is None:
                good.append(entry)
            else:
                self.note(f"{key}[{index}]", said)
        return good

    def _some(self, key: str, entries: list[str]) -> list[str]:
        if not entries and not any(problem.path.startswith(f"{self._path}{key}") for problem in self.problems):
            self.note(key, "must name at least one")
        return entries


def _names(choices: Iterable[Enum]) -> str:
    return ", ".join(str(member.value) for member in choices)


def _text_problem(value: object, limit: int) -> str | None:
    if not isinstance(value, str):
        return "must be text in quotes"
    if not value.strip():
        return "must not be empty"
    if len(value) > limit:
        return f"must be at most {limit} characters"
    if any(unicodedata.category(character) in _HIDDEN for character in value):
        return "must be one line without control or invisible characters"
    return None
