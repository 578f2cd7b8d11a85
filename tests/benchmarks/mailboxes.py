"""Sealing every mailbox's bundle afresh, news or not: what the collector does at its fixed times."""

import asyncio
import time
from datetime import UTC, datetime

import aiohttp
import asyncpg

from crypto import age
from handling.corridor.main import make_collector
from tests.benchmarks.raw import Limits
from tests.benchmarks.table import Row
from tests.journeys.installation import Installation
from tipline.base import database, settings

_MAILBOXES = 10_000
_KEYS = 50  # different recipients; making a key for each mailbox would measure the making of keys
_ADD = """
    INSERT INTO zone.mailbox (id, unit, recipient, bundle, thread_state, created_on)
    VALUES ($1, $2, $3, ''::bytea, ''::bytea, $4)
"""


async def replaced(installation: Installation, limits: Limits) -> list[Row]:
    """Replace the bundles of ten thousand mailboxes through the drop, each sealed to its source and sent."""
    here = settings.load(installation.data, installation.environment)
    before = await _fill(installation, here.unit)
    pool = await database.pool(database.dsn_for(here, "tipline_corridor"), size=2)
    try:
        async with aiohttp.ClientSession() as http:
            collector = make_collector(here, pool, http)
            started = time.perf_counter()
            done = await collector.replace_bundles()
            took = time.perf_counter() - started
    finally:
        await pool.close()
    if done < before + _MAILBOXES:
        raise RuntimeError("not every mailbox was replaced")
    return [
        Row(
            f"{done:,} mailboxes sealed afresh and replaced",
            f"{took:.0f} s, {done / took:.0f}/s",
            f"{limits.wraps:,.0f} seals/s",
        )
    ]


async def _fill(installation: Installation, unit: str) -> int:
    """Add the mailboxes; return how many there were."""
    keys = await asyncio.to_thread(lambda: [str(age.Identity.generate().recipient) for _ in range(_KEYS)])
    today = datetime.now(UTC).date()
    rows = [(number.to_bytes(32, "big"), unit, keys[number % _KEYS], today) for number in range(_MAILBOXES)]
    db = await asyncpg.connect(installation.owner_dsn("public"))
    try:
        before = int(await db.fetchval("SELECT count(*) FROM zone.mailbox"))
        await db.executemany(_ADD, rows)
    finally:
        await db.close()
    return before
