"""Notes in which order files and names come to the disk and statements go to the database: after a kill alone, nobody could tell.

A killed process leaves all that it wrote with the kernel. A power cut leaves what was synced, so that is looked at here.
"""

import functools
import os
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

STATEMENTS = ("execute", "executemany", "fetch", "fetchrow", "fetchval")


@dataclass(frozen=True, slots=True)
class Synced:
    """A file or a folder that was brought to disk: as large as it was by then, or with the names that it had by then."""

    inode: int
    size: int
    names: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Told:
    """A statement that went to the database, and every id in what went with it."""

    sql: str
    ids: frozenset[UUID]


Event = Synced | Told
Patch = Callable[[Any, str, Any], None]


def watch(patch: Patch) -> list[Event]:
    """Begin to note, until *patch* is undone."""
    events: list[Event] = []
    for name in ("fsync", "fdatasync"):
        patch(os, name, _noted(events, getattr(os, name)))
    for name in STATEMENTS:
        patch(asyncpg.Connection, name, _noted_too(events, getattr(asyncpg.Connection, name)))
    return events


def is_on_disk(path: Path, events: Sequence[Event]) -> bool:
    """Say whether all bytes of a file were synced, and then the folder that shows them under its name."""
    file = path.stat()
    for at, event in enumerate(events):
        if isinstance(event, Synced) and (event.inode, event.size) == (file.st_ino, file.st_size):
            return is_shown(path, events[at:])
    return False


def is_shown(path: Path, events: Sequence[Event]) -> bool:
    """Say whether the folder was synced while it had the file under its name."""
    file = path.stat().st_ino
    return any(names.get(path.name) == file for names in _folders(path.parent, events))


def is_gone(path: Path, events: Sequence[Event]) -> bool:
    """Say whether the folder was synced when it had the name no more."""
    return any(path.name not in names for names in _folders(path.parent, events))


def _folders(folder: Path, events: Sequence[Event]) -> Iterator[Mapping[str, int]]:
    inode = folder.stat().st_ino
    return (event.names for event in events if isinstance(event, Synced) and event.inode == inode)


def before(events: Sequence[Event], words: str, named: UUID) -> Sequence[Event]:
    """Return what came before the first statement with these words that names an id."""
    return events[: next(at for at, one in enumerate(events) if _says(one, words, named))]


def _says(event: Event, words: str, named: UUID) -> bool:
    return isinstance(event, Told) and words in event.sql and named in event.ids


def _noted(events: list[Event], sync: Callable[[int], None]) -> Callable[[int], None]:
    @functools.wraps(sync)
    def noted(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}")
        now = path.stat()
        names = {one.name: one.inode() for one in os.scandir(path)} if path.is_dir() else {}
        sync(descriptor)
        events.append(Synced(now.st_ino, now.st_size, names))

    return noted


def _noted_too(events: list[Event], run: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    @functools.wraps(run)
    async def noted(connection: object, sql: str, *args: Any, **kwargs: Any) -> Any:
        events.append(Told(sql, frozenset(_ids(args))))
        return await run(connection, sql, *args, **kwargs)

    return noted


def _ids(value: object) -> Iterator[UUID]:
    if isinstance(value, UUID):
        yield UUID(int=value.int)  # asyncpg has a class of its own
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _ids(one)
