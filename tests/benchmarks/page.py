"""The page that seals in the browser with large files: how long Chromium takes, and what both sides take of memory for them."""

import asyncio
import time
from pathlib import Path

from tests.benchmarks.memory import chromium, in_mib, pss
from tests.benchmarks.raw import MIB
from tests.benchmarks.table import Row
from tests.benchmarks.zone import source_of
from tests.journeys.chromium import Chromium
from tests.journeys.installation import Installation

_SIZES = (100, 400)  # MiB; whether memory is flat shows between the two
_PAUSE = 0.2  # seconds between two looks


async def large_files(installation: Installation, folder: Path) -> list[Row]:
    """Seal and send sparse files, each in a browser of its own; they stay small on disk until they are sealed."""
    return [row for size in _SIZES for row in await _one(installation, folder / "film.mp4", size)]


async def _one(installation: Installation, film: Path, size: int) -> list[Row]:
    with film.open("wb") as file:
        file.truncate(size * MIB)
    source = source_of(installation)
    with Chromium() as browser:
        opened = time.perf_counter()
        browser.open(f"{installation.url('source')}/browser")
        browser.wait_for("#write")
        opening = time.perf_counter() - opened
        browser.click("input[name=involved][value=no]")
        browser.fill("#message", "Two men, a white van.")
        idle = _memory(source)
        browser.upload("#files", film)
        started = time.perf_counter()
        browser.click("#send")
        highest = idle
        while not browser.shows("#done"):
            highest = [max(most, now) for most, now in zip(highest, _memory(source), strict=True)]
            if browser.shows("#failed"):
                raise RuntimeError(browser.text("#failed-words"))
            await asyncio.sleep(_PAUSE)
    took = time.perf_counter() - started
    above = [in_mib(most - was) for most, was in zip(highest, idle, strict=True)]
    return [
        Row(f"page that seals, in Chromium: opened, before {size} MiB", f"{opening * 1000:.0f} ms"),
        Row(
            f"page that seals, in Chromium: {size} MiB sealed and sent",
            f"{took:.0f} s",
            f"{size * MIB / 1e6 / took:.1f} MB/s",
        ),
        Row("memory above idle meanwhile (PSS): page, all of Chromium, server", ", ".join(above)),
    ]


def _memory(source: int) -> list[int]:
    """Bytes of what draws pages, of all of the browser, and of the source's processes."""
    return [*chromium(), pss(source) or 0]
