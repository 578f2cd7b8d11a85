"""Many at once through a real HAProxy: two hundred of the slowest lines, and junk at 10,000 an hour with honest people in it."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from tests.benchmarks.memory import in_mib, pss
from tests.benchmarks.table import Row
from tests.benchmarks.zone import source_of
from tests.deploy.filled import MissingError
from tests.deploy.front import haproxy
from tests.deploy.visitors import SLOW_RATE, SLOW_TRIP, RefusedError, Visitor
from tests.journeys.installation import Installation

_SLOW = 200
_FILE = 200_000  # bytes
_QUICK_FILE = 100_000
_AN_HOUR = 10_000
_FLOOD_SECONDS = 30.0
_HONEST = 10


async def slow_lines(installation: Installation, folder: Path) -> list[Row]:
    """Two hundred lines of 20 kB/s and a second's way, which report and send a file, and a quick one that does the same."""
    pid = source_of(installation)
    try:
        async with haproxy(folder, installation.ports["source"]):
            idle, highest, waited = pss(pid) or 0, 0, []
            slow = asyncio.gather(*(_whole(folder, number, SLOW_RATE, SLOW_TRIP) for number in range(_SLOW)))
            while not slow.done():
                waited.append(await _took(_whole, folder, 1000 + len(waited)))
                highest = max(highest, await asyncio.to_thread(pss, pid) or 0)
            done = sum(await slow)
    except MissingError as error:
        return [Row("200 slow lines", str(error))]
    return [
        Row(
            "200 slow lines at once, each a report and 200 kB",
            f"{done} of {_SLOW}",
            f"{in_mib(highest - idle if idle else None)} above idle (PSS)",
        ),
        Row(
            "a quick line among them: report and 100 kB, p50",
            f"{statistics.median(waited):.1f} s",
            f"slowest {max(waited):.1f} s of {len(waited)}",
        ),
    ]


async def flood(installation: Installation, folder: Path) -> list[Row]:
    """Junk at 10,000 an hour, each from a circuit of its own, and how long an honest report takes in it."""
    try:
        async with haproxy(folder, installation.ports["source"]):
            alone = [await _took(_report, folder, 2000 + number) for number in range(_HONEST)]
            junk = asyncio.create_task(_junk(folder))
            among = []
            while not junk.done():
                among.append(await _took(_report, folder, 3000 + len(among)))
                await asyncio.sleep(_FLOOD_SECONDS / _HONEST)
            taken = await junk
    except MissingError as error:
        return [Row("junk, 10,000 an hour", str(error))]
    return [
        Row(
            "an honest report among 10,000 junk reports an hour, p50",
            f"{statistics.median(among) * 1000:.0f} ms, 0 of {len(among)} lost",
            f"{statistics.median(alone) * 1000:.0f} ms alone; slowest {max(among) * 1000:.0f} ms; {taken} junk taken",
        )
    ]


async def _whole(folder: Path, number: int, rate: int = 0, trip: float = 0.0) -> bool:
    line = Visitor(folder, number, rate, trip)
    try:
        await line.report("Two men, a white van.")
        await line.add_file(_FILE if rate else _QUICK_FILE)
    except RefusedError:
        return False
    return True


async def _report(folder: Path, number: int) -> str:
    return await Visitor(folder, number).report("Two men, a white van.")


async def _took(act: Callable[[Path, int], Awaitable[object]], folder: Path, number: int) -> float:
    began = time.perf_counter()
    if not await act(folder, number):
        raise RuntimeError("an honest report was refused")
    return time.perf_counter() - began


async def _junk(folder: Path) -> int:
    """Send junk for a while; return how much of it was taken."""
    taken = 0

    async def one(number: int) -> None:
        nonlocal taken
        with suppress(RefusedError):
            await Visitor(folder, 0x1_0000 + number).report("junk " * 100)
            taken += 1

    async with asyncio.TaskGroup() as group:
        for number in range(int(_AN_HOUR / 3600 * _FLOOD_SECONDS)):
            group.create_task(one(number))
            await asyncio.sleep(3600 / _AN_HOUR)
    return taken
