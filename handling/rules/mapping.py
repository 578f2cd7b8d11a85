"""pure: from a grade of one scheme to another's, by table. Nothing is raised, nothing unknown becomes known, no number is used.

What the table cannot say is left to a person. Every mapped code keeps its original, so that nothing is mapped twice unseen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any, Final

from handling.rules.grading import Code, Grade, GradeError, Scheme, Standing

AXES: Final = ("source", "information")
_NO_CODE: Final = "-"


class Relation(Enum):
    """What the other scheme's code says beside the original."""

    SAME = "same"
    LOWER = "lower"
    CANNOT_SAY = "cannot-say"


@dataclass(frozen=True, slots=True)
class Original:
    """A code of one axis with its scheme, as somebody gave it."""

    scheme: str
    axis: str
    code: str

    def __str__(self) -> str:
        return f"{self.scheme} {self.code}"


@dataclass(frozen=True, slots=True)
class Mapped:
    """One code in another scheme, with where it comes from.

    Attributes:
        code: None where a person has to choose; *nearest* may then help, and decides nothing.
        text: travels with the code wherever it goes; empty where the code says it all.
        suspected_false: the original was marked so, whatever the other scheme can say.
    """

    original: Original
    scheme: str
    relation: Relation
    code: str | None
    nearest: str | None
    text: str
    suspected_false: bool


@dataclass(frozen=True, slots=True)
class MappedGrade:
    """Both axes of a grade in another scheme; *grade* is None where a person has to choose one of the codes."""

    original: Grade
    source: Mapped
    information: Mapped

    @property
    def grade(self) -> Grade | None:
        """The grade in the other scheme."""
        if self.source.code is None or self.information.code is None:
            return None
        return Grade(self.source.scheme, self.source.code, self.information.code)

    @property
    def texts(self) -> tuple[str, ...]:
        """What must be written beside the mapped grade, the original first."""
        texts = (f"Graded {self.original} by its author.", self.source.text, self.information.text)
        return tuple(text for text in texts if text)


@dataclass(frozen=True, slots=True)
class _Row:
    relation: Relation
    to: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Mappings:
    """The published table: one row for each code of each axis and each other scheme.

    Attributes:
        ranks: by axis, scheme and code how far a code reaches on one ladder, (least, most). The rows are tested against
            these; they are never used to map.
    """

    version: int
    schemes: Mapping[str, Scheme]
    ranks: Mapping[tuple[str, str, str], tuple[int, int]]
    _rows: Mapping[tuple[str, str, str, str], _Row]

    def code(self, original: Original, target: str) -> Mapped:
        """Map one code; to its own scheme it is itself.

        Raises:
            GradeError: a scheme or code that does not exist.
        """
        false = self._standing(original) is Standing.SUSPECTED_FALSE
        if target == original.scheme:
            return Mapped(original, target, Relation.SAME, original.code, None, "", false)
        row = self._rows.get((original.axis, original.scheme, original.code, target))
        if row is None:
            raise GradeError
        open_ = row.relation is Relation.CANNOT_SAY
        code, nearest = (None, row.to) if open_ else (row.to, None)
        return Mapped(original, target, row.relation, code, nearest, row.text, false)

    def grade(self, grade: Grade, target: str) -> MappedGrade:
        """Map both axes of a grade; raises `GradeError`."""
        axes = {axis: Original(grade.scheme, axis, getattr(grade, axis)) for axis in AXES}
        return MappedGrade(grade, self.code(axes["source"], target), self.code(axes["information"], target))

    def read(self, text: str) -> Original | Grade:
        """Read "3x5x2:E", one code of a scheme, or "3x5x2:2D", a grade; raises `GradeError`."""
        name, colon, code = text.strip().partition(":")
        scheme = self.schemes.get(name.lower())
        if not colon or scheme is None:
            raise GradeError
        typed = "".join(code.split()).upper()
        for axis in AXES:
            if any(typed == one.code for one in _axis(scheme, axis)):
                return Original(scheme.name, axis, typed)
        return scheme.parse(typed)

    def label(self, original: Original) -> Code:
        """Return a code's label and meaning; raises `GradeError`."""
        scheme = self.schemes.get(original.scheme)
        found = [] if scheme is None else [c for c in _axis(scheme, original.axis) if c.code == original.code]
        if not found:
            raise GradeError
        return found[0]

    def _standing(self, original: Original) -> Standing:
        return self.label(original).standing


def mappings_of(table: Mapping[str, Any], schemes: Mapping[str, Scheme]) -> Mappings:
    """Build the table from its data file as parsed.

    Raises:
        KeyError, ValueError: a row is missing or names what does not exist. The file ships with the product.
    """
    rows = {}
    for axis in AXES:
        for name, scheme in schemes.items():
            for code in _axis(scheme, axis):
                for target in schemes.keys() - {name}:
                    written = table[axis][name][code.code][target]
                    rows[axis, name, code.code, target] = _row(written, table["texts"], _axis(schemes[target], axis))
    ranks = {
        (axis, name, code): (least, most)
        for axis, by_scheme in table["ranks"].items()
        for name, by_code in by_scheme.items()
        for code, (least, most) in by_code.items()
    }
    return Mappings(table["version"], schemes, MappingProxyType(ranks), MappingProxyType(rows))


def _row(written: list[str], texts: Mapping[str, str], codes: tuple[Code, ...]) -> _Row:
    relation, to = Relation(written[0]), written[1]
    text = texts[written[2]] if len(written) > len(("relation", "to")) else ""
    if relation is Relation.CANNOT_SAY and not text:
        raise ValueError("where the table cannot say, a text says why")
    if to == _NO_CODE and relation is Relation.CANNOT_SAY:
        return _Row(relation, None, text)
    if to not in {code.code for code in codes}:
        raise ValueError("a row names a code of its target")
    return _Row(relation, to, text)


def _axis(scheme: Scheme, axis: str) -> tuple[Code, ...]:
    return scheme.source if axis == "source" else scheme.information
