"""May this process's memory be written to a disk? Decided from what the kernel says; a real unit does not start when it may.

It trusts no encryption of swap and no compressed swap in memory: neither can be told from the outside for certain.
"""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from tipline.base.settings import Settings, SettingsError

ADVICE: Final = (
    "swap is on, so what a source writes could reach a disk: turn it off (`swapoff -a`, and remove it from /etc/fstab), "
    "or run this process where it has none (MemorySwapMax=0 of its systemd service)"
)

_LOG = logging.getLogger("process")
_SWAPS: Final = Path("/proc/swaps")
_OWN: Final = Path("/proc/self/cgroup")
_GROUPS: Final = (Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/unified"))  # the second where both kinds are mounted

Read = Callable[[Path], str | None]


def allowed(swaps: str | None, limits: Iterator[str | None]) -> bool:
    """Say whether pages may be swapped out.

    Args:
        swaps: `/proc/swaps`; None when it cannot be read, which is taken for swap.
        limits: `memory.swap.max` of the process's cgroup and of those above it; None where there is none.
    """
    if swaps is not None and not swaps.strip().splitlines()[1:]:
        return False
    return not any(limit is not None and limit.strip() == "0" for limit in limits)


def limits(own: str | None, read: Read) -> Iterator[str | None]:
    """Give the swap limit of the process's cgroup (version 2) and of each above it; *own* is `/proc/self/cgroup`."""
    for line in (own or "").splitlines():
        hierarchy, _, path = line.split(":", 2)
        if hierarchy != "0":
            continue
        here = PurePosixPath(path)
        for group in (here, *here.parents):
            for mounted in _GROUPS:
                yield read(mounted / str(group).lstrip("/") / "memory.swap.max")


def refuse(settings: Settings, read: Read | None = None) -> None:
    """Do nothing without swap; a practice unit is warned of it, a real one gets a `SettingsError` with what to do."""
    read = read or _read
    if not allowed(read(_SWAPS), limits(read(_OWN), read)):
        return
    if not settings.practice:
        raise SettingsError(ADVICE)
    _LOG.warning("%s", ADVICE)


def _read(file: Path) -> str | None:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
