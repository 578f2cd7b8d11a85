"""What somebody on the line to the drop, or at the drop's door, sees of a tick: the same whatever waits."""

import pytest

from tests.factories import free_ports
from tests.handling.corridor.conftest import World
from tests.handling.corridor.drop import Line, collector, running_drop
from tests.handling.corridor.sources import Source, at_the_drop


@pytest.mark.parametrize("urgent_only", [False, True])
async def test_a_tick_asks_the_same_in_the_same_sizes_with_nothing_one_and_forty_tips_waiting(
    world: World, *, urgent_only: bool
) -> None:
    seen = {}
    async with running_drop(world.settings) as address:
        line = Line(address)
        async with line.open(free_ports()["source"]) as watched, collector(world, watched) as collecting:
            for waiting in (0, 1, 40):
                for _ in range(waiting):
                    source = Source()
                    tip = source.tip(world.intake, urgent=urgent_only)
                    await at_the_drop(world.public, world.settings.public, source, tip)
                line.passed.clear()

                done = await collecting.collect(urgent_only=urgent_only)

                assert done.fetched == waiting
                seen[waiting] = list(line.passed)

    assert seen[0] == seen[1] == seen[40]
    assert [(method, path) for method, path, _, _ in seen[0]] == [
        ("GET", "/v1/envelopes"),
        ("POST", "/v1/envelopes"),
        ("POST", "/v1/receipts"),
    ]


async def test_more_than_a_page_is_collected_page_by_page(world: World) -> None:
    async with running_drop(world.settings) as address, collector(world, address) as collecting:
        for _ in range(70):
            source = Source()
            await at_the_drop(world.public, world.settings.public, source, source.tip(world.intake))

        done = await collecting.collect()

    assert done.fetched == 70
    assert await world.public.fetchval("SELECT count(*) FROM zone.envelope") == 0
