"""A tip and its answer, through two onions: the source's with a flood in front of it, the drop's with the unit's key."""

import asyncio
import time
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path

import aiohttp

from tests.adversarial.canary import in_files
from tests.journeys import files
from tests.journeys.acts import CANARY_FILE, CANARY_MESSAGE, CANARY_NAME, Story
from tests.journeys.browser import Browser, Upload
from tests.tor.place import Place

_REPLY = "Is the store still in use?"
_FLOOD_CONNECTIONS = 10
_PATIENCE = 120  # seconds: on a busy machine the flood itself may begin late
_DELAY = 30  # seconds: what a flood may cost an honest report at most


class OnionStory(Story):
    """The story of one tip whose source comes through Tor."""

    def __init__(self, place: Place, folder: Path) -> None:
        super().__init__(place.unit, folder)
        self._place = place

    def _browser(self, process: str) -> Browser:
        if process == "source" and process not in self._browsers:
            self._browsers[process] = self._place.browser("the source")
        return super()._browser(process)

    async def comes_back(self) -> None:
        """The source reads the reply and answers, and the answer arrives."""
        self.on.tipline("mailboxes")
        await self._source_reads(_REPLY)
        await self._source_answers(await self._signed_in("corridor", "amina"))


async def test_a_report_with_files_goes_in_and_its_reply_comes_back(place: Place, tmp_path: Path) -> None:
    async with OnionStory(place, tmp_path) as story:
        await story.report()
        await story.collect()
        await story.work()
        await story.comes_back()

    left = [*in_files(place.folder, [CANARY_MESSAGE, CANARY_FILE, CANARY_NAME, story.codename])]
    assert left == []


async def test_a_circuit_that_floods_is_refused_and_an_honest_report_is_through_in_seconds(place: Place) -> None:
    refused = asyncio.Event()
    flood = asyncio.create_task(_flood(place, refused))
    try:
        await asyncio.wait_for(refused.wait(), _PATIENCE)
        began = time.monotonic()
        async with place.browser("somebody honest") as browser:
            await browser.open("/")
            page = await browser.submit(
                "/",
                involved="no",
                message="Ivory is carved behind the petrol station.",
                files=[Upload("files", "shed.jpg", files.photograph("shed"), "image/jpeg")],
            )
        took = time.monotonic() - began
    finally:
        flood.cancel()
        with suppress(asyncio.CancelledError):
            await flood

    assert len(page.ids["codename"].split()) == 12
    assert took < _DELAY


async def _flood(place: Place, refused: asyncio.Event) -> None:
    """Ask for the form as fast as one circuit goes, and tell when that was refused with the page that says what to do."""

    async def one(http: aiohttp.ClientSession) -> None:
        while True:
            with suppress(aiohttp.ClientError):
                async with http.get(f"http://{place.source}/") as answer:
                    text = await answer.text()
                    if answer.status == HTTPStatus.TOO_MANY_REQUESTS and "Wait one minute, then reload" in text:
                        refused.set()

    async with place.visitors("a flood") as http, asyncio.TaskGroup() as group:
        for _ in range(_FLOOD_CONNECTIONS):
            group.create_task(one(http))
