"""What is known ahead of tips: a conflict takes tips away like a source that names somebody, an agency's people keep reports from it."""

import argparse
import asyncio
import io
from dataclasses import replace
from uuid import uuid4

import pytest
from aiohttp.test_utils import TestServer

from crypto import age
from handling import firstreading
from handling.corridor import interests, items, looking, reading, reports
from handling.corridor.errors import NotThereError, RefusedError
from handling.corridor.session import Handler
from handling.corridor.store import interests as kept
from handling.corridor.tips import OpenTip
from handling.rules.exclusions import Decision
from handling.rules.interests import Conflict, KnownPerson
from handling.store import agencies
from tests.adversarial.worlds import crawl, finished, queue
from tests.handling.corridor.conftest import World, sign_in
from tests.handling.corridor.sources import AT, TODAY, Source
from tests.handling.corridor.test_first_reading import _report
from tests.journeys.browser import Browser
from tipline.cli import agency

EVERYBODY = Decision(None, (), {}, "")
TEXT = "Lena Otto signs the papers."


def conflict(*called: str, agency: str | None = None) -> Conflict:
    """Ben's, as Amina stated it."""
    return Conflict(str(uuid4()), "ben", called, agency, None, "", "amina", TODAY)


def person(*called: str) -> KnownPerson:
    return KnownPerson(str(uuid4()), "harbour-customs", called, "amina", TODAY)


async def test_a_tip_that_names_whom_somebody_declared_a_conflict_with_never_was_for_them(
    world: World, amina: Handler, ben: Handler, site: TestServer
) -> None:
    async with Browser(str(site.make_url("/"))) as his:
        await sign_in(world, his, "ben")
        await his.open("/conflicts")
        declared = await his.submit("/conflicts", called="Lena Otto\n+49 170 1234567", reason="My sister.", until="")
        before = await crawl(his)
        await world.collected(
            Source().tip(world.intake, TEXT, asked=""), Source().tip(world.intake, "Ask at 0170/123 45 67", asked="")
        )
        after = await crawl(his)  # his own session takes it in

    assert "My sister." in declared.text
    assert after == before
    found = await world.tips(amina)
    assert [one.content.conflicted for one in found] == [("ben",)] * 2
    assert all(one.content.waiting for one in found)
    assert await world.tips(ben) == ()


async def test_what_a_first_reader_states_about_somebody_is_nothing_that_they_see_and_takes_earlier_tips_away(
    world: World, amina: Handler, site: TestServer
) -> None:
    await world.collected(Source().tip(world.intake, "Another tip", asked=""))
    await world.resealer.run(amina)
    async with Browser(str(site.make_url("/"))) as his, Browser(str(site.make_url("/"))) as hers:
        await sign_in(world, his, "ben")
        await sign_in(world, hers, "amina")
        before = await crawl(his)
        await world.collected(Source().tip(world.intake, TEXT, asked=""))
        await world.resealer.run(amina)
        (tip,) = [one for one in await world.tips(amina) if one.content.text == TEXT]
        await _report(world, amina, tip)
        await his.open(f"/tips/{tip.row.id}")
        await hers.open("/conflicts")
        stated = await hers.submit("/conflicts", member="ben", called="Lena Otto", agency="")
        after = await crawl(his)
        await his.open(f"/tips/{tip.row.id}", status=404)
        readers = await hers.open(f"/tips/{tip.row.id}/readers")

    assert "For Ben" in stated.text
    assert after == before
    assert "has a conflict of interest; only a first reader lets them in again" in readers.text


async def test_what_was_stated_a_moment_ago_counts_before_the_next_page_is_shown(
    world: World, amina: Handler, site: TestServer
) -> None:
    await world.collected(Source().tip(world.intake, TEXT, asked=""))
    await world.resealer.run(amina)
    (tip,) = await world.tips(amina)
    async with Browser(str(site.make_url("/"))) as his:
        await sign_in(world, his, "ben")
        await his.open(f"/tips/{tip.row.id}")
        await interests.declare(world.pool, amina, conflict("Lena Otto"))

        await his.open(f"/tips/{tip.row.id}", status=404)  # nobody else has asked for a page since


