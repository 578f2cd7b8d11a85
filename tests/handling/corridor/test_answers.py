"""Answers to questions as handlers read them: beside the question that was asked then, and where it is not known as they came."""

from datetime import date

import pytest

from handling.corridor import workbench
from handling.corridor.session import Handler
from handling.corridor.store import questionnaires
from tests.handling.corridor.conftest import World
from tests.handling.corridor.sources import Source
from tests.journeys.browser import Browser, Page
from tipline.envelope import Filled
from tipline.questionnaire import current
from tipline.questionnaire.answers import Fields, read

ASKED = current.default()
FIELDS: Fields = {
    "species": ["Panthera tigris"],
    "species.words": ["<b>a bird</b>"],
    "where": ["pier 7"],
    "who": ["the harbour master"],
}


def filled(fields: Fields = FIELDS) -> Filled:
    return Filled(ASKED.sha256, "en", read(ASKED, fields).values)


async def answered(world: World, browser: Browser, body: Filled) -> Page:
    """The page of a tip whose source has answered."""
    source = Source()
    await world.collected(source.tip(world.intake, asked=""), source.send(world.intake, body))
    return await browser.open((await browser.open("/")).link("/tips/"))


@pytest.fixture
async def kept(world: World) -> None:
    async with world.pool.acquire() as db:
        await questionnaires.keep(db, ASKED, date(2026, 11, 23))


@pytest.mark.usefixtures("kept")
async def test_answers_stand_beside_their_questions_with_code_and_name(world: World, browser: Browser) -> None:
    page = await answered(world, browser, filled())

    for words in ("Which animals or plants?", "Tiger", "Panthera tigris", "<b>a bird</b>", "Where?", "pier 7"):
        assert words in page.text
    assert b"<b>a bird" not in page.body
    assert page.text.count("About people") == 1
    assert page.text.index("Who does it?") < page.text.index("About people") < page.text.index("the harbour master")
    assert "The tip, as it stands above." in page.text


async def test_answers_to_questions_that_nobody_kept_are_shown_as_they_came(world: World, browser: Browser) -> None:
    page = await answered(world, browser, filled())

    assert "Answers to questions that are not kept here" in page.text
    assert ASKED.sha256.hex()[:16] in page.text
    for words in ("species", "Panthera tigris", "pier 7"):
        assert words in page.text


@pytest.mark.usefixtures("kept")
async def test_an_item_begins_with_an_answer_and_is_written_by_the_handler(world: World, browser: Browser) -> None:
    await answered(world, browser, filled())

    page = await browser.submit("/items/from-answer")
    offered = dict(page.form("/items").fields)["text"]
    none_yet = await world.inside.fetchval("SELECT count(*) FROM corridor.item")
    added = await browser.submit("/items", text=f"Somebody wrote: {offered}")

    assert offered == "Which animals or plants? Tiger; <b>a bird</b>"
    assert none_yet == 0
    assert "Somebody wrote: Which animals or plants? Tiger" in added.text


@pytest.mark.usefixtures("kept")
async def test_an_answer_that_is_not_there_makes_no_item(world: World, browser: Browser) -> None:
    page = await answered(world, browser, filled())
    form = page.form("/items/from-answer")

    for changed in ({"question": "danger"}, {"message": "x"}, {"message": str(bytes(16))}):
        async with browser._session.post(form.action, data={**dict(form.fields), **changed}) as answer:
            assert answer.status == 404


async def test_whom_an_answer_names_loses_the_tip(world: World, amina: Handler, ben: Handler) -> None:
    source = Source()
    name = amina.member.display
    await world.collected(
        source.tip(world.intake, asked=""), source.send(world.intake, filled({"who": [f"It is {name}"]}))
    )

    await world.resealer.run(ben)

    assert await world.tips(amina) == ()
    assert len(await world.tips(ben)) == 1


async def test_a_questionnaire_is_kept_once_and_stays_as_it_was(world: World) -> None:
    async with world.pool.acquire() as db:
        for day in (date(2026, 11, 23), date(2026, 11, 24)):
            await questionnaires.keep(db, ASKED, day)
        found = await questionnaires.some(db, [ASKED.sha256, bytes(32)])

    assert found == {ASKED.sha256: ASKED}
    assert await world.inside.fetchval("SELECT kept_on FROM corridor.questionnaire") == date(2026, 11, 23)


def test_what_was_answered_is_looked_through_when_a_report_is_written() -> None:
    originals = workbench.originals("the tip", [filled().body()])

    assert any("the harbour master" in text for text in originals)
