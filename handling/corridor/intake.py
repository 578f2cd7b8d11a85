"""Intake keys of the coming weeks, and the end of those whose time is over. Publishing is the collector's.

When a seed goes is decided in `handling.rules.keylife`; here it is made, counted and deleted.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from crypto.errors import CryptoError
from crypto.secret import Secret
from crypto.signing import SigningKey
from crypto.statement import Statement
from handling.corridor.session import Handler
from handling.corridor.store import keys
from handling.rules import keylife
from handling.rules.keylife import AHEAD, Fate, Seed
from handling.store.intakekeys import NewIntakeKey
from handling.store.keyring import Keyring, MissingKeyError
from tipline.base.database import Pool
from tipline.envelope import IntakeKey, IntakeKeyError

__all__ = ["AHEAD", "Leaving", "NoSignerError", "Retired", "extend", "keep_ahead", "retire", "signer"]

_log = logging.getLogger("corridor")


class NoSignerError(Exception):
    """The intake signer is not in the keyring, or is not the one that the member list names."""

    def __init__(self) -> None:
        super().__init__("the intake signer is missing or is not the one on the member list; no intake key can be made")


@dataclass(frozen=True, slots=True)
class Leaving:
    """A seed that should have gone by now: something waits for it, or nothing was collected since."""

    serial: int
    ended_on: date
    goes_on: date
    waiting: int


@dataclass(frozen=True, slots=True)
class Retired:
    """What one run destroyed, by serial, and what it warns of."""

    destroyed: tuple[int, ...]
    leaving: tuple[Leaving, ...]


async def keep_ahead(pool: Pool, keyring: Keyring, handler: Handler, today: date) -> int:
    """Make the intake keys that twelve weeks ahead need; return how many. One caller at a time.

    Raises:
        NoSignerError: keys are due and nobody can sign them.
    """
    async with pool.acquire() as db:
        highest = await keys.highest_serial(db)
    made = await asyncio.to_thread(extend, keyring, handler, today, above=highest)
    async with pool.acquire() as db:
        await keys.add_made(db, [(key.serial, key.not_after) for key in made], today)
    return len(made)


def extend(keyring: Keyring, handler: Handler, today: date, *, above: int = 0) -> tuple[IntakeKey, ...]:
    """Make the intake keys that twelve weeks ahead need. Blocking; one caller at a time.

    The seed is on the disk before the statement: a key is published only when tips sealed to it can be opened. Serials
    are higher than all in the keyring and than *above*, so that none is signed twice, whatever was restored.

    Raises:
        NoSignerError: keys are due and nobody can sign them.
    """
    known = _known(keyring, handler.members.intake_signer)
    missing = keylife.weeks([(key.not_before, key.not_after) for key in known], today)
    if not missing:
        return ()
    signing = signer(keyring, handler)
    serial = max((int(name) for name in keyring.names("intake-statement")), default=0)
    serial = max(serial, above)
    made = []
    for first in missing:
        serial += 1
        new = NewIntakeKey.make(handler.members.unit, serial, first, signing)
        new.put(keyring, handler.members.corridor_vault)
        made.append(new.key)
    return tuple(made)


async def retire(pool: Pool, keyring: Keyring, today: date) -> Retired:
    """Destroy the seeds whose time is over, and say which are late. Needs no key and nobody who is signed in."""
    async with pool.acquire() as db:  # 1 load
        ends = await asyncio.to_thread(_ends, keyring)
        await keys.add_made(db, sorted(ends.items()), today)
        days = await keys.days(db)
        waiting = await keys.waiting(db)
        seeds = [Seed(serial, not_after, waiting.get(serial, 0)) for serial, not_after in sorted(ends.items())]
        fates = [(seed, keylife.fate(seed, days, today)) for seed in seeds]  # 2 decide
        gone = [(seed, fate) for seed, fate in fates if fate in {Fate.COLLECTED, Fate.DEADLINE}]
        for seed, fate in gone:  # 3 store: a row never says that a seed is gone while it is there
            await asyncio.to_thread(_destroy, keyring, seed.serial)
            await keys.set_destroyed(db, seed.serial, today, fate)
            _log.info("the seed of intake key %d is destroyed", seed.serial)
    leaving = tuple(_leaving(seed) for seed, fate in fates if fate is Fate.WARN)
    for one in leaving:
        # No number: what waits may belong to a tip that somebody who reads this log must not know of.
        _log.warning("intake key %d has ended; its seed goes on %s, whatever waits for it", one.serial, one.goes_on)
    return Retired(tuple(seed.serial for seed, _ in gone), leaving)


def _leaving(seed: Seed) -> Leaving:
    return Leaving(seed.serial, seed.not_after, keylife.deadline(seed.not_after), seed.waiting)


def _destroy(keyring: Keyring, serial: int) -> None:
    keyring.delete("intake", str(serial))
    keyring.delete("intake-statement", str(serial))


def _ends(keyring: Keyring) -> dict[int, date]:
    """Serial and last day of every seed in the keyring. A seed without a readable statement was never published."""
    ends = {}
    for name in keyring.names("intake"):
        try:
            body = Statement.parse(keyring.get("intake-statement", name)).body
            ends[int(name)] = date.fromisoformat(body["not_after"])
        except (CryptoError, MissingKeyError, KeyError, TypeError, ValueError):
            continue
    return ends


def _known(keyring: Keyring, signer: bytes) -> Sequence[IntakeKey]:
    """Read the keys that the unit's signer made and that can be opened; a file that is none counts as no key."""
    known = []
    for name in keyring.names("intake-statement") & keyring.names("intake"):
        try:
            known.append(IntakeKey.read(keyring.get("intake-statement", name), signer))
        except (IntakeKeyError, MissingKeyError):
            continue
    return known


def signer(keyring: Keyring, handler: Handler) -> SigningKey:
    """Return the intake signer, or raise `NoSignerError`."""
    try:
        found = SigningKey.from_seed(Secret(handler.vault.unseal(keyring.get("signer", "intake"))))
    except (MissingKeyError, CryptoError):
        raise NoSignerError from None
    if found.public != handler.members.intake_signer:
        raise NoSignerError
    return found
