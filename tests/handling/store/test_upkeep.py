"""The keyring's upkeep goes on for as long as its process lives, also when the database was away at its hour."""

import asyncio

import asyncpg
import pytest

from handling.store import upkeep


async def test_upkeep_goes_on_after_a_database_that_lets_nobody_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "_EVERY", 0.01)
    troubles = [asyncpg.CannotConnectNowError("the database system is starting up"), FileNotFoundError()]
    done = asyncio.Event()

    async def work() -> None:
        if troubles:
            raise troubles.pop(0)
        done.set()

    repeating = asyncio.create_task(upkeep.repeat(work))
    await asyncio.wait_for(done.wait(), 10)
    repeating.cancel()
