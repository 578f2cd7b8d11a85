"""Whoever wants to leave gets out: from an older tab, from a page about an error, and while the store does not answer."""

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from tests.journeys.browser import Browser, report
from tests.tipline.source.running import a_zone, running
from tipline.base.database import Db, StoreError
from tipline.base.settings import Settings
from tipline.base.web import Site, make_app
from tipline.source import leaving
from tipline.source.context import KEEP
from tipline.source.session import COOKIE

SITE = Site("source", "Practice Unit", practice=True, style="source", translated=True)


async def test_an_older_tab_signs_out_of_the_session_that_came_after_it(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        async with Browser(zone.url) as browser:
            codename = (await report(browser, involved="no", message="They load at night.")).ids["codename"]
            older = await browser.open("/thread")
            await browser.open("/return")
            await browser.submit("/return", codename=codename)
            browser.page = older
            left = await browser.submit("/leave")
            after = await browser.open("/thread")

    assert "signed out" in left.text
    assert left.headers["Clear-Site-Data"] == '"cache", "cookies", "storage"'
    assert after.path == "/return"
    assert await public_db.fetchval("SELECT count(*) FROM zone.session") == 0


async def test_a_page_about_an_error_shows_the_way_out_in_its_language_and_another_site_opens_none(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        async with Browser(zone.url) as browser:
            deep = await browser.open("/no/such/page", status=404)
            french = await browser.open("/fr/no/such", status=404)
            out = await browser.open(deep.link("leave-now"))
        async with aiohttp.ClientSession() as http:
            abroad = {"Sec-Fetch-Site": "cross-site"}
            async with http.post(zone.url + "/leave", headers=abroad) as answer:
                refused = (answer.status, "Clear-Site-Data" in answer.headers)

    assert french.link("leave-now") == zone.url + "/fr/leave-now"
    assert "Flat bread" in out.text
    assert refused == (403, False)


class _Silent:
    """`keep`, whose database does not answer."""

    async def delete_session(self, _session: bytes) -> None:
        raise StoreError


@pytest.mark.parametrize(("method", "path"), [("POST", "/leave"), ("GET", "/leave-now")])
async def test_the_browser_forgets_also_while_the_store_does_not_answer(method: str, path: str) -> None:
    app = make_app(SITE, leaving.ROUTES)
    app[KEEP] = _Silent()

    async with TestClient(TestServer(app), cookies={COOKIE: "A" * 86}) as client:
        answer = await client.request(method, path)

    assert answer.status == 200
    assert answer.headers["Clear-Site-Data"] == '"cache", "cookies", "storage"'
    assert answer.cookies[COOKIE].value == ""
