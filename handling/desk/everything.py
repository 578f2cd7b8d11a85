"""Everything that is owed on any release, to one agency or to all: read a batch at a time, off the event loop. Decides nothing."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from crypto.errors import CryptoError
from handling.desk import case, listing, owed, store
from handling.desk.acts import Learned
from handling.desk.case import Answered
from handling.desk.feedback import AgencyBreach
from handling.desk.notes import DamagedNotesError
from handling.desk.session import Desk
from handling.rules.copies import minute_text
from handling.rules.duties import BY_AGENCY, Kind, Standing, State, hours_late
from handling.store import agreements
from handling.store.keyring import MissingKeyError
from tipline.base.database import Db

_BATCH = 200
_WATCHED = frozenset({Kind.REPORT, Kind.DECISION, Kind.SIGNATURE, Kind.REVIEW})
_START = (UUID(int=0), UUID(int=0))


@dataclass(frozen=True, slots=True)
class Line:
    """One release that has left, and where all stands that it opened."""

    one: Answered
    standings: tuple[Standing, ...]


@dataclass(slots=True)
class Count:
    """What is owed over all releases, in numbers.

    Attributes:
        owed, overdue: by agencies, of what has its last day before it and behind it.
        ours, ours_overdue: by the desk.
        kept: releases of which copies stay, as the agency told.
        unreadable: releases that could not be opened and are not counted.
    """

    owed: int = 0
    overdue: int = 0
    ours: int = 0
    ours_overdue: int = 0
    kept: int = 0
    unreadable: int = 0

    def add(self, standings: Sequence[Standing]) -> None:
        """Count one release."""
        for one in standings:
            agency = one.kind in BY_AGENCY
            self.owed += agency and one.is_open and not one.is_late
            self.overdue += agency and one.is_late
            self.ours += not agency and one.is_open and not one.is_late
            self.ours_overdue += not agency and one.is_late
            self.kept += one.kind is Kind.COPIES and one.state is State.KEPT


@dataclass(slots=True)
class Ledger:
    """All releases that have left, in numbers, and those about which something is open or told."""

    count: Count = field(default_factory=Count)
    lines: list[Line] = field(default_factory=list)
    lists: tuple[tuple[listing.Request, Standing], ...] = ()

    def add(self, line: Line | None) -> None:
        """Take one release in; None is one that could not be opened."""
        if line is None:
            self.count.unreadable += 1
            return
        self.count.add(line.standings)
        self.lines.append(line)


async def ledger(db: Db, desk: Desk, today: date, agency: str | None = None) -> Ledger:
    """Go through every release that has left."""
    found = await _with_lists(db, today, agency)
    async for lines in _batches(db, desk, today, agency):
        for line in lines:
            found.add(line)
    return found


def told(found: Ledger) -> dict[str, Any]:
    """Return for an oversight body what is late, recalled, lost or reviewed: references, codes and days; no word of anybody."""
    return {
        "count": asdict(found.count),
        "releases": [one for line in found.lines if (one := _told(line)) is not None],
    }


def _told(line: Line) -> dict[str, Any] | None:
    release = line.one.release
    standings = [_standing(one) for one in line.standings if one.is_late or one.kind in _WATCHED or _is_recall(one)]
    breaches = [_breach(said, line.one) for said in line.one.answers if isinstance(said, AgencyBreach)]
    learned = [
        {
            "loss": act.did.breach.loss.value,
            "noticed": minute_text(act.did.breach.noticed),
            "learned_on": act.on.isoformat(),
        }
        for act in line.one.acts
        if isinstance(act.did, Learned)
    ]
    if not (standings or breaches or learned):
        return None
    named = {"release": str(release.id), "report": release.manifest.report, "agency": release.agency}
    return {**named, "duties": standings, "breaches": breaches, "breaches_learned": learned}


def _is_recall(one: Standing) -> bool:
    return one.kind is Kind.COPIES and one.state in {State.RECALLED, State.KEPT}


def _standing(one: Standing) -> dict[str, Any]:
    settled = one.settled_on
    return {
        "duty": one.kind.value,
        "state": one.state.value,
        "by": one.by.isoformat(),
        "settled_on": None if settled is None else settled.isoformat(),
    }


def _breach(said: AgencyBreach, one: Answered) -> dict[str, Any]:
    agreed = one.release.manifest.terms["breach_hours"]
    return {
        "loss": said.said.loss.value,
        "noticed": minute_text(said.said.noticed),
        "told": minute_text(said.heard),
        "hours_late": hours_late(said.said.noticed, said.heard, agreed),
    }


async def count(db: Db, desk: Desk, today: date) -> Count:
    """The numbers alone; of each batch nothing else is kept."""
    found = await _with_lists(db, today, None)
    async for lines in _batches(db, desk, today, None):
        for line in lines:
            found.add(line)
        found.lines.clear()
    return found.count


async def _with_lists(db: Db, today: date, agency: str | None) -> Ledger:
    """A ledger of no release yet, with the lists that agencies wait for."""
    requests = [one for one in await listing.requests(db) if one.answered_on is None and agency in {None, one.agency}]
    agreed = await agreements.active_of(db, [one.agency for one in requests], today)
    lists = [(one, one.standing(agreed.get(one.agency), today)) for one in requests]
    found = Ledger(lists=tuple((one, standing) for one, standing in lists if standing is not None))
    found.count.add([standing for _, standing in found.lists])
    return found


async def _batches(db: Db, desk: Desk, today: date, agency: str | None) -> AsyncIterator[tuple[Line | None, ...]]:
    after = _START
    while True:
        rows = await store.released(db, agency, after=after, limit=_BATCH)
        if not rows:
            return
        beside = await case.since(db, sorted({row.report for row in rows}))
        yield await asyncio.to_thread(_lines, desk, rows, beside, today)
        after = (rows[-1].report, rows[-1].id)


def _lines(desk: Desk, rows: Sequence[store.ReleaseRow], beside: case.Since, today: date) -> tuple[Line | None, ...]:
    return tuple(_line(desk, row, beside, today) for row in rows)


def _line(desk: Desk, row: store.ReleaseRow, beside: case.Since, today: date) -> Line | None:
    try:
        one = case.opened(desk, row, beside)
    except (MissingKeyError, CryptoError, DamagedNotesError):
        return None
    return Line(one, owed.standings(one, today))
