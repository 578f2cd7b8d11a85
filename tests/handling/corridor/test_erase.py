"""A source erases everything: what the unit had fetched stays with it, together with the wish that it go."""

from handling.corridor.session import Handler
from tests.handling.corridor.conftest import World
from tests.handling.corridor.drop import collector, running_drop
from tests.handling.corridor.sources import Source
from tests.journeys.browser import Browser, Upload, report, send_files
from tests.tipline.source.running import TestUnit, Zone, running
from tipline import envelope


async def test_the_wish_is_collected_after_its_mailbox_has_gone_and_read_in_the_thread(
    world: World, amina: Handler, browser: Browser
) -> None:
    zone = Zone(world.settings, TestUnit("unit", "unit"), TestUnit("oversight", "oversight"))
    with running(zone):
        async with running_drop(world.settings) as address, collector(world, address) as collecting:
            async with Browser(zone.url) as source:
                await report(source, involved="no", message="Boxes stand at the quay.")
                await collecting.collect()
                await send_files(source, [Upload("files", "never fetched.jpg", b"a photograph")])
                await source.open("/erase")
                erased = await source.submit("/erase")
            done = await collecting.collect()
            await collecting.replace_bundles()
    await world.resealer.run(amina)

    page = await browser.open((await browser.open("/")).link("/tips/"))
    assert "They are told" in erased.text
    assert done.fetched == 1
    assert "Boxes stand at the quay." in page.text
    assert "asks us to erase the rest" in page.text
    assert "never fetched.jpg" not in page.text
    assert await world.public.fetchval("SELECT count(*) FROM zone.mailbox") == 0
    assert await world.public.fetchval("SELECT count(*) FROM zone.envelope") == 0


async def test_a_wish_that_somebody_else_made_up_is_not_the_sources(world: World, browser: Browser) -> None:
    source, other = Source(), Source()
    forged = source.send(world.intake, envelope.Erase(), thread=other.thread, counter=2)
    source.state = envelope.ThreadState.start()
    await world.collected(source.tip(world.intake), forged)

    page = await browser.open((await browser.open("/")).link("/tips/"))

    assert "Somebody else says so: The source asks us to erase the rest" in page.text
