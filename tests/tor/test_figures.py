"""What a source waits for through Tor: printed, and not judged, since the network here is one small machine."""

import asyncio
import statistics
import time

import pytest

from tests.journeys.browser import Upload, report
from tests.tor.place import Place

_PAGES = 40
_PAUSE = 0.6  # seconds: below the budget of a circuit
_MEGABYTES = 20


async def test_small_pages_and_a_large_file_pass(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    pages = []
    async with place.browser("one who reads") as browser:
        await browser.open("/")
        for _ in range(_PAGES):
            began = time.monotonic()
            await browser.open("/")
            pages.append((time.monotonic() - began) * 1000)
            await asyncio.sleep(_PAUSE)
    async with place.browser("one who sends") as browser:
        page = await report(browser, involved="no", message="A film of the yard.")
        await browser.open("/files")
        began = time.monotonic()
        film = Upload("files", "yard.mp4", bytes(_MEGABYTES * 1_000_000), "video/mp4")
        kept = await browser.submit("/files", files=[film])
        took = time.monotonic() - began

    assert len(page.ids["codename"].split()) == 12
    assert "safe with us" in kept.text
    with capsys.disabled():
        print(
            f"\nthrough Tor: small page {statistics.median(pages):.0f} ms (p95 {statistics.quantiles(pages, n=20)[18]:.0f} ms), "
            f"upload of {_MEGABYTES} MB {_MEGABYTES / took:.2f} MB/s"
        )
