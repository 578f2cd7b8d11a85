"""Asks `keep` for room for one file, before it comes and while it comes. It measures nothing itself."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from tipline.source.channel import Keep
from tipline.source.submit import FullError

_ASK: Final = 16 << 20  # bytes after which is asked again


@dataclass(slots=True)
class Room:
    """What one file on its way has been given."""

    keep: Keep
    today: date
    _given: int = 0
    _upload: str = field(default_factory=lambda: secrets.token_hex(8))

    async def enough(self, here: int) -> None:
        """Say how many bytes have come; raises `FullError` when no more is taken."""
        if here - self._given >= _ASK:
            self._given = here
            await self.ask(here=here)

    async def ask(self, *, here: int = 0, more: int = 0) -> None:
        """Say how many bytes are here and how many more are to come; raises `FullError` when that is too much."""
        if not await self.keep.room(self._upload, here=here, more=more, today=self.today):
            raise FullError

    async def leave(self) -> None:
        """Give back what was given: by now the file's own rows count, or it has gone."""
        if self._given:
            await self.keep.room(self._upload, here=0, more=0, today=self.today)


@asynccontextmanager
async def for_file(keep: Keep, size: int, today: date) -> AsyncIterator[Room]:
    """Raise `FullError` when a file of about *size* bytes would not be taken today; else keep account of it."""
    room = Room(keep, today)
    await room.ask(more=size)
    try:
        yield room
    finally:
        await room.leave()
