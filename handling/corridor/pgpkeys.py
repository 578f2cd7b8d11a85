"""The unit's OpenPGP intake key from day to day: the next subkey, and the end of those whose time is over.

When that is stands in `handling.rules.keylife`; publishing is the collector's.
"""

import asyncio
import logging
from datetime import date

from crypto.errors import CryptoError, PgpError, SandboxError
from crypto.statement import Statement
from handling.corridor.intake import Leaving, NoSignerError, signer
from handling.corridor.session import Handler
from handling.corridor.store import keys, pgp
from handling.rules import keylife
from handling.rules.keylife import Fate
from handling.store import pgpkeys
from handling.store.keyring import Keyring, MissingKeyError
from tipline.base.database import Pool
from tipline.pgpkey import PgpKey

_log = logging.getLogger("corridor")


async def keep_current(pool: Pool, keyring: Keyring, handler: Handler, name: str, today: date) -> PgpKey | None:
    """Make the subkey that is due, if one is; *name* is the unit's. One caller at a time."""
    async with pool.acquire() as db:
        highest = await pgp.highest_serial(db)
    try:
        made = await asyncio.to_thread(_extend, keyring, handler, name, today, above=highest)
    except SandboxError:
        _log.warning("an OpenPGP subkey is due and cannot be made: install bubblewrap on this machine")
        return None
    except (PgpError, NoSignerError) as error:
        _log.error("an OpenPGP subkey is due and could not be made: %s", type(error).__name__)
        return None
    if made is not None:
        async with pool.acquire() as db:
            await pgp.add_made(db, [(made.serial, made.key_id, made.not_after)], today)
    return made


async def retire(pool: Pool, keyring: Keyring, today: date) -> tuple[Leaving, ...]:
    """Destroy the subkeys whose time is over, and return those that are about to go. Needs nobody who is signed in."""
    there = await asyncio.to_thread(_there, keyring)  # 1 load
    async with pool.acquire() as db:
        await pgp.add_made(db, there, today)
        days = await keys.days(db)
        fates = [(serial, ends, keylife.pgp_fate(ends, days, today)) for serial, _, ends in there]  # 2 decide
        for serial, _, fate in fates:  # 3 store: a row never says that a subkey is gone while it is there
            if fate is Fate.DEADLINE:
                await asyncio.to_thread(pgpkeys.destroy, keyring, serial)
                await pgp.set_destroyed(db, serial, today)
                _log.info("OpenPGP subkey %d is destroyed", serial)
    return tuple(Leaving(serial, ends, keylife.deadline(ends), 0) for serial, ends, fate in fates if fate is Fate.WARN)


def _extend(keyring: Keyring, handler: Handler, name: str, today: date, *, above: int) -> PgpKey | None:
    """Make the next subkey where one is due. Blocking."""
    there = pgpkeys.known(keyring, handler.members.intake_signer)
    if not keylife.pgp_due([(key.not_before, key.not_after) for key in there], today):
        return None
    maker = pgpkeys.Maker(keyring, handler.members.corridor_vault, handler.members.unit, name)
    return maker.extend(lambda: signer(keyring, handler), handler.vault.unseal, above=above, today=today)


def _there(keyring: Keyring) -> list[tuple[int, str, date]]:
    """Serial, id and last day of every subkey in the keyring. One without a readable statement was never published."""
    found = []
    for name in keyring.names("pgp-intake") - {pgpkeys.PRIMARY}:
        try:
            body = Statement.parse(keyring.get("pgp-intake-statement", name)).body
            found.append((int(name), str(body["subkey"])[-16:], date.fromisoformat(body["not_after"])))
        except (CryptoError, MissingKeyError, KeyError, TypeError, ValueError):
            continue
    return sorted(found)
