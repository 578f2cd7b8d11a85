"""The corridor as the process that `tipline serve` starts: it collects by itself, and its log says nothing of a tip."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from handling.corridor.main import lasting
from tests.handling.corridor.conftest import World, sign_in
from tests.handling.corridor.drop import running_drop
from tests.handling.corridor.sources import Source, at_the_drop
from tests.journeys.browser import Browser, JourneyError
from tipline.base.settings import FILE
from tipline.questionnaire import current

TOML = 'practice = true\nunit = "unit"\nname = "Practice Unit"\nurgent_tick = 1\ntick = 2\n'


async def test_the_process_collects_by_itself_serves_and_logs_nothing_of_a_tip(world: World, tmp_path: Path) -> None:
    source, log = Source(), tmp_path / "corridor.log"
    async with running_drop(world.settings), _corridor(world, log) as browser:
        await sign_in(world, browser, "amina")
        await at_the_drop(
            world.public, world.settings.public, source, source.tip(world.intake, "canary in the tip", urgent=True)
        )

        page = await browser.open("/")
        deadline = time.monotonic() + 30
        while "canary in the tip" not in page.text and time.monotonic() < deadline:
            await asyncio.sleep(0.2)
            page = await browser.open("/")
        tip = await browser.open(page.link("/tips/"))
        await browser.submit("/reply", text="canary in the reply")

    assert "canary in the tip" in tip.text
    said = log.read_text()
    assert "canary" not in said
    assert str(source.keys.mailbox.hex()) not in said


async def test_a_drop_that_is_away_stops_nothing_but_the_collection(world: World, tmp_path: Path) -> None:
    log = tmp_path / "corridor.log"
    (world.settings.data / FILE).write_text(TOML)
    async with _corridor(world, log) as browser:
        home = await sign_in(world, browser, "amina")
        deadline = time.monotonic() + 20
        while "did not answer" not in log.read_text() and time.monotonic() < deadline:  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.2)

    assert "No tips here" in home.text
    assert await world.inside.fetchval("SELECT sha256 FROM corridor.questionnaire") == current.default().sha256
    assert "the drop did not answer as it should" in log.read_text()


async def test_a_fault_beside_the_pages_ends_the_process_and_is_named_by_its_kind_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fault() -> None:
        await asyncio.sleep(0)
        raise LookupError("canary in the fault")

    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, told.set)
    try:
        task = lasting(fault())
        await asyncio.wait_for(told.wait(), 5)
    finally:
        loop.remove_signal_handler(signal.SIGTERM)

    assert isinstance(task.exception(), LookupError)
    assert "LookupError beside the pages" in caplog.text
    assert "canary" not in caplog.text


_END_SESSIONS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'tipline_corridor'"


async def test_a_database_that_lets_nobody_in_for_a_while_ends_no_collecting_for_good(
    world: World, tmp_path: Path
) -> None:
    source, log = Source(), tmp_path / "corridor.log"
    tip = source.tip(world.intake, urgent=True)
    async with running_drop(world.settings), _corridor(world, log):
        try:
            await world.inside.execute("ALTER ROLE tipline_corridor NOLOGIN")
            await world.inside.fetch(_END_SESSIONS)
            deadline = time.monotonic() + 30
            while "collector: the database did not do this" not in log.read_text():
                assert time.monotonic() < deadline, log.read_text()
                await asyncio.sleep(0.2)
        finally:
            await world.inside.execute("ALTER ROLE tipline_corridor LOGIN")
        await at_the_drop(world.public, world.settings.public, source, tip)
        while not await world.inside.fetchval("SELECT count(*) FROM corridor.envelope WHERE id = $1", tip.id):
            assert time.monotonic() < deadline + 30, log.read_text()
            await asyncio.sleep(0.2)


@asynccontextmanager
async def _corridor(world: World, log: Path) -> AsyncIterator[Browser]:
    settings = world.settings
    (settings.data / FILE).write_text(TOML)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("TIPLINE_")},
        "TIPLINE_PUBLIC_DSN": settings.public_dsn or "",
        "TIPLINE_INSIDE_DSN": settings.inside_dsn or "",
        **{f"TIPLINE_PORT_{name.upper()}": str(port) for name, port in settings.ports.items()},
    }
    command = [sys.executable, "-m", "tipline.cli.main", "--data", str(settings.data), "serve", "corridor"]
    with log.open("wb") as out:
        process = await asyncio.to_thread(subprocess.Popen, command, env=environment, stdout=out, stderr=out)
    try:
        async with Browser(f"http://{settings.host}:{settings.ports['corridor']}") as browser:
            await _until_open(browser, process)
            yield browser
    finally:
        process.terminate()
        code = await asyncio.to_thread(process.wait, 20)
    assert code == 0


async def _until_open(browser: Browser, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            await browser.open("/sign-in")
        except (OSError, JourneyError):
            assert process.poll() is None, "the corridor ended"
            assert time.monotonic() < deadline, "the corridor does not answer"
            await asyncio.sleep(0.1)
        else:
            return
