"""`kill -9` of the source zone at random points: whoever saw a codename has a tip inside, once."""

import asyncio
import contextlib
import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import asyncpg
import pytest

from crypto.codename import Codename, keys
from tests.journeys.browser import Browser, JourneyError, Page, Upload
from tests.journeys.installation import Installation, installed

SUBMISSIONS = 100
_AT_ONCE = 8
_TRIES = 200
_PACE = 0.3  # seconds between two people who begin, so that kills fall among them


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with installed(tmp_path) as running:
        yield running


async def test_every_tip_whose_codename_was_shown_arrives_exactly_once(installation: Installation) -> None:
    chance = random.Random(os.urandom(8))  # noqa: S311 - when to kill, not a secret
    turns = asyncio.Semaphore(_AT_ONCE)
    done = asyncio.Event()
    killer = asyncio.create_task(_kill(installation, chance, done))
    collector = asyncio.create_task(_collect(installation, done))

    shown = await asyncio.gather(*(_report(installation, number, turns) for number in range(SUBMISSIONS)))
    done.set()
    kills = await killer
    await collector
    await _until_up(installation, "drop")
    await asyncio.to_thread(installation.tipline, "collect")

    arrived = await _arrived(installation)
    expected = {keys(Codename.parse(codename)).mailbox: number for number, codename in enumerate(shown) if codename}
    wrong = {
        number: arrived.get(mailbox)
        for mailbox, number in expected.items()
        if arrived.get(mailbox) != {"message": 2, "part": 1}  # the tip, its file's sidecar and the one part
    }
    assert kills >= 5
    assert len(expected) >= SUBMISSIONS * 0.9
    assert wrong == {}


async def _report(installation: Installation, number: int, turns: asyncio.Semaphore) -> str:
    """Report as a stubborn person: when the answer is lost, send the very same form again."""
    await asyncio.sleep(number * _PACE)
    async with turns, Browser(installation.url("source")) as browser:
        form: Page | None = None
        for _ in range(_TRIES):
            with contextlib.suppress(aiohttp.ClientError, ConnectionError, TimeoutError, JourneyError):
                form = form or await browser.open("/")
                browser.page = form  # back from an error page, with all that was typed
                upload = Upload("files", "photo.bin", f"file of tip {number}".encode() * 5_000)
                page = await browser.submit("/", involved="no", message=f"tip {number}", files=[upload])
                return page.ids["codename"]
            await asyncio.sleep(0.2)
    return ""


async def _kill(installation: Installation, chance: random.Random, done: asyncio.Event) -> int:
    """Kill one process of the zone after another, each at a random moment of its work; return how many."""
    killed = 0
    while not done.is_set():
        await _until_up(installation, "source")
        await asyncio.sleep(chance.uniform(0, 1))
        if victims := _zone(installation):
            with contextlib.suppress(ProcessLookupError):
                os.kill(chance.choice(victims), signal.SIGKILL)
                killed += 1
    return killed


async def _collect(installation: Installation, done: asyncio.Event) -> None:
    while not done.is_set():
        with contextlib.suppress(JourneyError):  # the drop may be dead at this moment
            await asyncio.to_thread(installation.tipline, "collect")


async def _until_up(installation: Installation, process: str) -> None:
    for _ in range(10 * _TRIES):
        with contextlib.suppress(aiohttp.ClientError, ConnectionError, JourneyError):
            async with Browser(installation.url(process)) as browser:
                await browser.open("/", status=401 if process == "drop" else 200)
                return
        await asyncio.sleep(0.1)
    pytest.fail(f"{process} did not come back")


async def _arrived(installation: Installation) -> dict[bytes, dict[str, int]]:
    """Envelopes inside, by mailbox and kind."""
    connection = await asyncpg.connect(installation.owner_dsn("inside"))
    try:
        rows = await connection.fetch("SELECT mailbox, kind, count(*) AS n FROM corridor.envelope GROUP BY 1, 2")
    finally:
        await connection.close()
    arrived: dict[bytes, dict[str, int]] = {}
    for row in rows:
        arrived.setdefault(row["mailbox"], {})[row["kind"]] = row["n"]
    return arrived


def _zone(installation: Installation) -> list[int]:
    """Process ids of source and drop, children included, below this installation's supervisor."""
    assert installation.process is not None
    parents: dict[int, int] = {}
    commands: dict[int, str] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                stat = (folder / "stat").read_text()
                parents[int(folder.name)] = int(stat.rpartition(")")[2].split()[1])
                commands[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    ours = [pid for pid, parent in parents.items() if parent == installation.process.pid]
    roots = {pid for pid in ours if commands[pid].rstrip().endswith((" source", " drop"))}
    found = set(roots)
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return sorted(found)
