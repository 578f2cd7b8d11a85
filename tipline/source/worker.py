"""One short-lived process that answers sources: its exit is what wipes the words that stood in its memory.

It takes connections from the inherited socket while it has room, ends after a few requests that carried text, and when
idle. It tells the fork server whether it has room, and nothing else.
"""

import asyncio
import contextlib
import signal
import socket
import time
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from tipline.base import log
from tipline.base.addresses import route_of
from tipline.base.web import Handler, ready_runner
from tipline.source.arrive import HOLDS_TEXT
from tipline.source.channel import Keep
from tipline.source.context import KEEP

PLAINTEXT_REQUESTS: Final = 20
"""After so many requests that carried a source's words, or `IDLE_SECONDS` after the last of them, a worker ends."""
IDLE_SECONDS: Final = 10.0
CONNECTIONS: Final = 64
"""A worker that holds so many connections has no room."""
FINISH_SECONDS: Final = 10.0
"""How long a request may go on once the process has been told to stop."""

ROOM: Final = b"+"
FULL: Final = b"-"
LEAVING: Final = b"."
WORN: Final = b"w"
"""A worker that should end while it has something to finish asks: too many of them at once would leave none to begin."""
LEAVE: Final = b"l"
"""The fork server's answer."""

_KEEP_ALIVE_SECONDS: Final = 4.0
_TICK_SECONDS: Final = 0.25
_GRACE_SECONDS: Final = _KEEP_ALIVE_SECONDS + 1.0  # so that a connection still open is not cut off as somebody asks
_CUT_SECONDS: Final = 0.5


@dataclass(slots=True)
class Life:
    """Counts what decides when the worker ends."""

    running: int = 0
    with_text: int = 0
    last_text: float = 0.0
    last: float = field(default_factory=time.monotonic)
    told_to_stop: bool = False
    may_leave: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when there is something to look at: somebody at the door, or a life that may be over."""

    def stop(self) -> None:
        """Note that the fork server wants this to end."""
        self.told_to_stop = True
        self.changed.set()

    @web.middleware
    async def count(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Count one request."""
        self.running += 1
        try:
            response = await handler(request)
        finally:
            self.running -= 1
            self.last = time.monotonic()
            if (request.method, route_of(request)) in HOLDS_TEXT:
                self.with_text += 1
                self.last_text = self.last
        if self.worn() or self.over():
            self.changed.set()  # whoever comes from now on is for another worker, at once
        if self.over():
            response.force_close()
        return response

    def over(self) -> bool:
        """Say whether no further connection shall be taken.

        Visitors without words, as many as may come, do not keep alive what others wrote.
        """
        now = time.monotonic()
        idle = not self.running and now - self.last > IDLE_SECONDS
        return self.told_to_stop or idle or (self.worn() and (self.may_leave or not self.running))

    def worn(self) -> bool:
        """Say whether what stood in this process should be wiped."""
        silent = self.with_text > 0 and time.monotonic() - self.last_text > IDLE_SECONDS
        return self.with_text >= PLAINTEXT_REQUESTS or silent

    def let_go(self, report: socket.socket) -> None:
        """Take the fork server's answer: this worker may finish and end."""
        asyncio.get_running_loop().remove_reader(report)
        self.may_leave = True
        self.changed.set()


def run(app: web.Application, listening: socket.socket, to_keep: socket.socket, report: socket.socket) -> None:
    """Serve *app*, which nobody has served in this process, until this worker's life is over."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the terminal's group; the fork server says when to stop
    asyncio.run(_run(app, listening, to_keep, report))


async def _run(app: web.Application, listening: socket.socket, to_keep: socket.socket, report: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    log.quiet_loop(loop)
    life = Life()
    loop.add_signal_handler(signal.SIGTERM, life.stop)
    app[KEEP] = await Keep.connect(to_keep)
    app.middlewares.append(life.count)
    runner = await ready_runner(app, shutdown_timeout=_CUT_SECONDS, keepalive_timeout=_KEEP_ALIVE_SECONDS)
    try:
        await _accept(runner, listening, report, life)
        with contextlib.suppress(OSError):
            report.send(LEAVING)
        listening.close()
        await _finish(runner, life)
    finally:
        await runner.cleanup()


async def _accept(runner: web.AppRunner, listening: socket.socket, report: socket.socket, life: Life) -> None:
    """Take connections while there is room and life."""
    loop = asyncio.get_running_loop()
    server = runner.server
    if server is None:
        raise RuntimeError("the runner is not set up")
    listening.settimeout(0)
    room: bool | None = None
    asked = False
    while not life.over():
        if life.worn() and not asked:
            asked = True
            loop.add_reader(report, life.let_go, report)
            report.send(WORN)
        if (len(server.connections) < CONNECTIONS) is not room:
            room = len(server.connections) < CONNECTIONS
            report.send(ROOM if room else FULL)
        if not room:
            await asyncio.sleep(_TICK_SECONDS)
            continue
        connection = await next_connection(listening, life)
        if connection is None:
            continue
        life.last = time.monotonic()
        await loop.connect_accepted_socket(server, connection)


async def next_connection(listening: socket.socket, life: Life) -> socket.socket | None:
    """Take a connection; None when none came for a moment, or the life is over.

    Nothing is waited for once a connection was taken: a wait that ends at that very moment would throw it away unanswered.
    """
    loop = asyncio.get_running_loop()
    loop.add_reader(listening, life.changed.set)
    try:
        async with asyncio.timeout(_TICK_SECONDS):
            await life.changed.wait()
    except TimeoutError:
        pass
    finally:
        loop.remove_reader(listening)
        life.changed.clear()
    if life.over():
        return None
    try:
        connection, _ = listening.accept()
    except (BlockingIOError, ConnectionError):
        return None
    connection.settimeout(0)
    return connection


async def _finish(runner: web.AppRunner, life: Life) -> None:
    """Let what runs come to its end; an upload may take long unless the process was told to stop.

    A connection taken at the last moment may still be about to ask: it gets `_GRACE_SECONDS`. Only after this is the
    runner cleaned up, which stops listening to what is still being sent.
    """
    deadline: float | None = None
    while deadline is None or time.monotonic() < deadline:
        asking = runner.server is not None and bool(runner.server.connections)
        fresh = asking and time.monotonic() - life.last < _GRACE_SECONDS
        if not life.running and not (fresh and deadline is None):
            return
        if deadline is None and life.told_to_stop:
            deadline = time.monotonic() + FINISH_SECONDS
        await asyncio.sleep(_TICK_SECONDS)
