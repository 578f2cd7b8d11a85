"""A year of sharing: the share of what each agreement permits, what was left out, what nobody decided. For oversight and the desk."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from handling.desk import case, share
from handling.desk.case import NEWEST, Case, Lost
from handling.desk.matching import Party
from handling.desk.session import Desk
from handling.desk.share import Stand
from handling.desk.statements import Made
from handling.rules import sharing
from handling.rules.deconfliction import is_clear
from handling.rules.sharing import STATEMENT, Rate, Standing
from tipline.base.database import Db

YEAR = timedelta(days=365)
_BATCH = 100


@dataclass(frozen=True, slots=True)
class Line:
    """One report and one agency, where that is worth showing."""

    case: Case
    stand: Stand


@dataclass(frozen=True, slots=True)
class Overview:
    """All reports that came within a year.

    Attributes:
        rates: by agency, of those with an agreement.
        overdue: undecided past the last day, longest first.
        not_shared: left out or refused by a signer, newest first.
        waiting: asked for and not signed yet, longest first.
        unsigned: those of them that should have been by now.
        unreadable: reports that could not be opened and so are not counted.
    """

    since: date
    rates: tuple[tuple[Party, Rate], ...]
    overdue: tuple[Line, ...]
    not_shared: tuple[Line, ...]
    waiting: tuple[Line, ...]
    unsigned: tuple[Line, ...]
    unreadable: int


async def year(db: Db, desk: Desk, today: date) -> AsyncIterator[tuple[Case | Lost, ...]]:
    """Every report that came within a year, newest first, opened a batch at a time: a long year is never held as a whole."""
    before: tuple[date, Any] | None = NEWEST
    while before is not None:
        found = await case.listing(db, desk, before=before, since=today - YEAR, length=_BATCH)
        yield found.cases
        before = found.next


@dataclass(slots=True)
class Tally:
    """Counts a batch of reports at a time, and keeps of them only what the overview shows."""

    parties: Sequence[Party]
    today: date
    standings: dict[str, list[Standing]] = field(default_factory=dict)
    overdue: list[Line] = field(default_factory=list)
    not_shared: list[Line] = field(default_factory=list)
    waiting: list[Line] = field(default_factory=list)
    unreadable: int = 0

    def add(self, cases: Sequence[Case | Lost]) -> None:
        """Count some reports. It takes a while: a tenth of a millisecond for each agency that a list names."""
        for case_ in cases:
            if isinstance(case_, Lost):
                self.unreadable += 1
                continue
            for one in share.stands(case_, self.parties, self.today):
                self._stands(Line(case_, one))

    def _stands(self, line: Line) -> None:
        standing = line.stand.standing
        self.standings.setdefault(line.stand.party.id, []).append(standing)
        if standing is Standing.OVERDUE:
            self.overdue.append(line)
        elif standing in {Standing.WITHHELD, Standing.REFUSED}:
            self.not_shared.append(line)
        elif standing is Standing.ASKED:
            self.waiting.append(line)

    def total(self) -> Overview:
        """What all of it comes to."""
        waiting = tuple(sorted(self.waiting, key=_asked_on))
        agreed = (party for party in self.parties if party.agreement is not None)
        return Overview(
            since=self.today - YEAR,
            rates=tuple((party, sharing.rate(self.standings.get(party.id, ()))) for party in agreed),
            overdue=tuple(sorted(self.overdue, key=lambda line: line.stand.decide_by or date.max)),
            not_shared=tuple(self.not_shared),
            waiting=waiting,
            unsigned=tuple(line for line in waiting if self.today > sharing.decide_by(_asked_on(line))),
            unreadable=self.unreadable,
        )


async def overview(db: Db, desk: Desk, parties: Sequence[Party], today: date) -> Overview:
    """Go through the year, off the event loop."""
    tally = Tally(parties, today)
    async for cases in year(db, desk, today):
        await asyncio.to_thread(tally.add, cases)
    return tally.total()


def statement(
    found: Overview,
    duties: Mapping[str, Any],
    two_keys: Sequence[str],
    earlier: Sequence[Made],
    *,
    unit: str,
    today: date,
) -> dict[str, Any]:
    """Return the overview for an oversight body: references, agencies, codes, days and who decided; no word of a report.

    Why a signer refused is theirs in free words, so only that they did stands in it. Who holds a key for corridor and desk stands
    there, which statements oversight should have got, and what is owed after releases (`everything.told`).
    """
    return {
        "format": STATEMENT,
        "unit": unit,
        "since": found.since.isoformat(),
        "day": today.isoformat(),
        "decide_within_days": sharing.DECIDE_WITHIN_DAYS,
        "agreements": [_rate(party, rate) for party, rate in found.rates],
        "overdue": [_overdue(line) for line in found.overdue],
        "not_shared": [_named(line) | _history(line) for line in found.not_shared],
        "waiting": [_waiting(line, today) | _history(line) for line in found.waiting],
        "unreadable": found.unreadable,
        "duties": dict(duties),
        "two_keys": list(two_keys),
        "earlier": [_made(one) for one in earlier],
    }


def _made(one: Made) -> Mapping[str, Any]:
    handed = one.handed_over_on
    return {
        "made_on": one.made_on.isoformat(),
        "handed_over_by": one.handed_over_by,
        "handed_over_on": None if handed is None else handed.isoformat(),
    }


def _overdue(line: Line) -> Mapping[str, Any]:
    by = line.stand.decide_by
    return {
        **_named(line),
        "decide_by": None if by is None else by.isoformat(),
        "deconflicted": is_clear(line.case.deconfliction),
    }


def _waiting(line: Line, today: date) -> dict[str, Any]:
    asked_on = _asked_on(line)
    by = sharing.decide_by(asked_on)
    return {**_named(line), "asked_on": asked_on.isoformat(), "sign_by": by.isoformat(), "overdue": today > by}


def _history(line: Line) -> dict[str, Any]:
    """What was decided against it; a request that waits takes nothing of that back."""
    return {
        "left_out": [
            {"reason": one.reason.value, "by": one.by, "on": one.on.isoformat()} for one in line.stand.left_out
        ],
        "refused": [{"asked_on": on.isoformat()} for on, _ in line.stand.refusals],
    }


def _asked_on(line: Line) -> date:
    return line.stand.asked_on or date.max


def _named(line: Line) -> dict[str, str]:
    return {"report": line.case.reviewed.report.urn, "agency": line.stand.party.id}


def _rate(party: Party, rate: Rate) -> Mapping[str, Any]:
    agreement = party.agreement
    return {
        "agency": party.id,
        "agreement": None if agreement is None else agreement.id,
        "version": None if agreement is None else agreement.version,
        "permitted": rate.permitted,
        **{name: getattr(rate, name) for name in Rate.__dataclass_fields__},
    }
