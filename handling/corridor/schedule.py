"""When is the next collection, and when will a source see a reply? Pure: times in, times out, all UTC."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta


def next_bundle(now: datetime, times: Sequence[time]) -> datetime:
    """Return the first moment after *now* at which every mailbox bundle is replaced."""
    moments = (datetime.combine(now.date() + timedelta(days=day), at, now.tzinfo) for day in (0, 1) for at in times)
    return min(moment for moment in moments if moment > now)


@dataclass(frozen=True, slots=True)
class Plan:
    """The three moments the collector waits for."""

    urgent: datetime
    full: datetime
    bundles: datetime

    @classmethod
    def start(cls, now: datetime, times: Sequence[time]) -> "Plan":
        """Collect at once, urgent or not; bundles only at their fixed times."""
        return cls(urgent=now, full=now, bundles=next_bundle(now, times))

    def wait(self, now: datetime) -> float:
        """Seconds until something is due, never negative."""
        return max(0.0, (min(self.urgent, self.full, self.bundles) - now).total_seconds())

    def after(
        self, now: datetime, *, urgent_tick: int, tick: int, times: Sequence[time], replaced: bool = True
    ) -> "Plan":
        """Return the plan once what was due at *now* is done; collections missed meanwhile are not made up.

        Bundles that could not be replaced are tried again with the next urgent tick: a source waits for them.
        """
        urgent = _following(self.urgent, now, urgent_tick)
        bundles = self.bundles
        if bundles <= now:
            bundles = next_bundle(now, times) if replaced else urgent
        return Plan(urgent=urgent, full=_following(self.full, now, tick), bundles=bundles)


def _following(due: datetime, now: datetime, seconds: int) -> datetime:
    """Stay on the grid that began with the first tick, so that a busy hour does not shift the ticks."""
    if due > now:
        return due
    missed = int((now - due).total_seconds() // seconds)
    return due + timedelta(seconds=seconds * (missed + 1))
