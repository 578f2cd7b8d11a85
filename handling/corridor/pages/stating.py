"""The part of a report's form in which its author states what agreements look at: boxes, and words for what was ticked. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, TypeVar

from handling import data
from handling.corridor.stating import NO, NONE, YES, Stated
from handling.rules.terms import DATA_LABELS, REMOVABLE_LABELS, SPECIAL_LABELS, TLP_LABELS
from handling.store.agencies import Agency

_E = TypeVar("_E", bound=Enum)


@dataclass(frozen=True, slots=True)
class Choice:
    """One box that can be ticked."""

    value: str
    label: str
    ticked: bool


@dataclass(frozen=True, slots=True)
class StatedView:
    """What can be stated, and what was."""

    marking: tuple[Choice, ...]
    data: tuple[Choice, ...]
    named_persons: tuple[Choice, ...]
    special: tuple[Choice, ...]
    minors: tuple[Choice, ...]
    removable: tuple[Choice, ...]
    about: str
    countries: tuple[tuple[str, str], ...]
    originators: tuple[Choice, ...]
    consented: bool
    approvals: tuple[Choice, ...]
    threat_to_life: bool

    fields: ClassVar[tuple[str, ...]] = (
        *("marking", "named_persons", "minors", "data", "special", "removable", "about", "originator", "approval"),
    )

    @property
    def answered(self) -> str:
        """How many of the questions that every report has to answer are answered."""
        asked = (self.marking, self.named_persons, self.minors, self.data, self.special, self.originators)
        done = sum(any(choice.ticked for choice in choices) for choices in asked) + bool(self.about)
        return f"{done} of {len(asked) + 1} questions answered"

    @property
    def said(self) -> tuple[tuple[str, str], ...]:
        """What was answered, in words, where nothing can be changed any more."""
        words = (
            ("Marking", _ticked(self.marking)),
            ("Names a person", _ticked(self.named_persons)),
            ("Concerns anybody under 18", _ticked(self.minors)),
            ("Data about people", _ticked(self.data)),
            ("Specially protected data", _ticked(self.special)),
            ("A stricter version could do without", _ticked(self.removable)),
            ("About", self.about),
            ("Rests on material of", _ticked(self.originators)),
            ("These agencies consented", "Yes" if self.consented else ""),
            ("Approved for", _ticked(self.approvals)),
            ("A life is in danger", "Yes" if self.threat_to_life else ""),
        )
        return tuple((name, value) for name, value in words if value)


def view(stated: Stated, enrolled: Sequence[Agency]) -> StatedView:
    """Show what was stated so far."""
    names = [(agency.id, agency.name) for agency in enrolled]
    return StatedView(
        marking=tuple(
            Choice(tlp.value, f"TLP:{tlp.value}: {label}", tlp.value == stated.marking)
            for tlp, label in TLP_LABELS.items()
        ),
        data=_boxes(_labels(DATA_LABELS), stated.data, "None of these"),
        named_persons=_yes_or_no(stated.named_persons),
        special=_boxes(_labels(SPECIAL_LABELS), stated.special_categories, "None of these"),
        minors=_yes_or_no(stated.minors),
        removable=_boxes(_labels(REMOVABLE_LABELS), stated.removable),
        about=" ".join(stated.about),
        countries=tuple(data.countries().items()),
        originators=_boxes(names, stated.originators, "Nobody's: it rests on nothing that another agency gave us"),
        consented=stated.consented,
        approvals=_boxes(names, stated.approvals),
        threat_to_life=stated.threat_to_life,
    )


def _ticked(choices: Iterable[Choice]) -> str:
    return "; ".join(choice.label for choice in choices if choice.ticked)


def _labels(labels: Mapping[_E, str]) -> list[tuple[str, str]]:
    return [(str(member.value), label) for member, label in labels.items()]


def _boxes(labels: Iterable[tuple[str, str]], ticked: Collection[str], none: str = "") -> tuple[Choice, ...]:
    boxes = [Choice(value, label, value in ticked) for value, label in labels]
    return tuple([*boxes, Choice(NONE, none, NONE in ticked)] if none else boxes)


def _yes_or_no(answer: str) -> tuple[Choice, ...]:
    return (Choice(YES, "Yes", answer == YES), Choice(NO, "No", answer == NO))
