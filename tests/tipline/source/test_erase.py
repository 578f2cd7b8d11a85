"""A source erases everything: here it is gone at once, and the unit is told only when it has something to erase."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crypto.codename import Codename, keys
from tests.conftest import RolePool
from tests.journeys.browser import Browser, Upload
from tests.tipline.drop.test_drop import dropping
from tests.tipline.source.elsewhere import intake, seal
from tests.tipline.source.running import Zone, a_submission, a_zone, collect, running
from tests.tipline.source.test_report import report
from tipline.base.database import Db
from tipline.base.settings import Settings
from tipline.envelope import Erase, Message, Thread
from tipline.source import erasing, forget, store
from tipline.source.erasing import Erasure
from tipline.source.store import Outcome

FILES = [Upload("files", "a.bin", bytes(20_000_000))]


async def erased(browser: Browser, codename: str) -> str:
    """Come back, read what is asked once more, and say yes; return what the last page says."""
    await browser.open("/return")
    thread = await browser.submit("/return", codename=codename)
    asked = await browser.open(thread.link("erase"))
    assert "Only a wish" in asked.text
    page = await browser.submit("/erase")
    assert page.headers["Clear-Site-Data"] == '"cache", "cookies", "storage"'
    assert "New Identity" in page.text
    return page.text


async def tables(db: Db) -> dict[str, int]:
    names = ("mailbox", "submission", "envelope", "session", "hand_in", "hand_in_envelope")
    return {name: await db.fetchval(f"SELECT count(*) FROM zone.{name}") for name in names}


def _collected(zone: Zone, ids: set[str]) -> None:
    for one in ids:
        Path(zone.settings.public / "blobs" / one).unlink()


async def test_when_nothing_was_fetched_nothing_is_left_and_nobody_is_told(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        async with Browser(zone.url) as browser:
            other = await report(browser)
            kept = await tables(public_db)
            codename = (await report(browser, FILES)).ids["codename"]
            page = await erased(browser, codename)
            await browser.open("/return")
            gone = await browser.submit("/return", codename=codename, status=404)
            await browser.open("/return")
            still = await browser.submit("/return", codename=other.ids["codename"])

    assert "Nobody has read a word" in page
    assert "no reports under this codename" in gone.text
    assert still.path == "/thread"
    assert await tables(public_db) == {**kept, "session": 1}
    assert len(zone.blobs.names()) == kept["envelope"]


async def test_when_some_was_fetched_the_rest_goes_and_the_unit_finds_the_wish(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        async with Browser(zone.url) as browser:
            codename = (await report(browser)).ids["codename"]
            first = await collect(zone, public_db, zone.unit)
            await public_db.execute("DELETE FROM zone.envelope")
            _collected(zone, set(first))
            await browser.open("/files")
            await browser.submit("/files", files=FILES)
            page = await erased(browser, codename)

    assert "They are told" in page
    (wish,) = (await collect(zone, public_db, zone.unit)).values()
    message = Message.parse(wish.plain, known=_thread(codename))
    assert (message.body, message.counter) == (Erase(), 3)
    assert await tables(public_db) == dict.fromkeys(await tables(public_db), 0) | {"envelope": 1}
    assert len(zone.blobs.names()) == 1


async def test_what_was_handed_out_counts_as_fetched_before_any_receipt_comes(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone), dropping(zone) as collector:
        async with Browser(zone.url) as browser:
            codename = (await report(browser)).ids["codename"]
            (tip,) = await collector.fetch(*zone.blobs.names())
            page = await erased(browser, codename)

    assert tip
    assert "Nobody has read a word" not in page
    assert "They are told" in page
    (wish,) = (await collect(zone, public_db, zone.unit)).values()
    assert Message.parse(wish.plain, known=_thread(codename)).body == Erase()


async def test_who_erases_a_second_time_reads_that_it_was_erased_already(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone), dropping(zone) as collector:
        async with Browser(zone.url) as browser, Browser(zone.url) as other:
            codename = (await report(browser)).ids["codename"]
            await collector.fetch(*zone.blobs.names())
            await browser.open("/erase")
            await erased(other, codename)
            waits = zone.blobs.names()
            page = await browser.submit("/erase")

    assert "erased already" in page.text
    assert "Nobody has read a word" not in page.text
    assert "cookies" in page.headers["Clear-Site-Data"]
    assert zone.blobs.names() == waits
    assert len(waits) == 1


async def test_an_erased_report_is_not_put_back_by_its_form_that_is_sent_again(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        async with Browser(zone.url) as browser:
            form = await browser.open("/")
            codename = (await browser.submit("/", involved="no", message="Ivory & <tusks>")).ids["codename"]
            await erased(browser, codename)
            browser.page = form
            again = await browser.submit("/", involved="no", message="Ivory & <tusks>", status=400)
            kept = await tables(public_db)
            anew = await browser.submit("/")

    assert "You have erased this report" in again.text
    assert b"Ivory &amp; &lt;tusks&gt;" in again.body
    assert kept == dict.fromkeys(kept, 0)
    assert anew.ids["codename"] != codename
    assert (await tables(public_db))["mailbox"] == 1


async def test_an_erased_report_is_not_put_back_by_its_form_that_comes_while_it_is_being_erased(
    settings: Settings, public_db: Db, role_pool: RolePool
) -> None:
    zone = await a_zone(settings, public_db)
    pool = await role_pool("tipline_keep")
    submission = a_submission(zone)

    async with pool.acquire() as erasing_db, pool.acquire() as again_db:
        first = await store.submit(erasing_db, submission)
        async with erasing_db.transaction():
            await erasing.erase(erasing_db, Erasure(submission.mailbox, was=submission.now, sent=1, wish=None))
            again = asyncio.create_task(store.submit(again_db, submission))
            while not await public_db.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                assert not again.done()
                await asyncio.sleep(0.01)
        second = await again

    assert (first, second) == (Outcome.STORED, Outcome.ERASED)
    assert await tables(public_db) == dict.fromkeys(await tables(public_db), 0)


async def test_an_erased_report_is_not_put_back_by_its_files_that_are_handed_in_again(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_zone(settings, public_db)
    sealed = seal(intake(zone.unit))

    with running(zone):
        async with Browser(zone.url) as browser:
            await browser.open("/hand-in")
            await browser.submit("/hand-in", files=sealed.uploads(1), status=200)
            await erased(browser, " ".join(sealed.codename.words()))
            await browser.open("/hand-in")
            again = await browser.submit("/hand-in", files=sealed.uploads(1), status=400)

    assert "You have erased this report, so nothing was kept" in again.text
    assert await tables(public_db) == dict.fromkeys(await tables(public_db), 0)
    assert zone.blobs.names() == set()


async def test_which_mailboxes_were_erased_is_forgotten_within_two_days(
    settings: Settings, public_db: Db, role_pool: RolePool
) -> None:
    zone = await a_zone(settings, public_db)
    pool = await role_pool("tipline_keep")
    now = datetime.now(UTC)
    old, young = (now.date() - timedelta(days=days) for days in (2, 1))
    for number, day in enumerate((old, young)):
        await public_db.execute("INSERT INTO zone.erased (id, day) VALUES ($1, $2)", bytes([number]) * 32, day)

    assert await forget.rewrite(forget.Zone(pool, zone.blobs, settings.public, forget.Door()), now)

    assert [row["day"] for row in await public_db.fetch("SELECT day FROM zone.erased")] == [young]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("key", "could not tell them"),
        ("unit", "could not tell them"),
        ("memory", "could not tell them"),
        ("key of nothing fetched", "Nobody has read a word"),
    ],
)
async def test_nothing_keeps_a_source_from_erasing_what_is_here(
    settings: Settings, public_db: Db, wrong: str, told: str
) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        async with Browser(zone.url) as browser:
            codename = (await report(browser)).ids["codename"]
            if "nothing" not in wrong:
                _collected(zone, set(await collect(zone, public_db, zone.unit)))
                await public_db.execute("DELETE FROM zone.envelope")
            if "key" in wrong:
                await public_db.execute("DELETE FROM zone.intake_key")
            elif wrong == "unit":
                await public_db.execute("UPDATE zone.mailbox SET unit = 'oversight'")
            else:
                await public_db.execute("UPDATE zone.mailbox SET thread_state = 'damaged'")
            page = await erased(browser, codename)

    assert told in page
    assert await tables(public_db) == dict.fromkeys(await tables(public_db), 0)
    assert zone.blobs.names() == set()


async def test_a_hand_in_that_was_not_complete_goes_too(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)
    sealed = seal(intake(zone.unit), bytes(20_000_000))

    with running(zone):
        async with Browser(zone.url) as browser:
            codename = (await report(browser)).ids["codename"]
            await browser.open("/hand-in")
            await browser.submit("/hand-in", files=sealed.uploads(1, 2), status=200)
            waiting = await tables(public_db)
            source = keys(Codename.parse(codename))
            for table in ("hand_in", "hand_in_envelope"):
                await public_db.execute(f"UPDATE zone.{table} SET mailbox = $1", source.mailbox)
            await erased(browser, codename)

    assert waiting["hand_in"] == 1
    assert await tables(public_db) == dict.fromkeys(await tables(public_db), 0)
    assert zone.blobs.names() == set()


async def test_a_page_of_another_session_erases_nothing(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        async with Browser(zone.url) as browser:
            await report(browser)
            await browser.open("/erase")
            refused = await browser.submit("/erase", csrf="00" * 32, status=403)
            await browser.open("/files")
            closed = await browser.submit("/leave")
            late = await browser.open("/erase")

    assert "Nothing was erased" in refused.text
    assert "signed out" in closed.text
    assert late.path == "/return"
    assert (await tables(public_db))["mailbox"] == 1


def _thread(codename: str) -> Thread:
    source = keys(Codename.parse(codename))
    return Thread(source.to_unit, source.to_source)
