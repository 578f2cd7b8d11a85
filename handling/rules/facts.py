"""pure: all that a decision looks at in a report. A fact that nobody stated is None and counts as the worst there is."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from enum import Enum
from typing import Any, TypeVar

from handling.rules.consent import Consented
from handling.rules.grading import Grade, Handling
from handling.rules.material import Piece, pieces
from handling.rules.risk import RiskFact
from handling.rules.terms import DataCategory, Removable, SpecialCategory, Tlp

_E = TypeVar("_E", bound=Enum)


class FactsError(ValueError):
    """The document does not hold a report's facts."""

    def __init__(self) -> None:
        super().__init__("these are not the facts of a report")


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """What a decision may know of one report; never its text."""

    subjects: frozenset[str] | None = None
    grades: tuple[Grade, ...] | None = None  # one for each item, in their order
    handling: Handling | None = None
    suspected_false: bool | None = None  # any item marked so, by its grade or by hand
    reviewed: bool | None = None
    agencies: frozenset[str] | None = None  # the handler's positive list
    date: dt.date | None = None  # of the report
    marking: Tlp | None = None
    data: frozenset[DataCategory] | None = None
    named_persons: bool | None = None
    special_categories: frozenset[SpecialCategory] | None = None
    minors: bool | None = None
    removable: frozenset[Removable] | None = None  # what a stricter version could do without
    about: frozenset[str] | None = None  # countries
    originators: frozenset[str] | None = None  # agencies whose material it rests on
    by_hand: frozenset[str] | None = None  # those of them whose material came another way than through the portal
    material: tuple[Piece, ...] | None = None  # what came through the portal, with its conditions
    consents: frozenset[Consented] | None = None  # of agencies, by their own signed tokens; stated by nobody here
    approvals: frozenset[str] | None = None  # agencies for which the approver named in their agreement agreed
    threat_to_life: bool | None = None
    risk: RiskFact | None = None  # whether what sharing could do was assessed
    immunity: bool | None = None  # whether public-interest immunity is claimed for part of it

    def as_reviewed(self) -> "ReportFacts":
        """Return the facts with the review done; say this only where the review's signature was verified."""
        return replace(self, reviewed=True)

    def to_body(self) -> dict[str, Any]:
        """Return what is stated as a JSON value, every key present. Consents are not: they follow from tokens each time."""
        return {
            "subjects": None if self.subjects is None else sorted(self.subjects),
            "grades": None if self.grades is None else [_grade_body(grade) for grade in self.grades],
            "handling": None if self.handling is None else _handling_body(self.handling),
            "suspected_false": self.suspected_false,
            "reviewed": self.reviewed,
            "agencies": None if self.agencies is None else sorted(self.agencies),
            "date": None if self.date is None else self.date.isoformat(),
            "marking": None if self.marking is None else self.marking.value,
            "data": _codes_body(self.data),
            "named_persons": self.named_persons,
            "special_categories": _codes_body(self.special_categories),
            "minors": self.minors,
            "removable": _codes_body(self.removable),
            "about": None if self.about is None else sorted(self.about),
            "originators": None if self.originators is None else sorted(self.originators),
            "by_hand": None if self.by_hand is None else sorted(self.by_hand),
            "material": None if self.material is None else [piece.to_body() for piece in self.material],
            "approvals": None if self.approvals is None else sorted(self.approvals),
            "threat_to_life": self.threat_to_life,
            "risk": None if self.risk is None else self.risk.value,
            "immunity": self.immunity,
        }

    @classmethod
    def from_body(cls, body: object) -> "ReportFacts":
        """Read the facts from a JSON value; a key that is absent is a fact nobody stated.

        Reviews of before could state consents. That counts for nothing and is not read.

        Raises:
            FactsError: an unknown key, or a value of another shape.
        """
        if not isinstance(body, Mapping) or not set(body) <= {field.name for field in fields(cls)}:
            raise FactsError
        stated = {key: value for key, value in body.items() if value is not None}
        try:
            return cls(**{key: _READ[key](value) for key, value in stated.items() if key != "consents"})
        except (TypeError, ValueError, KeyError):
            raise FactsError from None


def _grade_body(grade: Grade) -> dict[str, str]:
    return {"scheme": grade.scheme, "source": grade.source, "information": grade.information}


def _handling_body(handling: Handling) -> dict[str, str | None]:
    return {
        "code": handling.code.value,
        "action": None if handling.action is None else handling.action.value,
        "sanitisation": None if handling.sanitisation is None else handling.sanitisation.value,
    }


def _codes_body(codes: frozenset[_E] | None) -> list[str] | None:
    return None if codes is None else sorted(code.value for code in codes)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise FactsError
    return value


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise FactsError
    return value


def _texts(value: object) -> frozenset[str]:
    if not isinstance(value, list):
        raise FactsError
    return frozenset(_text(entry) for entry in value)


def _codes(choices: type[_E]) -> Callable[[object], frozenset[_E]]:
    return lambda value: frozenset(choices(entry) for entry in _texts(value))


def _grades(value: object) -> tuple[Grade, ...]:
    if not isinstance(value, list):
        raise FactsError
    return tuple(_grade(entry) for entry in value)


def _grade(value: object) -> Grade:
    if not isinstance(value, Mapping) or set(value) != {"scheme", "source", "information"}:
        raise FactsError
    return Grade(_text(value["scheme"]), _text(value["source"]), _text(value["information"]))


def _handling(value: object) -> Handling:
    if not isinstance(value, Mapping) or not {"code"} <= set(value) <= {"code", "action", "sanitisation"}:
        raise FactsError
    return Handling.of(value["code"], value.get("action"), value.get("sanitisation"))


def _day(value: object) -> dt.date:
    day = dt.date.fromisoformat(_text(value))
    if day.isoformat() != value:  # one spelling only: the facts are signed
        raise FactsError
    return day


_READ: Mapping[str, Callable[[object], Any]] = {
    "subjects": _texts,
    "grades": _grades,
    "handling": _handling,
    "suspected_false": _truth,
    "reviewed": _truth,
    "agencies": _texts,
    "date": _day,
    "marking": lambda value: Tlp(_text(value)),
    "data": _codes(DataCategory),
    "named_persons": _truth,
    "special_categories": _codes(SpecialCategory),
    "minors": _truth,
    "removable": _codes(Removable),
    "about": _texts,
    "originators": _texts,
    "by_hand": _texts,
    "material": pieces,
    "approvals": _texts,
    "threat_to_life": _truth,
    "risk": RiskFact,
    "immunity": _truth,
}
