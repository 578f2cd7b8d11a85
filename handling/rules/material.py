"""pure: material that an agency sent, as a report that rests on it states it: whose it is, which bytes, under which conditions."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any, Final

from handling.rules.agreements import AGENCY_ID, PURPOSE_LABELS, Purpose
from handling.rules.clocks import in_words
from handling.rules.grading import Action, Handling, HandlingCode, Sanitisation
from handling.rules.terms import CLASS_LABELS, AgencyClass, Tlp

AGENCIES_MAX: Final = 20  # that one piece names: its conditions go along to whoever a report goes to
LINES_MAX: Final = 5
LINE_MAX: Final = 200  # characters; all of them stand on one printed sheet


class MaterialStatedError(ValueError):
    """What is said of material is not of its form, or says two different things."""

    def __init__(self) -> None:
        super().__init__("this is not how material and its conditions are stated")


class PassOn(Enum):
    """May we pass it on to a third agency?"""

    NEVER = "never"
    ASK = "ask"
    MAY = "may"


_PASS_ON: Final[Mapping[PassOn, str]] = {
    PassOn.NEVER: "It may never be passed on.",
    PassOn.ASK: "It may be passed on only where its agency is asked each time.",
    PassOn.MAY: "It may be passed on to: {}. For others, its agency is asked.",
}


@dataclass(frozen=True, slots=True)
class Conditions:
    """What the agency that sent it lets us do with it.

    Attributes:
        pass_on: to third agencies. Back to the agency itself it may always go.
        agencies, classes: who may have it without being asked for, with `PassOn.MAY` alone.
        purposes: what it may be used for; None: for every purpose.
        delete_by: the last day on which anybody keeps it; None: it names none.
        marking, handling: its own; what rests on it is marked no wider.
        lines: conditions in the agency's own words, one line each.
    """

    pass_on: PassOn
    agencies: frozenset[str] = frozenset()
    classes: frozenset[AgencyClass] = frozenset()
    purposes: frozenset[Purpose] | None = None
    delete_by: date | None = None
    marking: Tlp | None = None
    handling: Handling | None = None
    lines: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Agencies and classes stand with `MAY` alone, and then one of them does; purposes that are named are one at least."""
        listed = bool(self.agencies or self.classes)
        if listed is not (self.pass_on is PassOn.MAY) or self.purposes == frozenset():
            raise MaterialStatedError

    def lets(self, agency: str, agency_class: AgencyClass) -> bool:
        """Whether a third agency may have it without the sender being asked."""
        return self.pass_on is PassOn.MAY and (agency in self.agencies or agency_class in self.classes)

    def are_over(self, today: date) -> bool:
        """Whether the last day is over: nothing new rests on it, and it is deleted."""
        return self.delete_by is not None and today > self.delete_by

    def words(self) -> tuple[str, ...]:
        """Return them as people read them, the agency's own lines last."""
        said = [self._passing_on()]
        if self.purposes is not None:
            named = "; ".join(label for one, label in PURPOSE_LABELS.items() if one in self.purposes)
            said.append(f"Use it for this alone: {named}.")
        if self.delete_by is not None:
            said.append(f"Delete it by {in_words(self.delete_by)}.")
        if self.marking is not None:
            said.append(f"Marked TLP:{self.marking.value}.")
        if self.handling is not None:
            said.append(f"Handling {self.handling}.")
        return (*said, *self.lines)

    def to_body(self) -> dict[str, Any]:
        """Return them as a JSON value."""
        handling = self.handling
        return {
            "pass_on": self.pass_on.value,
            "agencies": sorted(self.agencies),
            "classes": sorted(one.value for one in self.classes),
            "purposes": None if self.purposes is None else sorted(one.value for one in self.purposes),
            "delete_by": None if self.delete_by is None else self.delete_by.isoformat(),
            "marking": None if self.marking is None else self.marking.value,
            "handling": None if handling is None else str(handling),
            "conditions": list(self.lines),
        }

    @classmethod
    def from_body(cls, body: object) -> "Conditions":
        """Read them from a JSON value with exactly these keys; a list is in any order, and names nothing twice.

        Raises:
            ValueError: another shape, or a code that nobody knows.
        """
        if not isinstance(body, Mapping) or body.keys() != CONDITIONS:
            raise MaterialStatedError
        purposes, delete_by, marking, handling = (body[key] for key in ("purposes", "delete_by", "marking", "handling"))
        return cls(
            pass_on=PassOn(body["pass_on"]),
            agencies=_agencies(body["agencies"]),
            classes=frozenset(AgencyClass(one) for one in _texts(body["classes"])),
            purposes=None if purposes is None else frozenset(Purpose(one) for one in _texts(purposes)),
            delete_by=None if delete_by is None else _day(delete_by),
            marking=None if marking is None else Tlp(marking),
            handling=None if handling is None else _handling(handling),
            lines=_lines(body["conditions"]),
        )

    def _passing_on(self) -> str:
        classes = [label for one, label in CLASS_LABELS.items() if one in self.classes]
        return _PASS_ON[self.pass_on].format(", ".join([*sorted(self.agencies), *classes]))


