"""Programs that a test starts: they end with it, also when it is killed, and only they are ended."""

import os
import signal
import subprocess
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from tipline.base.process import die_with_parent

_STOP_SECONDS = 5.0


def started(command: Sequence[str], output: Path) -> subprocess.Popen[bytes]:
    """Start *command*, which writes to *output*. To be called from the main thread, whose end is the child's.

    The child is killed then, not asked: a Tor that is asked now and then waits for its own threads for ever.
    """
    parent = os.getpid()
    with output.open("ab") as file:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            preexec_fn=lambda: die_with_parent(signal.SIGKILL, parent),  # noqa: PLW1509 - no thread of ours runs beside it
        )


def stop(processes: Iterable[subprocess.Popen[bytes]]) -> None:
    """Ask all to end, wait, and insist."""
    running = [one for one in processes if one.poll() is None]
    for one in running:
        one.terminate()
    deadline = time.monotonic() + _STOP_SECONDS
    for one in running:
        try:
            one.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            one.kill()
            one.wait()
