"""One private Tor network with one unit behind it for all tests of this folder."""

import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp_socks import ProxyError

from tests.journeys.browser import JourneyError
from tests.tor.network import READY_SECONDS, NetworkError
from tests.tor.place import Place, built

_PAUSE_SECONDS = 60  # until what ran before on this machine has left its ports


@pytest.fixture(scope="session")
def place() -> Iterator[Place]:
    """The place, once both onions are reached; when network or unit do not come up it is built once more, and says why."""
    try:
        yield from _built()
    except (NetworkError, JourneyError) as error:
        sys.stderr.write(f"built once more: {error}\n")
        time.sleep(_PAUSE_SECONDS)
        yield from _built()


def _built() -> Iterator[Place]:
    folder = Path(tempfile.mkdtemp(prefix="tt-"))  # short: sockets stand in it
    try:
        with built(folder) as made:
            asyncio.run(_reached(made))
            yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _reached(place: Place) -> None:
    """Wait until a visitor sees the form and the collector the drop."""
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            async with place.browser("first") as browser:
                await browser.open("/")
            async with place.collectors() as http, http.get(f"http://{place.drop}/v1/envelopes") as answer:
                assert answer.status == 401
        except (aiohttp.ClientError, ProxyError, TimeoutError, JourneyError, OSError) as error:
            if time.monotonic() > deadline:
                raise NetworkError(f"the onions are not reached: {type(error).__name__}") from None
            await asyncio.sleep(1)
        else:
            return
