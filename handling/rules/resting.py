"""pure: the clauses about material of other agencies that a report rests on, and what binds whoever receives it for that.

What an agency gave us goes to a third one as that agency said. Back to itself it may always go.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Final

from handling.rules.agreements import Onward, OnwardRule
from handling.rules.facts import ReportFacts
from handling.rules.material import PassOn, Piece, as_narrow
from handling.rules.obligations import Obligations
from handling.rules.standing import Standing
from handling.rules.verdicts import Answer, Verdict, ask, deny, permit

_OURS = Verdict(permit("originator/ours", "It rests on nothing that another agency gave us."))
_CONSENTED = permit("originator/consented", "The agencies whose material it rests on have consented.", "originators")
_LET = permit("originator/let", "The agencies whose material it rests on let it go to this agency.", "originators")
_ORIGIN_UNKNOWN = Verdict(
    deny("originator/not-stated", "Nobody has stated whether it rests on material of another agency.")
)
_ASK_ORIGINATOR = ask(
    "originator/ask",
    Answer.ASK_ORIGINATOR,
    "It rests on material of another agency, which has to consent first.",
    "originators",
)


def originator(standing: Standing, facts: ReportFacts) -> Verdict:
    """An agency is asked unless all that it sent says by itself to whom it may go. What came another way says nothing."""
    originators, agency = facts.originators, standing.recipient.agency
    if originators is None:
        return _ORIGIN_UNKNOWN
    sent = facts.material or ()
    if not originators and not sent:
        return _OURS
    asked = (_by_hand(facts, originators) | _asking(standing, sent)) - {agency}
    purpose, today = standing.purpose, standing.today
    missing = asked - {one.originator for one in facts.consents or () if one.holds(agency, purpose, today)}
    if missing:
        return Verdict(_ASK_ORIGINATOR, (missing,))
    return Verdict(_CONSENTED if asked else _LET, (originators,))


def known(facts: ReportFacts) -> Mapping[str, frozenset[str]]:
    """Return the pieces that a report rests on, by originator, of each originator all of whose material came through the portal."""
    by_hand, found = _by_hand(facts, facts.originators or frozenset()), defaultdict[str, set[str]](set)
    for piece in facts.material or ():
        found[piece.agency].add(piece.sha256)
    return {agency: frozenset(digests) for agency, digests in found.items() if agency not in by_hand}


def _by_hand(facts: ReportFacts, originators: frozenset[str]) -> frozenset[str]:
    """Agencies whose material came another way: with no word on that, all of them."""
    sent = frozenset(piece.agency for piece in facts.material or ())
    return originators if facts.by_hand is None else (originators & facts.by_hand) | (originators - sent)


def _asking(standing: Standing, sent: Collection[Piece]) -> frozenset[str]:
    """Agencies that want to be asked. Who says never is not asked: the next clause answers for it."""
    agency, agency_class = standing.recipient.agency, standing.agreement.agency.agency_class
    return frozenset(
        piece.agency
        for piece in sent
        if piece.conditions.pass_on is not PassOn.NEVER and not piece.conditions.lets(agency, agency_class)
    )


_NO_MATERIAL = Verdict(permit("passing-on/none", "It rests on no material that an agency sent."))
_MATERIAL_UNKNOWN = Verdict(deny("passing-on/not-stated", "Nobody has stated which material of agencies it rests on."))
_NEVER = deny("passing-on/never", "It rests on material that its agency lets us pass on to nobody.", "originators")
_NOT_FORBIDDEN = Verdict(permit("passing-on/not-forbidden", "No agency whose material it rests on forbids it."))


def _passing_on(standing: Standing, facts: ReportFacts) -> Verdict:
    """No consent lifts a never: the agency sends its material anew, under other conditions."""
    if facts.material is None:
        return _MATERIAL_UNKNOWN
    if not facts.material:
        return _NO_MATERIAL
    never = [one for one in _of_others(standing, facts) if one.conditions.pass_on is PassOn.NEVER]
    return Verdict(_NEVER, (frozenset(one.agency for one in never),)) if never else _NOT_FORBIDDEN


_FOR_THIS = Verdict(permit("material-purpose/inside", "The material that it rests on may be used for this purpose."))
_FOR_OTHER = deny(
    "material-purpose/outside",
    "It rests on material that may not be used for this purpose.",
    "purpose",
    "originators",
)


def _purpose(standing: Standing, facts: ReportFacts) -> Verdict:
    outside = [
        one.agency
        for one in _of_others(standing, facts)
        if one.conditions.purposes is not None
        and standing.purpose not in {purpose.value for purpose in one.conditions.purposes}
    ]
    return Verdict(_FOR_OTHER, (standing.purpose, frozenset(outside))) if outside else _FOR_THIS


_IN_TIME = Verdict(permit("material-day/inside", "The material that it rests on may still be kept."))
_PAST = deny("material-day/past", "It rests on material that had to be deleted by now.", "delete_by")


def _day(standing: Standing, facts: ReportFacts) -> Verdict:
    """The last day still counts."""
    days = [one.conditions.delete_by for one in _of_others(standing, facts) if one.conditions.delete_by is not None]
    past = [day for day in days if standing.today > day]
    return Verdict(_PAST, (min(past),)) if past else _IN_TIME


_MARKED = Verdict(permit("material-marking/kept", "It is marked no wider than the material that it rests on."))
_MARKED_WIDER = deny(
    "material-marking/wider", "It is marked wider than material that it rests on.", "marking", "of_material"
)


def _marking(_: Standing, facts: ReportFacts) -> Verdict:
    """Whoever receives it: this is a fault of the report. A marking that nobody stated has a clause of its own."""
    narrower = wider_than(facts)
    return Verdict(_MARKED_WIDER, (facts.marking, narrower[0].conditions.marking)) if narrower else _MARKED


_HANDLED = Verdict(permit("material-handling/kept", "Its handling code is no wider than that of its material."))
_HANDLED_WIDER = deny(
    "material-handling/wider",
    "Its handling code lets its reader do more than that of material which it rests on.",
    "handling",
    "of_material",
)


def _handling(_: Standing, facts: ReportFacts) -> Verdict:
    narrower = handled_wider_than(facts)
    return Verdict(_HANDLED_WIDER, (facts.handling, narrower[0].conditions.handling)) if narrower else _HANDLED


def wider_than(facts: ReportFacts) -> tuple[Piece, ...]:
    """Material that is marked narrower than the report that rests on it."""
    marking = facts.marking
    return tuple(
        one
        for one in facts.material or ()
        if marking is not None and one.conditions.marking is not None and not one.conditions.marking.within(marking)
    )


def handled_wider_than(facts: ReportFacts) -> tuple[Piece, ...]:
    """Material whose handling code lets a reader do less than that of the report that rests on it."""
    handling = facts.handling
    return tuple(
        one
        for one in facts.material or ()
        if handling is not None
        and one.conditions.handling is not None
        and not as_narrow(handling, one.conditions.handling)
    )


OF_MATERIAL: Final[tuple[Callable[[Standing, ReportFacts], Verdict], ...]] = (
    _passing_on,
    _purpose,
    _day,
    _marking,
    _handling,
)

NOTHING_SENT: Final = (_NO_MATERIAL, _FOR_THIS, _IN_TIME, _MARKED, _HANDLED)
"""What these answer where it is stated that a report rests on no material that was sent: most reports, so they are not asked."""


def onward_under(agreed: OnwardRule, sent: Collection[Piece], agency: str) -> OnwardRule:
    """Return to whom *agency* may pass on what rests on other agencies' material: nobody unasked, whatever was agreed."""
    if agreed.rule is Onward.NEVER or all(one.agency == agency for one in sent):
        return agreed
    return OnwardRule(Onward.ASK)


def bound(obliged: Obligations, sent: Collection[Piece], agency: str) -> Obligations:
    """Return what binds *agency* once the conditions of other agencies' material have narrowed it."""
    theirs = [one for one in sent if one.agency != agency]
    if not theirs:
        return obliged
    onward = onward_under(obliged.onward, sent, agency)
    lines = dict.fromkeys(line for one in theirs for line in one.conditions.lines)
    days = [one.conditions.delete_by for one in theirs if one.conditions.delete_by is not None]
    said = (str(onward) if line == str(obliged.onward) else line for line in obliged.conditions)
    agreed = {**obliged.agreed, "onward": {"rule": onward.rule.value, "agencies": [], "classes": []}}
    return replace(
        obliged,
        delete_by=min([obliged.delete_by, *days]),
        onward=onward,
        conditions=(*said, *(f"A condition of those whose material it rests on: {line}" for line in lines)),
        agreed=agreed,
        material=tuple(one.listed() for one in theirs),
    )


def _of_others(standing: Standing, facts: ReportFacts) -> tuple[Piece, ...]:
    return tuple(one for one in facts.material or () if one.agency != standing.recipient.agency)
