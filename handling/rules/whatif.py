"""pure: what would one agreement have changed, held against the one in force? Both are asked about the same facts on the same day."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import Enum

from handling.rules.agreements import Agreement, Purpose
from handling.rules.facts import ReportFacts
from handling.rules.obligations import DUTIES, Obligations
from handling.rules.policy import Decision, Verdict, evaluate


class Effect(Enum):
    """What the draft changes for one report and one purpose."""

    NEWLY_GOES = "newly-goes"
    NO_LONGER_GOES = "no-longer-goes"
    BINDS_OTHERWISE = "binds-otherwise"
    ANSWERS_OTHERWISE = "answers-otherwise"


EFFECT_LABELS = {
    Effect.NEWLY_GOES: "Would newly go",
    Effect.NO_LONGER_GOES: "Would no longer go",
    Effect.BINDS_OTHERWISE: "Would still go, and bind otherwise",
    Effect.ANSWERS_OTHERWISE: "Would still not go as it is, with another answer",
}


@dataclass(frozen=True, slots=True)
class Duty:
    """One obligation that differs."""

    name: str  # of the field of `Obligations`
    before: object
    after: object


@dataclass(frozen=True, slots=True)
class Change:
    """One report and one purpose for which the draft makes a difference.

    Attributes:
        lifted: what stands in the way today and would not under the draft.
        raised: what would stand in the way under the draft and does not today.
        duties: obligations that differ, where both permit.
    """

    purpose: Purpose
    effect: Effect
    before: Decision
    after: Decision
    lifted: tuple[Verdict, ...]
    raised: tuple[Verdict, ...]
    duties: tuple[Duty, ...]


def day_of(draft: Agreement, today: date) -> date:
    """Return the day on which both are asked: today, or the draft's first day where that is still to come."""
    return max(today, draft.valid_from)


def changes(facts: ReportFacts, current: Agreement | None, draft: Agreement, day: date) -> tuple[Change, ...]:
    """Compare for every purpose that either of them names, in the order of the closed set."""
    draft = draft.as_signed()  # what it would do once both sides have signed
    named = draft.purposes | (frozenset() if current is None else current.purposes)
    return tuple(_changes(facts, current, draft, (purpose for purpose in Purpose if purpose in named), day))


def _changes(
    facts: ReportFacts, current: Agreement | None, draft: Agreement, purposes: Iterable[Purpose], day: date
) -> Iterator[Change]:
    for purpose in purposes:
        before = evaluate(facts, current, (current or draft).recipient(), purpose.value, day)
        after = evaluate(facts, draft, draft.recipient(), purpose.value, day)
        duties = _duties(before.obligations, after.obligations) if before.permits and after.permits else ()
        effect = effect_of(before, after, differs=bool(duties))
        if effect is not None:
            stood, stands = ({one.rule for one in side.failing} for side in (before, after))
            lifted = tuple(one for one in before.failing if one.rule not in stands)
            raised = tuple(one for one in after.failing if one.rule not in stood)
            yield Change(purpose, effect, before, after, lifted, raised, duties)


def effect_of(before: Decision, after: Decision, *, differs: bool) -> Effect | None:
    """Return the effect, or None where nothing changes for anybody; *differs* says whether an obligation does."""
    if before.permits and after.permits:
        return Effect.BINDS_OTHERWISE if differs else None
    if after.permits:
        return Effect.NEWLY_GOES
    if before.permits:
        return Effect.NO_LONGER_GOES
    return None if before.outcome is after.outcome else Effect.ANSWERS_OTHERWISE


def _duties(before: Obligations | None, after: Obligations | None) -> tuple[Duty, ...]:
    return tuple(
        Duty(name, getattr(before, name), getattr(after, name))
        for name in DUTIES
        if getattr(before, name) != getattr(after, name)
    )
