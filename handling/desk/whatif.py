"""A year of reports held against a draft agreement. Runs where a desk is open, in its memory alone; stores and sends nothing."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any

from handling.desk import overview, request
from handling.desk.case import Case, Lost
from handling.desk.reports import Report
from handling.desk.request import NoSuchAgencyError
from handling.desk.session import Desk
from handling.rules import whatif as rules
from handling.rules.agreements import Agreement
from handling.rules.policy import Verdict
from handling.rules.whatif import Change, Duty, Effect
from tipline.base.database import Db


@dataclass(frozen=True, slots=True)
class Replay:
    """What a draft would have changed.

    Attributes:
        current: the agreement in force on *day*, None where there is none.
        looked_at: reports of the year that the handler's list opens to the agency. Of others nothing is said.
        changed: each report for which the draft makes a difference, newest first.
        unreadable: reports that could not be opened.
    """

    draft: Agreement
    current: Agreement | None
    since: date
    day: date
    looked_at: int
    changed: tuple[tuple[Report, tuple[Change, ...]], ...]
    unreadable: int

    def count(self, effect: Effect) -> int:
        """For how many reports the draft has this effect, for any purpose."""
        return sum(any(change.effect is effect for change in found) for _, found in self.changed)


async def replay(db: Db, desk: Desk, draft: Agreement, today: date) -> Replay:
    """Go through the year, a batch at a time."""
    day = rules.day_of(draft, today)
    try:
        current = (await request.party(db, draft.agency.id, day)).agreement
    except NoSuchAgencyError:
        current = None
    looked_at = unreadable = 0
    changed: list[tuple[Report, tuple[Change, ...]]] = []
    async for cases in overview.year(db, desk, today):
        unreadable += sum(isinstance(one, Lost) for one in cases)
        named = [
            one
            for one in cases
            if isinstance(one, Case) and draft.agency.id in (one.reviewed.review.facts.agencies or ())
        ]
        looked_at += len(named)
        changed += await asyncio.to_thread(_changed, named, current, draft, day)
    return Replay(draft, current, today - overview.YEAR, day, looked_at, tuple(changed), unreadable)


def _changed(
    named: Sequence[Case], current: Agreement | None, draft: Agreement, day: date
) -> list[tuple[Report, tuple[Change, ...]]]:
    found = [(one.reviewed.report, rules.changes(one.reviewed.review.facts, current, draft, day)) for one in named]
    return [(report, changes) for report, changes in found if changes]


def to_body(found: Replay) -> dict[str, Any]:
    """Return it for a program: references, codes and rules, no word of a report."""
    return {
        "agency": found.draft.agency.id,
        "draft": _agreement(found.draft),
        "current": None if found.current is None else _agreement(found.current),
        "since": found.since.isoformat(),
        "day": found.day.isoformat(),
        "looked_at": found.looked_at,
        "unreadable": found.unreadable,
        "counts": {effect.value: found.count(effect) for effect in Effect},
        "changes": [_change(report, change) for report, changes in found.changed for change in changes],
    }


def _agreement(agreement: Agreement) -> Mapping[str, Any]:
    return {"id": agreement.id, "version": agreement.version, "sha256": agreement.sha256}


def _change(report: Report, change: Change) -> Mapping[str, Any]:
    return {
        "report": report.urn,
        "purpose": change.purpose.value,
        "effect": change.effect.value,
        "before": change.before.outcome.code,
        "after": change.after.outcome.code,
        "lifted": [_verdict(verdict) for verdict in change.lifted],
        "raised": [_verdict(verdict) for verdict in change.raised],
        "duties": [
            {"name": duty.name, "before": said(duty.before), "after": said(duty.after)} for duty in change.duties
        ],
    }


def _verdict(verdict: Verdict) -> Mapping[str, str]:
    return {"rule": verdict.rule, "text": verdict.text}


def said(value: object) -> str:
    """Return an obligation as text, whatever its kind; sets in one order."""
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, frozenset):
        return ", ".join(sorted(said(one) for one in value))
    if isinstance(value, tuple):
        return " ".join(said(one) for one in value)
    return str(value)


def in_words(duty: Duty) -> str:
    """Say in a line what would bind otherwise."""
    return f"{duty.name.replace('_', ' ')}: {said(duty.before) or 'nothing'} → {said(duty.after) or 'nothing'}"
