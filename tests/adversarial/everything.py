"""One search over everything an installation has: what every path that handles a source's words ends with, in one line.

assert await search_everything(installation, canaries) == []
"""

import asyncio
import time
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

import pytest

from tests.adversarial import canary, memory
from tests.adversarial.canary import Canary, Hit
from tests.adversarial.memory import Process
from tests.journeys.installation import Installation
from tipline.source import worker

HANDS = "hands"
"""Folder of an installation where people of a journey keep what they downloaded and opened: theirs, not ours."""
OF_PEOPLE = ("corridor", "desk", "guard")
"""Processes that hold what somebody who is signed in has opened."""


def living(installation: Installation, name: str) -> list[Process]:
    """The processes of one service."""
    assert installation.process is not None
    return [one for one in memory.below(installation.process.pid) if one.name == name]


async def until_idle(installation: Installation) -> None:
    """Wait until the source is the fork server and `keep` alone: what its workers held has gone with them."""
    deadline = time.monotonic() + worker.IDLE_SECONDS + 20
    while len(living(installation, "source")) > 2:
        assert time.monotonic() < deadline, "a worker stays although nobody asks for anything"
        await asyncio.sleep(0.2)


async def search_everything(
    installation: Installation, canaries: Iterable[Canary], *, signed_in: bool = False
) -> list[Hit]:
    """Search files, names, attributes, keyring, logs and write-ahead logs, every database, open files and live memory.

    Where this user may not look into memory, and nothing was found elsewhere, the test that asks is skipped: it has not
    passed.

    Args:
        installation: running or stopped; memory and databases are searched only while it runs.
        canaries: texts, or bytes such as a codename's entropy.
        signed_in: somebody is signed in, so that the memory of corridor, desk and guard rightly holds what they opened.
    """
    wanted = list(canaries)
    hits: list[Hit] = []
    may_look = True
    if installation.process is not None:
        for database in installation.owner_dsns().values():
            hits += await canary.in_database(database, wanted)
        living = memory.below(installation.process.pid)
        searched = [one for one in living if not (signed_in and one.name in OF_PEOPLE)]
        may_look = memory.may_read(installation.process.pid)
        if may_look:
            hits += await asyncio.to_thread(memory.in_memory, searched, wanted)
            hits += await asyncio.to_thread(memory.in_open_files, living, wanted)
    for folder in _folders(installation):
        found = await asyncio.to_thread(lambda at: list(canary.in_files(at, wanted)), folder)
        hits += [hit for hit in found if not hit.place.removeprefix("name of ").startswith(HANDS)]
    if not may_look and not hits:
        pytest.skip("memory and open files were not searched: the processes forbid it to every user but root")
    return hits


def _folders(installation: Installation) -> list[Path]:
    """The installation's folder with its temporary files beside it, and the short folders of its databases' sockets."""
    data = installation.data
    short = [
        Path("/tmp") / f"tipline-{sha256(bytes((data / zone).absolute())).hexdigest()[:16]}"  # noqa: S108 - a place to look at
        for zone in ("public", "inside")
    ]
    return [data.parent, *(folder for folder in short if folder.is_dir())]
