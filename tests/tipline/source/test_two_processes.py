"""Two source processes behind one address: a source may meet either at each request, and neither sweeps the other's work."""

from dataclasses import replace

import pytest

from tests.factories import free_ports
from tests.journeys.browser import Browser, Upload
from tests.tipline.source.running import Zone, a_zone, collect, joined, messages, running, until
from tests.tipline.source.sending import TEXT, Sending, SignedIn
from tipline.base.database import Db
from tipline.base.settings import Settings
from tipline.envelope import File


@pytest.fixture
async def zones(settings: Settings, public_db: Db) -> tuple[Zone, Zone]:
    """One zone, and the same at another port."""
    zone = await a_zone(settings, public_db)
    return zone, replace(zone, settings=replace(settings, ports=free_ports()))


async def test_a_source_goes_on_at_either_process(zones: tuple[Zone, Zone], public_db: Db) -> None:
    one, two = zones

    with running(one), running(two):
        async with Browser(one.url) as browser:
            await browser.open("/")
            sent = await browser.submit("/", involved="no", message=TEXT)
            browser.site = two.url
            files = await browser.open("/files")
            kept = await browser.submit("/files", files=[Upload("files", "a", b"x" * 1000)])
            browser.site = two.url
            await browser.open("/return")
            thread = await browser.submit("/return", codename=sent.ids["codename"])
            browser.site = one.url
            again = await browser.open("/thread")
            left = await browser.submit("/leave")

    assert files.status == 200
    assert "1 file is sealed" in kept.text
    assert thread.path == again.path == "/thread"
    assert "signed out" in left.text
    assert await public_db.fetchval("SELECT count(*) FROM zone.session") == 0


async def test_a_process_that_starts_sweeps_nothing_that_another_is_writing(
    zones: tuple[Zone, Zone], public_db: Db
) -> None:
    one, two = zones

    with running(one):
        who = await SignedIn.of(one)
        file = Sending(one, who, 40_000_000)
        await file.begin()
        await file.send(bytes(20_000_000))
        await until(lambda: list((one.settings.public / "blobs").glob(".*")))
        with running(two):
            await file.send(bytes(20_000_000))
            status, _ = await file.finish()

    taken = await collect(one, public_db, one.unit)
    sidecar = messages(taken)[1].body
    assert status == 303
    assert isinstance(sidecar, File)
    assert len(joined(sidecar, taken)) == 40_000_000
