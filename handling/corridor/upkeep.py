"""The corridor's keys from day to day: what a sign-in moves on, and what is destroyed without anybody's key."""

from collections.abc import Callable
from datetime import date

from aiohttp import web

from handling.corridor import intake, material, pgpkeys
from handling.corridor.intake import Leaving
from handling.corridor.session import Handler
from handling.corridor.store import keys
from handling.store.keyring import Keyring
from handling.store.upkeep import Upkeep, sweep
from tipline.base.database import Pool


class CorridorUpkeep:
    """Upkeep of the corridor's vault and of its intake seeds."""

    def __init__(self, pool: Pool, keyring: Keyring, today: Callable[[], date]) -> None:
        self._pool = pool
        self._keyring = keyring
        self._leaving: tuple[Leaving, ...] = ()
        self._ending: tuple[Leaving, ...] = ()
        self.vault = Upkeep(pool, keyring, "corridor", also=lambda vault: material.delete_past(pool, vault, today()))

    def begin(self, handler: Handler) -> None:
        """Work in the background for a handler who has just signed in."""
        self.vault.begin(handler.vault, handler.members, handler.member.name)

    async def follow(self, handler: Handler) -> None:
        """Move a handler's session on to today's list; raises `VaultError` when its vault does not open."""
        await self.vault.follow(handler.vault, handler.members, handler.member.name)

    async def daily(self, today: date) -> None:
        """Note that the corridor runs, destroy the intake seeds whose time is over, and sweep keys without a row."""
        async with self._pool.acquire() as db:
            await keys.ran(db, today)
        self._leaving = (await intake.retire(self._pool, self._keyring, today)).leaving
        self._ending = await pgpkeys.retire(self._pool, self._keyring, today)
        await sweep(self._pool, self._keyring, keys.named)

    def notices(self) -> tuple[str, ...]:
        """What every page tells whoever is signed in."""
        return (*self.vault.notices, *map(_words, self._leaving), *map(_ending_words, self._ending))


UPKEEP = web.AppKey("upkeep", CorridorUpkeep)


def _words(one: Leaving) -> str:
    """Say no number: what waits may belong to a tip that the reader of this page must not know of."""
    act = "Every handler should sign in, so that whatever is still sealed to it is read."
    return f"Intake key {one.serial} ended on {one.ended_on}. {act} It is destroyed on {one.goes_on}, whatever waits."


def _ending_words(one: Leaving) -> str:
    act = "Every handler should look through the tips at work and open what is sealed with PGP."
    return f"PGP subkey {one.serial} ended on {one.ended_on}. {act} It is destroyed on {one.goes_on}: then nobody can."
