"""Tickets: one stands in each report form and lets that form in once it is old enough, and only for some hours.

A ticket is the time at which its form was fetched, sealed so that a page that somebody finds tells no time, and bound to the
form's own token. That token makes one codename and so one mailbox: a form that is sent again is the same report, and
whoever wants a second mailbox needs a second form. So nothing that was used has to be remembered, an exact resend passes,
and neither a restart nor a second process behind the same address hurts: they share the keys, which open nothing else.

Each day has a key of its own, so that a page that was saved tells its second only until the day after it: then its key is
destroyed, and with the whole disk in hand nobody opens its ticket any more.
"""

import os
import re
import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Final

from crypto import columns
from crypto.errors import OpenError
from crypto.secret import Guarded, Secret
from tipline.base import files

LIFE_SECONDS: Final = 12 * 3600
"""How long a form may stand open; after that it is asked to be sent once more."""

_KEY_FILE: Final = "form{}.key"
_OF_A_DAY: Final = re.compile(r"\.?form-(\d{4}-\d\d-\d\d)\.key")
_KEY_BYTES: Final = 32
_KEPT_DAYS: Final = 2  # its own, and the next one, on which a form of its evening is still let in
_TIME_BYTES: Final = 8


class Standing(Enum):
    """Whether a form is let in."""

    GOOD = "good"
    YOUNG = "young"
    OLD = "old"
    """Of too long ago, or of a page that did not come from here."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Tickets(Guarded):
    """Makes and judges tickets; times are Unix seconds.

    Attributes:
        key_of: the key of the tickets made on a day.
        least: seconds that a form must have been open.
    """

    key_of: Callable[[date], Secret]
    least: int

    def new(self, token: str, *, at: float) -> str:
        """Return the ticket of a form with *token* that is fetched now, *at*."""
        sealed = columns.seal(self.key_of(_day(at)), int(at).to_bytes(_TIME_BYTES, "big"), **_place(token))
        return urlsafe_b64encode(sealed).decode().rstrip("=")

    def judge(self, token: str, ticket: str, *, at: float) -> Standing:
        """Say whether the form with *token* and *ticket* is let in."""
        fetched = self._fetched(token, ticket, at)
        if fetched is None or not fetched <= int(at) < fetched + LIFE_SECONDS:
            return Standing.OLD
        return Standing.GOOD if int(at) >= fetched + self.least else Standing.YOUNG

    def again(self, token: str, ticket: str, *, at: float) -> str:
        """Return the ticket with which a form is shown again: who has waited once does not wait again."""
        fetched = self._fetched(token, ticket, at) if ticket else None
        if fetched is None or fetched > at:
            return self.new(token, at=at)
        return ticket if at < fetched + LIFE_SECONDS // 2 else self.new(token, at=at - self.least)

    def _fetched(self, token: str, ticket: str, at: float) -> int | None:
        try:
            sealed = urlsafe_b64decode(ticket.encode("ascii") + b"==")
        except ValueError:
            return None
        for day in _living(_day(at)):
            with suppress(OpenError):
                return int.from_bytes(columns.open_(self.key_of(day), sealed, **_place(token)), "big")
        return None


def now() -> float:
    """Return the time of day in Unix seconds: processes and restarts share it, unlike a monotonic clock."""
    return time.time()


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class DayKeys(Guarded):
    """The keys of all processes over the public zone's *folder*, kept in memory no longer than on disk."""

    folder: Path
    _known: dict[date, Secret] = field(default_factory=dict)

    def of(self, day: date) -> Secret:
        """Return the key of a day."""
        if day not in self._known:
            self._known[day] = shared_key(self.folder, day)
            for old in [one for one in self._known if goes_on(one) <= max(self._known)]:
                del self._known[old]
        return self._known.get(day) or shared_key(self.folder, day)


def shared_key(folder: Path, day: date) -> Secret:
    """Return the key of *day* of all processes over *folder*; the first one makes it."""
    file = folder / _named(day)
    with suppress(FileNotFoundError):
        return Secret(file.read_bytes())
    made = folder / f".{file.name}.{secrets.token_hex(8)}"
    files.write_private(made, secrets.token_bytes(_KEY_BYTES))
    with suppress(FileExistsError):
        os.link(made, file)  # unlike a rename it replaces nothing: another process may have been first
    made.unlink()
    files.sync_folder(folder)
    return Secret(file.read_bytes())


def turn_keys(folder: Path, today: date) -> None:
    """Make the keys of the days around *today*, and destroy those of days before yesterday, whose forms are let in no more.

    They are made ahead, at a start and by the daily rewrite: made by a form, the file would tell its time.
    """
    days = (*_living(today), today + timedelta(days=1))
    for day in days:
        shared_key(folder, day)
    living = {_named(day) for day in days}
    for file in (*folder.glob(_KEY_FILE.format("*")), *folder.glob(f".{_KEY_FILE.format('*')}.*")):
        if not any(name in file.name for name in living):
            file.unlink(missing_ok=True)
    files.sync_folder(folder)


def kept(folder: Path) -> frozenset[date]:
    """Name the days of which a key lies in the public zone's *folder*, also in a file that a killed process left."""
    days = set()
    for file in folder.iterdir():
        if found := _OF_A_DAY.match(file.name):
            with suppress(ValueError):
                days.add(date.fromisoformat(found[1]))
    return frozenset(days)


def goes_on(day: date) -> date:
    """Return the day on which the key of *day* is destroyed."""
    return day + timedelta(days=_KEPT_DAYS)


def _living(today: date) -> tuple[date, ...]:
    """Name the days whose forms can still be let in, the latest first."""
    return tuple(today - timedelta(days=ago) for ago in range(_KEPT_DAYS))


def _day(at: float) -> date:
    return datetime.fromtimestamp(at, UTC).date()


def _named(day: date) -> str:
    return _KEY_FILE.format(f"-{day.isoformat()}")


def _place(token: str) -> dict[str, str]:
    return {"table": "form", "column": "ticket", "row": token}
