"""One search over everything an installation has: what every path that handles a source's words ends with, in one line.

assert await search_everything(installation, canaries) == []
"""

import asyncio
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from tests.adversarial import canary, memory
from tests.adversarial.canary import Canary, Hit
from tests.journeys.installation import Installation

HANDS = "hands"
"""Folder of an installation where people of a journey keep what they downloaded and opened: theirs, not ours."""
OF_PEOPLE = ("corridor", "desk", "guard")
"""Processes that hold what somebody who is signed in has opened."""


async def search_everything(
    installation: Installation, canaries: Iterable[Canary], *, signed_in: bool = False
) -> list[Hit]:
    """Search files, names, attributes, keyring, logs and write-ahead logs, both databases, open files and live memory.

    Args:
        installation: running or stopped; memory and databases are searched only while it runs.
        canaries: texts, or bytes such as a codename's entropy.
        signed_in: somebody is signed in, so that the memory of corridor, desk and guard rightly holds what they opened.
    """
    wanted = list(canaries)
    hits: list[Hit] = []
    if installation.process is not None:
        for zone in ("public", "inside"):
            hits += await canary.in_database(installation.owner_dsn(zone), wanted)
        living = memory.below(installation.process.pid)
        searched = [one for one in living if not (signed_in and one.name in OF_PEOPLE)]
        if memory.may_read(installation.process.pid):
            hits += await asyncio.to_thread(memory.in_memory, searched, wanted)
            hits += await asyncio.to_thread(memory.in_open_files, living, wanted)
    for folder in _folders(installation):
        found = await asyncio.to_thread(lambda at: list(canary.in_files(at, wanted)), folder)
        hits += [hit for hit in found if not hit.place.removeprefix("name of ").startswith(HANDS)]
    return hits


def _folders(installation: Installation) -> list[Path]:
    """The installation's folder with its temporary files beside it, and the short folders of its databases' sockets."""
    data = installation.data
    short = [
        Path("/tmp") / f"tipline-{sha256(bytes((data / zone).absolute())).hexdigest()[:16]}"  # noqa: S108 - a place to look at
        for zone in ("public", "inside")
    ]
    return [data.parent, *(folder for folder in short if folder.is_dir())]
