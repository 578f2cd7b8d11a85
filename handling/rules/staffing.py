"""pure: which acts today's members can do, why not the others, and where an outside second would stand in. One row for each act."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import permutations
from typing import Final

from handling.rules.emergency import may_follow, may_tell
from handling.rules.release import STAFFING, Duties, Duty, Kind, is_complete, is_outside, why_not


class Task(Enum):
    """An act of the staffing table, as a person reads it."""

    WORK = "open tips, talk to sources, write and grade items, write reports"
    REVIEW = "review a report"
    REQUEST = "match a report and ask for its release"
    FIRST = "give the first signature on a release"
    SECOND = "give the second signature on a release"
    PHRASE = "sign what a source is told of an outcome"
    NOTICE = "send a notice to an agency"
    EMERGENCY = "disclose in an emergency, with a second signature within 24 hours"
    MEMBERS = "change the member list"


@dataclass(frozen=True, slots=True)
class Standing:
    """One act today.

    Attributes:
        by: members who can do it or take part in it, by name.
        outside: outside seconds who would have to stand in, by name; empty where members are enough.
        why_not: what is missing; empty when it can be done.
    """

    task: Task
    by: tuple[str, ...]
    outside: tuple[str, ...]
    why_not: str

    @property
    def possible(self) -> bool:
        """Whether it can be done."""
        return not self.why_not


_NEEDED: Final[Mapping[Task, str]] = {
    Task.WORK: "A handler is needed.",
    Task.REVIEW: "Another handler than the author is needed.",
    Task.REQUEST: "An analyst is needed.",
    Task.FIRST: "A handler is needed who did not ask for the release.",
    Task.SECOND: "A releasing officer is needed who neither asked for the release nor gave the first signature.",
    Task.PHRASE: "A handler and a releasing officer are needed, two people.",
    Task.NOTICE: "A releasing officer is needed who did not ask for the notice.",
    Task.EMERGENCY: "A handler tells it alone; another handler or an officer is needed for what follows.",
    Task.MEMBERS: "Two handlers are needed. The holders of the root key can sign it as well.",
}
_NOBODY_OUTSIDE: Final = "Whoever could is away, and the member list names no outside second."
_TOO_FEW: Final = "Too many are away: an outside second gives one signature, and the other is a member's."

Way = tuple[str, ...]  # who signs, in the order of signing


def standing(duties: Duties, away: Collection[str] = ()) -> tuple[Standing, ...]:
    """Say of each act whether it can be done.

    Args:
        duties: of everybody on today's member list.
        away: who is absent or excluded. They still belong to the unit: that is why somebody may stand in for them.
    """
    here = tuple(name for name in duties if name not in away)
    return tuple(_ROWS[task](task, duties, here) for task in Task)


def two_keys(duties: Duties) -> tuple[str, ...]:
    """Members with a key for the corridor and one for the desk: lawful in a tiny unit, and said wherever they act."""
    return tuple(sorted(name for name, held in duties.items() if {Duty.HANDLER, Duty.ANALYST} <= held))


_Row = Callable[[Task, Duties, Collection[str]], Standing]


def _held(duty: Duty) -> _Row:
    def row(task: Task, duties: Duties, here: Collection[str]) -> Standing:
        able = tuple(sorted(name for name in here if duty in duties[name]))
        return Standing(task, able, (), "" if able else _NEEDED[task])

    return row


def _told(task: Task, duties: Duties, here: Collection[str]) -> Standing:
    """Whoever can tell while somebody else is here who can give the second signature."""
    able = [one for one in here if may_tell(one, duties) and any(may_follow(name, one, duties) for name in here)]
    return Standing(task, tuple(sorted(able)), (), "" if able else _NEEDED[task])


def _signed(kind: Kind, opener: Duty | None, *, first: bool = False, last: bool = False) -> _Row:
    """Signatures of one kind: the *first* alone, or all of them; of all, those who can give the *last* are named, or everybody."""

    def row(task: Task, duties: Duties, here: Collection[str]) -> Standing:
        ways = _ways(kind, opener, duties, here, first=first)
        best = [way for way in ways if not any(is_outside(name, duties) for name in way)] or ways
        names = {name for way in best for name in (way[-1:] if last else way)}
        outside = {name for name in names if is_outside(name, duties)}
        reason = "" if ways else _missing(task, kind, duties, _ways(kind, opener, duties, tuple(duties), first=first))
        return Standing(task, tuple(sorted(names - outside)), tuple(sorted(outside)), reason)

    return row


def _ways(kind: Kind, opener: Duty | None, duties: Duties, here: Collection[str], *, first: bool) -> list[Way]:
    """Every lawful way to sign by people who are here, whoever of them opened it; nobody of the list does without a duty."""
    openers = [name for name in here if opener in duties[name]] if opener else [""]
    if first:
        return [(name,) for one in openers for name in here if why_not(kind, name, one, (), duties) is None]
    length = len(STAFFING[kind].duties)
    return [way for one in openers for way in permutations(here, length) if is_complete(kind, one, way, duties)]


def _missing(task: Task, kind: Kind, duties: Duties, with_all: Collection[Way]) -> str:
    if not with_all or not STAFFING[kind].outside:
        return _NEEDED[task]
    return _TOO_FEW if any(is_outside(name, duties) for name in duties) else _NOBODY_OUTSIDE


_ROWS: Final[Mapping[Task, _Row]] = {
    Task.WORK: _held(Duty.HANDLER),
    Task.REVIEW: _signed(Kind.REVIEW, Duty.HANDLER),
    Task.REQUEST: _held(Duty.ANALYST),
    Task.FIRST: _signed(Kind.MANIFEST, Duty.ANALYST, first=True),
    Task.SECOND: _signed(Kind.MANIFEST, Duty.ANALYST, last=True),
    Task.PHRASE: _signed(Kind.PHRASE, Duty.HANDLER),
    Task.NOTICE: _signed(Kind.NOTICE, Duty.ANALYST),
    Task.EMERGENCY: _told,
    Task.MEMBERS: _signed(Kind.MEMBERS, None),
}
