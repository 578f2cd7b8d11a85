"""pure: the JSON Schema of an agreement, drawn by reading one that asks for nothing. Says no more than the reader does."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from enum import Enum
from typing import Any, Final, TypeVar

from handling.rules.agreement_document import read
from handling.rules.agreements import Codes, Onward
from handling.rules.amendments import LABELS
from handling.rules.toml_table import Table

_E = TypeVar("_E", bound=Enum)
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_LINE: Final = {"type": "string", "minLength": 1, "maxLength": 300, "pattern": r"\S"}
_DAY: Final = {"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}


def schema(codes: Codes) -> dict[str, Any]:
    """Return the schema of an agreement's TOML, its dates standing as text.

    What depends on another value than the ones named in ``allOf``, such as the order of days, the reader alone refuses.
    """
    root = _Described()
    read(root, codes, "")
    return {
        "$schema": DIALECT,
        "title": "Tipline agreement",
        "description": "A TOML document with these keys. Dates are written without quotes in TOML.",
        **root.schema(),
        "allOf": [
            _only_if({"suspended": {"const": True}}, ["suspended_since"]),
            {
                "properties": {
                    "onward": {"allOf": [_listed("agencies", Onward.LISTED), _listed("classes", Onward.CLASS)]}
                }
            },
        ],
    }


class _Described(Table):
    """A table that notes what each reader would accept, and returns some value of its type."""

    def __init__(self, path: str = "") -> None:
        super().__init__({}, [], path)
        self._properties: dict[str, Any] = {}
        self._tables: dict[str, _Described] = {}
        self._optional: set[str] = set()

    def schema(self) -> dict[str, Any]:
        properties = self._properties | {key: table.schema() for key, table in self._tables.items()}
        for key, value in properties.items():
            if label := LABELS.get(f"{self._path}{key}"):
                value["description"] = label
        return {
            "type": "object",
            "properties": properties,
            "required": [key for key in properties if key not in self._optional],
            "additionalProperties": False,
        }

    def note(self, key: str, text: str) -> None:
        """Nothing can be wrong with what is not there."""

    def has(self, key: str) -> bool:
        """A key that is asked for before it is read may be left out."""
        self._optional.add(key)
        return True

    def table(self, key: str) -> Table:
        return self._tables.setdefault(key, _Described(f"{self._path}{key}."))

    def text(self, key: str, *, pattern: str | None = None, says: str = "", limit: int = 300) -> str:  # noqa: ARG002 - for people
        self._properties[key] = dict(_LINE) if pattern is None else {"type": "string", "pattern": f"^(?:{pattern})$"}
        return ""

    def text_for(self, key: str, kind: _E, patterns: Mapping[_E, str], says: Mapping[_E, str]) -> str:  # noqa: ARG002 - for people
        return self.text(key, pattern="|".join(patterns.values()))

    def texts(self, key: str, *, least: int = 0) -> tuple[str, ...]:
        self._properties[key] = _list(dict(_LINE), least)
        return ()

    def day(self, key: str) -> date:
        self._properties[key] = dict(_DAY)
        return date.min

    def truth(self, key: str) -> bool:
        self._properties[key] = {"type": "boolean"}
        return False

    def number(self, key: str, lowest: int, highest: int) -> int:
        self._properties[key] = {"type": "integer", "minimum": lowest, "maximum": highest}
        return lowest

    def choice(self, key: str, choices: type[_E]) -> _E:
        self._properties[key] = {"enum": [member.value for member in choices]}
        return next(iter(choices))

    def one_of(self, key: str, known: Collection[str]) -> str:
        self._properties[key] = {"enum": list(known)}
        return next(iter(known))

    def code(self, key: str, known: Collection[str], says: str) -> str:  # noqa: ARG002 - for people
        return self.one_of(key, sorted(known))

    def choices(self, key: str, choices: Iterable[_E], *, least: int = 1) -> frozenset[_E]:
        self._properties[key] = _list({"enum": [member.value for member in choices]}, least)
        return frozenset()

    def codes(self, key: str, known: Collection[str], says: str) -> frozenset[str]:  # noqa: ARG002 - for people
        self._properties[key] = _list({"enum": sorted(known)}, 1)
        return frozenset()

    def finish(self) -> None:
        """Every key was described."""


def _list(items: dict[str, Any], least: int) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": least, "uniqueItems": True}


def _only_if(given: dict[str, Any], keys: list[str]) -> dict[str, Any]:
    """These keys are needed when the values are given, and refused otherwise."""
    absent = {"not": {"anyOf": [{"required": [key]} for key in keys]}}
    return {"if": {"properties": given}, "then": {"required": keys}, "else": absent}


def _listed(key: str, rule: Onward) -> dict[str, Any]:
    return _only_if({"rule": {"const": rule.value}}, [key])
