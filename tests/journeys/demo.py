"""`make demo`: the whole chain on a fresh installation, over HTTP as each of the people, one line per hop.

Each line says what was seen to work, and what somebody who seized that place would hold. The first hop that breaks ends
the run in plain words and a non-zero exit code.
"""

import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.journeys import elsewhere
from tests.journeys.acts import Story
from tests.journeys.browser import JourneyError
from tests.journeys.installation import installed
from tests.journeys.pgp_tip import pgp

Hop = Callable[[Story], Awaitable[tuple[str, str]]]

HOPS: tuple[tuple[str, Hop], ...] = (
    ("set-up", Story.set_up),
    ("sealing", Story.sealing),
    ("source", Story.report),
    ("drop and collection", Story.collect),
    ("corridor", Story.work),
    ("desk", Story.match),
    ("agreements", Story.agreements),
    ("guard", Story.release),
    ("exchange", Story.receive),
    ("back to the source", Story.tell),
    ("sealed by the source: command", elsewhere.sealed_with_the_command),
    ("sealed with PGP", pgp),
)


async def walk(story: Story) -> int:
    """Walk hop by hop; return how many hops were walked, and tell each."""
    for number, (title, hop) in enumerate(HOPS, 1):
        began = time.monotonic()
        try:
            seen, seized = await hop(story)
        except JourneyError as error:
            print(f"hop {number} ({title}) is broken: {error}", file=sys.stderr)
            return number - 1
        print(f"{number:2}. {title} ({time.monotonic() - began:.1f} s): {seen}", flush=True)
        print(f"      seized here: {seized}", flush=True)
    return len(HOPS)


async def _run(folder: Path) -> int:
    with installed(folder) as installation:
        async with Story(installation, folder / "hands") as story:
            return await walk(story)


def main() -> int:
    """Run the demo in a folder that is removed afterwards; keep it when a hop breaks, and say where it is."""
    folder = Path(tempfile.mkdtemp(prefix="tipline-demo-"))
    try:
        walked = asyncio.run(_run(folder))
    except JourneyError as error:
        print(f"The installation does not start: {error}", file=sys.stderr)
        return 1
    if walked < len(HOPS):
        print(f"chain so far: {walked} of {len(HOPS)} hops (what was written stays in {folder})")
        return 1
    shutil.rmtree(folder)
    print(f"chain complete: {walked} hops")
    return 0


if __name__ == "__main__":
    sys.exit(main())
