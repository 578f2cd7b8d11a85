"""Whoever has chosen a language stays in it, from the report to leaving, and no rule about pages overlooks it."""

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from tests.journeys.browser import Browser, Page
from tests.tipline.source.running import a_zone, running
from tests.tipline.source.test_report import TEXT
from tipline.base.addresses import in_every_language
from tipline.base.database import Db
from tipline.base.languages import LANGUAGES
from tipline.base.settings import Settings
from tipline.source.arrive import HOLDS_TEXT
from tipline.source.worker import Life


async def test_a_source_stays_in_the_language_without_a_cookie_for_it(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)
    seen: list[Page] = []

    with running(zone):
        async with Browser(zone.url) as browser:
            seen.append(await browser.open("/ar/"))
            seen.append(await browser.submit("/", involved="no", message=TEXT))
            codename = seen[-1].ids["codename"]
            seen.append(await browser.open(seen[0].link("return")))
            seen.append(await browser.submit("/return", codename="drum " * 12, status=400))
            seen.append(await browser.submit("/return", codename=codename))
            seen.append(await browser.submit("/answer", answer="Berth 4."))
            seen.append(await browser.submit("/leave"))
            seen.append(await browser.open("/ar/leave-now"))
        async with aiohttp.ClientSession() as http:
            cookie = (
                await http.post(f"{zone.url}/ar/return", data={"codename": codename}, allow_redirects=False)
            ).headers["Set-Cookie"]

    assert [page.path for page in seen if not page.path.startswith("/ar/")] == []
    assert [page.path for page in seen if b'<html lang="ar" dir="rtl">' not in page.body] == []
    assert "ar" not in cookie.lower().replace("; ", "=").split("=")
    assert "path=/;" in cookie.lower() + ";"


@pytest.mark.parametrize("code", LANGUAGES)
async def test_a_request_that_brings_words_wears_a_worker_out_in_every_language(code: str) -> None:
    async def taken(_: web.Request) -> web.Response:
        return web.Response()

    life = Life()
    app = web.Application(middlewares=[life.count])
    app.add_routes(in_every_language([web.route(method, path, taken) for method, path in HOLDS_TEXT]))

    async with TestClient(TestServer(app)) as client:
        for method, path in HOLDS_TEXT:
            await client.request(method, LANGUAGES[code].root + path.removeprefix("/"))

    assert life.with_text == len(HOLDS_TEXT)
