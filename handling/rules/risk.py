"""pure: what sharing a report could do to people, on five axes, and when that has to be assessed before anything may leave.

The grounds and where they come from: docs/grading.md, "Risk". Levels are codes and never a number: nobody adds them up.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any, Final

from handling.rules.grading import Grade, Handling, HandlingCode

WORDS_LIMIT: Final = 1_000  # characters on one axis


class RiskError(ValueError):
    """The document does not hold an assessment."""

    def __init__(self) -> None:
        super().__init__("this is not a risk assessment")


class Axis(Enum):
    """To whom or what sharing could do harm."""

    SOURCE = "source"
    PUBLIC = "public"
    OPERATION = "operation"
    TECHNIQUE = "technique"
    RECIPIENT = "recipient"


class Level(Enum):
    """How much, as its author judges."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Ground(Enum):
    """Why an assessment is needed."""

    CONDITIONS = "conditions"
    SUSPECTED_FALSE = "suspected-false"
    NOT_RELIABLE = "source-not-reliable"
    THREAT_TO_LIFE = "threat-to-life"
    MINORS = "minors"


class RiskFact(Enum):
    """What a decision may know of it; a level and the words never leave corridor and guard."""

    NOT_NEEDED = "not-needed"
    ASSESSED = "assessed"


QUESTIONS: Final[Mapping[Axis, str]] = MappingProxyType(
    {
        Axis.SOURCE: "The source: can anybody tell from it who told us, and what would they do?",
        Axis.PUBLIC: "Others: who else is in danger if it is shared, or if it is not?",
        Axis.OPERATION: "Operations: does it lay open what somebody is doing about it now?",
        Axis.TECHNIQUE: "Techniques: does it lay open how such things are learned?",
        Axis.RECIPIENT: "The recipient: could it be used against people, or reach those it is about?",
    }
)
REASONS: Final[Mapping[Ground, str]] = MappingProxyType(
    {
        Ground.CONDITIONS: "it is shared under conditions (C)",
        Ground.SUSPECTED_FALSE: "part of it is suspected to be false",
        Ground.NOT_RELIABLE: "there is reason to doubt its source",
        Ground.THREAT_TO_LIFE: "somebody's life is threatened",
        Ground.MINORS: "a child is concerned",
    }
)
NOT_RELIABLE: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "3x5x2": frozenset({"3"}),
        "5x5x5": frozenset({"D"}),
        "admiralty": frozenset({"D", "E"}),
        "europol": frozenset({"C"}),
    }
)
"""Codes by which a scheme says that there is reason to doubt the source."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One axis: a level, and why."""

    level: Level
    words: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """Every axis, judged.

    Raises:
        RiskError: an axis without a judgement, or one without words.
    """

    axes: Mapping[Axis, Judged]

    def __post_init__(self) -> None:
        if set(self.axes) != set(Axis) or not all(_stands(judged.words) for judged in self.axes.values()):
            raise RiskError

    def to_body(self) -> dict[str, dict[str, str]]:
        """Return it as a JSON value."""
        return {axis.value: {"level": self.axes[axis].level.value, "words": self.axes[axis].words} for axis in Axis}

    @classmethod
    def from_body(cls, body: object) -> "Assessment":
        """Read what `to_body` returned, strictly; raises `RiskError`."""
        if not isinstance(body, Mapping):
            raise RiskError
        try:
            return cls({Axis(axis): _judged(entry) for axis, entry in body.items()})
        except ValueError:
            raise RiskError from None


def grounds(
    *,
    handling: Handling | None,
    grades: Iterable[Grade],
    suspected_false: bool,
    threat_to_life: bool = False,
    minors: bool = False,
) -> tuple[Ground, ...]:
    """Return every reason for which the risk has to be assessed, in the order of the table; what is not stated is none."""
    found = {
        Ground.CONDITIONS: handling is not None and handling.code is HandlingCode.C,
        Ground.SUSPECTED_FALSE: suspected_false,
        Ground.NOT_RELIABLE: any(grade.source in NOT_RELIABLE.get(grade.scheme, grade.source) for grade in grades),
        Ground.THREAT_TO_LIFE: threat_to_life,
        Ground.MINORS: minors,
    }
    return tuple(ground for ground, holds in found.items() if holds)


def because(needed: Iterable[Ground]) -> str:
    """Return the grounds as the end of a sentence."""
    return " and ".join(REASONS[ground] for ground in needed)


def _judged(entry: Any) -> Judged:  # noqa: ANN401 - JSON
    if not isinstance(entry, Mapping) or set(entry) != {"level", "words"} or not isinstance(entry["words"], str):
        raise RiskError
    return Judged(Level(entry["level"]), entry["words"])


def _stands(words: str) -> bool:
    return bool(words.strip()) and len(words) <= WORDS_LIMIT
