"""What a report's author says about risk while it is written: as typed, then as an assessment. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from handling.rules.risk import WORDS_LIMIT, Assessment, Axis, Ground, Judged, Level, because


@dataclass(frozen=True, slots=True)
class Typed:
    """The fields of the form; *axes* holds level and words by axis, both empty where nobody has written."""

    axes: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    immunity: bool = False

    @classmethod
    def of_form(cls, form: Mapping[str, Sequence[str]]) -> "Typed":
        """Read the form."""

        def one(name: str) -> str:
            return next(iter(form.get(name, ())), "").replace("\r\n", "\n").strip()

        return cls(
            axes={axis.value: (one(f"risk-{axis.value}"), one(f"risk-words-{axis.value}")) for axis in Axis},
            immunity="immunity" in form,
        )

    def to_body(self) -> dict[str, Any]:
        """Return it as a JSON value."""
        return {
            "axes": {axis: list(said) for axis, said in self.axes.items()},
            "immunity": self.immunity,
        }

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> "Typed":
        """Read what `to_body` returned; a draft from before nobody was asked has nothing typed."""
        axes = {axis: (level, words) for axis, (level, words) in body.get("axes", {}).items()}
        return cls(axes, body.get("immunity", False))

    def said(self, axis: Axis) -> tuple[str, str]:
        """Return level and words of one axis as typed."""
        return self.axes.get(axis.value, ("", ""))

    def assessment(self) -> Assessment | None:
        """Return the assessment where every axis is judged, else None."""
        levels = {level.value for level in Level}
        if any(self.said(axis)[0] not in levels or not _fits(self.said(axis)[1]) for axis in Axis):
            return None
        return Assessment({axis: Judged(Level(self.said(axis)[0]), self.said(axis)[1]) for axis in Axis})

    def problems(self, needed: Sequence[Ground]) -> list[tuple[str, str]]:
        """Say what is missing: all of it where it is needed, and the rest where somebody began."""
        if self.assessment() is not None or not (needed or any(map(any, self.axes.values()))):
            return []
        why = f", because {because(needed)}" if needed else ": it was begun"
        return [("risk", f"Judge the risk on every axis, with a few words each{why}.")]


NOT_ASSESSED = Typed()
"""Where nobody has written anything."""


def _fits(words: str) -> bool:
    return 0 < len(words) <= WORDS_LIMIT
