"""Items and grades over HTTP: one fact each, judged on its own, and nothing judged is ever changed."""

import pytest

from crypto.errors import OpenError
from handling.corridor import sealed
from handling.corridor.errors import RefusedError
from handling.corridor.items import grade, of_tip
from handling.corridor.reports import begin
from handling.corridor.session import Handler
from handling.data import scheme
from tests.handling.corridor.conftest import World
from tests.handling.corridor.sources import AT, TODAY, Source
from tests.journeys.browser import Browser, Page
from tipline.base.database import StoreError, store_errors


@pytest.fixture
async def items(world: World, browser: Browser) -> Page:
    """The items page of one tip, with one item."""
    await world.collected(Source().tip(world.intake))
    tip = (await browser.open("/")).link("/tips/")
    await browser.open(f"{tip}/items")
    return await browser.submit("/items", text="Tusks are stored in a warehouse.")


async def test_an_item_is_sealed_and_starts_without_a_grade(world: World, items: Page, amina: Handler) -> None:
    row = await world.inside.fetchrow("SELECT item.id, item.sealed, tip.thread FROM corridor.item, corridor.tip")

    assert "Not graded" in items.text
    assert b"Tusks" not in row["sealed"]
    key = amina.vault.record(row["thread"])
    assert sealed.unseal(key, row["sealed"], table="item", row=row["id"])["text"] == "Tusks are stored in a warehouse."
    with pytest.raises(OpenError):
        sealed.unseal(key, row["sealed"], table="tip", row=row["id"])


async def test_how_the_source_knows_is_an_item_of_its_own_that_goes_into_no_report(
    world: World, browser: Browser, items: Page, amina: Handler
) -> None:
    page = await browser.submit("/items", text="The source works there.", provenance="yes")
    await browser.open(page.link("/grade"))
    await browser.submit("/grade")
    async with world.pool.acquire() as db:
        (tip,) = await world.tips(amina)
        known = await of_tip(db, amina.vault, tip.row.id, tip.row.thread)
    (how,) = [item for item in known if item.is_provenance]
    await grade(world.pool, amina, how.id, scheme(), source="2", information="D", reason="", now=AT)
    shown = await browser.open(items.path)

    assert "How the source knows" in shown.text
    assert how.text == "The source works there."
    assert str(how.id) not in [value for _, value in shown.form("/report").fields]
    with pytest.raises(RefusedError):
        await begin(world.pool, amina, tip.row.id, [how.id], TODAY)


@pytest.mark.usefixtures("items")
async def test_an_item_without_words_is_refused_and_what_was_typed_is_kept(browser: Browser) -> None:
    refused = await browser.submit("/items", text="y" * 2001, status=400)

    assert "Split it" in refused.text
    assert "y" * 2001 in refused.body.decode()


async def test_an_item_can_be_removed_until_it_is_graded(world: World, browser: Browser, items: Page) -> None:
    await browser.submit("/items", text="A second fact.")
    await browser.submit("/remove")
    left = await world.inside.fetchval("SELECT count(*) FROM corridor.item")
    page = await browser.open(items.path)
    csrf = dict(page.form("/remove").fields)["csrf"]
    item = page.form("/remove").action.split("/")[-2]

    await browser.open(page.link("/grade"))
    await browser.submit("/grade")
    async with browser._session.post(page.form("/remove").action, data={"csrf": csrf}) as answer:
        status = answer.status

    assert left == 1
    assert status == 400
    assert str(await world.inside.fetchval("SELECT id FROM corridor.item")) == item


async def test_the_default_grade_stands_without_a_reason(browser: Browser, items: Page) -> None:
    form = await browser.open(items.link("/grade"))
    fields = dict(form.form("/grade").fields)

    graded = await browser.submit("/grade")

    assert (fields["source"], fields["information"]) == ("2", "D")
    assert "3x5x2 2 D" in graded.text
    assert "Untested" in graded.text


@pytest.mark.parametrize(
    ("source", "information"), [("1", "D"), ("2", "A"), ("2", "B"), ("2", "C"), ("3", "D"), ("2", "E")]
)
async def test_every_other_grade_without_a_reason_is_refused(
    world: World, browser: Browser, items: Page, source: str, information: str
) -> None:
    await browser.open(items.link("/grade"))

    refused = await browser.submit("/grade", source=source, information=information, reason="  ", status=400)

    assert "Write down why" in refused.text
    assert await world.inside.fetchval("SELECT count(*) FROM corridor.grade") == 0


async def test_a_code_outside_the_scheme_is_refused(browser: Browser, items: Page) -> None:
    await browser.open(items.link("/grade"))

    refused = await browser.submit("/grade", source="9", information="D", status=400)

    assert "Choose one code on each axis" in refused.text


async def test_a_regrade_is_added_and_the_history_keeps_both_with_author_and_reason(
    world: World, browser: Browser, items: Page
) -> None:
    link = items.link("/grade")
    await browser.open(link)
    await browser.submit("/grade")
    await browser.open(link)
    await browser.submit("/grade", source="2", information="C", reason="Told by a neighbour.")

    history = await browser.open(link)

    assert history.text.index("3x5x2 2 C") < history.text.index("3x5x2 2 D")
    assert "Told by a neighbour." in history.text
    assert "Amina" in history.text
    assert await world.inside.fetchval("SELECT count(*) FROM corridor.grade") == 2


async def test_a_grade_cannot_be_changed_even_by_the_databases_owner(
    world: World, browser: Browser, items: Page
) -> None:
    await browser.open(items.link("/grade"))
    await browser.submit("/grade")

    with pytest.raises(StoreError), store_errors():
        await world.inside.execute("UPDATE corridor.grade SET information = 'A'")
    async with world.pool.acquire() as db:
        with pytest.raises(StoreError), store_errors():
            await db.execute("DELETE FROM corridor.grade")


async def test_a_report_needs_graded_items(world: World, browser: Browser, items: Page) -> None:
    assert not [form for form in items.forms if form.action.endswith("/report")]
    csrf = dict(items.form("/items").fields)["csrf"]
    ungraded = str(await world.inside.fetchval("SELECT id FROM corridor.item"))
    address = items.url.removesuffix("/items") + "/report"

    for chosen in ([], [ungraded], ["11111111-1111-4111-8111-111111111111"]):
        async with browser._session.post(
            address, data=[("csrf", csrf), *(("item", item) for item in chosen)]
        ) as answer:
            assert answer.status == 400
    assert await world.inside.fetchval("SELECT count(*) FROM corridor.report") == 0