CONDITIONS: Final = frozenset(
    {"pass_on", "agencies", "classes", "purposes", "delete_by", "marking", "handling", "conditions"}
)
"""The keys of conditions in a document."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of material that a report rests on."""

    sha256: str  # hex, of the text as its agency signed it
    agency: str
    conditions: Conditions

    def to_body(self) -> dict[str, Any]:
        """Return it as a JSON value, for those who sign for it."""
        return {**self.listed(), "agency": self.agency}

    def listed(self) -> dict[str, Any]:
        """Return it as the report's document lists it: whose it is stays in the unit."""
        return {"sha256": self.sha256, **self.conditions.to_body()}

    @classmethod
    def from_body(cls, body: object) -> "Piece":
        """Read what `to_body` returned, or raise `ValueError`."""
        if not isinstance(body, Mapping) or body.keys() != CONDITIONS | {"sha256", "agency"}:
            raise MaterialStatedError
        rest = {key: body[key] for key in CONDITIONS}
        digest, agency = body["sha256"], body["agency"]
        if not isinstance(digest, str) or len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):  # noqa: PLR2004 - SHA-256 in hex
            raise MaterialStatedError
        if not isinstance(agency, str) or not agency:
            raise MaterialStatedError
        return cls(digest, agency, Conditions.from_body(rest))


def pieces(bodies: object) -> tuple[Piece, ...]:
    """Read a list of pieces, each once and in the order of their hashes, or raise `ValueError`."""
    if not isinstance(bodies, list):
        raise MaterialStatedError
    found = tuple(Piece.from_body(body) for body in bodies)
    if [one.sha256 for one in found] != sorted({one.sha256 for one in found}):
        raise MaterialStatedError
    return found


def listed(bodies: object) -> tuple[Mapping[str, Any], ...]:
    """Read what a report's document lists: at least one piece, as `Piece.listed` writes it; or raise `ValueError`."""
    if not isinstance(bodies, list) or not bodies:
        raise MaterialStatedError
    if not all(isinstance(body, Mapping) and "agency" not in body for body in bodies):
        raise MaterialStatedError
    return tuple(one.listed() for one in pieces([{**body, "agency": "-"} for body in bodies]))


_ACTIONS: Final = (Action.A1, Action.A2, Action.A3)  # from the narrowest to the widest
_SANITISATIONS: Final = (Sanitisation.S2, Sanitisation.S1)


def as_narrow(handling: Handling, as_: Handling) -> bool:
    """Whether a handling code with its conditions lets its reader do no more than another one does."""
    if as_.code is HandlingCode.P:
        return True
    if handling.action is None or handling.sanitisation is None or as_.action is None or as_.sanitisation is None:
        return False
    return _ACTIONS.index(handling.action) <= _ACTIONS.index(as_.action) and _SANITISATIONS.index(
        handling.sanitisation
    ) <= _SANITISATIONS.index(as_.sanitisation)


def _texts(value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise MaterialStatedError
    if len(set(value)) != len(value):
        raise MaterialStatedError
    return value


def _agencies(value: object) -> frozenset[str]:
    """Ids as the unit gives them out, and nothing else: whatever stands here is read by other agencies."""
    ids = _texts(value)
    if len(ids) > AGENCIES_MAX or not all(re.fullmatch(AGENCY_ID, one) for one in ids):
        raise MaterialStatedError
    return frozenset(ids)


def _day(value: object) -> date:
    day = date.fromisoformat(value) if isinstance(value, str) else None
    if day is None or day.isoformat() != value:
        raise MaterialStatedError
    return day


def _handling(value: object) -> Handling:
    """Read "P" or "C A1 S2"."""
    parts = value.split(" ") if isinstance(value, str) else []
    if not 1 <= len(parts) <= 3:  # noqa: PLR2004 - code, action, sanitisation
        raise MaterialStatedError
    return Handling.of(*parts)


def _lines(value: object) -> tuple[str, ...]:
    lines = tuple(_texts(value))
    if len(lines) > LINES_MAX or not all(len(one) <= LINE_MAX and one.isprintable() and one.strip() for one in lines):
        raise MaterialStatedError
    return lines
