"""`kill -9` of every process and both databases at random points of a working day: nothing that was said done is lost or doubled.

`TIPLINE_KILLS` sets the number of submissions, `TIPLINE_KILLS_SEED` repeats a run's choices.
"""

import asyncio
import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.adversarial.everything import search_everything
from tests.journeys.aftermath import grow_old, orphans, wrong_releases, wrong_replies, wrong_sums, wrong_tips
from tests.journeys.browser import JourneyError
from tests.journeys.installation import Installation, installed
from tests.journeys.killing import Killer, all_up
from tests.journeys.office import ASKED, YES, Office
from tests.journeys.stubborn import SAID, Source

SUBMISSIONS = int(os.environ.get("TIPLINE_KILLS", "1000"))
SEED = os.environ.get("TIPLINE_KILLS_SEED") or os.urandom(4).hex()

_AT_ONCE = 12
_WITH_FILE = 4  # one in so many
_ATTACHED = "file of tip"
_CODENAME = 20  # one in so many is searched for
_RELEASES, _REPLIES, _ANSWERS = 3, 10, 3  # at least
_BUNDLES_EVERY = timedelta(seconds=20)
_TRIES = 30
_END_SECONDS = 240.0  # for what has begun when the last submission is in


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    times = (
        datetime(2026, 1, 1, tzinfo=UTC) + step * _BUNDLES_EVERY for step in range(timedelta(days=1) // _BUNDLES_EVERY)
    )
    bundle_times = ",".join(one.strftime("%H:%M:%S") for one in times)
    with installed(tmp_path, tick="4", urgent_tick="2", bundle_times=bundle_times) as running:
        yield running


async def test_nothing_that_was_said_done_is_lost_or_doubled_whatever_is_killed(
    installation: Installation, tmp_path: Path
) -> None:
    print(f"TIPLINE_KILLS_SEED={SEED}")  # noqa: T201 - what repeats a run that failed
    chance = random.Random(SEED)  # noqa: S311 - when and what to kill, not a secret
    killer = Killer(installation, chance)
    assert killer.missing() == []
    sources = [_source(installation, number) for number in range(SUBMISSIONS)]
    async with Office(installation, killer, chance) as office:
        await _a_day(installation, killer, office, sources)
        await all_up(installation)
        await _command(installation, "collect")
        await office.ben.look("/")  # re-seals
        await _command(installation, "mailboxes")
        wrong = [
            *await wrong_tips(office, sources, office.told),
            *await wrong_replies(sources, office.told),
            *await wrong_releases(installation, office.told.releases, _folder(tmp_path)),
            *await wrong_sums(installation, sources, office.told),
        ]
        before = await orphans(installation)
        installation.stop()
        grow_old(installation)
        installation.start()
        await office.ben.look("/")
        after = await _settled(installation)
        left_in_clear = await search_everything(installation, _canaries(sources), signed_in=True)
    replies, left = sum(map(len, office.told.replies.values())), {place: len(names) for place, names in before.items()}
    print(f"kills: {dict(killer.kills)}; {replies} replies, {len(office.told.releases)} releases; swept: {left}")  # noqa: T201 - the same

    assert wrong == []
    assert after == {}
    assert left_in_clear == []
    assert sum(bool(one.codename) for one in sources) >= SUBMISSIONS * 0.99
    assert killer.spared() == []
    assert sum(killer.kills.values()) >= SUBMISSIONS / 50


async def _a_day(installation: Installation, killer: Killer, office: Office, sources: list[Source]) -> None:
    """Everybody at work and the killer among them, until each source has reported and the cases that began have ended."""
    reported, ended = asyncio.Event(), asyncio.Event()
    turns = asyncio.Semaphore(_AT_ONCE)
    async with asyncio.TaskGroup() as tasks:
        killing = tasks.create_task(killer.run(ended))
        work = [
            tasks.create_task(office.replies(reported, least=_REPLIES), name="replies"),
            tasks.create_task(office.come_back(sources, reported, least=_ANSWERS), name="sources coming back"),
            tasks.create_task(office.releases(reported, least=_RELEASES), name="releases"),
            tasks.create_task(_collect(installation, reported), name="collections"),
        ]
        people = [tasks.create_task(_report(one, turns, killer)) for one in sources]
        await asyncio.gather(*people)
        reported.set()
        _, late = await asyncio.wait(work, timeout=_END_SECONDS)
        ended.set()
        if late:
            names = ", ".join(sorted(task.get_name() for task in late))
            raise JourneyError(f"not done {_END_SECONDS:.0f} s after the last report: {names}")
        await asyncio.wait([killing], timeout=_END_SECONDS)
        killing.cancel()


async def _report(source: Source, turns: asyncio.Semaphore, killer: Killer) -> None:
    async with turns:
        await source.report()
        killer.heard()


async def _collect(installation: Installation, done: asyncio.Event) -> None:
    """The administrator's command beside the corridor's own ticks."""
    while not done.is_set():
        try:
            await asyncio.to_thread(installation.tipline, "collect")
        except JourneyError:  # something it needs is dead at this moment
            continue
        finally:
            await asyncio.sleep(10)


async def _command(installation: Installation, name: str) -> None:
    """An administrator's command, tried again while what was killed last is still coming up."""
    for _ in range(_TRIES):
        try:
            await asyncio.to_thread(installation.tipline, name)
        except JourneyError as error:
            last = error
            await asyncio.sleep(1)
        else:
            return
    raise last


async def _settled(installation: Installation) -> object:
    """What still lies about some seconds after the start: the collector sweeps with its first tick."""
    for _ in range(50):
        found = await orphans(installation)
        if not found:
            return found
        await asyncio.sleep(0.2)
    return found


def _source(installation: Installation, number: int) -> Source:
    data = f"{_ATTACHED} {number}".encode() * 5_000 if number % _WITH_FILE == 0 else None
    return Source(installation, number, data)


def _canaries(sources: list[Source]) -> list[str]:
    """What all sources said, attached, were asked and answered, and some of the codenames: all would take half a minute."""
    codenames = [one.codename for one in sources[::_CODENAME] if one.codename]
    return [SAID, _ATTACHED, ASKED, YES, *codenames]


def _folder(tmp_path: Path) -> Path:
    folder = tmp_path / "packages"
    folder.mkdir(mode=0o700)
    return folder
