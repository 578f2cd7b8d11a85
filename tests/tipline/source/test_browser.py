"""The page that seals in the browser, in a real one: what leaves it, what stays in it, and what becomes of a broken line."""

import base64
import hashlib
import os
import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from uuid import UUID

import aiohttp
import pytest
from playwright.async_api import Browser, Page

from crypto.codename import Codename, SourceKeys, keys, parse_pickup_code
from tests.tipline.source.running import TODAY, Zone, collect, collect_handed_in, joined, messages
from tests.tipline.source.wire import Wire, relay
from tipline.base.database import Db
from tipline.envelope import File, Tip
from tipline.source import early
from tipline.source.ways import BROWSER

TEXT = "Drums of scales behind the cold store."
HOW = "Seen from the quay."
WHOM = "the port police"
BROWSER_SAYS = ("Failed to load resource", "Clear-Site-Data")  # Chromium's own words for a broken line, and for leaving
SECONDS = 180_000  # milliseconds, as Playwright counts


@pytest.fixture
async def wire(zone: Zone) -> AsyncIterator[Wire]:
    async with relay(zone.settings.ports["source"]) as made:
        yield made


@pytest.fixture
async def page(chromium: Browser, wire: Wire) -> AsyncIterator[Page]:
    context = await chromium.new_context(viewport={"width": 320, "height": 640})
    made = await context.new_page()
    made.set_default_timeout(SECONDS)
    said: list[str] = []
    made.on("console", lambda message: said.append(message.text))
    made.on("pageerror", lambda error: said.append(str(error)))
    await made.goto(f"{wire.url}/browser")
    yield made
    assert [text for text in said if not text.startswith(BROWSER_SAYS)] == []
    await context.close()


async def fill(page: Page, *files: Path, involved: str = "no") -> None:
    await page.check(f"input[name=involved][value={involved}]")
    await page.fill("#message", TEXT)
    await page.fill("#how_known", HOW)
    await page.fill("#must_not_learn", WHOM)
    await page.set_input_files("#files", list(files))


async def arrived(page: Page) -> tuple[Codename, SourceKeys]:
    """Wait for the end; return the codename that the page shows, held against its pickup code."""
    await page.wait_for_selector("#done:not([hidden]), #failed:not([hidden])", timeout=SECONDS)
    assert await page.is_visible("#done"), await page.inner_text("#failed-words")
    codename = Codename.parse(await page.inner_text("#codename"))
    source = keys(codename)
    assert parse_pickup_code(await page.inner_text("#pickup")).matches(source.lookup)
    return codename, source


def traces(codename: Codename, source: SourceKeys) -> list[bytes]:
    """Everything of a source that no server may hear, in the ways in which it could be spelt."""
    words = codename.words()
    secrets = [
        source.lookup.expose(), codename.entropy.expose(), source.to_unit.expose(), source.to_source.expose(),
        source.state.expose(), source.identity.seed.expose(),
    ]  # fmt: skip
    spelt = [form for one in secrets for form in (one, one.hex().encode(), base64.b64encode(one).rstrip(b"="))]
    texts = [
        TEXT,
        HOW,
        WHOM,
        "Drums",
        "quay",
        " ".join(words[:2]),
        "+".join(words[:2]),
        "%20".join(words[:2]),
        "pickup1",
    ]
    return [*spelt, *(text.encode() for text in texts), TEXT.encode("utf-16-le"), b"photo"]


async def test_nothing_of_a_report_leaves_the_browser_unsealed_and_the_unit_opens_it(
    page: Page, wire: Wire, zone: Zone, public_db: Db, tmp_path: Path
) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"a photo " * 4000)
    await fill(page, photo)
    assert await page.locator("form").count() == 0

    await page.click("#send")
    codename, source = await arrived(page)

    heard = bytes(wire.heard)
    assert [trace for trace in traces(codename, source) if trace in heard] == []
    lines = re.findall(rb"(?:GET|POST) (\S+) HTTP/1.1\r\n", heard)
    assert set(lines) - {b"/favicon.ico"} == {b"/browser", b"/browser.js", b"/keys", b"/hand-in"}
    assert b"\r\nCookie:" not in heard
    taken = await collect_handed_in(zone, public_db, zone.unit)
    tip, sidecar = messages(taken)
    assert tip.body == Tip(TEXT, HOW, WHOM, urgent=False)
    assert (tip.way, tip.mailbox) == ("browser", source.mailbox)
    assert isinstance(sidecar.body, File)
    assert (sidecar.body.name, joined(sidecar.body, taken)) == ("photo.jpg", photo.read_bytes())


