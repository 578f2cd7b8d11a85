"""The unit is told when the public zone comes near a ceiling."""

from tests.handling.corridor.conftest import World
from tests.handling.corridor.drop import collector, running_drop
from tipline.base import nearing


async def test_a_collection_says_which_ceiling_comes_near_and_stops_saying_it_when_there_is_room(world: World) -> None:
    async with running_drop(world.settings) as address, collector(world, address) as collecting:
        said = [collecting.notices()]
        for names in ((), ("waiting_gigabytes", "free_gigabytes"), ()):
            nearing.write(world.settings.public, names)
            await collecting.collect()
            said.append(collecting.notices())

    assert [len(notices) for notices in said] == [0, 0, 2, 0]
    assert "waiting_gigabytes" in said[2][0]
    assert "free_gigabytes" in said[2][1]
