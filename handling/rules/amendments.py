"""pure: what one version of an agreement changes against another, field by field, in sentences. Judges no release."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any, Final

from handling.rules.agreement_text import Document
from handling.rules.agreements import Onward
from handling.rules.grading import Scheme
from handling.rules.terms import WORLD, Encryption, Evidence, Termination, Tlp


class Effect(Enum):
    """What a change does to what may be shared, or to how freely it may be used and kept."""

    WIDENS = "widens"
    NARROWS = "narrows"
    BOTH = "widens and narrows"
    CHANGES = "changes"  # neither: words, keys, contacts


class Kind(Enum):
    """How two values of a field compare."""

    TEXT = "text"
    SET = "set"  # more is wider
    LESS = "less"  # a list of which more is narrower
    TRUE_WIDENS = "true widens"
    TRUE_NARROWS = "true narrows"
    HIGHER_WIDENS = "higher widens"
    EARLIER_WIDENS = "earlier widens"
    RANKED = "ranked"
    MINIMUM = "minimum"  # of a grade: the lower, the wider
    GIVEN_NARROWS = "given narrows"


_RANKS: Final[Mapping[str, Sequence[str]]] = {
    "marking.maximum": [tlp.value for tlp in Tlp],
    "use.evidence": [evidence.value for evidence in Evidence],
    "encryption.in_transit": [Encryption.MUST.value, Encryption.MAY.value],
    "encryption.at_rest": [Encryption.MUST.value, Encryption.MAY.value],
    "accountability.termination": [termination.value for termination in Termination],
}
"""Choices from the narrowest to the widest."""

FIELDS: Final[Mapping[str, tuple[str, Kind]]] = {
    "id": ("Id", Kind.TEXT),
    "version": ("Version", Kind.TEXT),
    "title": ("Title", Kind.TEXT),
    "valid_from": ("First day", Kind.EARLIER_WIDENS),
    "review_by": ("Review day", Kind.HIGHER_WIDENS),
    "expires_on": ("Last day", Kind.HIGHER_WIDENS),
    "suspended": ("Suspended", Kind.TRUE_NARROWS),
    "suspended_since": ("Suspended since", Kind.TEXT),
    "purposes": ("Purposes", Kind.SET),
    "subjects": ("Subjects", Kind.SET),
    "handling": ("Handling codes", Kind.SET),
    "conditions": ("Conditions", Kind.LESS),
    "unit.id": ("Our id", Kind.TEXT),
    "unit.contact": ("Our contact", Kind.TEXT),
    "unit.lawful_basis": ("Our lawful basis", Kind.TEXT),
    "agency.id": ("The agency's id", Kind.TEXT),
    "agency.name": ("The agency's name", Kind.TEXT),
    "agency.class": ("Class of the agency", Kind.TEXT),
    "agency.country": ("Country of the agency", Kind.TEXT),
    "agency.channel": ("Channel", Kind.TEXT),
    "agency.fingerprint": ("Fingerprint of its key", Kind.TEXT),
    "agency.key_expires_on": ("Last day of its key", Kind.HIGHER_WIDENS),
    "agency.contact": ("Contact of the agency", Kind.TEXT),
    "agency.lawful_basis": ("Lawful basis of the agency", Kind.TEXT),
    "content.data": ("Kinds of data about people", Kind.SET),
    "content.named_persons": ("Named persons", Kind.TRUE_WIDENS),
    "content.special_categories": ("Specially protected data", Kind.SET),
    "content.minors": ("Minors", Kind.TRUE_WIDENS),
    "marking.maximum": ("Highest marking", Kind.RANKED),
    "marking.actions": ("Action codes", Kind.SET),
    "marking.sanitisations": ("Sanitisation codes", Kind.SET),
    "grading.scheme": ("Grading scheme", Kind.TEXT),
    "grading.source_minimum": ("Lowest grade of the source", Kind.MINIMUM),
    "grading.information_minimum": ("Lowest grade of the information", Kind.MINIMUM),
    "grading.unknown_source_may_go": ("Untested sources", Kind.TRUE_WIDENS),
    "grading.unknown_information_may_go": ("Information not known", Kind.TRUE_WIDENS),
    "grading.suspected_false_may_go": ("Information suspected to be false", Kind.TRUE_WIDENS),
    "geography.about": ("Countries it may be about", Kind.SET),
    "geography.transfer": ("Countries it may be kept in", Kind.SET),
    "use.evidence": ("Use as evidence", Kind.RANKED),
    "use.attribution": ("Naming the origin", Kind.TEXT),
    "encryption.in_transit": ("Encryption in transit", Kind.RANKED),
    "encryption.at_rest": ("Encryption at rest", Kind.RANKED),
    "onward.rule": ("Passing on", Kind.TEXT),
    "onward.agencies": ("Agencies it may be passed on to", Kind.SET),
    "onward.classes": ("Classes of agencies it may be passed on to", Kind.SET),
    "approval.approver": ("Who is asked first", Kind.GIVEN_NARROWS),
    "duties.retention_days": ("Days it may be kept", Kind.HIGHER_WIDENS),
    "duties.acknowledge_working_days": ("Working days to acknowledge", Kind.HIGHER_WIDENS),
    "duties.feedback_days": ("Days to give feedback", Kind.HIGHER_WIDENS),
    "duties.stages": ("Stages of feedback", Kind.LESS),
    "duties.disposal_proof": ("Proof of destruction", Kind.TRUE_NARROWS),
    "threat_to_life.may_go": ("Exception for a threat to life", Kind.TRUE_WIDENS),
    "threat_to_life.review_days": ("Days to review the exception", Kind.HIGHER_WIDENS),
    "accountability.rfi_working_days": ("Working days to answer a request for information", Kind.TEXT),
    "accountability.reciprocity_days": ("Days after which both compare what they shared", Kind.TEXT),
    "accountability.dissemination_list": ("List of all that was sent", Kind.TEXT),
    "accountability.breach_hours": ("Hours to tell of a breach", Kind.HIGHER_WIDENS),
    "accountability.termination": ("Copies at the end of the agreement", Kind.RANKED),
}
LABELS: Final[Mapping[str, str]] = {path: label for path, (label, _) in FIELDS.items()}
_NONE: Final = "nothing"


@dataclass(frozen=True, slots=True)
class Amendment:
    """One field that differs; *added* and *removed* are of lists."""

    path: str
    effect: Effect
    was: Any
    now: Any
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def __str__(self) -> str:
        label = LABELS[self.path]
        end = "" if self.effect is Effect.CHANGES else f" This {self.effect.value} it."
        if not self.added and not self.removed:
            return f"{label}: {_words(self.was)} becomes {_words(self.now)}.{end}"
        parts = [f"adds {', '.join(self.added)}"] if self.added else []
        parts += [f"takes away {', '.join(self.removed)}"] if self.removed else []
        return f"{label}: {', and '.join(parts).removesuffix('.')}.{end}"


def amendments(old: Document, new: Document, scheme: Scheme) -> tuple[Amendment, ...]:
    """Return every field that differs between two versions, in the order of the fields."""
    changed = [path for path in FIELDS if old.get(path) != new.get(path)]
    return tuple(_amendment(path, old.get(path), new.get(path), scheme) for path in changed)


def _amendment(path: str, was: Any, now: Any, scheme: Scheme) -> Amendment:  # noqa: ANN401 - a value of TOML
    kind = FIELDS[path][1]
    if kind in {Kind.SET, Kind.LESS}:
        return _of_lists(path, kind, was or [], now or [])
    return Amendment(path, _effect(path, kind, was, now, scheme), was, now)


def _of_lists(path: str, kind: Kind, was: list[str], now: list[str]) -> Amendment:
    added, removed = tuple(one for one in now if one not in was), tuple(one for one in was if one not in now)
    wider, narrower = (added, removed) if kind is Kind.SET else (removed, added)
    if kind is Kind.SET and WORLD in {*was, *now}:
        wider, narrower = (added, ()) if WORLD in now else ((), removed)
        if WORLD in was and WORLD in now:
            wider = narrower = ()
    effect = {
        (True, True): Effect.BOTH,
        (True, False): Effect.WIDENS,
        (False, True): Effect.NARROWS,
        (False, False): Effect.CHANGES,
    }
    return Amendment(path, effect[bool(wider), bool(narrower)], was, now, added, removed)


def _effect(path: str, kind: Kind, was: Any, now: Any, scheme: Scheme) -> Effect:  # noqa: ANN401 - values of TOML
    before, after = _width(path, kind, was, scheme), _width(path, kind, now, scheme)
    if before == after:
        return Effect.CHANGES
    return Effect.WIDENS if after > before else Effect.NARROWS


def _width(path: str, kind: Kind, value: Any, scheme: Scheme) -> float:  # noqa: ANN401 - a value of TOML
    """How much a value allows, to be compared with another one of the same field."""
    if kind is Kind.RANKED:
        return _RANKS[path].index(value)
    if kind is Kind.MINIMUM:
        axis = scheme.source if path == "grading.source_minimum" else scheme.information
        return -next(code.rank or 0 for code in axis if code.code == value)
    if kind is Kind.GIVEN_NARROWS:
        return -(value is not None)
    if kind is Kind.TEXT:
        return value != Onward.NEVER.value if path == "onward.rule" else 0
    if value is None:  # no last day
        return math.inf
    number = value.toordinal() if isinstance(value, date) else int(value)
    return -number if kind in {Kind.TRUE_NARROWS, Kind.EARLIER_WIDENS} else number


def _words(value: Any) -> str:  # noqa: ANN401 - a value of TOML
    if value is None:
        return _NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
