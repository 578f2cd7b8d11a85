"""The corridor's report form and what stands beside it in a real browser, in Arabic, and the pages of what is known ahead: three widths, both schemes, axe."""

from tests.handling.corridor.conftest import World
from tests.handling.corridor.test_report_pages import GOOD
from tests.journeys.browser import Browser, Page
from tests.journeys.looking import ARABIC, Looking


async def test_the_report_form_is_fit_for_every_width_and_for_a_report_that_is_written_from_the_right(
    world: World,
    browser: Browser,
    draft: Page,
) -> None:
    looking, pages = Looking("the corridor"), {"draft": draft.body}
    written = {**GOOD, "title": ARABIC, "summary": f"{ARABIC} +254 722 494 131", "sum_of_knowledge": ARABIC}
    pages["draft, saved"] = (await browser.submit(draft.path, act="save", **written)).body
    pages["draft, not queued"] = (await browser.submit(draft.path, status=400, act="queue", **written)).body
    item = await world.inside.fetchval("SELECT id FROM corridor.item")
    pages["grade"] = (await browser.open(f"/items/{item}/grade")).body
    await browser.submit("/immunity", why=ARABIC)
    tip = await world.inside.fetchval("SELECT id FROM corridor.tip")
    for name, path in (
        ("grade, claimed", f"/items/{item}/grade"),
        ("items", f"/tips/{tip}/items"),
        ("draft, claimed", draft.path),
    ):
        pages[name] = (await browser.open(path)).body

    await browser.open("/conflicts")
    pages["conflicts"] = (await browser.submit("/conflicts", called=ARABIC, reason=ARABIC)).body
    pages["conflicts, not declared"] = (await browser.submit("/conflicts", called="Li", status=400)).body
    await browser.open("/agencies")
    pages["agencies"] = (await browser.submit("/agencies", agency="harbour-customs", called=ARABIC)).body
    pages["agencies, not entered"] = (await browser.submit("/agencies", agency="", called=ARABIC, status=400)).body

    await looking.at(pages)

    assert looking.wrong == {}
    assert len(looking.seen) == len(pages)
