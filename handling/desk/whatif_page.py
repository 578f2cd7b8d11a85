"""What the desk's what-if page shows: a box for a draft, what is wrong in it, or what it would have changed. Pure."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from handling.desk import words
from handling.desk.whatif import Replay, in_words
from handling.rules.agreements import PURPOSE_LABELS, Agreement
from handling.rules.whatif import EFFECT_LABELS, Effect

_SHOWN = 200


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """What changes for one report and one purpose, with the rules that make the difference."""

    purpose: str
    effect: str
    goes: bool
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChangedReport:
    """One report for which the draft makes a difference."""

    id: UUID
    title: str
    lines: tuple[ChangeLine, ...]


@dataclass(frozen=True, slots=True)
class WhatIfPage:
    """The box, and below it what came of the draft that was sent."""

    template: ClassVar[str] = "desk/whatif.html"
    draft: str = ""
    problems: tuple[str, ...] = ()
    summary: tuple[str, ...] = ()
    counts: tuple[tuple[str, int], ...] = ()
    reports: tuple[ChangedReport, ...] = ()
    more: int = 0


def result(found: Replay, draft: str) -> WhatIfPage:
    """What a draft would have changed."""
    reports = tuple(
        ChangedReport(
            report.id,
            report.title,
            tuple(
                ChangeLine(
                    PURPOSE_LABELS[change.purpose],
                    EFFECT_LABELS[change.effect],
                    change.after.permits,
                    (
                        *(f"No longer in the way: {one.text} ({one.rule})" for one in change.lifted),
                        *(f"Newly in the way: {one.text} ({one.rule})" for one in change.raised),
                        *(in_words(duty) for duty in change.duties),
                    ),
                )
                for change in changes
            ),
        )
        for report, changes in found.changed
    )
    return WhatIfPage(
        draft=draft,
        summary=summary(found),
        counts=tuple((EFFECT_LABELS[effect], found.count(effect)) for effect in Effect),
        reports=reports[:_SHOWN],
        more=max(0, len(reports) - _SHOWN),
    )


def summary(found: Replay) -> tuple[str, ...]:
    """Say what was held against what."""
    lost = f"Left out, because they cannot be opened: {found.unreadable:,}."
    reports, since = "1 report" if found.looked_at == 1 else f"{found.looked_at:,} reports", words.day(found.since)
    current = "no agreement" if found.current is None else _name(found.current)
    return (
        f"{_name(found.draft)}, held against {current}.",
        f"Both were asked as on {words.day(found.day)}, about {reports} since {since} that the handlers' lists open to it.",
        *([lost] if found.unreadable else []),
    )


def _name(agreement: Agreement) -> str:
    return f"{agreement.id} version {agreement.version}"
