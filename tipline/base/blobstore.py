"""Sealed files in one folder, named by UUID. A name appears only when its bytes are on disk. It seals nothing itself."""

import fcntl
import os
import secrets
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime, time
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self
from uuid import UUID

from tipline.base import files

_NEW = ".new-"
_CHUNK = 1 << 20


class BlobMissingError(Exception):
    """No blob has this id."""

    code = "blob-missing"

    def __init__(self) -> None:
        super().__init__("no blob has this id")


class BlobWriter:
    """One blob being written; publish it or discard it. Leaving a ``with`` block discards what was not published.

    Until then it is held under a lock, which ends with its process: a line may be so slow that a part waits days for the rest.
    """

    def __init__(self, folder: Path, day: date | None) -> None:
        self._folder = folder
        self._day = day
        self._temporary = folder / f"{_NEW}{secrets.token_hex(16)}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self._file = os.fdopen(os.open(self._temporary, flags, 0o600), "wb")
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Append sealed bytes."""
        self._file.write(chunk)

    def flush(self) -> None:
        """Bring what was written to disk, so that `publish` has next to nothing left to wait for."""
        self._file.flush()
        os.fdatasync(self._file.fileno())

    def publish(self, blob: UUID) -> None:
        """Bring the bytes to disk, then show them under *blob*; an older blob of that id is replaced."""
        self._settle()
        self._temporary.replace(self._folder / str(blob))
        self._shown()

    def publish_new(self, blob: UUID) -> bool:
        """Do as `publish`, for an id that somebody else chose: False, and nothing replaced, when a blob has it."""
        self._settle()
        try:
            os.link(self._temporary, self._folder / str(blob))
        except FileExistsError:
            files.sync_folder(self._folder)  # whoever gave it may have been killed before, or is about to
            return False
        self._temporary.unlink()
        self._shown()
        return True

    def _settle(self) -> None:
        self._file.flush()
        if self._day is not None:
            _set_day(self._file.fileno(), self._day)
        os.fsync(self._file.fileno())
        self._file.close()

    def _shown(self) -> None:
        if self._day is not None:
            _set_day(self._folder, self._day)
        files.sync_folder(self._folder)

    def discard(self) -> None:
        """Forget what was written; harmless after `publish`."""
        self._file.close()
        self._temporary.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard()


class BlobStore:
    """The blobs of one process; every call touches the disk, so an event loop calls them in a thread.

    Args:
        folder: made with mode 0700 when missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        files.private_folder(folder)

    def create(self, *, day: date | None = None) -> BlobWriter:
        """Begin a blob. With *day*, its file times show that midnight (UTC) and nothing finer."""
        return BlobWriter(self._folder, day)

    def open(self, blob: UUID) -> BinaryIO:
        """Open a blob for reading, leaving its access time alone; raises `BlobMissingError`."""
        try:
            descriptor = os.open(self._path(blob), os.O_RDONLY | os.O_NOATIME | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            raise BlobMissingError from None
        return os.fdopen(descriptor, "rb")

    def size(self, blob: UUID) -> int:
        """Return the length in bytes; raises `BlobMissingError`."""
        try:
            return self._path(blob).stat().st_size
        except FileNotFoundError:
            raise BlobMissingError from None

    def renew(self, blob: UUID, *, day: date) -> bool:
        """Put a fresh copy in a blob's place, with the times of that midnight (UTC); False when it has gone.

        A new file has a new number and new change and birth times: those of the old one told when it came.
        """
        try:
            old = self.open(blob)
        except BlobMissingError:
            return False
        with old, self.create(day=day) as writer:
            while chunk := old.read(_CHUNK):
                writer.write(chunk)
            writer.publish(blob)
        return True

    def delete(self, *blobs: UUID) -> None:
        """Remove blobs; removing one that has gone already is no error, so that a repeat is harmless."""
        for blob in blobs:
            self._path(blob).unlink(missing_ok=True)
        files.sync_folder(self._folder)

    def names(self) -> set[UUID]:
        """Return the ids of all published blobs."""
        return {UUID(name) for name in (path.name for path in self._folder.iterdir()) if not name.startswith(".")}

    def sweep(self, named: AbstractSet[UUID], *, settled_before: float | None = None) -> int:
        """Remove blobs that no row names, and unfinished ones; return how many.

        Args:
            named: every id that a row names, read *before* this call.
            settled_before: Unix time; files touched later are left alone because their row may be on its way, and so is
                what somebody writes still, however long ago it was touched. None only while nobody writes.
        """
        removed = 0
        with os.scandir(self._folder) as entries:
            for entry in entries:
                unnamed = entry.name.startswith(_NEW) or UUID(entry.name) not in named
                if unnamed and _settled(entry, settled_before):
                    Path(entry.path).unlink(missing_ok=True)
                    removed += 1
        if removed:
            files.sync_folder(self._folder)
        return removed

    def _path(self, blob: UUID) -> Path:
        return self._folder / str(blob)


def _settled(entry: os.DirEntry[str], before: float | None) -> bool:
    """Say whether nobody has touched the file since *before* or holds it; one that got its own name meanwhile is somebody's."""
    try:
        return before is None or (entry.stat(follow_symlinks=False).st_ctime < before and not _held(entry))
    except FileNotFoundError:
        return False


def _held(entry: os.DirEntry[str]) -> bool:
    descriptor = os.open(entry.path, os.O_RDONLY | os.O_NOATIME | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)


def _set_day(target: int | Path, day: date) -> None:
    midnight = int(datetime.combine(day, time(), UTC).timestamp())
    os.utime(target, (midnight, midnight))
