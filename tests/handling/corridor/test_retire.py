"""The end of an intake seed: what was kept back by a drop stays closed for good, and nothing is lost before its time."""

import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from asyncpg import Record

from crypto import age
from crypto.statement import Statement
from handling.corridor import intake
from handling.corridor.main import open_keyring
from handling.corridor.session import Handler
from handling.corridor.store import keys
from handling.corridor.upkeep import UPKEEP
from handling.rules import keylife
from tests.handling.corridor.conftest import World
from tests.handling.corridor.drop import collector, running_drop
from tests.handling.corridor.sources import Source, at_the_drop
from tests.journeys.browser import Browser


def ends(world: World, serial: int = 1) -> date:
    """Last day of an intake key."""
    body = Statement.parse(open_keyring(world.settings).get("intake-statement", str(serial))).body
    return date.fromisoformat(body["not_after"])


async def run_until(world: World, today: date, *, collected: bool) -> intake.Retired:
    """Let the corridor run for the last days until *today*, and retire on that day."""
    async with world.pool.acquire() as db:
        for day in (today - timedelta(days=n) for n in range(4)):
            await (keys.collected(db, day) if collected else keys.ran(db, day))
    return await intake.retire(world.pool, open_keyring(world.settings), today)


async def rows_of(world: World) -> dict[str, list[Record]]:
    """A copy of the corridor's tables."""
    tables = await world.inside.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'corridor'")
    return {name: await world.inside.fetch(f"SELECT * FROM corridor.{name}") for (name,) in tables}


async def put_back(world: World, copy: dict[str, list[Record]]) -> None:
    """Bring the corridor's tables back to what they were."""
    await world.inside.execute(f"TRUNCATE {', '.join(f'corridor.{name}' for name in copy)}")
    for name, rows in copy.items():
        await world.inside.copy_records_to_table(name, schema_name="corridor", records=rows)


async def test_a_seed_goes_with_its_statement_once_all_has_come_in(world: World) -> None:
    day = ends(world) + timedelta(days=keylife.COLLECTED_DAYS)

    before = await run_until(world, day - timedelta(days=1), collected=True)
    done = await run_until(world, day, collected=True)

    keyring = open_keyring(world.settings)
    assert (before.destroyed, done.destroyed) == ((), (1,))
    assert "1" not in keyring.names("intake") | keyring.names("intake-statement")
    assert "2" in keyring.names("intake")
    row = await world.inside.fetchrow("SELECT destroyed_on, reason FROM corridor.intake_key WHERE serial = 1")
    assert tuple(row) == (day, "collected")


@pytest.mark.parametrize("state", ["collected", "refused"])
async def test_an_envelope_here_that_is_in_no_thread_keeps_the_seed_and_is_warned_of(world: World, state: str) -> None:
    await world.collected(Source().tip(world.intake))
    await world.inside.execute("UPDATE corridor.envelope SET state = $1", state)
    end = ends(world)

    early = await run_until(world, end + timedelta(days=keylife.COLLECTED_DAYS), collected=True)
    late = await run_until(world, end + timedelta(days=keylife.WARNING_DAYS), collected=True)
    last = await run_until(world, end + timedelta(days=keylife.DEADLINE_DAYS), collected=True)

    assert (early.destroyed, early.leaving) == ((), ())
    assert [(one.serial, one.waiting) for one in late.leaving] == [(1, 1)]
    assert 1 in last.destroyed


async def test_what_was_read_in_time_stays_readable_after_its_seed_is_gone(world: World, amina: Handler) -> None:
    await world.collected(Source().tip(world.intake, "read in time"))
    await world.resealer.run(amina)

    done = await run_until(world, ends(world) + timedelta(days=keylife.COLLECTED_DAYS), collected=True)

    assert done.destroyed == (1,)
    (tip,) = await world.tips(await world.handler("ben"))
    assert tip.content.text == "read in time"


async def test_what_a_drop_kept_back_stays_closed_when_the_window_has_passed_also_from_backups(
    world: World, amina: Handler, tmp_path: Path
) -> None:
    withheld = Source().tip(world.intake, "kept back by the drop")
    folder = world.settings.inside / "corridor" / "keyring"
    window, deadline = world.settings.keyring_backup_days, ends(world) + timedelta(days=keylife.DEADLINE_DAYS)
    days = [deadline + timedelta(days=n) for n in range(-3, window + 2)]
    today, backups, database = days[-1], dict[date, Path](), {}
    assert amina.vault.intake(1)  # an open session that has used the seed keeps none of it
    for day in days:
        await run_until(world, day, collected=False)  # the drop never lets a collection end
        backups[day] = Path(shutil.copytree(folder, tmp_path / f"backup-{day}"))
        if day < deadline:
            database = await rows_of(world)  # the newest copy that says nothing of the end of the seed

    async def handed_out_over(backup: Path) -> str:
        """Put a copy of the keyring and the older one of the database back; only now the drop hands the envelope out."""
        shutil.rmtree(folder)
        shutil.copytree(backup, folder)
        await put_back(world, database)
        await world.collected(withheld)
        await world.resealer.run(amina)
        return await world.state_of(withheld.id)

    kept = [backup for made, backup in backups.items() if (today - made).days <= window]
    assert len(kept) == window + 1
    for backup in kept:
        assert await handed_out_over(backup) == "refused"
        assert await world.tips(amina) == ()
        assert 1 not in (await intake.retire(world.pool, open_keyring(world.settings), today)).destroyed
        world.blobs.collected.delete(withheld.id)
    assert await handed_out_over(backups[deadline - timedelta(days=1)]) == "resealed"  # one that was kept for too long


