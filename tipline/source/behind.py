"""Work in a thread, one piece behind what arrives, so that a line and a disk never wait for each other in turn."""

import asyncio
from collections.abc import Callable
from typing import Self


class Behind:
    """Work on one piece after the other while the next one arrives; at the end all of it is done."""

    def __init__(self) -> None:
        self._working: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        await self._end(quietly=kind is not None)

    async def go_on(self, *works: Callable[[], None]) -> None:
        """Wait for the piece before, then begin with this one: each work in a thread of its own."""
        await self._end()
        self._working = {asyncio.create_task(asyncio.to_thread(work)) for work in works}

    async def _end(self, *, quietly: bool = False) -> None:
        """Wait until no thread works any more, also when whoever waits is told to stop: what it writes to is closed next."""
        stop = None
        while working := [task for task in self._working if not task.done()]:
            try:
                await asyncio.wait(working)
            except asyncio.CancelledError as cancelled:
                stop = cancelled
        failures = [task.exception() for task in self._working if not task.cancelled()]
        if stop is not None:
            raise stop
        for failure in failures:
            if failure is not None and not quietly:
                raise failure
