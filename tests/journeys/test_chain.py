"""The whole chain, from an anonymous tip to what its source reads, and what is left in clear on the way: nothing."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adversarial.everything import search_everything
from tests.journeys import demo
from tests.journeys.acts import CANARY_FILE, CANARY_MESSAGE, CANARY_NAME, Story
from tests.journeys.elsewhere import KIT_ANSWER, KIT_MESSAGE
from tests.journeys.installation import Installation, installed
from tests.journeys.pgp_tip import CANARY as PGP_CANARY
from tipline.source import worker


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with installed(tmp_path) as running:
        yield running


async def test_the_chain_is_whole_and_leaves_nothing_in_clear(installation: Installation, tmp_path: Path) -> None:
    async with Story(installation, tmp_path / "hands") as story:
        walked = await demo.walk(story)
        codename = story.codename
        secrets = story.secrets
    canaries = [CANARY_MESSAGE, CANARY_FILE, CANARY_NAME, "canary about the unit", "canary in the answer", codename]
    canaries += [KIT_MESSAGE, KIT_ANSWER, *secrets, PGP_CANARY]

    assert walked == len(demo.HOPS)
    await asyncio.sleep(worker.IDLE_SECONDS + 8)  # the workers that held the source's words end when idle
    assert await search_everything(installation, canaries, signed_in=True) == []
    assert installation.stop() == 0
    assert await search_everything(installation, canaries) == []