async def test_whoever_was_let_in_despite_a_conflict_stays_until_another_one_is_met(
    world: World, amina: Handler, ben: Handler
) -> None:
    await interests.declare(world.pool, amina, conflict("Lena Otto"))
    source = Source()
    await world.collected(source.tip(world.intake, TEXT, asked=""))
    await world.resealer.run(ben)
    (tip,) = await world.tips(amina)
    await reading.decide(world.pool, amina, tip.row.id, EVERYBODY, TODAY)
    await world.collected(source.answer(world.intake, "Lena Otto again."))
    await world.resealer.run(ben)
    assert len(await world.tips(ben)) == 1

    await interests.declare(world.pool, amina, conflict("Karl Weiss"))
    await world.collected(*source.file(world.intake, b"a photo", name="Karl_Weiss.jpg"))
    await world.resealer.run(ben)

    assert await world.tips(ben) == ()


async def test_an_agency_whose_people_a_tip_names_cannot_be_ticked_until_a_first_reader_decides(
    world: World, amina: Handler, browser: Browser
) -> None:
    await world.inside.execute("UPDATE unit.agency SET parent = 'river-parks' WHERE id = 'harbour-customs'")
    await browser.open("/agencies")
    entered = await browser.submit("/agencies", agency="harbour-customs", called="Jonas Petrov\nPetrov")
    await world.collected(Source().tip(world.intake, "A man Petrov takes money", asked=""))
    await browser.open("/")
    (tip,) = await world.tips(amina)
    report, _ = await _report(world, amina, tip)
    page = await browser.open(f"/reports/{report}")
    readers = await browser.open(f"/tips/{tip.row.id}/readers")
    await browser.submit("/readers", who="everybody", agency=[])
    freed = await browser.open(f"/reports/{report}")

    assert "Jonas Petrov, Petrov" in entered.text
    assert not tip.content.waiting
    assert (
        "Excluded until a first reader decides: the tip names somebody who is known to be of this agency." in page.text
    )
    assert "It stands above Harbour Customs Service, which is excluded." in page.text
    assert "agency" not in page.form(f"/reports/{report}").names
    assert "It names somebody known to be of this agency: Jonas Petrov, entered by Amina" in readers.text
    assert "agency" in freed.form(f"/reports/{report}").names


async def test_only_a_first_reader_lets_an_agency_learn_and_somebody_else_of_it_bars_it_again(
    world: World, amina: Handler, ben: Handler
) -> None:
    ben = replace(ben, members=replace(ben.members, first_readers=("amina",)))
    await interests.add_person(world.pool, amina, person("Jonas Petrov"))
    source = Source()
    await world.collected(source.tip(world.intake, "Jonas Petrov takes money", asked=""))
    await world.resealer.run(amina)
    (tip,) = await world.tips(ben)

    with pytest.raises(RefusedError, match="Only a first reader lets that agency learn"):
        await reading.decide(world.pool, ben, tip.row.id, EVERYBODY, TODAY)
    await reading.decide(world.pool, ben, tip.row.id, replace(EVERYBODY, excluded=("harbour-customs",)), TODAY)
    assert (await world.tips(ben))[0].content.barred == ("harbour-customs",)
    await reading.decide(world.pool, amina, tip.row.id, EVERYBODY, TODAY)
    await world.collected(source.answer(world.intake, "Jonas Petrov again"))
    await world.resealer.run(amina)
    assert (await world.tips(ben))[0].content.barred == ()

    await interests.add_person(world.pool, ben, person("Karl Weiss"))
    await world.collected(source.answer(world.intake, "and Karl Weiss"))
    await world.resealer.run(amina)

    assert (await world.tips(ben))[0].content.barred == ("harbour-customs",)


async def test_after_a_recovery_a_conflict_holds_as_before(world: World, amina: Handler, ben: Handler) -> None:
    await interests.declare(world.pool, amina, conflict("Lena Otto"))
    await world.collected(Source().tip(world.intake, TEXT, asked=""))
    await world.resealer.run(amina)

    async with world.pool.acquire() as db:
        given = await firstreading.give(db, amina.vault, amina.members)

    assert (given.tips, given.closed) == (1, 0)
    assert len(await world.tips(amina)) == 1
    assert await world.tips(ben) == ()


