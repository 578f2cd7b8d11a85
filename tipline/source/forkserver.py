"""Forks a worker when a source waits and no worker has room, or those that have it are busy. No event loop, no thread, reads no request."""

import contextlib
import logging
import os
import select
import selectors
import signal
import socket
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from tipline.base.process import die_with_parent
from tipline.source import worker

WORKERS: Final = 4
"""Workers that take connections at once."""
LEAVING: Final = 12
"""Further workers that only finish what they began, as a long upload."""

_LOG = logging.getLogger("source")
_BACKLOG: Final = 128
_STOP_SECONDS: Final = worker.FINISH_SECONDS + 2
_KEEP_STOP_SECONDS: Final = 5.0
_POLL_SECONDS: Final = 0.02
_CRASH_PAUSE: Final = 0.5
_STARTING: Final = b""
_BUSY_SECONDS: Final = 0.003
"""How long a visitor waits before one worker with room counts as too busy: a core that is free can take another."""

Child = Callable[[socket.socket, socket.socket, socket.socket], None]


class KeepEndedError(Exception):
    """`keep` has ended, so nothing can be stored; the supervisor starts both again."""

    def __init__(self) -> None:
        super().__init__("the process that keeps the rows has ended")


@dataclass(slots=True, eq=False)
class _Worker:
    pid: int
    report: socket.socket
    state: bytes = _STARTING
    worn: bool = False


@dataclass(slots=True)
class ForkServer:
    """Holds the listening socket and the workers; *control* leads to `keep`, which gets one socket end per worker."""

    address: tuple[str, int]
    control: socket.socket
    keep: int
    child: Child
    listening: socket.socket = field(init=False)
    workers: list[_Worker] = field(default_factory=list)
    stopping: bool = False
    cores: int = field(default_factory=lambda: len(os.sched_getaffinity(0)))

    def serve(self) -> None:
        """Fork as needed until SIGTERM or SIGINT, then let the workers finish; raises `KeepEndedError`."""
        wake, woken = socket.socketpair()
        for end in (wake, woken):
            end.settimeout(0)
        signal.set_wakeup_fd(woken.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, _noted)
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, self._stop)
        self.listening = socket.create_server(self.address, backlog=_BACKLOG)
        try:
            while not self.stopping:
                self._turn(wake, woken)
        finally:
            signal.set_wakeup_fd(-1)
            self.listening.close()
            self._end_workers()
            self._end_keep()

    def _stop(self, _signum: int, _frame: object) -> None:
        self.stopping = True

    def _turn(self, wake: socket.socket, woken: socket.socket) -> None:
        """Wait for one thing to happen and deal with it."""
        with selectors.DefaultSelector() as selector:
            selector.register(wake, selectors.EVENT_READ)
            for one in self.workers:
                selector.register(one.report, selectors.EVENT_READ, one)
            if self._may_fork():
                selector.register(self.listening, selectors.EVENT_READ)
            ready = [key for key, _ in selector.select()]
        if any(key.fileobj is wake for key in ready):
            with contextlib.suppress(BlockingIOError):
                wake.recv(4096)
        for key in ready:
            if isinstance(key.data, _Worker):
                _hear(key.data)
        self._reap()
        self._let_go()
        waits = any(key.fileobj is self.listening for key in ready)
        if waits and self._may_fork() and not self.stopping and (not self._has_room() or self._still_waits()):
            self._fork((wake, woken))

    def _may_fork(self) -> bool:
        taking = [one.state for one in self.workers if one.state != worker.LEAVING]
        most = min(WORKERS, self.cores) if self._has_room() else WORKERS
        return _STARTING not in taking and len(taking) < most and len(self.workers) < WORKERS + LEAVING

    def _has_room(self) -> bool:
        return any(one.state == worker.ROOM for one in self.workers)

    def _still_waits(self) -> bool:
        time.sleep(_BUSY_SECONDS)
        return bool(select.select([self.listening], [], [], 0)[0])

    def _let_go(self) -> None:
        """Let worn workers finish and end, as many at once as there is room for; the others go on meanwhile."""
        room = LEAVING - sum(one.state == worker.LEAVING for one in self.workers)
        for one in [one for one in self.workers if one.worn][: max(0, room)]:
            one.worn, one.state = False, worker.LEAVING
            with contextlib.suppress(OSError):
                one.report.send(worker.LEAVE)

    def _fork(self, own: Iterable[socket.socket]) -> None:
        ours, theirs = socket.socketpair()
        keep_end, worker_end = socket.socketpair()
        try:
            socket.send_fds(self.control, [b"w"], [keep_end.fileno()])
        except OSError:
            raise KeepEndedError from None
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            for end in (ours, keep_end, self.control, *own, *(one.report for one in self.workers)):
                end.close()
            _become(parent, lambda: self.child(self.listening, worker_end, theirs))
        for end in (theirs, keep_end, worker_end):
            end.close()
        ours.settimeout(0)
        self.workers.append(_Worker(pid, ours))

    def _reap(self) -> None:
        """Note every child that has ended."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self.keep:
                self.keep = 0
                raise KeepEndedError
            for one in [one for one in self.workers if one.pid == pid]:
                one.report.close()
                self.workers.remove(one)
            if status != 0 and not self.stopping:
                _LOG.error("a worker ended by itself")
                time.sleep(_CRASH_PAUSE)  # a fault that repeats must not fork without end

    def _end_workers(self) -> None:
        """Ask all to finish; end those that do not in time."""
        self.stopping = True
        for one in self.workers:
            os.kill(one.pid, signal.SIGTERM)
        deadline = time.monotonic() + _STOP_SECONDS
        while self.workers and time.monotonic() < deadline:
            with contextlib.suppress(KeepEndedError):
                self._reap()
            time.sleep(_POLL_SECONDS)
        for one in self.workers:
            os.kill(one.pid, signal.SIGKILL)

    def _end_keep(self) -> None:
        """Close the way to `keep`, which ends it; insist when it does not."""
        self.control.close()
        deadline = time.monotonic() + _KEEP_STOP_SECONDS
        while self.keep:
            if time.monotonic() > deadline:
                os.kill(self.keep, signal.SIGKILL)
            with contextlib.suppress(KeepEndedError):
                self._reap()
            if self.keep:
                time.sleep(_POLL_SECONDS)


def fork_child(work: Callable[[], None]) -> int:
    """Run *work* in a child that ends with it and with this process; return the child's pid."""
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        _become(parent, work)
    return pid


def _become(parent: int, work: Callable[[], None]) -> None:
    """Be a child: run *work* and end, without the parent's handlers, clean-up or buffers."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
            signal.signal(signum, signal.SIG_DFL)
        die_with_parent(signal.SIGKILL, parent)
        work()
        code = 0
    except BaseException as error:  # noqa: BLE001 - nothing may unwind into the parent's code
        _LOG.error("a child process ended: %s", type(error).__name__)
    finally:
        os._exit(code)


def _hear(one: _Worker) -> None:
    """Take the latest word of a worker; one that has gone is reaped by its signal."""
    try:
        words = one.report.recv(4096)
    except (BlockingIOError, ConnectionError):
        return
    one.worn = one.worn or worker.WORN in words
    said = words.replace(worker.WORN, b"")
    if not words or (said and one.state != worker.LEAVING):
        one.state = said[-1:] or worker.LEAVING


def _noted(_signum: int, _frame: object) -> None:
    """Do nothing: the byte in the wake-up socket is what matters."""
