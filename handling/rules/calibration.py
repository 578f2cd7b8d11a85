"""pure: how grades were given and how they turned out: the share on the diagonal, and outcomes against grades.

Two axes that are always judged alike are one axis: whoever grades looks at one through the other. Historic ratings in the
Admiralty scheme fell to 87 % on the diagonal (A1, B2, C3 and so on), so from seven in ten on it is said.
Sources: docs/grading.md.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final

from handling.rules.feedback import Stage
from handling.rules.grading import Grade, Scheme

ENOUGH: Final = 10
"""Graded items; fewer say nothing about a habit."""
MANY: Final = 0.7
"""Share on the diagonal above which it is said."""
SMALLEST: Final = 5
"""Cases; fewer are not shown, as each could be recognised."""


def diagonal(scheme: Scheme) -> frozenset[Grade]:
    """Return the grades whose codes stand at the same place of both axes."""
    pairs = zip(scheme.source, scheme.information, strict=False)
    return frozenset(Grade(scheme.name, source.code, information.code) for source, information in pairs)


@dataclass(frozen=True, slots=True)
class Share:
    """How many of somebody's graded items lie on the diagonal."""

    graded: int
    on: int

    @property
    def warns(self) -> bool:
        """Whether enough are graded to say that too many lie there."""
        return self.graded >= ENOUGH and self.on > MANY * self.graded


def share(counted: Mapping[Grade, int], scheme: Scheme) -> Share:
    """Count one author's grades of one scheme; those of another scheme count for nothing here."""
    lies = diagonal(scheme)
    graded = {grade: count for grade, count in counted.items() if grade.scheme == scheme.name}
    return Share(sum(graded.values()), sum(count for grade, count in graded.items() if grade in lies))


class Turned(Enum):
    """What became of an item, as agencies say it; a later value weighs more than the ones before it."""

    OPEN = "open"
    BORNE_OUT = "borne-out"
    WRONG = "wrong"


_OUTCOME: Final = Stage.OUTCOME.value
TURNED: Final[Mapping[tuple[str, str], Turned]] = MappingProxyType(
    {
        **{
            (_OUTCOME, code): Turned.BORNE_OUT
            for code in ("seizure", "arrest", "charge", "conviction", "disruption", "rescue", "forfeiture")
        },
        (_OUTCOME, "wrong"): Turned.WRONG,
    }
)
"""What an agency's answer says of the information; every other answer leaves it open."""


def turned(answers: Iterable[tuple[str, str]]) -> Turned:
    """Return what several answers (stage, code) about one item come to: one that says it was wrong outweighs all."""
    order = list(Turned)
    return max((TURNED.get(answer, Turned.OPEN) for answer in answers), key=order.index, default=Turned.OPEN)


@dataclass(frozen=True, slots=True)
class Line:
    """One code of one axis: how many items with it turned out how; None is a count too small to show."""

    axis: str
    code: str
    label: str
    counts: Mapping[Turned, int | None]


def calibration(items: Iterable[tuple[Grade, Turned]], scheme: Scheme) -> tuple[Line, ...]:
    """Hold outcomes against grades of one scheme, code by code in the scheme's order."""
    counted: Counter[tuple[str, str, Turned]] = Counter()
    for grade, became in items:
        if grade.scheme == scheme.name:
            counted["source", grade.source, became] += 1
            counted["information", grade.information, became] += 1
    axes = (("source", scheme.source), ("information", scheme.information))
    return tuple(
        Line(axis, code.code, code.label, {became: _shown(counted[axis, code.code, became]) for became in Turned})
        for axis, codes in axes
        for code in codes
    )


def _shown(count: int) -> int | None:
    return None if 0 < count < SMALLEST else count
