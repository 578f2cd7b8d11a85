"""The part of a report's form in which its author states what agreements look at: boxes, and words for what was ticked. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import ClassVar, TypeVar

from handling import data
from handling.corridor import words
from handling.corridor.material import Gone, OpenMaterial
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
class MaterialChoice:
    """One piece of material that the report can rest on, with all that binds whoever uses it."""

    value: str
    label: str
    path: str
    ticked: bool
    conditions: tuple[str, ...]
    circular: str
    unasked: bool  # its agency must not learn of this tip


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
    material: tuple[MaterialChoice, ...]
    originators: tuple[Choice, ...]
    approvals: tuple[Choice, ...]
    threat_to_life: bool

    fields: ClassVar[tuple[str, ...]] = (
        *("marking", "named_persons", "minors", "data", "special", "removable", "about", "material"),
        *("originator", "approval"),
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
        lines = (
            ("Marking", _ticked(self.marking)),
            ("Names a person", _ticked(self.named_persons)),
            ("Concerns anybody under 18", _ticked(self.minors)),
            ("Data about people", _ticked(self.data)),
            ("Specially protected data", _ticked(self.special)),
            ("A stricter version could do without", _ticked(self.removable)),
            ("About", self.about),
            ("Rests on material that came through the portal", _sent(self.material)),
            ("Rests on material that came another way, of", _ticked(self.originators)),
            ("Approved for", _ticked(self.approvals)),
            ("A life is in danger", "Yes" if self.threat_to_life else ""),
        )
        return tuple((name, value) for name, value in lines if value)


def view(
    stated: Stated,
    enrolled: Sequence[Agency],
    received: Sequence[OpenMaterial],
    blocked: Collection[str],
    today: date,
    *,
    gone: Sequence[Gone],
) -> StatedView:
    """Show what was stated so far; of the material that was *received*, what may still be used or is ticked.

    What is *gone* was ticked and deleted after its last day. Agencies that are *blocked* must not learn of the tip.
    """
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
        material=tuple(
            _choice(one, dict(names).get(one.row.agency, one.row.agency), stated, unasked=one.row.agency in blocked)
            for one in received
            if one.signed.sha256 in stated.material or not one.said.conditions.are_over(today)
        )
        + tuple(
            _left(one, dict(names).get(one.row.agency, one.row.agency), unasked=one.row.agency in blocked)
            for one in gone
        )
        + _missing(stated, {*(one.signed.sha256 for one in received), *(one.piece.sha256 for one in gone)}),
        originators=_boxes(names, stated.originators, "Nobody's: nothing that it rests on came another way"),
        approvals=_boxes(names, stated.approvals),
        threat_to_life=stated.threat_to_life,
    )


def _choice(one: OpenMaterial, agency: str, stated: Stated, *, unasked: bool) -> MaterialChoice:
    said, digest = one.said, one.signed.sha256
    return MaterialChoice(
        value=digest,
        label=f"{agency}: {said.reference}, received {words.day(one.row.received_on)}",
        path=f"/material/{one.row.id}",
        ticked=digest in stated.material,
        conditions=said.conditions.words(),
        circular=said.answers,
        unasked=unasked,
    )


def _left(one: Gone, agency: str, *, unasked: bool) -> MaterialChoice:
    """What was ticked and deleted after its last day keeps its conditions."""
    return MaterialChoice(
        value=one.piece.sha256,
        label=f"{agency}: {one.reference}, deleted {words.day(one.row.gone_on)} after its last day",
        path="",
        ticked=True,
        conditions=one.piece.conditions.words(),
        circular="",
        unasked=unasked,
    )


def _missing(stated: Stated, here: Collection[str]) -> tuple[MaterialChoice, ...]:
    """What was ticked and cannot be opened any more stays ticked until its author says otherwise: nothing forgets a condition."""
    return tuple(
        MaterialChoice(
            value=digest,
            label=f"A piece that is not here any more, SHA-256 {digest[:8]}…",
            path="",
            ticked=True,
            conditions=(),
            circular="",
            unasked=False,
        )
        for digest in dict.fromkeys(stated.material)
        if digest not in here
    )


def _sent(choices: Iterable[MaterialChoice]) -> str:
    return "; ".join(choice.label for choice in choices if choice.ticked)


def _ticked(choices: Iterable[Choice]) -> str:
    return "; ".join(choice.label for choice in choices if choice.ticked)


def _labels(labels: Mapping[_E, str]) -> list[tuple[str, str]]:
    return [(str(member.value), label) for member, label in labels.items()]


def _boxes(labels: Iterable[tuple[str, str]], ticked: Collection[str], none: str = "") -> tuple[Choice, ...]:
    boxes = [Choice(value, label, value in ticked) for value, label in labels]
    return tuple([*boxes, Choice(NONE, none, NONE in ticked)] if none else boxes)


def _yes_or_no(answer: str) -> tuple[Choice, ...]:
    return (Choice(YES, "Yes", answer == YES), Choice(NO, "No", answer == NO))
