"""Sealed reports over a line of 20 kB/s with a round trip of a second, which breaks: what arrives, once, and what people see."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, Page

from tests.tipline.source.elsewhere import TEXT, intake, seal
from tests.tipline.source.running import Zone, collect_handed_in, joined, messages
from tests.tipline.source.test_browser import arrived, fill
from tests.tipline.source.wire import Wire, relay
from tipline.base.database import Db
from tipline.envelope import File, Tip

RATE = 20_000  # bytes a second
TRIP = 1.0  # seconds
BARS = """() => {
  const shown = new Set();
  window.shown = shown;
  new MutationObserver(() => {
    for (const row of document.querySelectorAll("#pieces li")) shown.add(row.textContent);
    for (const bar of document.querySelectorAll("progress")) shown.add(bar.value);
  }).observe(document.getElementById("pieces"), {subtree: true, childList: true, attributes: true});
}"""


@asynccontextmanager
async def slow(chromium: Browser, zone: Zone, *, script: bool) -> AsyncIterator[tuple[Page, Wire]]:
    async with relay(zone.settings.ports["source"], rate=RATE, trip=TRIP) as wire:
        context = await chromium.new_context(java_script_enabled=script, viewport={"width": 320, "height": 640})
        page = await context.new_page()
        page.set_default_timeout(90_000)
        yield page, wire
        await context.close()


async def test_a_report_that_breaks_off_in_the_middle_goes_through_on_a_slow_line_and_shows_how_far_it_is(
    chromium: Browser, zone: Zone, public_db: Db, tmp_path: Path
) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"a photo " * 12_000)
    async with slow(chromium, zone, script=True) as (page, wire):
        await page.goto(f"{wire.url}/browser")
        await fill(page, photo)
        await page.evaluate(BARS)
        wire.cut = lambda said: len(said.partition(b"hand-in-1-of-1.tip")[2]) > 50_000

        await page.click("#send")
        await page.wait_for_selector("#failed:not([hidden])")
        words = await page.inner_text("#failed-words")
        nothing = await collect_handed_in(zone, public_db, zone.unit)
        wire.cut = lambda _: False
        await page.click("#again")
        await arrived(page)
        shown = await page.evaluate("[...window.shown]")

    assert "The line broke" in words
    assert nothing == {}
    assert any(isinstance(part, float) and 0 < part < 1 for part in shown)
    assert "photo.jpg not yet sealed" in shown
    assert any(re.fullmatch(r"photo\.jpg 100\xa0% sealed, [1-9]\d?\xa0% sent", str(words)) for words in shown)
    assert "photo.jpg sent" in shown
    taken = await collect_handed_in(zone, public_db, zone.unit)
    _, sidecar = messages(taken)
    assert isinstance(sidecar.body, File)
    assert joined(sidecar.body, taken) == photo.read_bytes()


async def test_when_only_the_answer_is_lost_the_report_counts_once_and_the_page_learns_it(
    chromium: Browser, zone: Zone, public_db: Db
) -> None:
    async with slow(chromium, zone, script=True) as (page, wire):
        await page.goto(f"{wire.url}/browser")
        await fill(page)
        wire.lose = lambda said: b"POST /hand-in" in said

        await page.click("#send")
        await page.wait_for_selector("#failed:not([hidden])")
        first = await collect_handed_in(zone, public_db, zone.unit)
        wire.lose = lambda _: False
        await page.click("#again")
        await arrived(page)

    assert len(first) == 1
    assert await collect_handed_in(zone, public_db, zone.unit) == first


async def test_without_script_what_was_sealed_elsewhere_goes_through_and_counts_once_when_its_answer_is_lost(
    chromium: Browser, zone: Zone, public_db: Db, tmp_path: Path
) -> None:
    sealed = seal(intake(zone.unit))
    file = tmp_path / sealed.slip.file_names[0]
    file.write_bytes(sealed.files[0])
    async with slow(chromium, zone, script=False) as (page, wire):
        await page.goto(f"{wire.url}/hand-in")
        await page.set_input_files("#files", file)
        wire.lose = lambda said: b"POST /hand-in" in said
        async with page.expect_event("requestfailed"):
            await page.click("form[action='hand-in'] button", no_wait_after=True)
        first = await collect_handed_in(zone, public_db, zone.unit)
        wire.lose = lambda _: False
        again = await page.context.new_page()
        await again.goto(f"{wire.url}/hand-in")
        await again.set_input_files("#files", file)
        await again.click("form[action='hand-in'] button")
        said = await again.inner_text("main")

    assert "It has arrived" in said
    assert len(first) == 1
    assert await collect_handed_in(zone, public_db, zone.unit) == first
    assert messages(first)[0].body == Tip(TEXT, "", "", urgent=False)
