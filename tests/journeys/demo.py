"""`make demo`: the whole chain on a fresh installation, over HTTP as each of the people, one line per hop.

Each line says what was seen to work, and what somebody who seized that place would hold. The first hop that breaks ends
the run in plain words and a non-zero exit code. What needs a real page is walked in a real browser, or said to be left out.
"""

import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from tests.journeys import coastguard, elsewhere, listed, recall
from tests.journeys.acts import Story
from tests.journeys.browser import JourneyError
from tests.journeys.installation import installed
from tests.journeys.pgp_tip import pgp
from tests.journeys.screens import NoBrowserError

Hop = Callable[[Story], Awaitable[tuple[str, str]]]

HOPS: tuple[tuple[str, Hop], ...] = (
    ("set-up", Story.set_up),
    ("sealing", Story.sealing),
    ("an agency's key", coastguard.enrol),
    ("material of an agency", coastguard.sends),
    ("source", Story.report),
    ("drop and collection", Story.collect),
    ("corridor", Story.work),
    ("desk", Story.match),
    ("agreements", Story.agreements),
    ("guard", Story.release),
    ("exchange", Story.receive),
    ("an agency without tools", coastguard.opens_and_answers),
    ("back to the source", Story.tell),
    ("a breach, and the recall", recall.breach_and_recall),
    ("the list of all that an agency was sent", listed.all_that_was_sent),
    ("sealed by the source: command", elsewhere.sealed_with_the_command),
    ("sealed by the source: kit", elsewhere.sealed_in_the_kit),
    ("sealed by the source: browser", elsewhere.sealed_in_the_browser),
    ("sealed with PGP", pgp),
)


class Broken(Exception):  # noqa: N818 - the end of a walk, told to its reader
    """A hop did not do what it should; the text says which, and why."""


async def walk(story: Story, hops: Sequence[tuple[str, Hop]] = HOPS) -> list[str]:
    """Walk hop by hop and tell each; the titles of those left out for want of a browser. Raises `Broken`."""
    left_out = []
    for number, (title, hop) in enumerate(hops, 1):
        began = time.monotonic()
        try:
            seen, seized = await hop(story)
        except JourneyError as error:
            raise Broken(f"hop {number} ({title}) is broken: {error}") from error
        except NoBrowserError as error:
            left_out.append(title)
            print(f"{number:2}. {title}: LEFT OUT, for {error}", flush=True)
            continue
        print(f"{number:2}. {title} ({time.monotonic() - began:.1f} s): {seen}", flush=True)
        print(f"      seized here: {seized}", flush=True)
    return left_out


async def _run(folder: Path) -> list[str]:
    with installed(folder) as installation:
        async with Story(installation, folder / "hands") as story:
            return await walk(story)


def main() -> int:
    """Run the demo in a folder that is removed afterwards; keep it when a hop breaks, and say where it is."""
    folder = Path(tempfile.mkdtemp(prefix="tipline-demo-"))
    try:
        left_out = asyncio.run(_run(folder))
    except JourneyError as error:
        print(f"The installation does not start: {error}", file=sys.stderr)
        return 1
    except Broken as error:
        print(f"{error}\nWhat was written stays in {folder}", file=sys.stderr)
        return 1
    shutil.rmtree(folder)
    if left_out:
        print(f"chain walked but for {len(left_out)} of {len(HOPS)} hops, for want of a browser: {', '.join(left_out)}")
    else:
        print(f"chain complete: {len(HOPS)} hops")
    return 0


if __name__ == "__main__":
    sys.exit(main())
