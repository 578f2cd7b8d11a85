"""A flood in front of the source's onion: it is refused, and nobody else waits for it."""

import asyncio
import time
from contextlib import suppress
from http import HTTPStatus

import aiohttp

from tests.journeys import files
from tests.journeys.browser import Upload, report
from tests.tor.place import Place

_FLOOD_CONNECTIONS = 10
_PATIENCE = 120  # seconds: on a busy machine the flood itself may begin late
_DELAY = 30  # seconds: what a flood may cost an honest report at most


async def test_a_circuit_that_floods_is_refused_and_an_honest_report_is_through_in_seconds(place: Place) -> None:
    refused = asyncio.Event()
    flood = asyncio.create_task(_flood(place, refused))
    try:
        await asyncio.wait_for(refused.wait(), _PATIENCE)
        began = time.monotonic()
        async with place.browser("somebody honest") as browser:
            photo = Upload("files", "shed.jpg", files.photograph("shed"), "image/jpeg")
            page = await report(browser, [photo], involved="no", message="Ivory is carved behind the petrol station.")
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
