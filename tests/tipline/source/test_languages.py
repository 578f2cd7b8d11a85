"""Whoever has chosen a language stays in it, from the report to leaving, and no rule about pages overlooks it."""

import gzip

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from crypto.codename import Codename
from crypto.wordlist import LISTS
from crypto.written import DIGITS
from tests.journeys.browser import Browser, Page
from tests.tipline.source.running import a_zone, running
from tests.tipline.source.test_report import TEXT
from tipline.base.addresses import in_every_language
from tipline.base.database import Db
from tipline.base.languages import LANGUAGES
from tipline.base.settings import Settings
from tipline.base.web import Site, render_text
from tipline.source.arrive import HOLDS_TEXT
from tipline.source.pages import About, ReportPage
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


async def test_a_codename_stands_in_the_words_of_the_page_and_opens_the_thread_from_any_other(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_zone(settings, public_db)
    shown: dict[str, str] = {}

    with running(zone):
        for language in LANGUAGES.values():
            async with Browser(zone.url) as browser:
                await browser.open(language.root)
                page = await browser.submit("/", involved="no", message=TEXT)
                shown[language.code] = page.ids["codename"]
                place = await browser.open(f"{language.root}check")
                items = shown[language.code].split()
                asked = {
                    name: items[int(name.removeprefix("word_")) - 1]
                    for name in place.form("/check").names
                    if "_" in name
                }
                await browser.submit("/check", **asked)
            async with Browser(zone.url) as browser:
                await browser.open("/pt/return" if language.code == "en" else "/return")
                opened = await browser.submit("/return", codename=shown[language.code])
                assert opened.path.endswith("/thread"), language.code

    for language in LANGUAGES.values():
        items = tuple(shown[language.code].split())
        assert Codename.parse(shown[language.code]).words(language.codename) == items, language.code
    assert set(shown["ar"]) <= set("0123456789 ")
    assert len(shown["ar"].split()) == 8
    assert all(len(shown[code].split()) == 12 for code in LANGUAGES if code != "ar")


async def test_what_is_wrong_with_a_codename_is_said_as_it_was_typed(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        async with Browser(zone.url) as browser:
            await browser.open("/return")
            digits = await browser.submit("/return", codename="12345 " * 8, status=400)
            word = await browser.submit("/return", codename="abeille " * 11 + "xyzzy", status=400)
            two = await browser.submit(
                "/return",
                codename="village science salon intact spatial aspect social depart metal badge reunion legal",
                status=400,
            )

    assert "One of these digits is wrong" in digits.text
    assert "Not a word of any codename: “xyzzy”" in word.text
    assert "a codename in two languages" in two.text


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_first_page_is_small_in_every_language(code: str) -> None:
    about = About("Practice Unit", "Oversight Board", "112", "on working days", "English", 10**9)
    site = Site("source", "Practice Unit", practice=True, style="source", translated=True)
    elsewhere = tuple((one, one.root) for one in LANGUAGES.values())

    page = render_text(site, ReportPage(about, "token", "ticket"), language=LANGUAGES[code], elsewhere=elsewhere)

    assert len(gzip.compress(page.encode())) <= 14 * 1024


@pytest.mark.parametrize("code", LANGUAGES)
def test_each_language_writes_codenames_in_a_way_that_there_is(code: str) -> None:
    assert LANGUAGES[code].codename in (*LISTS, DIGITS)


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
