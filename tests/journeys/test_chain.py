"""The whole chain, from an anonymous tip to what its source reads, and what is left in clear on the way: nothing."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adversarial import canary
from tests.journeys import demo
from tests.journeys.acts import CANARY_FILE, CANARY_MESSAGE, CANARY_NAME, Story
from tests.journeys.installation import Installation, installed


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with installed(tmp_path) as running:
        yield running


async def test_the_chain_is_whole_and_leaves_nothing_in_clear(installation: Installation, tmp_path: Path) -> None:
    async with Story(installation, tmp_path / "hands") as story:
        walked = await demo.walk(story)
        codename = story.codename
    canaries = [CANARY_MESSAGE, CANARY_FILE, CANARY_NAME, "canary about the unit", "canary in the answer", codename]

    assert walked == len(demo.HOPS)
    assert not [hit for zone in ("public", "inside") for hit in await _search(installation, zone, canaries)]
    assert installation.stop() == 0
    files = await asyncio.to_thread(lambda: list(canary.in_files(installation.data.parent, canaries)))
    assert not [hit for hit in files if not hit.place.startswith("hands")]


async def _search(installation: Installation, zone: str, canaries: list[str]) -> list[canary.Hit]:
    return await canary.in_database(installation.owner_dsn(zone), canaries)
