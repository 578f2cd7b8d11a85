"""Keeps the processes of one machine running: starts, watches, restarts with a growing pause, stops in reverse order."""

import asyncio
import logging
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tipline.base.postgres import ClusterError

_LOG = logging.getLogger("supervisor")
_POLL_SECONDS = 0.1
_READY_SECONDS = 60.0
_STOP_SECONDS = 15.0
_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 10.0  # between starts of one that ends each time before it answers
_START_TRIES = 3  # while nothing has been ready yet


class SupervisorError(Exception):
    """The processes cannot run; the text says which and what to do."""


class Server(Protocol):
    """A database server that this process started."""

    name: str

    @property
    def running(self) -> bool:
        """Whether it runs."""

    def start(self) -> None:
        """Start it and wait until it answers."""


@dataclass(frozen=True, slots=True)
class Child:
    """One process to keep running; it is ready when *port* answers."""

    name: str
    command: tuple[str, ...]
    port: int


@dataclass(slots=True)
class _Run:
    """What is known of a child just now."""

    child: Child
    process: "subprocess.Popen[bytes] | None" = None
    pause: float = _FIRST_PAUSE
    next_start: float = 0.0
    ends: int = 0
    ready: bool = field(default=False)


class Supervisor:
    """Runs *children* over *servers* until `stop` is called.

    Each child is told this process's number and asks the kernel to end it when this process ends, however it ends.
    """

    def __init__(
        self, children: Sequence[Child], servers: Sequence[Server], host: str, environ: Mapping[str, str]
    ) -> None:
        self._runs = [_Run(child) for child in children]
        self._servers = servers
        self._host = host
        self._environ = dict(environ)
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """Ask `run` to stop everything and return."""
        self._stop.set()

    async def run(self, ready: Callable[[], None]) -> None:
        """Start all, call *ready* once each answers, and keep them running until asked to stop.

        Raises:
            SupervisorError: a port is taken, or a child does not come up at the start.
        """
        await self._refuse_taken_ports()
        try:
            for run in self._runs:
                self._start(run)
            if await self._all_ready():
                ready()
                await self._watch()
        finally:
            self._stop_all()

    async def _refuse_taken_ports(self) -> None:
        for run in self._runs:
            if await _answers(self._host, run.child.port):
                name = run.child.name
                raise SupervisorError(
                    f"port {run.child.port} is in use by another program: "
                    f"stop that, or choose another port for {name} with TIPLINE_PORT_{name.upper()}"
                )

    async def _all_ready(self) -> bool:
        """Wait until every port answers; False when asked to stop meanwhile."""
        deadline = time.monotonic() + _READY_SECONDS
        while not self._stop.is_set():
            waiting = [run for run in self._runs if not run.ready]
            if not waiting:
                return True
            await self._note_ready()
            self._revive()
            failed = [run.child.name for run in waiting if run.ends >= _START_TRIES or time.monotonic() > deadline]
            if failed:
                raise SupervisorError(f"{failed[0]} does not start; what it says of it stands above")
            await self._pause()
        return False

    async def _watch(self) -> None:
        while not self._stop.is_set():
            self._revive()
            await self._note_ready()
            await self._pause()

    async def _note_ready(self) -> None:
        for run in self._runs:
            if run.process is not None and not run.ready:
                run.ready = await _answers(self._host, run.child.port)

    async def _pause(self) -> None:
        try:
            await asyncio.wait_for(self._stop.wait(), _POLL_SECONDS)
        except TimeoutError:
            return

    def _revive(self) -> None:
        """Start again whatever has ended, databases first."""
        for server in self._servers:
            if not server.running:
                _LOG.error("the %s database ended; starting it again", server.name)
                try:
                    server.start()
                except ClusterError as error:  # what a killed server leaves behind may hold its memory for long
                    _LOG.error("%s; it is tried again", error)
        now = time.monotonic()
        for run in self._runs:
            if run.process is not None and run.process.poll() is not None:
                self._note_end(run, now)
            if run.process is None and now >= run.next_start:
                self._start(run)

    @staticmethod
    def _note_end(run: _Run, now: float) -> None:
        """Plan the next start: soon after one that had answered, later and later after one that never does."""
        run.pause = _FIRST_PAUSE if run.ready else min(run.pause * 2, _LONGEST_PAUSE)
        run.next_start = now + run.pause
        run.ready = False
        run.ends += 1
        _LOG.error("%s ended with %s; it starts again in %.2f s", run.child.name, _how(run.process), run.pause)
        run.process = None

    def _start(self, run: _Run) -> None:
        run.process = subprocess.Popen(  # noqa: S603 - a list of our own making, no shell
            run.child.command,
            stdin=subprocess.DEVNULL,
            env=self._environ,
            start_new_session=True,  # a Ctrl-C at the terminal reaches the supervisor alone, which stops in order
        )

    def _stop_all(self) -> None:
        for run in reversed(self._runs):
            if run.process is not None and run.process.poll() is None:
                run.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + _STOP_SECONDS
        for run in reversed(self._runs):
            if run.process is None:
                continue
            try:
                run.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _LOG.error("%s does not stop; ending it", run.child.name)
                run.process.kill()
                run.process.wait()


def _how(process: "subprocess.Popen[bytes] | None") -> str:
    code = process.returncode if process is not None else 0
    return f"signal {-code}" if code < 0 else f"code {code}"


async def _answers(host: str, port: int) -> bool:
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), 2)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