async def test_the_browser_keeps_nothing(page: Page) -> None:
    await fill(page)

    await page.click("#send")
    await arrived(page)

    kept = "[localStorage.length, sessionStorage.length, document.cookie, location.pathname + location.search + location.hash]"
    assert await page.evaluate(kept) == [0, 0, "", "/browser"]
    assert await page.evaluate("indexedDB.databases().then((all) => all.length)") == 0
    assert await page.evaluate("caches.keys().then((all) => all.length)") == 0
    assert await page.context.cookies() == []
    assert await page.evaluate("history.length") <= 2
    typed = await page.evaluate(
        "[...document.querySelectorAll('textarea, input')].map((one) => one.value + one.checked)"
    )
    assert not any(text in "".join(typed) for text in (TEXT, HOW, WHOM))
    assert await page.locator("form").count() == 0
    await page.click("#done a.button")
    await page.go_back()
    assert "Tell us what you know" in await page.inner_text("main")
    assert await page.input_value("#message") == ""


async def test_a_large_report_goes_on_at_the_part_that_failed(
    page: Page, wire: Wire, zone: Zone, public_db: Db, tmp_path: Path
) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(os.urandom(16 << 20) * 3 + b"end")
    await fill(page, film, involved="yes")
    wire.cut = lambda said: b"hand-in-3-of-5.tip" in said

    await page.click("#send")
    await page.wait_for_selector("#failed:not([hidden])", timeout=SECONDS)
    assert "The line broke" in await page.inner_text("#failed-words")
    assert await collect_handed_in(zone, public_db, zone.oversight) == {}
    wire.cut = lambda _: False
    before = len(wire.heard)
    await page.click("#again")
    _, source = await arrived(page)

    again = bytes(wire.heard[before:])
    assert [b"hand-in-%d-of-5.tip" % number in again for number in range(1, 6)] == [True, False, True, True, True]
    taken = await collect_handed_in(zone, public_db, zone.oversight)
    tip, sidecar = messages(taken)
    assert tip.mailbox == source.mailbox
    assert isinstance(sidecar.body, File)
    assert joined(sidecar.body, taken) == film.read_bytes()
    assert await collect(zone, public_db, zone.unit) == {}
    assert "Oversight Board" in await page.inner_text("#done")


async def test_parts_that_the_server_no_longer_has_or_has_no_room_for_are_made_once_more_behind_the_slip(
    page: Page, wire: Wire, zone: Zone, public_db: Db, tmp_path: Path
) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(os.urandom(16 << 20) * 3 + b"end")
    await fill(page, film)
    wire.cut = lambda said: b"hand-in-3-of-5.tip" in said
    await page.click("#send")
    await page.wait_for_selector("#failed:not([hidden])", timeout=SECONDS)
    wire.cut = lambda _: False
    await public_db.execute("DELETE FROM zone.hand_in_envelope")
    await public_db.execute(
        "INSERT INTO zone.hand_in_envelope (id, mailbox, size, sha256, day) VALUES ($1, $2, $3, $2, $4)",
        UUID(int=1), bytes(32), early.EARLY_MAX, TODAY,
    )  # fmt: skip
    before = len(wire.heard)

    await page.click("#again")
    await arrived(page)

    order = [int(number) for number in re.findall(rb"hand-in-(\d)-of-5.tip", bytes(wire.heard[before:]))]
    assert order == [3, 1, 2, 3, 4, 5]
    taken = await collect_handed_in(zone, public_db, zone.unit)
    sidecar = messages(taken)[1].body
    assert isinstance(sidecar, File)
    assert joined(sidecar, taken) == film.read_bytes()


