"""While a report is typed its page says what could lead back to the source, and keeps nothing of what was typed."""

import base64
import hashlib
import json
import shutil
from collections.abc import AsyncIterator
from urllib.parse import urljoin

import aiohttp
import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import async_playwright
from yarl import URL

from tests.handling.corridor.conftest import World, sign_in
from tests.journeys.browser import Browser, Page

LEAKY = "Call +254 722 123456."
SECONDS = 60_000  # milliseconds, as Playwright counts


@pytest.fixture
async def http(browser: Browser) -> AsyncIterator[aiohttp.ClientSession]:
    """Amina's session, for what no form and no link asks for."""
    jar = aiohttp.CookieJar(unsafe=True)
    jar.update_cookies({one.key: one.value for one in browser.cookies()}, response_url=URL(browser.site))
    async with aiohttp.ClientSession(browser.site, cookie_jar=jar) as session:
        yield session


async def test_findings_come_back_by_field_to_the_author_alone_and_nothing_is_kept(
    world: World, draft: Page, site: TestServer, http: aiohttp.ClientSession
) -> None:
    fields = dict(draft.form(draft.path).fields)
    before = await world.inside.fetchval("SELECT sealed FROM corridor.report")

    async with http.post(f"{draft.path}/look", data={**fields, "summary": LEAKY, "title": "A brother pays"}) as answer:
        told = json.loads(await answer.text())
    async with Browser(str(site.make_url("/"))) as ben:
        await sign_in(world, ben, "ben")
        page = await ben.open("/reports")
        token = dict(page.form("/sign-out").fields)["csrf"]
        cookies = {one.key: one.value for one in ben.cookies()}
        async with http.post(f"{draft.path}/look", data={"csrf": token}, cookies=cookies) as answer:
            refused = answer.status

    assert [one["text"] for one in told["summary"]] == ["+254 722 123456"]
    assert [one["class"] for one in told["title"]] == ["kinship"]
    assert refused == 404
    assert await world.inside.fetchval("SELECT sealed FROM corridor.report") == before


async def test_a_drafts_page_alone_runs_the_script_and_says_it_beside_the_field(
    browser: Browser, draft: Page, http: aiohttp.ClientSession
) -> None:
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("chromium is not installed: make setup")
    async with http.get("/residue.js") as answer:
        named = base64.b64encode(hashlib.sha384(await answer.read()).digest()).decode()
    policies = {}
    for address in (draft.path, "/residue.js", "/", "/reports"):
        async with http.get(address) as answer:
            policies[address] = answer.headers["Content-Security-Policy"]
    assert {address for address, policy in policies.items() if "script-src" in policy} == {draft.path}
    assert "trusted-types 'none'" in policies[draft.path]
    assert f'<script src="/residue.js" integrity="sha384-{named}" defer>' in draft.body.decode()

    async with async_playwright() as driver:
        chromium = await driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        context = await chromium.new_context(viewport={"width": 320, "height": 640})
        for one in browser.cookies():
            await context.add_cookies([{"name": one.key, "value": one.value, "url": browser.site}])
        page = await context.new_page()
        page.set_default_timeout(SECONDS)
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        await page.goto(urljoin(browser.site, draft.path))
        await page.locator("#summary").press_sequentially(LEAKY)
        await page.locator("#summary-live p", has_text="+254 722 123456").wait_for()
        spoken = await page.get_attribute("#summary-live", "role")
        described = await page.get_attribute("#summary", "aria-describedby") or ""
        wide = await page.evaluate("document.documentElement.scrollWidth")
        await page.fill("#summary", "Ivory is stored in a warehouse.")
        await page.locator("#summary-live p").wait_for(state="detached")
        await chromium.close()

    assert spoken == "status"
    assert "summary-live" in described.split()
    assert wide <= 320
    assert said == []
