"""Two hundred slow lines, and a flood of junk, in front of a real source: whoever is honest is served, and nothing is lost."""

import asyncio
import statistics
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.benchmarks.memory import pss
from tests.deploy.front import haproxy
from tests.deploy.visitors import SLOW_RATE, SLOW_TRIP, RefusedError, Visitor
from tests.tipline.source.running import Zone, a_zone, collect, running
from tipline.base.database import Db
from tipline.base.settings import Settings
from tipline.envelope import Answer, Message, Tip

SLOW = 200
FILE = 600_000  # bytes, half a minute of a slow line
QUICK = 5
MIB = 1 << 20
EACH_MIB = 1.5  # of memory for one slow line: half of it its own, the rest its share of a worker
SLOPE_MIB = 16
SAMPLES = 6
JUNK = 150
RATE = 15  # junk in a second: 54,000 an hour
HONEST = 5


async def test_200_slow_lines_are_served_in_flat_memory_and_a_quick_one_meanwhile(
    settings: Settings, public_db: Db, tmp_path: Path
) -> None:
    zone = await a_zone(settings, public_db)
    load = Load()

    with running(zone) as source:
        async with haproxy(tmp_path, zone.settings.ports["source"]):
            await Visitor(tmp_path, 999).report("the first")
            idle = pss(source.pid)
            slow = asyncio.gather(*(slowly(tmp_path, number, load) for number in range(SLOW)))
            measuring = asyncio.create_task(measure(source.pid, load))
            quick = 0
            while not slow.done():
                line = Visitor(tmp_path, 1000 + quick)
                await line.report("quick")
                await line.add_file(100_000)
                quick += not slow.done()
            await slow
            measuring.cancel()

    assert quick >= QUICK
    files = await public_db.fetchval("SELECT count(*) FROM zone.envelope WHERE kind = 'part'")
    assert files >= SLOW + QUICK
    assert await public_db.fetchval("SELECT count(*) FROM zone.mailbox") >= 1 + SLOW + QUICK
    assert len(load.sizes) >= SAMPLES
    if idle is not None:  # only root may look
        third = len(load.sizes) // 3  # in the first one buffers fill; what then comes would show if it were held
        then, last = statistics.mean(load.sizes[third:-third]), statistics.mean(load.sizes[-third:])
        assert max(load.sizes) - idle / MIB < EACH_MIB * SLOW
        assert last - then < SLOPE_MIB


@dataclass(slots=True)
class Load:
    """How many files are on their way, and the source's memory in MiB whenever nearly all are."""

    uploading: int = 0
    sizes: list[float] = field(default_factory=list)


async def slowly(folder: Path, number: int, load: Load) -> None:
    line = Visitor(folder, number, SLOW_RATE, SLOW_TRIP)
    await line.report(f"slow {number}")
    load.uploading += 1
    await line.add_file(FILE)
    load.uploading -= 1


async def measure(pid: int, load: Load) -> None:
    while True:
        size = await asyncio.to_thread(pss, pid)
        if load.uploading > 0.9 * SLOW:
            load.sizes.append((size or 0) / MIB)
        await asyncio.sleep(0.5)


async def test_in_a_flood_of_junk_no_honest_word_is_lost_and_nobody_can_tell_afterwards_who_came(
    settings: Settings, public_db: Db, tmp_path: Path
) -> None:
    """Half of the junk never fetches a form; the other half waits as long as a form has to be open."""
    zone = await a_zone(replace(settings, form_seconds=1), public_db)
    told: Counter[int] = Counter()

    with running(zone):
        async with haproxy(tmp_path, zone.settings.ports["source"]):
            junk = asyncio.create_task(flood(tmp_path, told))
            await asyncio.gather(*(honestly(tmp_path, number) for number in range(HONEST)))
            flooded_to_the_end = not junk.done()
            await junk

    assert flooded_to_the_end
    assert told[400] == JUNK // 2
    found = [Message.parse(one.plain, known=None).body for one in (await collect(zone, public_db, zone.unit)).values()]
    tips = Counter(body.text for body in found if isinstance(body, Tip))
    answers = Counter(body.text for body in found if isinstance(body, Answer))
    assert {text: count for text, count in tips.items() if "junk" not in text} == {
        f"tusks {number}": 1 for number in range(HONEST)
    }
    assert answers == {f"more {number}": 1 for number in range(HONEST)}
    assert tips.total() == HONEST + told[200]
    assert await traces(zone, public_db, tmp_path) == []


async def honestly(folder: Path, number: int) -> None:
    """Report, come back another way, answer."""
    codename = await Visitor(folder, 0xACE_0000 + number).report(f"tusks {number}", wait=2.0)
    back = Visitor(folder, 0xACE_1000 + number)
    await back.come_back(codename)
    await back.answer(f"more {number}")


async def flood(folder: Path, told: Counter[int]) -> None:
    """Send junk, each from a circuit of its own; count what was answered."""

    async def one(number: int) -> None:
        line = Visitor(folder, 0xBAD_0000 + number)
        try:
            if number % 2:
                await line.send("/", {"token": "A" * 43, "ticket": "", "involved": "no", "message": "junk"})
            else:
                await line.report(f"junk {number}", wait=2.0)
            told[200] += 1
        except RefusedError as error:
            told[error.args[0]] += 1

    async with asyncio.TaskGroup() as group:
        for number in range(JUNK):
            group.create_task(one(number))
            await asyncio.sleep(1 / RATE)


async def traces(zone: Zone, db: Db, folder: Path) -> list[str]:
    """Name every file and table in which the address of a circuit stands, spelt or packed."""
    spelt = b"dead:beef", b"deadbeef4dad", bytes.fromhex("fc00deadbeef4dad")  # four signs alone stand in any long hash
    found = await asyncio.to_thread(_files, [folder, zone.settings.data], spelt)
    for row in await db.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'zone'"):
        rows = await db.fetch(f"SELECT t::text AS text FROM zone.{row['tablename']} AS t")
        found += [
            row["tablename"] for one in rows if any(word in one["text"] for word in ("dead:beef", "fc00deadbeef"))
        ]
    return found


def _files(folders: list[Path], spelt: tuple[bytes, ...]) -> list[str]:
    found = []
    for path in (path for folder in folders for path in folder.rglob("*")):
        with suppress(OSError):
            if path.is_file() and any(one in path.read_bytes() for one in spelt):
                found.append(path.name)
    return found
