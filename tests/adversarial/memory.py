"""What live processes hold: every readable page of their memory, and the files they keep open, searched for canaries."""

import contextlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.adversarial.canary import Canary, Hit, Search

_CHUNK = 64 << 20
_KERNELS = ("[vvar]", "[vsyscall]", "[vdso]", "[vvar_vclock]")


@dataclass(frozen=True, slots=True)
class Process:
    """One live process below a supervisor; *name* is that of the service it belongs to."""

    pid: int
    name: str


def below(supervisor: int) -> list[Process]:
    """The supervisor and everything it started, each with the service's name; a database's processes are `postgres`."""
    parents, commands = {}, {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                if fields[0] != "Z":
                    parents[int(folder.name)] = int(fields[1])
                    commands[int(folder.name)] = (folder / "cmdline").read_bytes().rstrip(b"\0").split(b"\0")
    found = {supervisor: "supervisor"}
    while more := [pid for pid, parent in parents.items() if parent in found and pid not in found]:
        for pid in more:
            above = found[parents[pid]]
            found[pid] = above if above != "supervisor" else _name(commands[pid])
    return [Process(pid, name) for pid, name in sorted(found.items())]


def _name(command: list[bytes]) -> str:
    if any(b"postgres" in word for word in command[:1]):
        return "postgres"
    return command[-1].decode()


def may_read(pid: int) -> bool:
    """Whether this user may look into a process that forbids it to others of its user: root may."""
    try:
        with Path(f"/proc/{pid}/mem").open("rb"):
            return True
    except PermissionError:
        return False


def in_memory(processes: Iterable[Process], canaries: Iterable[Canary]) -> list[Hit]:
    """Search every page that a process wrote or could have written; memory shared by several is searched once."""
    hits: list[Hit] = []
    shared: set[tuple[str, str, str]] = set()
    search = Search(canaries)
    for process in processes:
        place = f"memory of {process.name} ({process.pid})"
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for data in _written(process.pid, shared):
                hits += search.in_bytes(data, place)
    return hits


def _written(pid: int, shared: set[tuple[str, str, str]]) -> Iterator[bytes]:
    """Give the process's memory mapping by mapping; file pages that nobody may write are the file's, not the process's."""
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, mode, offset, device, inode, *name = line.split(maxsplit=5)
            if not mode.startswith("r") or (name and name[0] in _KERNELS):
                continue
            if inode != "0" and "w" not in mode:
                continue
            if mode.endswith("s"):
                if (device, inode, offset) in shared:
                    continue
                shared.add((device, inode, offset))
            start, end = (int(edge, 16) for edge in span.split("-"))
            yield _read(memory.fileno(), start, end)


def _read(descriptor: int, start: int, end: int) -> bytes:
    got = bytearray()
    with contextlib.suppress(OSError):  # pages that are not there, as behind a heap's end
        while start + len(got) < end:
            more = os.pread(descriptor, min(_CHUNK, end - start - len(got)), start + len(got))
            if not more:
                break
            got += more
    return bytes(got)


def in_open_files(processes: Iterable[Process], canaries: Iterable[Canary]) -> list[Hit]:
    """Search what processes hold open, wherever it lies and even when its name is gone: a spooled upload would be here."""
    hits: list[Hit] = []
    seen: set[tuple[int, int]] = set()
    search = Search(canaries)
    for process in processes:
        for descriptor in _descriptors(process.pid):
            with contextlib.suppress(OSError):
                found = descriptor.stat()
                if not descriptor.is_file() or (found.st_dev, found.st_ino) in seen:
                    continue
                seen.add((found.st_dev, found.st_ino))
                hits += search.in_bytes(descriptor.read_bytes(), f"{descriptor.readlink()} open in {process.name}")
    return hits


def _descriptors(pid: int) -> list[Path]:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
        return list(Path(f"/proc/{pid}/fd").iterdir())
    return []