async def test_within_the_window_a_backup_of_the_keyring_still_opens_and_the_next_run_destroys_again(
    world: World, amina: Handler, tmp_path: Path
) -> None:
    withheld = Source().tip(world.intake, "kept back by the drop")
    folder = world.settings.inside / "corridor" / "keyring"
    backup = Path(shutil.copytree(folder, tmp_path / "backup"))
    day = ends(world) + timedelta(days=keylife.DEADLINE_DAYS)
    await run_until(world, day, collected=False)
    shutil.copytree(backup, folder, dirs_exist_ok=True)

    opened = age.open_(withheld.data[256:], [amina.vault.intake(1)])
    again = await run_until(world, day + timedelta(days=1), collected=False)

    assert opened
    assert 1 in again.destroyed
    assert "1" not in open_keyring(world.settings).names("intake")


async def test_an_envelope_for_a_destroyed_serial_is_kept_shown_and_explained(world: World, browser: Browser) -> None:
    day = ends(world) + timedelta(days=keylife.DEADLINE_DAYS)
    await run_until(world, day, collected=True)
    late = Source().tip(world.intake)
    await world.collected(late)

    await browser.open("/")
    page = await browser.open("/not-opened")

    assert "Sealed to intake key 1, which was destroyed on" in page.text
    assert "nobody can open it. The last backup of that key is gone on" in page.text
    assert late.id in world.blobs.collected.names()


async def test_a_warning_stands_on_every_page_of_a_handler_and_on_no_other(
    world: World, site: TestServer, browser: Browser
) -> None:
    await world.collected(Source().tip(world.intake))
    await world.inside.execute("UPDATE corridor.envelope SET state = 'refused'")
    end = ends(world)
    async with world.pool.acquire() as db:
        await keys.ran(db, end + timedelta(days=keylife.WARNING_DAYS - 1))
    await site.app[UPKEEP].daily(end + timedelta(days=keylife.WARNING_DAYS))

    goes = end + timedelta(days=keylife.DEADLINE_DAYS)
    words = f"It is destroyed on {goes}, whatever waits."
    assert words in (await browser.open("/reports")).text
    async with Browser(str(site.make_url("/"))) as stranger:
        assert "Intake key" not in (await stranger.open("/sign-in")).text


async def test_a_serial_is_never_signed_twice_also_when_an_older_keyring_is_put_back(
    world: World, amina: Handler, tmp_path: Path
) -> None:
    keyring, folder = open_keyring(world.settings), world.settings.inside / "corridor" / "keyring"
    backup = Path(shutil.copytree(folder, tmp_path / "backup"))
    today = ends(world) + timedelta(days=1)
    assert await intake.keep_ahead(world.pool, keyring, amina, today) == 1
    assert "13" in keyring.names("intake")
    shutil.rmtree(folder)
    shutil.copytree(backup, folder)

    assert await intake.keep_ahead(world.pool, keyring, amina, today) == 1

    assert keyring.names("intake-statement") >= {"12", "14"}
    assert "13" not in keyring.names("intake-statement")


async def test_a_clock_set_back_destroys_nothing_and_makes_no_serial_again(world: World, amina: Handler) -> None:
    keyring, end = open_keyring(world.settings), ends(world)
    await intake.keep_ahead(world.pool, keyring, amina, end + timedelta(days=1))
    before = {name: keyring.get("intake-statement", name) for name in keyring.names("intake-statement")}

    done = await run_until(world, end - timedelta(days=400), collected=True)
    await intake.keep_ahead(world.pool, keyring, amina, end - timedelta(days=3))

    assert done.destroyed == ()
    assert {name: keyring.get("intake-statement", name) for name in before} == before


@pytest.mark.parametrize("left", [0, 1])
async def test_only_a_collection_that_brought_everything_in_counts(world: World, left: int) -> None:
    source = Source()
    async with running_drop(world.settings) as address, collector(world, address) as collecting:
        await at_the_drop(world.public, world.settings.public, source, source.tip(world.intake))
        if left:
            await world.public.execute("UPDATE zone.envelope SET size = size + 1")

        done = await collecting.collect()

    assert done.left == left
    noted = await world.inside.fetchval("SELECT count(*) FROM corridor.day WHERE collected")
    assert noted == 1 - left
