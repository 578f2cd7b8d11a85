"""pure: grades on two axes and handling codes, always with the name of their scheme. Turns nothing into a number."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from types import MappingProxyType
from typing import Any

ANONYMOUS_WAY = "arrival"


class GradeError(ValueError):
    """A code does not belong to the scheme."""

    def __init__(self) -> None:
        super().__init__("this is not a grade of the scheme")


class HandlingError(ValueError):
    """A handling code without the conditions it needs, or with conditions it does not allow."""

    def __init__(self) -> None:
        super().__init__("C needs one action code and one sanitisation code; P allows neither")


class Standing(Enum):
    """How a code compares with others: only ranked codes do."""

    RANKED = "ranked"
    UNKNOWN = "unknown"
    SUSPECTED_FALSE = "suspected-false"


class HandlingCode(Enum):
    """May the report be shared, and are there conditions?"""

    P = "P"
    C = "C"


class Action(Enum):
    """What a recipient may do with a report under C."""

    A1 = "A1"
    A2 = "A2"
    A3 = "A3"


class Sanitisation(Enum):
    """Whether a recipient of a report under C may sanitise it for others."""

    S1 = "S1"
    S2 = "S2"


@dataclass(frozen=True, slots=True)
class Grade:
    """One grade; its codes mean nothing without its scheme."""

    scheme: str
    source: str
    information: str

    def __str__(self) -> str:
        return f"{self.scheme} {self.source} {self.information}"


@dataclass(frozen=True, slots=True)
class Handling:
    """A handling code with its conditions.

    Raises:
        HandlingError: C without an action and a sanitisation code, or P with one.
    """

    code: HandlingCode
    action: Action | None = None
    sanitisation: Sanitisation | None = None

    def __post_init__(self) -> None:
        wanted = self.code is HandlingCode.C
        if (self.action is not None) is not wanted or (self.sanitisation is not None) is not wanted:
            raise HandlingError

    def __str__(self) -> str:
        parts = (self.code, self.action, self.sanitisation)
        return " ".join(part.value for part in parts if part is not None)

    @classmethod
    def of(cls, code: str, action: str | None = None, sanitisation: str | None = None) -> "Handling":
        """Read the three codes as a form or a document holds them.

        Raises:
            HandlingError: a code that does not exist, or a combination that is not allowed.
        """
        try:
            return cls(
                HandlingCode(code),
                None if action is None else Action(action),
                None if sanitisation is None else Sanitisation(sanitisation),
            )
        except ValueError:
            raise HandlingError from None


@dataclass(frozen=True, slots=True)
class Code:
    """One code of one axis, as published in the scheme's data file."""

    code: str
    label: str
    meaning: str
    standing: Standing
    rank: int | None  # only of ranked codes, higher is better, within one axis
    reason: bool  # choosing it instead of the default asks for a reason


@dataclass(frozen=True, slots=True)
class Marking:
    """One handling, action or sanitisation code with the sentence that travels to the recipient."""

    code: str
    label: str
    meaning: str
    condition: str


@dataclass(frozen=True, slots=True)
class Scheme:
    """A grading scheme as dated data: its codes, where they are defined and what a grade starts from."""

    name: str
    title: str
    version: int
    dated: date
    definition: str
    source: tuple[Code, ...]
    information: tuple[Code, ...]
    markings: tuple[Marking, ...]
    defaults: Mapping[str, Grade]  # by the way the information came

    def grade(self, source: str, information: str) -> Grade:
        """Return the grade with these codes, or raise `GradeError`."""
        if source not in _codes(self.source) or information not in _codes(self.information):
            raise GradeError
        return Grade(self.name, source, information)

    def parse(self, text: str) -> Grade:
        """Read "2D", "2 d" or "3x5x2 2 D".

        Raises:
            GradeError: other text, another scheme's name, or a code that this scheme does not have.
        """
        squeezed = "".join(text.split()).upper()
        squeezed = squeezed.removeprefix(self.name.upper())
        if len(squeezed) != 2:  # noqa: PLR2004 - one character for each axis
            raise GradeError
        return self.grade(squeezed[0], squeezed[1])

    def default(self, way: str = ANONYMOUS_WAY) -> Grade:
        """Return what a grade starts from for information that came this *way*."""
        return self.defaults[way]

    def needs_reason(self, grade: Grade, way: str = ANONYMOUS_WAY) -> bool:
        """Whether this grade must be justified.

        Everything that claims to know more than the default does, and everything that doubts more: the scheme asks for
        the rationale of both.

        Raises:
            GradeError: the grade is not of this scheme.
        """
        source, information = self.codes(grade)
        default = self.default(way)
        return (source.code != default.source and source.reason) or (
            information.code != default.information and information.reason
        )

    def codes(self, grade: Grade) -> tuple[Code, Code]:
        """Return both codes of a grade with their labels and meanings, or raise `GradeError`."""
        if grade.scheme != self.name:
            raise GradeError
        try:
            return _codes(self.source)[grade.source], _codes(self.information)[grade.information]
        except KeyError:
            raise GradeError from None

    def is_suspected_false(self, grade: Grade) -> bool:
        """Whether either code marks what was said as suspected to be false."""
        return any(code.standing is Standing.SUSPECTED_FALSE for code in self.codes(grade))

    def conditions(self, handling: Handling) -> tuple[str, ...]:
        """Return the sentences that a recipient must be told about this handling."""
        carried = str(handling).split()
        return tuple(marking.condition for marking in self.markings if marking.code in carried)

    def marking(self, code: str) -> Marking:
        """Return label and meaning of a handling, action or sanitisation code, or raise `GradeError`."""
        for marking in self.markings:
            if marking.code == code:
                return marking
        raise GradeError


