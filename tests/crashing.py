"""Runs one act in a process of its own that ends itself with SIGKILL right before the n-th thing it does to disk, database or wire.

Counting n up from 1 until the act comes to its end tries every instruction between two lasting effects, and, last, the
moment after the final one, when whoever asked has heard nothing yet. `lasting` runs an act to its end and says in which
order it made things last.
"""

import asyncio
import functools
import multiprocessing
import os
import pickle
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import aiohttp
import asyncpg

from tests.lasting import STATEMENTS, Event, watch

Act = Callable[..., Awaitable[object]]

LIMIT = 200
"""More points than any act has: reaching it means that the act never ends."""

_SECONDS = 120.0
_PROCESSES = multiprocessing.get_context("forkserver")  # forked from a clean process: no event loop, no thread
_PROCESSES.set_forkserver_preload(
    ["handling.corridor.main", "handling.desk.main", "handling.guard.main", "tipline.source.arrive", "tipline.drop.api"]
)
_FILES = ("fsync", "link", "replace", "rename", "unlink", "rmdir")


@dataclass(slots=True)
class _Points:
    """Counts, and ends this process at the one that was asked for."""

    at: int
    passed: int = 0

    def reach(self) -> None:
        self.passed += 1
        if self.passed == self.at:
            os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(_SECONDS)  # of another thread: nothing more happens here

    def watch(self) -> None:
        """Count before everything that lasts: files made to stay, moved or removed, statements, requests."""
        for name in _FILES:
            setattr(os, name, self._before(getattr(os, name)))
        for name in STATEMENTS:
            setattr(asyncpg.Connection, name, self._before_change(getattr(asyncpg.Connection, name)))
        aiohttp.ClientSession._request = self._before(aiohttp.ClientSession._request)  # type: ignore[method-assign]

    def _before_change(self, run: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        @functools.wraps(run)
        async def counted(connection: object, sql: str, *args: Any, **kwargs: Any) -> Any:
            if not sql.lstrip().upper().startswith("SELECT"):  # looking lasts in nobody's memory
                self.reach()
            return await run(connection, sql, *args, **kwargs)

        return counted

    def _before(self, done: Callable[..., Any]) -> Callable[..., Any]:
        if not asyncio.iscoroutinefunction(done):

            @functools.wraps(done)
            def counted(*args: Any, **kwargs: Any) -> Any:
                self.reach()
                return done(*args, **kwargs)

            return counted

        @functools.wraps(done)
        async def counted_too(*args: Any, **kwargs: Any) -> Any:
            self.reach()
            return await done(*args, **kwargs)

        return counted_too


async def died(act: Act, *args: object, at: int) -> bool:
    """Run ``act(*args)`` in a fresh process; True when it was killed at its point *at*, False when it ended before.

    *act* stands at the top of a module, and *args* can be pickled. With *at* 0 it always comes to its end.
    """
    return await asyncio.to_thread(_run, act, args, at)


async def each_point(act: Act, make_args: Callable[[int], Awaitable[tuple[object, ...]]]) -> AsyncIterator[int]:
    """Yield 1, 2, 3 … after *act* was killed at that point; the last time it had done everything and told nobody."""
    for at in range(1, LIMIT):
        if not await died(act, *await make_args(at), at=at):
            return
        yield at
    raise AssertionError("the act never comes to its end")


async def lasting(act: Act, *args: object) -> list[Event]:
    """Run ``act(*args)`` to its end in a fresh process; return what it synced and what it told the database, in order."""
    with NamedTemporaryFile() as file:
        assert not await asyncio.to_thread(_run, act, args, 0, file.name)
        events: list[Event] = pickle.load(file)  # noqa: S301 - our own child's
        return events


def _run(act: Act, args: tuple[object, ...], at: int, noted: str = "") -> bool:
    process = _PROCESSES.Process(target=_child, args=(act, args, at, noted), daemon=True)
    process.start()
    process.join(_SECONDS)
    code = process.exitcode
    if code is None:
        process.kill()
        process.join()
    process.close()
    assert code in (0, -signal.SIGKILL), f"the act ended with {code} instead"
    return code != 0


def _child(act: Act, args: tuple[object, ...], at: int, noted: str) -> None:
    points = _Points(at)
    events = watch(setattr) if noted else []
    asyncio.run(_act(act, args, points))
    if noted:
        Path(noted).write_bytes(pickle.dumps(events))
    os._exit(0)


async def _act(act: Act, args: tuple[object, ...], points: _Points) -> None:
    points.watch()
    await act(*args)
    points.reach()
