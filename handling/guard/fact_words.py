"""The facts of a report in words, as whoever signs a review reads them: on the guard's page, and from `tipline sign`. Pure."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from enum import Enum
from typing import TypeVar

from handling.guard import words
from handling.rules.facts import ReportFacts
from handling.rules.risk import RiskFact
from handling.rules.terms import DATA_LABELS, REMOVABLE_LABELS, SPECIAL_LABELS

_E = TypeVar("_E", bound=Enum)
_RISK = {RiskFact.ASSESSED: "Assessed", RiskFact.NOT_NEEDED: "Not assessed: nothing asks for it"}


def lines(facts: ReportFacts) -> tuple[tuple[str, str], ...]:
    """Every fact that a decision will look at; one that nobody stated counts as the worst."""
    said = {
        "Subjects": ", ".join(sorted(facts.subjects)) if facts.subjects else None,
        "Grades": "; ".join(f"{n}: {grade}" for n, grade in enumerate(facts.grades, 1)) if facts.grades else None,
        "Handling": str(facts.handling) if facts.handling else None,
        "Suspected to be false": _yes(facts.suspected_false, "Yes, part of it"),
        "Date": words.day(facts.date) if facts.date else None,
        "Marking": f"TLP:{facts.marking.value}" if facts.marking else None,
        "Data about people": _labels(facts.data, DATA_LABELS),
        "Names a person": _yes(facts.named_persons),
        "Specially protected data": _labels(facts.special_categories, SPECIAL_LABELS),
        "Concerns minors": _yes(facts.minors),
        "A stricter version could do without": _labels(facts.removable, REMOVABLE_LABELS, "Nothing"),
        "About": ", ".join(sorted(facts.about)) if facts.about else None,
        "Rests on material of": _joined(facts.originators, "Nobody else"),
        "Of these, what came another way than through the portal": _joined(facts.by_hand, "Nothing"),
        **_material(facts),
        "Approved for": _joined(facts.approvals or frozenset(), "Nobody was asked"),
        "A life is in danger": _yes(facts.threat_to_life or False),
        "Risk of sharing": None if facts.risk is None else _RISK[facts.risk],
        "Public-interest immunity": {None: None, True: "Claimed", False: "Not claimed"}[facts.immunity],
    }
    return tuple((name, value or "Not stated: every agreement will refuse") for name, value in said.items())


def _material(facts: ReportFacts) -> dict[str, str | None]:
    """Each piece with every condition: whoever signs answers for them being the agency's."""
    if not facts.material:
        return {"Material": None if facts.material is None else "None that came through the portal"}
    return {
        f"Material {number}, of {piece.agency}": f"{' '.join(piece.conditions.words())} SHA-256 {piece.sha256}"
        for number, piece in enumerate(facts.material, 1)
    }


def _yes(answer: bool | None, yes: str = "Yes") -> str | None:  # noqa: FBT001 - the answer itself
    return {None: None, True: yes, False: "No"}[answer]


def _joined(codes: AbstractSet[str] | None, nothing: str) -> str | None:
    return None if codes is None else ", ".join(sorted(codes)) or nothing


def _labels(codes: AbstractSet[_E] | None, labels: Mapping[_E, str], nothing: str = "None") -> str | None:
    return None if codes is None else "; ".join(label for code, label in labels.items() if code in codes) or nothing
