"""The store does not answer: what was typed comes back with the same token, nothing certain is said, and it counts once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.journeys.browser import Browser
from tests.tipline.source.running import a_zone, collect, messages, running
from tests.tipline.source.test_report import report
from tipline.base.database import Db
from tipline.base.settings import Settings
from tipline.envelope import Answer, Filled, Tip

UNKNOWN = "We do not know whether this was kept"
WORDS = "Ivory & <tusks>"


@asynccontextmanager
async def away(db: Db, table: str) -> AsyncIterator[None]:
    """Let the server refuse whatever touches a table until the block ends."""
    await db.execute(f"ALTER TABLE zone.{table} RENAME TO away")
    try:
        yield
    finally:
        await db.execute(f"ALTER TABLE zone.away RENAME TO {table}")


async def test_a_report_that_was_not_or_may_have_been_kept_comes_back_and_sent_again_counts_once(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        async with Browser(zone.url) as browser:
            token = (await browser.open("/")).form("/").fields
            async with away(public_db, "submission"):
                not_kept = await browser.submit("/", involved="no", message=WORDS, status=503)
            async with away(public_db, "session"):  # which is asked for when the report has its rows
                kept = await browser.submit("/", status=503)
            stored = await public_db.fetchval("SELECT count(*) FROM zone.submission")
            shown = await browser.submit("/")

    for page in (not_kept, kept):
        assert UNKNOWN in page.text
        assert dict(page.form("/").fields)["token"] == dict(token)["token"]
    assert stored == 1
    assert len(shown.ids["codename"].split()) == 12
    (tip,) = messages(await collect(zone, public_db, zone.unit))
    assert isinstance(tip.body, Tip)
    assert tip.body.text == WORDS


async def test_answers_come_back_and_are_sent_again_from_the_page_that_says_so(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        async with Browser(zone.url) as browser:
            await report(browser)
            await browser.open("/thread")
            async with away(public_db, "session"):
                answer = await browser.submit("/answer", answer=WORDS, must_not_learn="him", status=503)
            sent = await browser.submit("/answer")
            await browser.open("/questions")
            async with away(public_db, "submission"):
                filled = await browser.submit("/questions", go="send", state=["parts"], status=503)
            gone_on = await browser.submit("/questions")

    for page in (answer, filled):
        assert UNKNOWN in page.text
    assert "sealed and on its way" in sent.text
    assert "sealed and on its way" in gone_on.text
    _, second, third = messages(await collect(zone, public_db, zone.unit))
    assert isinstance(second.body, Answer | Tip)
    assert (second.body.text, isinstance(third.body, Filled)) == (WORDS, True)
