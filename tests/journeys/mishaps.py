"""What can go wrong around a source's page, brought about on an installation that runs."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from tests.journeys.installation import Installation
from tipline.source.channel import KEYS_SECONDS


@contextmanager
def without_keys(unit: Installation) -> Iterator[None]:
    """Let the public zone have no key to seal with; no worker goes by what it was told before, then or afterwards."""
    kept = "zone.kept_key"
    _tell(unit, f"CREATE TABLE {kept} AS TABLE zone.intake_key; DELETE FROM zone.intake_key")
    try:
        time.sleep(KEYS_SECONDS)
        yield
    finally:
        _tell(unit, f"INSERT INTO zone.intake_key TABLE {kept}; DROP TABLE {kept}")
        time.sleep(KEYS_SECONDS)


@contextmanager
def without_table(unit: Installation, table: str) -> Iterator[None]:
    """Let the server refuse whatever touches a table of the public zone."""
    _tell(unit, f"ALTER TABLE zone.{table} RENAME TO away")
    try:
        yield
    finally:
        _tell(unit, f"ALTER TABLE zone.away RENAME TO {table}")


def _tell(unit: Installation, sql: str) -> None:
    async def told() -> None:
        owner = await asyncpg.connect(unit.owner_dsn("public"))
        try:
            await owner.execute(sql)
        finally:
            await owner.close()

    asyncio.run(told())