@pytest.mark.parametrize("where", ["item", "draft", "entered after it was queued"])
async def test_wherever_a_known_person_stands_the_report_is_kept_from_the_agency(
    world: World, amina: Handler, where: str
) -> None:
    if where != "entered after it was queued":
        await interests.add_person(world.pool, amina, person("Jonas Petrov"))
    await world.collected(Source().tip(world.intake, "A warehouse of Jonas Petrow", asked=""))
    await world.resealer.run(amina)
    (tip,) = await world.tips(amina)
    report, _ = await _report(world, amina, tip)
    async with world.pool.acquire() as db:
        draft = finished((await reports.get(db, amina.vault, report)).draft)

    if where == "item":
        await items.add(world.pool, amina, tip.row.id, "Jonas Petrov owns it.", AT)
    elif where == "draft":
        with pytest.raises(reports.UnfinishedError):
            await reports.save(world.pool, amina, report, replace(draft, summary="Of Jonas Petrov."))
    else:
        await reports.save(world.pool, amina, report, draft)
        await queue(world, amina, report)
        await interests.add_person(world.pool, amina, person("Jonas Petrow"))
        await looking.look(world.pool, amina)
        assert await world.inside.fetchval("SELECT count(*) FROM guard.review") == 0
        assert await world.inside.fetchval("SELECT state FROM corridor.report") == "draft"

    assert (await world.tips(amina))[0].content.barred == ("harbour-customs",)
    with pytest.raises(reports.UnfinishedError):
        await reports.save(world.pool, amina, report, draft)


async def test_an_item_that_names_whom_its_author_has_a_conflict_with_takes_the_tip_from_its_author(
    world: World, amina: Handler, ben: Handler
) -> None:
    await interests.declare(world.pool, amina, conflict("Lena Otto"))
    await world.collected(Source().tip(world.intake, "She signs the papers.", asked=""))
    await world.resealer.run(ben)
    (tip,) = await world.tips(ben)

    assert not await items.add(world.pool, ben, tip.row.id, "The woman is Lena Otto.", AT)

    assert await world.tips(ben) == ()
    assert len(await _items(world, amina, tip)) == 1


async def test_an_exclusion_of_a_member_covers_the_agency_that_knows_them_as_its_own(
    world: World, amina: Handler, ben: Handler
) -> None:
    amina, ben = (_with_name(one, "ben", "Ben Otieno (handler)") for one in (amina, ben))
    await interests.add_person(world.pool, amina, person("Otieno, Ben"))
    await world.collected(Source().tip(world.intake, "Boxes", asked="ben must not know"))
    await world.collected(Source().tip(world.intake, "Another", asked=""))
    await world.resealer.run(amina)
    (other,) = await world.tips(ben)

    await reading.recuse(world.pool, ben, other.row.id, "", TODAY)

    assert [one.content.barred for one in await world.tips(amina)] == [("harbour-customs",)] * 2


async def test_what_is_known_stands_sealed_in_one_length_and_is_ended_by_those_who_may_alone(
    world: World, amina: Handler, ben: Handler
) -> None:
    mine, theirs = conflict("Lena Otto"), person("Jonas Petrov")
    await interests.declare(world.pool, amina, mine)
    length = await world.inside.fetchval("SELECT length(sealed) FROM corridor.interests")
    await interests.add_person(world.pool, ben, theirs)

    for entry in (mine.id, theirs.id):
        with pytest.raises(NotThereError):
            await interests.end(world.pool, ben, entry, first=False)
    await interests.end(world.pool, amina, mine.id, first=True)

    (row,) = await world.inside.fetch("SELECT * FROM corridor.interests")
    assert len(row["sealed"]) == length
    assert row["revision"] == 3
    await world.collected(Source().tip(world.intake, TEXT, asked=""))
    await world.resealer.run(ben)
    assert len(await world.tips(ben)) == 1


