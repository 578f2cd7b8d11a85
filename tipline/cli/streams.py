"""Where `tipline seal`, `open` and `identity` read and write. A file gets its name only when it is whole."""

import codecs
import io
import os
import re
import secrets
import signal
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn, Protocol

STANDARD = "-"
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")  # all but tab, line feed and carriage return
_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


class RefusedError(Exception):
    """The command cannot be carried out; the text says why and holds nothing secret."""


class Output(Protocol):
    """Something that takes a result in pieces."""

    shown: bool  # whether something has left that cannot be taken back

    def write(self, data: bytes | memoryview) -> None:
        """Take the next piece."""


def words(error: OSError) -> str:
    """Say what went wrong with a stream, without a path."""
    return f"reading or writing failed: {error.strerror or 'this stream cannot be used'}"


@contextmanager
def reading(name: str | None) -> Iterator[io.FileIO]:
    """Open a file, or standard input for None and `-`, without a buffer of its own."""
    if name in (None, STANDARD):
        os.set_blocking(sys.stdin.fileno(), True)
        yield io.FileIO(sys.stdin.fileno(), "rb", closefd=False)
        return
    try:
        file = io.FileIO(name, "rb")
    except OSError as error:
        raise RefusedError(f"cannot read {name}: {error.strerror}") from None
    with file:
        yield file


def read_all(name: str, limit: int) -> bytes:
    """Return a small file whole, or as much of it as shows that it is larger than *limit*."""
    with reading(name) as file:
        found = bytearray()
        try:
            while len(found) <= limit and (piece := file.read(limit + 1 - len(found))):
                found += piece
        except OSError as error:
            raise RefusedError(f"cannot read {name}: {error.strerror}") from None
        return bytes(found)


@contextmanager
def writing(
    name: str | None, source: io.FileIO, *, others: Sequence[str] = (), text: bool, mode: int
) -> Iterator[Output]:
    """Open the place for a result; on failure nothing with its name is left.

    Args:
        name: a path; `-` for standard output whatever it is; None for standard output that is not a terminal.
        source: what is read, which must not be written to.
        others: further files that must not be written to, such as keys.
        text: whether the result may be shown on a terminal, as long as it is printable.
        mode: permissions of a new file, before the umask.
    """
    if name in (None, STANDARD):
        yield _standard_output(source, guarded=name is None, text=text)
        return
    target = Path(os.path.realpath(str(name)))
    _refuse_the_same(target, source, others)
    if not target.parent.is_dir() or target.is_dir():
        raise RefusedError(f"cannot write {name}: its folder is missing, or it is one")
    if target.exists() and not os.access(target, os.W_OK):
        raise RefusedError(f"cannot write {name}: it is protected")
    if target.exists() and not target.is_file():  # a device or a pipe
        with io.FileIO(os.open(target, os.O_WRONLY), "wb") as device:
            yield _Descriptor(device.fileno())
        return
    file = _NewFile(target, mode)
    try:
        yield file
        file.finish()
    finally:
        file.discard()


class _Descriptor:
    """Writes straight to a file descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.shown = False

    def write(self, data: bytes | memoryview) -> None:
        """Write all of *data*."""
        view = memoryview(data)
        while view:
            view = view[os.write(self._descriptor, view) :]
            self.shown = True


class _Printable(_Descriptor):
    """Writes to a terminal what a terminal only shows: no control characters, which would command it."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor)
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def write(self, data: bytes | memoryview) -> None:
        """Write *data*, or refuse it as a whole."""
        try:
            shown = self._decoder.decode(bytes(data))
        except UnicodeDecodeError:
            shown = "\0"
        if _CONTROL.search(shown):
            raise RefusedError('this is not plain text, so it is not shown on a terminal; "-o -" shows it all the same')
        super().write(data)


class _NewFile:
    """A file beside its target that takes the target's name at the end."""

    shown = False

    def __init__(self, target: Path, mode: int) -> None:
        self._target = target
        self._mode = mode
        self._part = target.with_name(f".tipline-{secrets.token_hex(8)}.part")
        self._descriptor: int | None = None

    def write(self, data: bytes | memoryview) -> None:
        """Write all of *data*; the file comes to be with the first piece."""
        _Descriptor(self._opened()).write(data)

    def finish(self) -> None:
        """Give the file its name."""
        descriptor = self._opened()
        if self._target.exists():
            os.fchmod(descriptor, stat.S_IMODE(self._target.stat().st_mode) & 0o777)
        self._part.replace(self._target)

    def discard(self) -> None:
        """Close; remove what has no name yet."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._part.unlink(missing_ok=True)

    def _opened(self) -> int:
        if self._descriptor is None:
            mode = 0o600 if self._target.exists() else self._mode
            self._descriptor = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
        return self._descriptor


def _standard_output(source: io.FileIO, *, guarded: bool, text: bool) -> _Descriptor:
    descriptor = sys.stdout.fileno()
    sys.stdout.flush()
    os.set_blocking(descriptor, True)
    if _same(os.fstat(descriptor), os.fstat(source.fileno())):
        raise RefusedError("input and output are the same file")
    if not guarded or not os.isatty(descriptor):
        return _Descriptor(descriptor)
    if not text:
        raise RefusedError('a sealed file is not shown on a terminal; use -a for armour, or force it with "-o -"')
    return _Printable(descriptor)


def _refuse_the_same(target: Path, source: io.FileIO, others: Sequence[str]) -> None:
    if not target.exists():
        return
    found = target.stat()
    if _same(found, os.fstat(source.fileno())):
        raise RefusedError("input and output are the same file")
    if any(_same(found, Path(other).stat()) for other in others if other != STANDARD and Path(other).exists()):
        raise RefusedError("the output would replace a file of keys")


def _same(one: os.stat_result, other: os.stat_result) -> bool:
    return stat.S_ISREG(one.st_mode) and os.path.samestat(one, other)


@contextmanager
def unwinding() -> Iterator[None]:
    """Make the signals that end a process unwind it: nothing half written is left, and a terminal shows letters again."""
    before = {number: signal.signal(number, _end) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(number: int, _: FrameType | None) -> NoReturn:
    sys.exit(128 + number)
