"""Any facts, agreements and recipients: as Hypothesis draws them, and narrower or worse ones made from them."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from handling.data import scheme, subjects
from handling.rules.agreements import (
    Channel,
    ContentLimits,
    Encrypted,
    Geography,
    MarkingLimits,
    Purpose,
    ThreatToLife,
)
from handling.rules.facts import ReportFacts
from handling.rules.grading import Action, Grade, Handling, HandlingCode, Sanitisation, floor
from handling.rules.material import Piece
from handling.rules.recipient import Recipient, RecipientKey
from handling.rules.risk import RiskFact
from handling.rules.terms import DataCategory, Encryption, Removable, SpecialCategory, Tlp
from tests.handling.materials import PIECES, narrower
from tests.handling.rules.samples import AGENCY, AGREEMENT, FACTS, RECIPIENT, TODAY, consent_of

AGENCIES = [AGENCY, "river-parks", "port-police"]
COUNTRIES = ["KE", "TZ", "UG", "ZZ"]
SUBJECTS = sorted(subjects().labels)
SCOPES = sorted({*subjects().labels, *subjects().groups})
PURPOSES = [purpose.value for purpose in Purpose]
HANDLING = [Handling.of("P"), *(Handling.of("C", a.value, s.value) for a in Action for s in Sanitisation)]
CONSENTS = [
    consent_of(originator, recipient, purpose, TODAY + timedelta(days=days))
    for originator in AGENCIES
    for recipient in (AGENCY, "river-parks")
    for purpose in PURPOSES[:3]
    for days in (-1, 0, 400)
]
FLOORS = [
    floor(
        scheme(),
        source=source,
        information=information,
        unknown_source_may_go=unknown,
        unknown_information_may_go=not unknown or source == "3",
        suspected_false_may_go=false,
    )
    for source in "13"
    for information in "ABC"
    for unknown in (True, False)
    for false in (True, False)
]


def some(values: Iterable[Any], most: int | None = None) -> st.SearchStrategy[frozenset[Any]]:
    return st.frozensets(st.sampled_from(list(values)), max_size=most)


DAYS = st.dates(date(2026, 1, 1), date(2028, 12, 31))
_TRUTH = st.booleans()
_GRADES = st.builds(Grade, st.sampled_from(["3x5x2", "5x5x5"]), st.sampled_from("123"), st.sampled_from("ABCDE"))
_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "subjects": some(SUBJECTS, 3),
    "grades": st.lists(_GRADES, max_size=3).map(tuple),
    "handling": st.sampled_from(HANDLING),
    "suspected_false": _TRUTH,
    "reviewed": _TRUTH,
    "agencies": some(AGENCIES),
    "date": DAYS,
    "marking": st.sampled_from(Tlp),
    "data": some(DataCategory, 3),
    "named_persons": _TRUTH,
    "special_categories": some(SpecialCategory, 2),
    "minors": _TRUTH,
    "removable": some(Removable),
    "about": some(COUNTRIES, 2),
    "originators": some(AGENCIES),
    "by_hand": some(AGENCIES),
    "material": PIECES,
    "consents": some(CONSENTS),
    "approvals": some(AGENCIES),
    "threat_to_life": _TRUTH,
    "risk": st.sampled_from(RiskFact),
    "immunity": _TRUTH,
}
WHOLLY_STATED = st.builds(ReportFacts, **_VALUES)
_ANYTHING = st.builds(ReportFacts, **{name: st.none() | value for name, value in _VALUES.items()})
_NEARLY_GOOD = st.lists(st.sampled_from(sorted(_VALUES)), unique=True, max_size=3).flatmap(
    lambda names: st.builds(replace, st.just(FACTS), **{name: st.none() | _VALUES[name] for name in names})
)
FACTS_ = _NEARLY_GOOD | _ANYTHING | st.just(FACTS)

_LIMITS: dict[str, st.SearchStrategy[Any]] = {
    "valid_from": DAYS,
    "review_by": DAYS,
    "expires_on": DAYS,
    "suspended": _TRUTH,
    "purposes": some(Purpose),
    "covered": some(SCOPES, 4).map(subjects().covered),
    "handling": some(HandlingCode),
    "grades": st.sampled_from(FLOORS),
    "content": st.builds(ContentLimits, some(DataCategory), _TRUTH, some(SpecialCategory), _TRUTH),
    "marking": st.builds(MarkingLimits, st.sampled_from(Tlp), some(Action), some(Sanitisation)),
    "geography": st.builds(Geography, some([*COUNTRIES, "world"]), some([*COUNTRIES, "world"])),
    "encryption": st.builds(Encrypted, st.sampled_from(Encryption), st.sampled_from(Encryption)),
    "approver": st.none() | st.just("Head of the Wildlife Service"),
    "threat_to_life": st.builds(ThreatToLife, _TRUTH, st.just(7)),
}
_ANY_AGREEMENT = st.builds(replace, st.just(AGREEMENT), **_LIMITS)
_NEARLY_AGREED = st.lists(st.sampled_from(sorted(_LIMITS)), unique=True, max_size=3).flatmap(
    lambda names: st.builds(replace, st.just(AGREEMENT), **{name: _LIMITS[name] for name in names})
)
AGREEMENTS = _NEARLY_AGREED | _ANY_AGREEMENT | st.just(AGREEMENT)
_MAYBE = st.none() | _TRUTH
_KEYS = st.just(RECIPIENT.key) | st.builds(
    RecipientKey,
    st.sampled_from([channel.value for channel in Channel]),
    st.sampled_from([AGREEMENT.agency.fingerprint, "0" * 64]),
    st.none() | DAYS,
)
RECIPIENTS = st.just(RECIPIENT) | st.builds(Recipient, st.sampled_from(AGENCIES), st.none() | _KEYS, _MAYBE, _MAYBE)


Way = Callable[[Any], st.SearchStrategy[Any]]


def _inner(*path: str) -> tuple[Callable[[Any], Any], Callable[[Any, Any], Any]]:
    """Look at a value inside a value, and put another one there."""
    if len(path) == 1:
        return lambda whole: getattr(whole, path[0]), lambda whole, new: replace(whole, **{path[0]: new})
    look, put = _inner(*path[1:])
    return (
        lambda whole: look(getattr(whole, path[0])),
        lambda whole, new: replace(whole, **{path[0]: put(getattr(whole, path[0]), new)}),
    )


def _less(*path: str) -> Way:
    """One member of a set less."""
    look, put = _inner(*path)

    def way(whole: Any) -> st.SearchStrategy[Any]:
        members = sorted(look(whole) or (), key=str)
        if not members:
            return st.just(whole)
        return st.sampled_from(members).map(lambda gone: put(whole, look(whole) - {gone}))

    return way


def _more(known: Iterable[Any], *path: str) -> Way:
    """One member of a set more, where something was said at all."""
    look, put = _inner(*path)
    values = list(known)

    def way(whole: Any) -> st.SearchStrategy[Any]:
        if not look(whole):
            return st.just(whole)
        return st.sampled_from(values).map(lambda one: put(whole, look(whole) | {one}))

    return way


def _set(*path: str, to: object, only_if: Callable[[Any], bool] = lambda _: True) -> Way:
    look, put = _inner(*path)
    return lambda whole: st.just(put(whole, to) if only_if(look(whole)) else whole)


def _shift(sign: int, *path: str) -> Way:
    look, put = _inner(*path)
    return lambda whole: st.integers(0, 900).map(lambda days: put(whole, look(whole) + sign * timedelta(days)))


def _marking(sign: int, *path: str) -> Way:
    look, put = _inner(*path)
    ranked = list(Tlp)

    def way(whole: Any) -> st.SearchStrategy[Any]:
        if look(whole) is None:
            return st.just(whole)
        at = ranked.index(look(whole))
        return st.sampled_from(ranked[at:] if sign > 0 else ranked[: at + 1]).map(lambda tlp: put(whole, tlp))

    return way


def _grade_more(facts: ReportFacts) -> st.SearchStrategy[ReportFacts]:
    return _GRADES.map(lambda more: replace(facts, grades=(*facts.grades, more))) if facts.grades else st.just(facts)


def _material_more(facts: ReportFacts) -> st.SearchStrategy[ReportFacts]:
    """One piece of material more, or one condition more of a piece; whose it is goes with it, as the corridor states it."""
    before = facts.material
    if before is None or facts.originators is None:
        return st.just(facts)
    taken = {piece.sha256 for piece in before}
    ways = [PIECES.map(lambda more: _resting(facts, tuple(one for one in more if one.sha256 not in taken)))]
    for at, piece in enumerate(before):
        ways.append(
            narrower(piece.conditions).map(
                lambda one, at=at, piece=piece: replace(
                    facts, material=(*before[:at], replace(piece, conditions=one), *before[at + 1 :])
                )
            )
        )
    return st.one_of(ways)


def _resting(facts: ReportFacts, more: tuple[Piece, ...]) -> ReportFacts:
    """What an originator gave us until now came another way, where nothing of it was listed."""
    before, originators = facts.material or (), facts.originators or frozenset()
    other = originators - {piece.agency for piece in before}
    return replace(
        facts,
        material=tuple(sorted((*before, *more), key=lambda piece: piece.sha256)),
        originators=originators | {piece.agency for piece in more},
        by_hand=None if facts.by_hand is None else facts.by_hand | other,
    )


# The same agreement with one permission less or one restriction more: every field that restricts is among them.
NARROWER: dict[str, Way] = {
    "signed": _less("signed"),
    "suspended": lambda agreement: st.just(replace(agreement, suspended=True, suspended_since=TODAY)),
    "unit.lawful_basis": _set("unit", "lawful_basis", to=None),
    "agency.lawful_basis": _set("agency", "lawful_basis", to=None),
    "agency.key_expires_on": lambda agreement: (
        DAYS.map(lambda day: replace(agreement, agency=replace(agreement.agency, key_expires_on=day)))
        if agreement.agency.key_expires_on is None
        else _shift(-1, "agency", "key_expires_on")(agreement)
    ),
    "valid_from": _shift(1, "valid_from"),
    "expires_on": _shift(-1, "expires_on"),
    "purposes": _less("purposes"),
    "subjects": _less("covered"),
    "handling": _less("handling"),
    "grading.source_minimum": _less("grades", "accepts_source"),
    "grading.information_minimum": _less("grades", "accepts_information"),
    "grading.suspected_false_may_go": _set("grades", "suspected_false_may_go", to=False),
    "content.data": _less("content", "data"),
    "content.named_persons": _set("content", "named_persons", to=False),
    "content.special_categories": _less("content", "special_categories"),
    "content.minors": _set("content", "minors", to=False),
    "marking.maximum": _marking(-1, "marking", "maximum"),
    "marking.actions": _less("marking", "actions"),
    "marking.sanitisations": _less("marking", "sanitisations"),
    "geography.about": _less("geography", "about"),
    "geography.transfer": _less("geography", "transfer"),
    "encryption.in_transit": _set("encryption", "in_transit", to=Encryption.MUST),
    "encryption.at_rest": _set("encryption", "at_rest", to=Encryption.MUST),
    "approval.approver": _set("approver", to="Another one"),
    "threat_to_life.may_go": _set("threat_to_life", "may_go", to=False),
}
# The same facts with one more thing that speaks against sharing: every fact is among them.
WORSE: dict[str, Way] = {
    "subjects": _more(SUBJECTS, "subjects"),
    "grades": _grade_more,
    "handling": _set("handling", to=None),
    "suspected_false": _set("suspected_false", to=True, only_if=lambda said: said is not None),
    "reviewed": _set("reviewed", to=False),
    "agencies": _less("agencies"),
    "date": _set("date", to=None),
    "marking": _marking(1, "marking"),
    "data": _more(DataCategory, "data"),
    "named_persons": _set("named_persons", to=True, only_if=lambda said: said is not None),
    "special_categories": _more(SpecialCategory, "special_categories"),
    "minors": _set("minors", to=True, only_if=lambda said: said is not None),
    "removable": _less("removable"),
    "about": _more(COUNTRIES, "about"),
    "originators": _more(AGENCIES, "originators"),
    "by_hand": _more(AGENCIES, "by_hand"),
    "material": _material_more,
    "consents": _less("consents"),
    "approvals": _less("approvals"),
    "threat_to_life": _set("threat_to_life", to=False),
    "risk": _set("risk", to=RiskFact.NOT_NEEDED, only_if=lambda said: said is not None),
    "immunity": _set("immunity", to=None),
}
