"""Memory of a tree of processes, counted so that what they share counts once."""

import re
from collections.abc import Iterator
from pathlib import Path


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
