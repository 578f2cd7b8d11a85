"""Work in a thread, one piece behind what arrives, so that a line and a disk never wait for each other in turn."""

import asyncio
from collections.abc import Callable
from typing import Self


class Behind:
    """Work in a thread, one piece after the other, while the next piece arrives; at the end all of it is done."""

    def __init__(self) -> None:
        self._working: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        await self._end(quietly=kind is not None)

    async def go_on(self, work: Callable[[], None]) -> None:
        """Wait for the piece before, then begin this one."""
        await self._end()
        self._working = asyncio.create_task(asyncio.to_thread(work))

    async def _end(self, *, quietly: bool = False) -> None:
        """Wait until no thread works any more, also when whoever waits is told to stop: what it writes to is closed next."""
        working, stop = self._working, None
        while working is not None and not working.done():
            try:
                await asyncio.wait([working])
            except asyncio.CancelledError as cancelled:
                stop = cancelled
        failure = None if working is None or working.cancelled() else working.exception()
        if stop is not None:
            raise stop
        if failure is not None and not quietly:
            raise failure
