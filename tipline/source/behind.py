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
        if self._working is None:
            return
        await asyncio.wait([self._working])
        failure = None if self._working.cancelled() else self._working.exception()
        if kind is None and failure is not None:
            raise failure

    async def go_on(self, work: Callable[[], None]) -> None:
        """Wait for the piece before, then begin this one."""
        if self._working is not None:
            await self._working
        self._working = asyncio.create_task(asyncio.to_thread(work))
