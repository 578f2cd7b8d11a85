"""A tip that was sealed on a source's own device, from the page that takes it to the handler's list."""

from datetime import UTC, datetime

from handling.corridor.chain import Verdict
from handling.corridor.session import Handler
from tests.handling.corridor.conftest import World
from tests.handling.corridor.drop import collector, running_drop
from tests.handling.corridor.sources import TODAY, Source, at_the_drop
from tests.journeys.browser import Browser
from tests.tipline.source.elsewhere import TEXT, seal
from tests.tipline.source.running import TestUnit, Zone, running
from tipline.pins import Keys

PICTURE = b"picture of a container " * 4_000


async def test_a_handed_in_tip_is_collected_re_sealed_and_shown_as_sealed_with_the_kit(
    world: World, amina: Handler
) -> None:
    zone = Zone(world.settings, TestUnit("unit", "unit"), TestUnit("oversight", "oversight"))
    with running(zone):
        async with Browser(zone.url) as browser:
            keys = Keys.parse((await browser.open("/keys")).body)
            key = keys.choose(keys.root, "unit", datetime.now(UTC).date())
            sealed = seal(key, PICTURE)
            await browser.open("/hand-in")
            arrived = await browser.submit("/hand-in", files=sealed.uploads())
    async with running_drop(world.settings) as address, collector(world, address) as collecting:
        done = await collecting.collect()
    await world.resealer.run(amina)

    (tip,) = await world.tips(amina)
    assert "It has arrived" in arrived.text
    assert done.fetched == 3
    assert (tip.content.text, tip.row.way) == (TEXT, "kit")
    assert [one.row.verdict for one in await world.dialogue(amina, tip)] == [Verdict.GOOD, Verdict.GOOD]


async def test_a_tip_is_shown_under_the_day_of_its_arrival_and_none_to_come(world: World, amina: Handler) -> None:
    days = [TODAY.replace(day=20), TODAY.replace(day=28)]
    for day in days:
        source = Source()
        await at_the_drop(world.public, world.settings.public, source, source.tip(world.intake))
        await world.public.execute("UPDATE zone.envelope SET day = $2 WHERE mailbox = $1", source.keys.mailbox, day)

    async with running_drop(world.settings) as address, collector(world, address) as collecting:
        await collecting.collect()
    await world.resealer.run(amina)

    assert sorted(tip.row.received_on for tip in await world.tips(amina)) == [days[0], TODAY]
