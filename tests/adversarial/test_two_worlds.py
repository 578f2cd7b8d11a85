"""Two worlds with the same history, one with an excluded tip more: whoever must not learn of it sees no difference."""

import logging
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from handling.corridor import interests
from handling.corridor.main import open_keyring
from handling.corridor.pages.common import now
from handling.corridor.upkeep import CorridorUpkeep
from handling.rules.interests import KnownPerson
from handling.rules.membership import Admit, Remove
from handling.store.upkeep import ORPHAN_SECONDS
from tests.adversarial import worlds
from tests.adversarial.timing import Sides, on_one_core, quickest, ratio
from tests.adversarial.worlds import Dated
from tests.conftest import Clusters
from tests.factories import free_ports
from tests.handling.corridor.conftest import World, sign_in
from tests.handling.corridor.drop import Line, collector, running_drop
from tests.handling.corridor.sources import TODAY, Source, at_the_drop
from tests.handling.corridor.test_upkeep import DINA, Unit, work
from tests.journeys.browser import Browser
from tipline.base import log

TIPS = 27  # two more than a page of the list shows, so that its border and the next page are compared too
REQUESTS = 40  # of each kind, in turns
WAITS, WORKS = 1.1, 1.05  # how far wall clock and processor time of both sides may lie apart: SECURITY.md says so
LEAST = {"corridor": 4 * TIPS, "guard": 8, "desk": 30}  # pages, or the walk has gone blind
ROWS_OF_A_TIP = (
    *("envelope", "thread", "tip", "message", "file", "part"),
    *("item", "grade", "report", "outgoing", "outcome"),
)
TELLING = {  # the tables that show to whoever reads the database itself that there is more: SECURITY.md names them
    **{
        f"corridor.{table}": "each tip, and each thing that comes with it or of it, has its row"
        for table in ROWS_OF_A_TIP
    },
    "corridor.interests": "what is known ahead is one row, which every session opens and whose revision counts",
    "guard.review": "those who may sign must find the request",
    "guard.phrase": "as with reviews",
}

_BACKENDS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"

Twins = tuple[World, World]


@pytest.fixture
async def twins(clusters: Clusters, tmp_path: Path) -> AsyncIterator[Twins]:
    """Two worlds before their history."""
    async with AsyncExitStack() as stack:
        (tmp_path / "a").mkdir()
        (tmp_path / "b").mkdir()
        yield (
            await stack.enter_async_context(worlds.a_world(clusters, tmp_path / "a")),
            await stack.enter_async_context(worlds.a_world(clusters, tmp_path / "b")),
        )


async def test_a_member_whom_tips_name_or_who_has_a_conflict_sees_counts_and_waits_as_in_a_world_without_it(
    twins: Twins, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)  # as every process logs
    tips: list[UUID] = []
    lines: list[list[str]] = []
    for world, more in zip(twins, (False, True), strict=True):
        unit = await Unit.of(world)
        await unit.sign(Admit(DINA.entry()), "amina", "ben")
        ben = await world.handler("ben")
        await worlds.ask_review(world, ben, await worlds.history(world, ben, tips=TIPS))
        if more:
            tips.append((await worlds.hidden(world, ben, "Amina")).row.id)
            await worlds.taken_away(world, ben, "amina")
        await _a_reader_leaves(world, unit)
        await _start_after_a_crash(world)
        lines.append(_said(caplog))

    async with AsyncExitStack() as stack:
        pages = []
        amina: dict[str, list[Browser]] = {}
        for process in ("corridor", "guard", "desk"):
            for world, logged in zip(twins, lines, strict=True):
                site = await stack.enter_async_context(worlds.a_site(world, process))
                browser = await stack.enter_async_context(Browser(site))
                await sign_in(world, browser, "amina", process)
                pages.append(await worlds.crawl(browser))
                if process == "guard":
                    await _review(world, browser)
                amina.setdefault(process, []).append(browser)
                logged.extend(_said(caplog))

        for process, (without, with_it) in zip(amina, zip(pages[::2], pages[1::2], strict=True), strict=True):
            assert without == with_it, process
            assert len(without) >= LEAST[process]
        assert lines[0] == lines[1]
        assert len(lines[0]) > 1  # or nobody logged anything
        rows = [await worlds.rows(world.inside) for world in twins]
        assert {table for table in rows[0] if rows[0][table] != rows[1][table]} == set(TELLING)
        assert await worlds.rows(twins[0].public) == await worlds.rows(twins[1].public)
        here = amina["corridor"]
        await _equally_fast(twins, "a list", here, ("/",) * 2)
        await _equally_fast(twins, "the guard", amina["guard"], ("/",) * 2)
        await _equally_fast(twins, "an unknown address", here, _unknown(2), status=404)
        await _equally_fast(
            twins, "its own address", (here[1], here[1]), (f"/tips/{tips[0]}", *_unknown(1)), status=404
        )


@pytest.mark.parametrize("table", TELLING)
def test_what_the_database_does_tell_is_said(table: str) -> None:
    assert f"`{table}`" in (Path(__file__).parents[2] / "SECURITY.md").read_text().split("## Not promised")[1]


