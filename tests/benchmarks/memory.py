"""Memory of a tree of processes, counted so that what they share counts once."""

import os
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

_PAUSE = 0.2  # seconds between two looks


def pss(root: int) -> int | None:
    """Proportional set size in bytes of *root* and all below it; None when this user may not look."""
    total = 0
    for pid in (root, *below(root)):
        try:
            found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
        except PermissionError:
            return None
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += int(found[1]) * 1024 if found else 0
    return total


def in_mib(size: int | None) -> str:
    """Words for a size."""
    return "only root may look" if size is None else f"{size / (1 << 20):.0f} MiB"


def chromium() -> tuple[int, int]:
    """Bytes of what draws pages in the Chromium that this process began, and of all of that browser."""
    said = {pid: _said(pid) for pid in below(os.getpid())}
    browsers = [
        pid for pid, words in said.items() if b"chrom" in re.split(rb"[\0 ]", words)[0] and b"--type=" not in words
    ]
    drawing = [pid for pid, words in said.items() if b"--type=renderer" in words]
    return sum(pss(pid) or 0 for pid in drawing), max(pss(pid) or 0 for pid in browsers)


class Highest:
    """Look again and again from a thread of its own; *seen* is the highest of each figure, once it has ended."""

    def __init__(self, look: Callable[[], tuple[int, ...]]) -> None:
        self.seen = look()
        self._look, self._ended = look, threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(_PAUSE):
            self.seen = tuple(map(max, self.seen, self._look()))


def below(pid: int) -> Iterator[int]:
    """Every process that *pid* began, and those that these began."""
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            listed = children.read_text().split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        for child in map(int, listed):
            yield child
            yield from below(child)


def _said(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""