async def test_a_report_that_never_came_is_sent_once(page: Page, wire: Wire, zone: Zone, public_db: Db) -> None:
    await fill(page)
    wire.cut = lambda said: b"POST /hand-in" in said
    await page.click("#send")
    await page.wait_for_selector("#failed:not([hidden])", timeout=SECONDS)
    wire.cut = lambda _: False

    await page.click("#again")
    await arrived(page)

    assert len(messages(await collect_handed_in(zone, public_db, zone.unit))) == 1


async def test_the_other_way_is_a_form_that_is_made_only_when_a_person_asks_for_it(
    page: Page, wire: Wire, zone: Zone, public_db: Db, tmp_path: Path
) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"a photo")
    await fill(page, photo)
    wire.cut = lambda said: b"POST /hand-in" in said
    await page.click("#send")
    await page.wait_for_selector("#failed:not([hidden])", timeout=SECONDS)
    assert await page.locator("form").count() == 0
    assert TEXT.encode() not in wire.heard

    await page.click("#other summary")
    await page.click("#other-way")
    await page.wait_for_url(f"{wire.url}/")
    assert "Everything you typed is still here" in await page.inner_text("main")  # the form's own page gives the ticket
    await page.click("main form button[type=submit]")

    assert "Your report is safe with us" in await page.inner_text("main")
    await page.click("a[href=files]")
    await page.set_input_files("#files", photo)
    await page.click("form[action=files] button")
    assert "1 file is sealed" in await page.inner_text("main")
    taken = await collect(zone, public_db, zone.unit)
    tip, sidecar = messages(taken)
    assert tip.body == Tip(TEXT, HOW, WHOM, urgent=False)
    assert tip.way == "arrival"
    assert isinstance(sidecar.body, File)
    assert joined(sidecar.body, taken) == photo.read_bytes()


async def test_what_is_missing_is_said_at_its_field_and_nothing_is_asked(page: Page, wire: Wire) -> None:
    await page.click("#send")

    assert "Choose one of the two" in await page.inner_text("#involved-problem")
    assert "Write what happened first" in await page.inner_text("#message-problem")
    assert await page.evaluate("document.activeElement.id") == "involved"
    assert wire.asked("GET /keys") == 0


async def test_without_script_the_page_sends_people_to_the_form(chromium: Browser, zone: Zone) -> None:
    context = await chromium.new_context(java_script_enabled=False)
    page = await context.new_page()

    await page.goto(f"{zone.url}/")
    assert await page.locator("script").count() == 0
    await page.click('a[href="browser"]')

    shown = await page.inner_text("main")
    assert "Script is switched off here" in shown
    assert "Seal and send" not in shown
    assert await page.locator("form").count() == 0
    await context.close()


async def test_script_runs_on_one_page_and_comes_from_one_address(zone: Zone) -> None:
    async with aiohttp.ClientSession() as http:
        answers = {
            path: await http.get(f"{zone.url}{path}") for path in ("/", "/browser", "/browser.js", "/keys", "/hand-in")
        }
        body, script = await answers["/browser"].text(), await answers["/browser.js"].read()

    policies = {path: answer.headers["Content-Security-Policy"] for path, answer in answers.items()}
    assert {path for path, policy in policies.items() if "script-src" in policy} == {"/browser"}
    assert (
        "script-src 'self'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'"
        in policies["/browser"]
    )
    assert all("default-src 'none'" in policy and "unsafe" not in policy for policy in policies.values())
    assert answers["/browser.js"].headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert {answer.headers["X-Content-Type-Options"] for answer in answers.values()} == {"nosniff"}
    assert {answer.headers["Cache-Control"] for answer in answers.values()} == {"no-store"}
    data, code = re.findall(r"<script[^>]*>", body)
    named = base64.b64encode(hashlib.sha384(script).digest()).decode()
    assert data == '<script type="application/json" id="questionnaire">'
    assert code == f'<script src="browser.js" integrity="sha384-{named}">'
    shown = unescape(body)
    assert f"{BROWSER.label}: what this protects, and what not" in shown
    assert all(words in shown for words in (BROWSER.protects, BROWSER.not_against, BROWSER.same))
    assert not re.search(r"\son[a-z]+=|javascript:|\sstyle=", body)
