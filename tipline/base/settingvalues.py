"""Reads single settings from the parsed file and the environment; what cannot be used is refused by its key, with what to do."""

import re
from collections.abc import Callable, Mapping
from datetime import time
from types import MappingProxyType
from typing import Any, TypeVar

from tipline.base.languages import LANGUAGES
from tipline.text import ENGLISH, Told

PORTS: Mapping[str, int] = MappingProxyType(
    {"source": 8080, "corridor": 8081, "exchange": 8082, "drop": 8083, "desk": 8084, "guard": 8085}
)
ZONES = ("public", "inside")
FILE = "tipline.toml"

_T = TypeVar("_T")
_TICK_RANGE = range(1, 86_401)  # seconds: one day at most, or urgent tips would lie unread

_DAYS_RANGE = range(91)  # longer, and a destroyed intake seed would outlive every promise about it

_MEGABYTES_RANGE = range(1, 100_001)

_CEILING_RANGE = range(1, 1_000_000_001)


class SettingsError(Exception):
    """A setting is missing, unknown or contradicts another; the text names the key and what to do."""


class Table:
    """One parsed file over which the environment has the last word; it remembers which keys were asked for."""

    def __init__(self, values: dict[str, Any], environ: Mapping[str, str]) -> None:
        self._values = values
        self._environ = environ
        self._known: set[str] = set()
        self._known_variables = {"TIPLINE_DATA"}

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text that is not empty."""
        value = self._get(key, default)
        if value is None:
            raise SettingsError(f'{key} is missing: add `{key} = "…"` to {FILE} or set {_variable(key)}')
        if not isinstance(value, str) or not value.strip():
            raise SettingsError(f"{key} must be a text that is not empty")
        return value

    def said(self, key: str, default: str) -> str:
        """Return words for a source: one text, or a table with one for each language of the pages, English among them."""
        value = self._get(key, None)
        if not isinstance(value, dict):
            return default if value is None else self.text(key)
        for code, words in value.items():
            if code not in LANGUAGES:
                raise SettingsError(f"{key}.{code} is no language of the pages; they are {', '.join(LANGUAGES)}")
            if not isinstance(words, str) or not words.strip():
                raise SettingsError(f"{key}.{code} must be a text that is not empty")
        if ENGLISH not in value:
            raise SettingsError(f"{key}.{ENGLISH} is missing: who reads a language that is not given reads this")
        return Told(value)

    def names(self, key: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """Return names that people read, in the order given."""
        value = self._get(key, list(default))
        listed = value.split(",") if isinstance(value, str) else value
        return tuple(self._each(key, listed, _name, 'of names, as ["English", "Kiswahili"]'))

    def optional_text(self, key: str) -> str | None:
        """Return a text, or None when it is not given."""
        return None if self._get(key, None) is None else self.text(key)

    def matching(self, key: str, pattern: re.Pattern[str], words: str) -> str:
        """Return a text that matches; *words* say what would."""
        value = self.text(key)
        if not pattern.fullmatch(value):
            raise SettingsError(f"{key} must be {words}")
        return value

    def optional_matching(self, key: str, pattern: re.Pattern[str], words: str) -> str | None:
        """Return a text that matches, or None when it is not given."""
        return None if self._get(key, None) is None else self.matching(key, pattern, words)

    def flag(self, key: str) -> bool:
        """Return true or false."""
        value = self._get(key, default=False)
        if isinstance(value, str):
            value = {"true": True, "false": False}.get(value)
        if not isinstance(value, bool):
            raise SettingsError(f"{key} must be true or false")
        return value

    def seconds(self, key: str, default: int) -> int:
        """Return whole seconds, at most a day."""
        return self._number(key, self._get(key, default), _TICK_RANGE, "whole seconds, 1 to 86400")

    def days(self, key: str, default: int) -> int:
        """Return whole days, at most 90."""
        return self._number(key, self._get(key, default), _DAYS_RANGE, "whole days, 0 to 90")

    def megabytes(self, key: str, default: int) -> int:
        """Return millions of bytes."""
        return self._number(key, self._get(key, default), _MEGABYTES_RANGE, "millions of bytes, 1 to 100000")

    def ceiling(self, key: str, default: int) -> int:
        """Return how many at most."""
        return self.number(key, default, _CEILING_RANGE, "a whole number, 1 to 1000000000")

    def number(self, key: str, default: int, allowed: range, words: str) -> int:
        """Return a whole number of those *allowed*; *words* say which."""
        return self._number(key, self._get(key, default), allowed, words)

    def times(self, key: str, default: tuple[time, ...]) -> tuple[time, ...]:
        """Return times of day, in order, each once."""
        value = self._get(key, [t.isoformat("minutes") for t in default])
        listed = value.split(",") if isinstance(value, str) else value
        return tuple(sorted(set(self._each(key, listed, _clock_time, 'times of day, as ["06:00", "18:00"]'))))

    def zones(self) -> tuple[str, ...]:
        """Return the halves, in the order of `ZONES`."""
        value = self._get("zones", list(ZONES))
        listed = value.split(",") if isinstance(value, str) else value
        return tuple(sorted(set(self._each("zones", listed, _zone, 'of "public" and "inside"')), key=ZONES.index))

    def ports(self) -> Mapping[str, int]:
        """Return a port for each process."""
        self._known.add("ports")
        given = self._values.get("ports", {})
        if not isinstance(given, dict):
            raise SettingsError("ports must be a table, as [ports] with source = 8080")
        unknown = sorted(set(given) - set(PORTS))
        if unknown:
            raise SettingsError(f"ports.{unknown[0]} is not a process: remove it; the processes are {', '.join(PORTS)}")
        ports = {}
        for name, default in PORTS.items():
            variable = _variable(f"port_{name}")
            self._known_variables.add(variable)
            value = self._environ.get(variable) or given.get(name, default)
            ports[name] = self._number(f"ports.{name}", value, range(1, 65_536), "a port, 1 to 65535")
        return MappingProxyType(ports)

    def refuse_unknown(self) -> None:
        """A misspelt key would silently leave a default in force."""
        for key in sorted(set(self._values) - self._known):
            raise SettingsError(f"{key} is not a setting: remove it from {FILE} or correct its spelling")
        variables = {name for name in self._environ if name.startswith("TIPLINE_")}
        for name in sorted(variables - self._known_variables):
            raise SettingsError(f"{name} is not a setting: unset it or correct its spelling")

    def _get(self, key: str, default: object) -> Any:  # noqa: ANN401 - TOML values are of any type until checked
        self._known.add(key)
        self._known_variables.add(_variable(key))
        return self._environ.get(_variable(key)) or self._values.get(key, default)

    @staticmethod
    def _number(key: str, value: object, allowed: range, words: str) -> int:
        if isinstance(value, str) and value.isascii() and value.isdigit():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or value not in allowed:
            raise SettingsError(f"{key} must be {words}")
        return value

    @staticmethod
    def _each(key: str, listed: object, parse: "Callable[[object], _T | None]", words: str) -> "list[_T]":
        parsed = [parse(one) for one in listed] if isinstance(listed, list) else []
        if not parsed or None in parsed:
            raise SettingsError(f"{key} must be a list {words}")
        return [one for one in parsed if one is not None]


def _variable(key: str) -> str:
    return f"TIPLINE_{key.upper()}"


def _clock_time(value: object) -> time | None:
    try:
        return time.fromisoformat(value.strip()).replace(tzinfo=None) if isinstance(value, str) else None
    except ValueError:
        return None


def _name(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _zone(value: object) -> str | None:
    return value.strip() if isinstance(value, str) and value.strip() in ZONES else None