@dataclass(frozen=True, slots=True)
class GradeFloor:
    """The lowest grades an agreement accepts, worked out into the codes that meet it."""

    scheme: str
    source_minimum: str
    information_minimum: str
    accepts_source: frozenset[str]
    accepts_information: frozenset[str]
    suspected: frozenset[str]  # codes of the information axis that mark something as suspected false
    suspected_false_may_go: bool

    def met_by(self, grade: Grade) -> bool:
        """Whether both codes are accepted; a grade of another scheme never is."""
        return (
            grade.scheme == self.scheme
            and grade.source in self.accepts_source
            and grade.information in self.accepts_information
        )

    def __str__(self) -> str:
        return f"{self.scheme} source {self.source_minimum}, information {self.information_minimum}"


def floor(
    scheme: Scheme,
    *,
    source: str,
    information: str,
    unknown_source_may_go: bool,
    unknown_information_may_go: bool,
    suspected_false_may_go: bool,
) -> GradeFloor:
    """Work out which codes meet a minimum on each axis.

    Raises:
        GradeError: a minimum that is not a ranked code of the scheme.
    """
    suspected = frozenset(code.code for code in scheme.information if code.standing is Standing.SUSPECTED_FALSE)
    return GradeFloor(
        scheme=scheme.name,
        source_minimum=source,
        information_minimum=information,
        accepts_source=_accepted(scheme.source, source, unknown=unknown_source_may_go),
        accepts_information=_accepted(scheme.information, information, unknown=unknown_information_may_go)
        | (suspected if suspected_false_may_go else frozenset()),
        suspected=suspected,
        suspected_false_may_go=suspected_false_may_go,
    )


def _accepted(axis: tuple[Code, ...], minimum: str, *, unknown: bool) -> frozenset[str]:
    lowest = _codes(axis).get(minimum)
    if lowest is None or lowest.rank is None:
        raise GradeError
    ranked = {code.code for code in axis if code.rank is not None and code.rank >= lowest.rank}
    return frozenset(ranked | {code.code for code in axis if unknown and code.standing is Standing.UNKNOWN})


def _codes(axis: tuple[Code, ...]) -> dict[str, Code]:
    return {code.code: code for code in axis}


def scheme_of(table: Mapping[str, Any]) -> Scheme:
    """Build a scheme from its data file as parsed.

    Raises:
        KeyError, ValueError: the file is not a scheme. It ships with the product, so this is a fault of the product.
    """
    name = table["scheme"]
    axes = {axis: tuple(_code(row) for row in table[axis]) for axis in ("source", "information")}
    markings = [row for kind in ("handling", "action", "sanitisation") for row in table.get(kind, ())]
    return Scheme(
        name=name,
        title=table["title"],
        version=table["version"],
        dated=table["dated"],
        definition=table["definition"],
        source=axes["source"],
        information=axes["information"],
        markings=tuple(Marking(row["code"], row["label"], row["meaning"], row["condition"]) for row in markings),
        defaults=MappingProxyType({way: Grade(name, text[0], text[1]) for way, text in table["defaults"].items()}),
    )


def _code(row: Mapping[str, Any]) -> Code:
    standing = Standing(row["standing"])
    rank = row.get("rank")
    if (rank is not None) is not (standing is Standing.RANKED):
        raise ValueError("a code has a rank when, and only when, its standing is ranked")
    return Code(row["code"], row["label"], row["meaning"], standing, rank, row["reason"])