async def test_past_the_corridor_an_agency_whose_people_a_tip_names_is_one_that_was_not_ticked(twins: Twins) -> None:
    for world, more in zip(twins, (False, True), strict=True):
        amina = await world.handler("amina")
        if more:
            known = KnownPerson(str(uuid4()), "harbour-customs", ("Jonas Petrov",), "amina", TODAY)
            await interests.add_person(world.pool, amina, known)
        await worlds.history(world, amina, tips=1)
        await world.collected(Dated().tip(world.intake, "Jonas Petrov takes money", asked=""))
        await world.resealer.run(amina)
        (tip,) = [one for one in await world.tips(amina) if one.content.text == "Jonas Petrov takes money"]
        assert tip.content.barred == (("harbour-customs",) if more else ())
        report = await worlds.work(world, amina, tip)
        await worlds.ask_review(world, amina, report, "river-parks")

    rows = [await worlds.rows(world.inside) for world in twins]
    for table in rows[0]:
        if table not in {"corridor.interests", "corridor.tip"}:  # who is known, and that the tip names one of them
            assert rows[0][table] == rows[1][table], table
    assert len(rows[0]["guard.review"]) == 1


async def test_a_report_about_the_unit_leaves_no_trace_inside_it(
    twins: Twins, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    asked, lines = [], []
    for world, more in zip(twins, (False, True), strict=True):
        amina = await world.handler("amina")
        await worlds.history(world, amina, tips=2)
        ours, theirs = Dated(day=TODAY), Source(unit="oversight")
        await at_the_drop(world.public, world.settings.public, ours, ours.tip(world.intake, "Boxes again"))
        if more:
            tip = theirs.tip(world.intake, "The sergeant takes money", urgent=True)
            await at_the_drop(world.public, world.settings.public, theirs, tip, *theirs.file(world.intake, bytes(9)))
        async with running_drop(world.settings) as drop:
            line = Line(drop)
            async with line.open(free_ports()["source"]) as address, collector(world, address) as unit:
                await unit.publish_intake_keys()
                await unit.collect(urgent_only=True)
                await unit.collect()
                await unit.replace_bundles()
        asked.append([(method, worlds.Names().plain(path), *sizes) for method, path, *sizes in line.passed])
        await world.resealer.run(amina)
        await _start_after_a_crash(world)
        lines.append(_said(caplog))

    first, second = twins
    assert await worlds.rows(first.inside) == await worlds.rows(second.inside)
    assert asked[0] == asked[1]
    assert len(asked[0]) > 5
    assert list(worlds.files(first.settings.inside)) == list(worlds.files(second.settings.inside))
    async with AsyncExitStack() as stack:
        pages, browsers = [], []
        for world, logged in zip(twins, lines, strict=True):
            site = await stack.enter_async_context(worlds.a_site(world))
            browsers.append(await stack.enter_async_context(Browser(site)))
            await sign_in(world, browsers[-1], "amina")
            pages.append(await worlds.crawl(browsers[-1]))
            logged.extend(_said(caplog))
        assert pages[0] == pages[1]
        assert len(pages[0]) > 10
        assert lines[0] == lines[1]
        assert lines[0]
        await _equally_fast(twins, "a list", browsers, ("/",) * 2)


def _unknown(number: int) -> tuple[str, ...]:
    return tuple(f"/tips/{uuid4()}" for _ in range(number))


async def _a_reader_leaves(world: World, unit: Unit) -> None:
    """Somebody who could read what Amina cannot leaves, and Ben signs in before and after there is a new vault."""
    upkeep = CorridorUpkeep(world.pool, open_keyring(world.settings), lambda: now().date())
    await unit.sign(Remove("dina"), "amina", "ben")
    await work(upkeep, await world.handler("ben"))
    (proposed,) = await unit.waiting()
    await unit.sign(proposed, "amina", "ben")
    await work(upkeep, await world.handler("ben"))


async def _start_after_a_crash(world: World) -> None:
    """Do what a corridor does when it starts and finds what a kill between any two steps leaves in a keyring."""
    keyring = open_keyring(world.settings)
    for hidden in keyring.names("restricted"):
        keyring.put("record", hidden, b"of before it was restricted")
    keyring.put("record", orphan := str(uuid4()), b"of a row that never came")
    past = time.time() - ORPHAN_SECONDS - 60
    os.utime(world.settings.inside / "corridor" / "keyring" / "record" / f"{orphan}.age", (past, past))
    await CorridorUpkeep(world.pool, keyring, lambda: now().date()).daily(now().date())


async def _review(world: World, amina: Browser) -> None:
    """Sign, at the guard, the review that waits, so that the desk gets its report."""
    await amina.open((await amina.open("/")).link("/reviews/"))
    passphrase = world.practice.passphrase("guard", "amina")
    await amina.submit("/open", passphrase=passphrase)
    await amina.submit("/sign", passphrase=passphrase)


def _said(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was logged since this was last asked, as a process writes it."""
    written = [record for record in caplog.records if record.name.partition(".")[0] not in log._SILENT]
    lines = [f"{record.name}: {record.levelname} {record.getMessage()}" for record in written]
    caplog.clear()
    return lines


async def _equally_fast(
    twins: Twins, kind: str, browsers: Sequence[Browser], addresses: Sequence[str], *, status: int = 200
) -> None:
    """Ask both; how long they wait and what work it is must be alike."""
    behind = [row["pid"] for world in twins for row in await world.inside.fetch(_BACKENDS)]

    async def ask(side: int) -> tuple[float, float]:
        began, spent = time.perf_counter(), time.process_time()
        await browsers[side].open(addresses[side], status=status)
        return time.perf_counter() - began, time.process_time() - spent

    def near(found: Sequence[Sides]) -> bool:
        return ratio(found[0]) <= WAITS and ratio(found[1]) <= WORKS

    with on_one_core(behind):
        found = await quickest(ask, near, each=REQUESTS)
    assert near(found), (kind, found)
