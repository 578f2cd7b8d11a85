"""What a process asks of the kernel before it holds anything secret. Linux only."""

import ctypes
import os
import resource
import signal

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_LIBC = ctypes.CDLL(None, use_errno=True)


class HardenError(Exception):
    """The kernel refused a protection that is promised."""

    def __init__(self) -> None:
        super().__init__("the kernel refused to protect this process's memory")


def harden() -> None:
    """Forbid core dumps and reading of this process's memory by others of its user; new files are private.

    For a plain user the entries of /proc/self then belong to root and can no longer be opened.
    """
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if _LIBC.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise HardenError


def die_with_parent(signum: signal.Signals, parent: int) -> None:
    """Ask for *signum* when the parent's starting thread ends; for use in a fresh child, with the parent's pid.

    A parent that has gone already will send nothing, so the child ends here.
    """
    _LIBC.prctl(_PR_SET_PDEATHSIG, signum.value, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
