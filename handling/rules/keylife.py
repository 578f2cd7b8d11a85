"""pure: how long keys live: when an intake seed is destroyed, when a warning begins, which weeks still need a key.

The life of each key stands in docs/format.md, "Lives of keys". Days come in as values; the clock is the caller's.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum

AHEAD = 12  # intake keys, one a week: a unit without power for weeks does not close its line
VALID_DAYS = 7  # of one intake key, both ends included
COLLECTED_DAYS = 21  # after its end: what was under way has come in by then
WARNING_DAYS = 60  # after its end
DEADLINE_DAYS = 90  # after its end, whatever a drop withholds
GAP_DAYS = 14  # without a running corridor, or a clock that jumped: one cannot be told from the other
STEADY_DAYS = 3  # of running after a gap, so that people can collect first, or set the clock right

PGP_DAYS = 120  # an OpenPGP subkey's life, both ends included
PGP_REPLACED_DAYS = 90  # then the next one is made: a month is left for somebody to sign in

_SWEEP_ALWAYS = 20  # keys without a row: as many as crashes leave
_SWEEP_SHARE = 10  # a tenth of all keys: more is another database, not crashes


class Fate(Enum):
    """What becomes of an intake seed today."""

    KEEP = "keep"
    WARN = "warn"
    COLLECTED = "collected"  # destroyed: everything that was sealed to it has come in
    DEADLINE = "deadline"  # destroyed: its time is over


@dataclass(frozen=True, slots=True)
class Day:
    """One day on which the corridor ran; *collected* when everything at the drop was brought in on it."""

    day: date
    collected: bool


@dataclass(frozen=True, slots=True)
class Seed:
    """One intake seed in the keyring; *waiting* envelopes here are sealed to it and not in any thread."""

    serial: int
    not_after: date
    waiting: int


def fate(seed: Seed, days: Iterable[Day], today: date) -> Fate:
    """Decide what becomes of one seed. Days after *today* count for nothing: the clock was wrong then."""
    past = [one for one in days if one.day <= today]
    steady = is_steady([one.day for one in past], today)
    if today >= deadline(seed.not_after):
        return Fate.DEADLINE if steady else Fate.WARN
    settled = seed.not_after + timedelta(days=COLLECTED_DAYS)
    if seed.waiting == 0 and steady and any(one.collected and one.day >= settled for one in past):
        return Fate.COLLECTED
    return Fate.WARN if today >= warning(seed.not_after) else Fate.KEEP


def pgp_fate(not_after: date, days: Iterable[Day], today: date) -> Fate:
    """Decide what becomes of an OpenPGP subkey: `DEADLINE_DAYS` after its end it goes, and people are warned before.

    It never goes earlier: a message sealed to it lies inside another seal until a handler opens it, so that nobody can
    count what still needs it.
    """
    return fate(Seed(1, not_after, waiting=1), days, today)


def pgp_due(valid: Iterable[tuple[date, date]], today: date) -> bool:
    """Say whether an OpenPGP subkey has to be made: none is valid today, or the newest is old."""
    begun = [first for first, last in valid if first <= today <= last]
    return not begun or (today - max(begun)).days >= PGP_REPLACED_DAYS


def deadline(not_after: date) -> date:
    """Day on which the seed of an intake key goes, whatever may wait for it."""
    return not_after + timedelta(days=DEADLINE_DAYS)


def warning(not_after: date) -> date:
    """First day on which people are warned that a seed is about to go although something may wait for it."""
    return not_after + timedelta(days=WARNING_DAYS)


def is_steady(ran: Collection[date], today: date) -> bool:
    """Say whether the corridor has run on enough days since its last gap for the date to be believed."""
    since = 0
    before: date | None = None
    for day in sorted({*ran, today}):
        gap = before is None or (day - before).days > GAP_DAYS
        since = 1 if gap else since + 1
        before = day
    return since >= STEADY_DAYS


def weeks(valid: Iterable[tuple[date, date]], today: date) -> tuple[date, ...]:
    """Return the first days of the intake keys that twelve weeks ahead still need.

    Keys of a far future, made while the clock was wrong, cover no week of these.
    """
    covered = sorted(valid)
    missing = []
    day = today
    while day <= today + timedelta(days=VALID_DAYS * (AHEAD - 1)):
        ends = [last for first, last in covered if first <= day <= last]
        if ends:
            day = max(ends) + timedelta(days=1)
        else:
            missing.append(day)
            day += timedelta(days=VALID_DAYS)
    return tuple(missing)


def may_sweep(unnamed: int, total: int) -> bool:
    """Say whether so many record keys without a row can come of crashes; more are a sign of the wrong database."""
    return unnamed <= max(_SWEEP_ALWAYS, total // _SWEEP_SHARE)
