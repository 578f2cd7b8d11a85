"""The real drop as a process of its own, and a line to it that breaks where a test says."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

import aiohttp
from aiohttp import web

from crypto.signing import SigningKey
from handling.corridor.collect import Collector
from handling.corridor.dropclient import DropClient, collector_key
from handling.corridor.main import open_keyring
from tests.handling.corridor.conftest import World
from tests.handling.corridor.sources import TODAY
from tipline.base.settings import FILE, Settings


@asynccontextmanager
async def running_drop(settings: Settings) -> AsyncIterator[str]:
    """Run `tipline serve drop` over the test's public database and yield its address."""
    (settings.data / FILE).write_text('practice = true\nunit = "unit"\nname = "Practice Unit"\n')
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("TIPLINE_")},
        "TIPLINE_PUBLIC_DSN": settings.public_dsn or "",
        "TIPLINE_INSIDE_DSN": settings.inside_dsn or "",
        "TIPLINE_PORT_DROP": str(settings.ports["drop"]),
    }
    command = [sys.executable, "-m", "tipline.cli.main", "--data", str(settings.data), "serve", "drop"]
    process = await asyncio.to_thread(subprocess.Popen, command, env=environment)
    try:
        deadline = time.monotonic() + 60
        while not await _answers(settings):
            assert process.poll() is None, "the drop ended"
            assert time.monotonic() < deadline, "the drop does not answer"
            await asyncio.sleep(0.05)
        yield f"http://{settings.host}:{settings.ports['drop']}"
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 20)


@asynccontextmanager
async def collector(world: World, address: str, key: SigningKey | None = None) -> AsyncIterator[Collector]:
    """The unit's collector at *address*."""
    async with aiohttp.ClientSession() as http:
        drop = DropClient(http, address=address, unit="unit", key=key or collector_key(world.settings), clock=time.time)
        yield Collector(
            pool=world.pool,
            drop=drop,
            blobs=world.blobs.collected,
            keyring=open_keyring(world.settings),
            unit="unit",
            today=lambda: TODAY,
        )


class Line:
    """A proxy in front of the drop that breaks from one request on: before it arrives, in the answer, or after the work."""

    def __init__(self, drop: str) -> None:
        self._drop = drop
        self.seen = 0
        self.breaks_at = -1
        self.how = "before"
        self.passed: list[tuple[str, str, int, int]] = []  # method, path, bytes asked, bytes answered

    @asynccontextmanager
    async def open(self, port: int) -> AsyncIterator[str]:
        app = web.Application(client_max_size=1 << 24)
        app.router.add_route("*", "/{path:.*}", self._pass)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            await runner.cleanup()

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        number, self.seen = self.seen, self.seen + 1
        broken = 0 <= self.breaks_at <= number  # and all after it: the client repeats a request once by itself
        if broken and self.how == "before":
            self._cut(request)
        async with (
            aiohttp.ClientSession() as http,
            http.request(
                request.method, self._drop + request.raw_path, data=await request.read(), headers=request.headers
            ) as answer,
        ):
            body = await answer.read()
            if answer.status == HTTPStatus.OK:  # a signature used twice within a second is refused and signed anew
                self.passed.append((request.method, request.path, len(await request.read()), len(body)))
            response = web.StreamResponse(status=answer.status, headers={"Content-Length": str(len(body))})
            if broken and self.how == "after":
                self._cut(request)
            await response.prepare(request)
            if broken:
                await response.write(body[: len(body) // 2])
                self._cut(request)
            await response.write(body)
            await response.write_eof()
            return response

    @staticmethod
    def _cut(request: web.Request) -> None:
        assert request.transport is not None
        request.transport.abort()
        raise ConnectionResetError


async def _answers(settings: Settings) -> bool:
    try:
        _, writer = await asyncio.open_connection(settings.host, settings.ports["drop"])
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True
