"""Forgetting each day, as the loop of `keep` does it."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from tests.conftest import RolePool
from tests.tipline.source.running import a_zone, until
from tipline.base.database import Db
from tipline.base.settings import Settings
from tipline.source import forget
from tipline.source.forget import Door, Zone

_LOCK = 7_461_727_071


async def test_a_day_on_which_another_rewrite_was_under_way_is_tried_again(
    settings: Settings, public_db: Db, role_pool: RolePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forget, "_RETRY_SECONDS", 0.1)
    blobs = (await a_zone(settings, public_db)).blobs
    zone = Zone(await role_pool("tipline_keep"), blobs, settings.public, Door())
    zone.stamp.write_text(f"{datetime.now(UTC).date() - timedelta(days=2)}\n")
    await public_db.execute("SELECT pg_advisory_lock($1)", _LOCK)

    keeping = asyncio.create_task(forget.each_day(zone, lambda: datetime.now(UTC)))
    await asyncio.sleep(0.5)
    assert await forget.due(zone, datetime.now(UTC).date())
    await public_db.execute("SELECT pg_advisory_unlock($1)", _LOCK)

    await until(lambda: zone.stamp.read_text().strip() == datetime.now(UTC).date().isoformat())
    keeping.cancel()
