"""What a report's author states about it so that agreements can decide: as ticked in the form, and as facts. Pure.

Nothing is taken for granted: "none" and "no" are answers that somebody gave, and an empty field is a question still open.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, TypeVar

from handling.rules.facts import ReportFacts
from handling.rules.material import Piece
from handling.rules.terms import DataCategory, Removable, SpecialCategory, Tlp

NONE = "none"
YES, NO = "yes", "no"
_E = TypeVar("_E", bound=Enum)


@dataclass(frozen=True, slots=True)
class Stated:
    """The answers, each as its field of the form holds it; empty where nobody has answered."""

    marking: str = ""
    data: tuple[str, ...] = ()
    named_persons: str = ""
    special_categories: tuple[str, ...] = ()
    minors: str = ""
    removable: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    material: tuple[str, ...] = ()  # SHA-256 of each piece that came through the portal
    originators: tuple[str, ...] = ()  # agencies whose material came another way, by letter or telephone
    approvals: tuple[str, ...] = ()  # agencies for which the approver of their agreement said yes
    threat_to_life: bool = False

    def afresh(self) -> "Stated":
        """The answers for a new version, whose agencies are ticked afresh: approval is asked again."""
        return replace(self, approvals=())

    def to_body(self) -> dict[str, Any]:
        """Return it as a JSON value."""
        return {
            "marking": self.marking,
            "data": list(self.data),
            "named_persons": self.named_persons,
            "special_categories": list(self.special_categories),
            "minors": self.minors,
            "removable": list(self.removable),
            "about": list(self.about),
            "material": list(self.material),
            "originators": list(self.originators),
            "approvals": list(self.approvals),
            "threat_to_life": self.threat_to_life,
        }

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> "Stated":
        """Read what `to_body` returned; a draft from before there was anything to state has stated nothing.

        A tick that agencies had consented, in a draft of before, counts for nothing: they say so themselves.
        """
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in body.items() if key != "consented"
        }
        return cls(**values)

    @classmethod
    def of_form(cls, form: Mapping[str, Collection[str]]) -> "Stated":
        """Read the form."""

        def one(name: str) -> str:
            return next(iter(form.get(name, ())), "")

        return cls(
            marking=one("marking"),
            data=tuple(form.get("data", ())),
            named_persons=one("named_persons"),
            special_categories=tuple(form.get("special", ())),
            minors=one("minors"),
            removable=tuple(form.get("removable", ())),
            about=tuple(one("about").replace(",", " ").upper().split()),
            material=tuple(form.get("material", ())),
            originators=tuple(form.get("originator", ())),
            approvals=tuple(form.get("approval", ())),
            threat_to_life="threat_to_life" in form,
        )

    def problems(self, countries: Collection[str], enrolled: Collection[str]) -> list[tuple[str, str]]:
        """Say what is still open, by field."""
        said = []
        if self.marking not in {tlp.value for tlp in Tlp}:
            said.append(("marking", "Choose a marking: agreements say up to which one they receive."))
        said += _listed("data", self.data, _values(DataCategory), "Tick what kinds of data it holds, or none of them.")
        if self.named_persons not in {YES, NO}:
            said.append(("named_persons", "Say whether it names a person."))
        special = "Tick what specially protected data it holds, or none of them."
        said += _listed("special", self.special_categories, _values(SpecialCategory), special)
        if self.minors not in {YES, NO}:
            said.append(("minors", "Say whether it concerns anybody under 18."))
        if not set(self.removable) <= _values(Removable):
            said.append(("removable", "Tick again what a stricter version could do without."))
        unknown = [code for code in self.about if code not in countries]
        if unknown or not self.about:
            wrong = f" Not a country's code: {' '.join(unknown)}." if unknown else ""
            said.append(("about", f"Name the countries that it is about by their two letters, or ZZ.{wrong}"))
        ours = "Tick whose material came another way, or that nobody's did."
        return said + _listed("originator", self.originators, set(enrolled), ours)

    def facts(self, agencies: Collection[str], sent: Sequence[Piece] = ()) -> ReportFacts:
        """Return it as facts; only where there are no problems.

        Args:
            agencies: those the report may go to.
            sent: the pieces of material that were ticked; whose they are follows from them.
        """
        by_hand = frozenset(self.originators) - {NONE}
        originators = by_hand | {piece.agency for piece in sent}
        return ReportFacts(
            marking=Tlp(self.marking),
            data=_members(DataCategory, self.data),
            named_persons=self.named_persons == YES,
            special_categories=_members(SpecialCategory, self.special_categories),
            minors=self.minors == YES,
            removable=_members(Removable, self.removable),
            about=frozenset(self.about),
            originators=originators,
            by_hand=by_hand,
            material=tuple(sent),
            approvals=frozenset(self.approvals) & frozenset(agencies),
            threat_to_life=self.threat_to_life,
        )


NOTHING = Stated()
"""What has been stated of a draft that was just begun."""


def _listed(field: str, ticked: Collection[str], known: Collection[str], words: str) -> list[tuple[str, str]]:
    """A list is answered by some of the known codes, or by none of them; never by both or by nothing."""
    answered = set(ticked) == {NONE} or (ticked and set(ticked) <= set(known))
    return [] if answered else [(field, words)]


def _values(choices: type[Enum]) -> set[str]:
    return {member.value for member in choices}


def _members(choices: type[_E], ticked: Collection[str]) -> frozenset[_E]:
    return frozenset(member for member in choices if member.value in ticked)
