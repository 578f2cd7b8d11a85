"""A folder that comes to be with everything in it, or not at all: sealed parts are kept in it until it is whole."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final, Self

from tipline.cli.streams import RefusedError
from tipline.device import HandIn

_PIECE: Final = 1 << 20


class Part:
    """One sealed part, in a file under a name of no meaning."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = _created(path)

    def write(self, data: bytes | memoryview) -> None:
        """Take the next bytes."""
        self._file.write(data)

    def close(self) -> None:
        """Bring it to the disk; nothing is written afterwards."""
        if not self._file.closed:
            _sync(self._file)
            self._file.close()

    def discard(self) -> None:
        """Remove it."""
        with suppress(OSError):
            self._file.close()
        self._path.unlink(missing_ok=True)

    def pieces(self) -> Iterator[bytes]:
        """Return what was written."""
        self.close()
        with self._path.open("rb") as file:
            while piece := file.read(_PIECE):
                yield piece

    def becomes(self, name: str) -> None:
        """Give the file the name that it is handed in under."""
        self.close()
        self._path.rename(self._path.with_name(name))


class NewFolder:
    """A folder beside its target that takes the target's name at the end of a ``with`` block, and is gone after a failure.

    Raises:
        RefusedError: the target is there already; nothing is ever replaced.
    """

    def __init__(self, target: str) -> None:
        self._shown = target
        self._target = Path(target)
        self._made = self._target.with_name(f".tipline-{secrets.token_hex(8)}.part")
        self._last: Part | None = None
        self._count = 0

    def __enter__(self) -> Self:
        if os.path.lexists(self._target):
            raise RefusedError(f"{self._shown} is there already: name a new folder with -o")
        try:
            self._made.mkdir(mode=0o700)
        except OSError as error:
            raise RefusedError(f"cannot make {self._shown}: {error.strerror}") from None
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            shutil.rmtree(self._made, ignore_errors=True)

    def new_part(self) -> Part:
        """Open the file of the next part. One is written after the other, so no more than one stays open."""
        if self._last is not None:
            self._last.close()
        self._count += 1
        self._last = Part(self._made / f".{self._count}")
        return self._last

    def take(self, file: HandIn[Part]) -> None:
        """Write one file to hand in; a part that is a file by itself only gets its name."""
        if not file.head:
            (part,) = file.parts
            part.becomes(file.name)
            return
        with _created(self._made / file.name) as target:
            for piece in file.pieces():
                target.write(piece)
            _sync(target)

    def _finish(self) -> None:
        for left in self._made.glob(".*"):
            left.unlink()
        try:
            self._made.rename(self._target)
        except OSError:  # somebody made it meanwhile
            raise RefusedError(f"{self._shown} is there already: name a new folder with -o") from None


def _created(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb")


def _sync(file: BinaryIO) -> None:
    """Bring it to the disk: a stick is often pulled as soon as the command has ended."""
    file.flush()
    os.fsync(file.fileno())
