"""One short shell script in bubblewrap: no network, no files but `/usr`, an empty home in memory, bounded in every way.

Run by root, bubblewrap's programs may still read what root may, so nothing is bound but `/usr`, for reading. Secrets go in
through pipes. What the programs complain about is thrown away, as it may quote what they read. Blocking.
"""

import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import IO, BinaryIO

from crypto.errors import SandboxError
from crypto.secret import Secret

_WHERE = "/usr/bin:/bin"
_HANDED_MAX = 48 * 1024  # bytes of one secret: what a pipe takes before anybody reads it
_SAID_MAX = 64 * 1024  # bytes of a program's report
_PIECE = 256 * 1024
_STARTED = b"started\n"
_WALLS = (
    *("--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--uid", "65534", "--gid", "65534"),
    *("--clearenv", "--setenv", "PATH", "/usr/bin", "--setenv", "LC_ALL", "C", "--setenv", "HOME", "/home"),
    *("--setenv", "GNUPGHOME", "/home", "--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin"),
    *("--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64", "--dev", "/dev", "--perms", "0700"),
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may use: seconds from start to end, bytes of memory in each program, of output, and of the home in memory."""

    seconds: float
    memory: int
    output: int
    home: int = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended. *output* has one byte more than its limit when there was more; *overtime* when it was stopped."""

    code: int
    output: bytes
    said: bytes
    overtime: bool


def run(
    script: Callable[[Sequence[int], int], str],
    *,
    data: bytes = b"",
    handed: Sequence[Secret] = (),
    arguments: Sequence[str] = (),
    limits: Limits,
) -> Ended:
    """Run a script of `sh` and return what it put out.

    Args:
        script: makes the script from the descriptors of *handed* and the one that reports are written to.
        data: its standard input.
        handed: secrets of at most 48 KiB, each on a pipe of its own.
        arguments: `$1` and so on: text that is never read as a command.
        limits: past which it is stopped.

    Raises:
        SandboxError: bubblewrap is missing, or this machine does not let it start.
    """
    bwrap, shell = shutil.which("bwrap", path=_WHERE), shutil.which("sh", path=_WHERE)
    if bwrap is None or shell is None:
        raise SandboxError
    with ExitStack() as ours:
        pipes = [_full_pipe(secret, ours) for secret in handed]
        report, reporting = os.pipe()
        said = ours.enter_context(os.fdopen(report, "rb"))
        theirs = ours.enter_context(os.fdopen(reporting, "wb"))
        walls = (
            f"ulimit -c 0; ulimit -v {limits.memory // 1024}; ulimit -t {int(limits.seconds) + 1}; printf 'started\\n'"
        )
        text = f"umask 077; {walls}; {script([pipe.fileno() for pipe in pipes], reporting)}"
        home = (
            "--size",
            str(limits.home),
            "--tmpfs",
            "/home",
            "--remount-ro",
            "/dev",
            "--remount-ro",
            "/",
            "--chdir",
            "/home",
        )
        command = [bwrap, *_WALLS, *home, "--", shell, "-euc", text, "sh", *arguments]
        kept = (*(pipe.fileno() for pipe in pipes), reporting)
        try:
            process = subprocess.Popen(  # noqa: S603 - fixed words; what varies is an argument and no command
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, pass_fds=kept
            )
        except OSError:
            raise SandboxError from None
        theirs.close()
        return _until_end(process, data, said, limits)


def _full_pipe(secret: Secret, ours: ExitStack) -> BinaryIO:
    """Return the reading end of a pipe that holds a secret, and then ends."""
    if len(secret) > _HANDED_MAX:
        raise SandboxError
    reading, writing = os.pipe()
    pipe = ours.enter_context(os.fdopen(reading, "rb"))
    with os.fdopen(writing, "wb") as end:
        end.write(secret.expose())
    return pipe


def _until_end(process: "subprocess.Popen[bytes]", data: bytes, said: BinaryIO, limits: Limits) -> Ended:
    """Feed and read at once, so that no full pipe stops either side; a run over its limits is killed."""
    late = threading.Event()

    def stop() -> None:
        late.set()
        process.kill()

    reports: list[bytes] = []
    timer = threading.Timer(limits.seconds, stop)
    threads = [
        threading.Thread(target=_feed, args=(process.stdin, data)),
        threading.Thread(target=lambda: reports.append(_read(said, _SAID_MAX))),
    ]
    with process:
        timer.start()
        for thread in threads:
            thread.start()
        try:
            output = _read(process.stdout, len(_STARTED) + limits.output + 1)
            if len(output) > len(_STARTED) + limits.output:
                process.kill()
            code = process.wait()
        finally:
            timer.cancel()
            process.kill()
            for thread in threads:
                thread.join()
    if not output.startswith(_STARTED):
        raise SandboxError
    return Ended(code, output[len(_STARTED) :], b"".join(reports), late.is_set())


def _feed(end: IO[bytes] | None, data: bytes) -> None:
    with suppress(OSError):  # whoever reads has stopped: the end of the run says how it came out
        if end is not None:
            with end:
                end.write(data)


def _read(end: IO[bytes] | None, most: int) -> bytes:
    """Read up to *most* bytes; what follows is left, and its writer ends with the pipe."""
    found = bytearray()
    while end is not None and len(found) < most and (piece := end.read(min(_PIECE, most - len(found)))):
        found += piece
    return bytes(found)
