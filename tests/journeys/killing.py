"""A hand that kills one process of a running installation after another, each with SIGKILL at a random moment of its work."""

import asyncio
import contextlib
import os
import random
import signal
import subprocess
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.journeys.browser import JourneyError
from tests.journeys.installation import PROCESSES, Installation, answers
from tipline.base.postgres import _binary

WEIGHTS: Mapping[str, float] = {
    "source": 2,  # the parent, and with it everything below
    "keep": 2,
    "worker": 5,
    "drop": 4,
    "corridor": 4,
    "guard": 3,
    "desk": 1,
    "exchange": 1,
    "public database": 1,  # the postmaster
    "inside database": 1,
    "public backend": 2,  # any one of its children; the server then ends all of them and recovers
    "inside backend": 2,
}
_UP_SECONDS = 90.0
_PAUSE = (0.0, 1.0)  # seconds between deciding to kill and killing
_BETWEEN = (
    4,
    28,
)  # things that people saw done between two kills: a machine that is slow is not killed to a standstill
_POLL = 0.05


@dataclass(frozen=True, slots=True)
class _Process:
    pid: int
    parent: int
    began: int
    command: str


@dataclass(slots=True)
class Killer:
    """Kills parts of one installation and counts them by name."""

    on: Installation
    chance: random.Random
    kills: Counter[str] = field(default_factory=Counter)
    _done: float = 0.0

    def heard(self, weight: float = 1.0) -> None:
        """Somebody has seen an act done, worth *weight* reports."""
        self._done += weight

    async def run(self, done: asyncio.Event) -> None:
        """Kill until *done*: everything once first, in any order, then by weight; too short a day for that grows longer."""
        until = 0.0
        while not done.is_set() or self.spared():
            if self._done < until and not done.is_set():
                await asyncio.sleep(_POLL)
                continue
            await asyncio.sleep(self.chance.uniform(*_PAUSE))
            names = self.spared() or list(WEIGHTS)
            if self.kill(self.chance.choices(names, [WEIGHTS[name] for name in names])[0]):
                until = self._done + self.chance.uniform(*_BETWEEN)

    def spared(self) -> list[str]:
        """Names of what has not been killed yet, but for workers, which come with visitors."""
        return [name for name in WEIGHTS if name != "worker" and not self.kills[name]]

    def missing(self) -> list[str]:
        """Names of what could not be killed in an installation that has just started; workers come with visitors."""
        return [name for name in WEIGHTS if name != "worker" and not self._victims(name)]

    def kill(self, name: str) -> bool:
        """Kill one process of this name; False when there is none, or when it is not up again since the last time."""
        if name in PROCESSES and not answers(self.on.ports[name]):
            return False  # killed again before it answers it would be restarted later and later, as one that is broken
        if name.endswith(("database", "backend")) and not self._accepts(name.split(maxsplit=1)[0]):
            return False  # PostgreSQL itself hangs when a child is killed while the server recovers from such a kill
        found = self._victims(name)
        if not found:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.chance.choice(found), signal.SIGKILL)
            self.kills[name] += 1
            return True
        return False

    def _accepts(self, zone: str) -> bool:
        """Whether the server of a zone lets anybody in now."""
        ready = [_binary("pg_isready"), "--quiet", "--dbname", self.on.owner_dsn(zone)]
        return subprocess.run(ready, check=False, timeout=30).returncode == 0

    def _victims(self, name: str) -> list[int]:
        if self.on.process is None:
            return []
        every = _processes()
        roots = _below(every, self.on.process.pid)
        if name.endswith(("database", "backend")):
            folder = f"{self.on.data}/{name.split(maxsplit=1)[0]}/postgres"
            servers = [one.pid for one in roots if folder in one.command.split()]
            if name.endswith("database"):
                return servers
            return [child.pid for server in servers for child in _below(every, server)]
        wanted = "source" if name in {"keep", "worker"} else name
        serving = [one.pid for one in roots if one.command.split()[-1:] == [wanted]]
        if name == wanted:
            return serving
        forked = [child.pid for source in serving for child in _below(every, source)]
        return forked[:1] if name == "keep" else forked[1:]  # `keep` is the source's first child


async def all_up(on: Installation) -> None:
    """Wait until every process answers again; a `JourneyError` names the one that does not."""
    deadline = asyncio.get_running_loop().time() + _UP_SECONDS
    for name in PROCESSES:
        while not answers(on.ports[name]):
            if on.process is None or on.process.poll() is not None:
                raise JourneyError(f"the supervisor has ended; see {on.data.parent / 'run.log'}")
            if asyncio.get_running_loop().time() > deadline:
                raise JourneyError(f"{name} did not come back; see {on.data.parent / 'run.log'}")
            await asyncio.sleep(0.1)


def _below(every: list[_Process], parent: int) -> list[_Process]:
    """Children of one process, oldest first."""
    return sorted((one for one in every if one.parent == parent), key=lambda one: one.began)


def _processes() -> list[_Process]:
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if stat[0] != "Z":
                found.append(_Process(int(folder.name), int(stat[1]), int(stat[19]), command))
    return found
