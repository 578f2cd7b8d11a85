"""A source's journey in a real browser: Chromium, script off, at the width of an old phone."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page, async_playwright

from tests.adversarial.everything import search_everything
from tests.journeys.installation import Installation, installed

WIDTH = 320
TEXT, ANSWER = "Drums of scales behind the cold store.", "They go by air on Tuesday."


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with installed(tmp_path) as running:
        yield running


@pytest.fixture
async def phone() -> AsyncIterator[BrowserContext]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed: make setup")
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = await browser.new_context(java_script_enabled=False, viewport={"width": WIDTH, "height": 640})
        yield context
        await browser.close()


async def test_a_source_reports_returns_answers_and_leaves_without_script(
    installation: Installation, phone: BrowserContext, tmp_path: Path
) -> None:
    picture = tmp_path / "picture.jpg"
    picture.write_bytes(b"\xff\xd8 not a real picture")
    page = await phone.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    await page.goto(installation.url("source"))
    assert len(asked) == 1  # one page, one request: no style, font or picture from elsewhere
    await _fits(page)
    await page.check("input[name=involved][value=no]")
    await page.fill("[name=message]", TEXT)
    await page.click("main form button[type=submit]")
    codename = await page.inner_text("#codename")
    await _fits(page)
    await page.click("a[href=check]")
    await _fits(page)
    await page.click("a[href=files]")
    await page.set_input_files("[name=files]", picture)
    await page.click("main form button[type=submit]")
    assert "1 file is sealed" in await page.inner_text("main")
    await _fits(page)

    await page.goto(f"{installation.url('source')}/return")
    await page.fill("[name=codename]", "no such words")
    await page.click("main form button[type=submit]")
    assert "Not a word of any codename" in await page.inner_text("main")
    await _fits(page)
    await page.fill("[name=codename]", codename)
    await page.click("main form button[type=submit]")
    await page.fill("[name=answer]", ANSWER)
    await page.click("form[action=answer] button")
    assert "on its way" in await page.inner_text("main")
    await _fits(page)
    await page.click("form[action=leave] button")

    assert await phone.cookies() == []
    await page.goto(f"{installation.url('source')}/thread")
    assert "/return" in page.url
    assert installation.stop() == 0
    assert await search_everything(installation, [TEXT, ANSWER, " ".join(codename.split())]) == []


async def _fits(page: Page) -> None:
    """Nothing has to be scrolled sideways."""
    assert await page.evaluate("document.documentElement.scrollWidth") <= WIDTH