async def test_an_older_row_of_what_is_known_is_not_believed_and_nothing_is_taken_in_by_it(
    world: World, amina: Handler
) -> None:
    await interests.declare(world.pool, amina, conflict("Lena Otto"))
    before = await world.inside.fetchrow("SELECT * FROM corridor.interests")
    await interests.declare(world.pool, amina, conflict("Karl Weiss"))
    await world.collected(Source().tip(world.intake, "Boxes", asked=""))
    await world.resealer.run(amina)
    await world.collected(Source().tip(world.intake, TEXT, asked=""))

    for undo in (
        "UPDATE corridor.interests SET sealed = $1, revision = 1",
        "UPDATE corridor.interests SET sealed = $1, revision = 2",
        "DELETE FROM corridor.interests WHERE sealed = $1",
    ):
        await world.inside.execute(undo, before["sealed"])
        with pytest.raises(RefusedError, match="older than the tips say"):
            await world.resealer.run(amina)

    assert len(await world.tips(amina)) == 1


async def test_what_the_administrator_lays_down_is_read_by_a_handlers_session_alone_and_taken_in(
    world: World, amina: Handler, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    await world.collected(Source().tip(world.intake, "Call 0170 1234567", asked=""))
    await world.resealer.run(amina)
    monkeypatch.setattr("sys.stdin", io.StringIO("Jonas Petrov; Jonny P; +49 170 1234567\n\nLena Otto\n"))
    args = argparse.Namespace(act="people", id="harbour-customs", file="-")
    assert await asyncio.to_thread(agency.run, args, world.settings) == 0
    to = [amina.members.corridor_vault]
    damaged = {uuid4(): b"age-encryption.org/v1\n", uuid4(): age.seal(b"[]", to), uuid4(): age.seal(b"[" * 100_000, to)}
    sizes = await world.inside.fetchval("SELECT count(DISTINCT length(sealed)) FROM corridor.interest_arrived")
    for row, sealed in damaged.items():
        await agencies.lay_down_person(world.inside, row, sealed)

    await looking.look(world.pool, amina)
    await looking.look(world.pool, amina)

    assert sizes == 1
    assert "Petrov" not in capsys.readouterr().out
    async with world.pool.acquire() as db:
        people = (await interests.known(db, amina)).interests.people
    assert {one.called for one in people} == {("Jonas Petrov", "Jonny P", "+49 170 1234567"), ("Lena Otto",)}
    assert {(one.agency, one.by) for one in people} == {("harbour-customs", interests.ADMINISTRATOR)}
    assert (await world.tips(amina))[0].content.barred == ("harbour-customs",)
    assert {one.id for one in await kept.arrived(world.inside)} == damaged.keys()
    assert await world.inside.fetchval("SELECT revision FROM corridor.interests") == 1


async def test_forms_that_say_nothing_or_too_little_are_given_back_with_why(browser: Browser) -> None:
    await browser.open("/conflicts")
    nobody = await browser.submit("/conflicts", called="", agency="", status=400)
    short = await browser.submit("/conflicts", called="Li", status=400)
    past = await browser.submit("/conflicts", called="Lena Otto", until="2020-01-01", status=400)
    await browser.open("/agencies")
    nowhere = await browser.submit("/agencies", agency="", called="Lena Otto", status=400)

    assert "Write a person's names, or choose an agency." in nobody.text
    assert "“Li” would be found in no text" in short.text
    assert "The last day is over already." in past.text
    assert "Choose one of the agencies." in nowhere.text
    assert dict(nowhere.form("/agencies").fields)["called"].strip() == "Lena Otto"


def _with_name(handler: Handler, name: str, shown: str) -> Handler:
    """The same session under a list that shows one member by another name."""
    listed = tuple(replace(one, display=shown) if one.name == name else one for one in handler.members.members)
    return replace(handler, members=replace(handler.members, members=listed))


async def _items(world: World, handler: Handler, tip: OpenTip) -> tuple[items.OpenItem, ...]:
    async with world.pool.acquire() as db:
        return await items.of_tip(db, handler.vault, tip.row.id, tip.row.thread)
