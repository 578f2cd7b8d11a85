"""Forgetting each day, as the loop of `keep` does it."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from tests.conftest import RolePool
from tests.tipline.source.running import a_zone, until
from tipline.base import database
from tipline.base.database import Db, StoreError
from tipline.base.settings import Settings
from tipline.source import forget, ticket
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


async def test_a_rewrite_destroys_the_keys_of_forms_of_days_before_yesterday_and_makes_tomorrows(
    settings: Settings, public_db: Db, role_pool: RolePool
) -> None:
    blobs = (await a_zone(settings, public_db)).blobs
    now = datetime.now(UTC)
    days = [now.date() - timedelta(days=number) for number in range(4)]
    for day in days:
        ticket.shared_key(settings.public, day)
    (settings.public / "form.key").write_bytes(bytes(32))  # of a version that had one for ever

    assert await forget.rewrite(Zone(await role_pool("tipline_keep"), blobs, settings.public, Door()), now)

    assert {path.name for path in settings.public.glob("*form*")} == {
        f"form-{day}.key" for day in (days[0] + timedelta(days=1), *days[:2])
    }


_NO_UNLOCKING = """
    CREATE SCHEMA hiding;
    GRANT USAGE ON SCHEMA hiding TO tipline_keep;
    CREATE FUNCTION hiding.pg_advisory_unlock(bigint) RETURNS boolean LANGUAGE plpgsql
         AS $$ BEGIN RAISE 'not now'; END $$;
"""
_HELD = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"


async def test_a_rewrite_that_cannot_give_its_lock_back_ends_the_connection_and_the_lock_with_it(
    settings: Settings, public_db: Db
) -> None:
    await public_db.execute(_NO_UNLOCKING)
    zone_of = await a_zone(settings, public_db)
    pool = await database.pool(database.dsn_for(settings, "tipline_keep"), stateless=True)
    async with pool.acquire() as db:
        await db.execute("SET search_path = hiding, pg_catalog")  # as nothing is reset, it stays so for the next user
    zone = Zone(pool, zone_of.blobs, settings.public, Door())

    with pytest.raises(StoreError):
        await forget.rewrite(zone, datetime.now(UTC))

    for _ in range(100):
        if not await public_db.fetchval(_HELD):
            break
        await asyncio.sleep(0.05)
    assert await public_db.fetchval(_HELD) == 0
    assert await forget.rewrite(zone, datetime.now(UTC))
    await pool.close()
