"""What was sealed in a browser, on the page or in the kit, walked in Firefox as Tor Browser sets it: collected, answered, opened."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from crypto import codename
from crypto.codename import Codename
from tests.adversarial.canary import Canary
from tests.adversarial.everything import search_everything
from tests.journeys import firefox
from tests.journeys.browser import Browser as Visitor
from tests.journeys.browser import Upload
from tests.journeys.chromium import Chromium
from tests.journeys.elsewhere import seals_in_the_page
from tests.journeys.firefox import LEVELS, DeadProxy, Firefox
from tests.journeys.installation import Installation, installed
from tests.journeys.stubborn import Worker
from tests.journeys.traces import kept, secrets
from tests.tipline.source.wire import Wire, relay
from tipline import kit

TEXT = "Walrosszahn drums behind the cold store"
HOW = "Narwalzahn I carried them"
WHOM = "Bernstein at the port office"
FILE = b"\xff\xd8 Kugelfisch not a real picture " * 500
KIT_TEXT = "Seepferdchen at the quay, seen from the kit"
RATE, TRIP = 50_000, 0.5  # bytes a second each way, and seconds there and back
HANDLERS = {"standard": "amina", "safer": "ben"}  # one code of an account serves once
SAID = ("Walrosszahn", "Narwalzahn", "Bernstein", "Kugelfisch")
TYPED = "[...document.querySelectorAll('input, textarea')].map((one) => one.value)"


class Elsewhere(DeadProxy):
    """Takes every request that leaves this machine; what goes to this machine itself goes straight."""

    def preferences(self) -> dict[str, Any]:
        return {**super().preferences(), "network.proxy.allow_hijacking_localhost": False}


@dataclass(frozen=True, slots=True)
class Unit:
    running: Installation
    kit: Path


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Unit]:
    if firefox.installed() is None:
        pytest.skip("firefox-esr is not installed: make setup")
    folder = tmp_path_factory.mktemp("t")
    with installed(folder) as running:
        key = running.data / "practice" / "root.key"
        running.tipline("kit", "-o", str(folder / "kit"), "--key", str(key))
        yield Unit(running, folder / "kit" / kit.PAGE_NAME)


def sealed_and_sent(browser: Firefox, site: str, picture: Path) -> tuple[Codename, str]:
    codename_, code = seals_in_the_page(browser, site, picture, message=TEXT, how_known=HOW, must_not_learn=WHOM)
    return Codename.parse(codename_), code


def picked_up(browser: Firefox, site: str, code: str) -> Path:
    browser.open(f"{site}/pickup")
    browser.type("#code", code)
    browser.run("setTimeout(() => document.querySelector('form button').click())")  # a saved file never ends loading
    return browser.downloaded("pickup.tar")


def read_in(browser: Firefox | Chromium, unit: Unit, made: Codename, picked: Path) -> str:
    browser.open(unit.kit.as_uri())
    browser.wait_for("#go-open")
    browser.click("#go-open")
    browser.fill("#words", " ".join(made.words()))
    browser.upload("#pickup-file", picked)
    browser.click("#open-form button[type=submit]")
    browser.wait_for("#replies", seconds=240)
    assert browser.text("#troubles") == ""
    return browser.text("#messages .words")


@pytest.mark.parametrize("level", ["standard", "safer"])
async def test_a_report_is_sealed_sent_answered_and_read_and_nothing_of_it_is_in_any_request_or_left_behind(
    level: str, unit: Unit, tmp_path: Path
) -> None:
    picture = tmp_path / "Kugelfisch.jpg"
    picture.write_bytes(FILE)
    async with relay(unit.running.ports["source"], rate=RATE, trip=TRIP) as wire:
        with Elsewhere() as elsewhere, Firefox(LEVELS[level], proxy=elsewhere) as browser:
            made, code = await asyncio.to_thread(sealed_and_sent, browser, wire.url, picture)
            never = secrets(made, code, *SAID)
            assert [one for one in never if one in wire.heard] == []
            asked = paths(wire)
            assert await asyncio.to_thread(kept, browser, f"{wire.url}/browser", never) == []
            await asyncio.to_thread(browser.click, "#done a.button")
            await asyncio.to_thread(browser.run, "history.back()")
            await asyncio.to_thread(browser.wait_for, "#write")
            assert "Walrosszahn" not in "".join(await asyncio.to_thread(browser.run, f"return {TYPED}"))

            await answered(unit, level)
            picked = await asyncio.to_thread(picked_up, browser, wire.url, code)
            reply = await asyncio.to_thread(read_in, browser, unit, made, picked)
            words = [one for one in secrets(made, "", *SAID) if one in wire.heard]
        assert elsewhere.asked == []

        left = await search_everything(
            unit.running, canaries(made, TEXT, HOW, WHOM, "Kugelfisch not a real picture"), signed_in=True
        )
    assert left == []
    assert asked == {"/browser", "/browser.js", "/keys", "/hand-in"}
    assert reply == f"Which quay? {level}"
    assert words == []


def paths(wire: Wire) -> set[str]:
    lines = [line.split() for line in bytes(wire.heard).split(b"\r\n") if line.endswith(b" HTTP/1.1")]
    return {line[1].decode() for line in lines} - {"/favicon.ico"}


async def answered(unit: Unit, level: str) -> None:
    """The corridor collects the report, a handler reads it and asks back, and the reply is handed out."""
    await asyncio.to_thread(unit.running.tipline, "collect")
    async with await unit.running.sign_in("corridor", HANDLERS[level]) as handler:
        await handler.open("/")
        waiting = await handler.open("/first-reading")
        assert WHOM in (await handler.open(waiting.link("/tips/"))).text
        await handler.submit("/readers", who="everybody", reason="Nobody here is of the port office.")
        tip = await handler.open(waiting.link("/tips/").removesuffix("/readers"))
        assert TEXT in tip.text
        assert HOW in tip.text
        assert (await handler.open(tip.link("/files/"))).body == FILE
        await handler.open(tip.path)
        await handler.submit("/reply", text=f"Which quay? {level}")
    await asyncio.to_thread(unit.running.tipline, "mailboxes")


async def test_what_the_kit_sealed_is_handed_in_collected_answered_and_read_in_the_kit_and_nothing_of_it_is_left(
    unit: Unit, tmp_path: Path
) -> None:
    with Chromium(online=False) as kit_:
        made, code, sealed = await asyncio.to_thread(sealed_in_kit, kit_, unit)
        async with Visitor(unit.running.url("source")) as visitor:
            await visitor.open("/hand-in")
            handed = await visitor.submit("/hand-in", files=[Upload("files", "hand-in-1-of-1.tip", sealed)])
            amina = Worker(unit.running, "corridor", "amina")
            unit.running.tipline("collect")
            listed = {href for href, _ in (await amina.open("/")).links if re.search(r"/tips/[0-9a-f-]{36}$", href)}
            for path in listed:  # tips of one day stand in no order
                tip = await amina.open(path)
                if KIT_TEXT in tip.text:
                    break
            await amina.submit("/reply", text="Which quay?")
            await amina.close()
            unit.running.tipline("mailboxes")
            await visitor.open("/pickup")
            (tmp_path / "pickup").write_bytes((await visitor.submit("/pickup", code=code)).body)
        reply = await asyncio.to_thread(read_in, kit_, unit, made, tmp_path / "pickup")

    assert "It has arrived" in handed.text
    assert KIT_TEXT in tip.text
    assert reply == "Which quay?"
    assert await search_everything(unit.running, canaries(made, KIT_TEXT), signed_in=True) == []


def sealed_in_kit(browser: Chromium, unit: Unit) -> tuple[Codename, str, bytes]:
    browser.open(unit.kit.as_uri())
    browser.click("#go-tell")
    browser.click("input[name=involved][value=no]")
    browser.fill("#message", KIT_TEXT)
    browser.click("#tell-form button[type=submit]")
    browser.wait_for("#sealed")
    browser.click("#sealed .files button")
    sealed = browser.downloaded("hand-in-1-of-1.tip").read_bytes()
    return Codename.parse(browser.text("#codename")), browser.text("#pickup"), sealed


def canaries(made: Codename, *texts: str) -> list[Canary]:
    """What nothing of ours may hold in clear. The lookup is not among them: a pickup has told it to a worker."""
    source, words = codename.keys(made), made.words()
    keys = (made.entropy, source.to_unit, source.to_source, source.state, source.identity.seed)
    return [*texts, " ".join(words[:3]), " ".join(words[-3:]), *(one.expose() for one in keys)]


def test_at_safest_the_page_says_what_to_do_and_asks_for_nothing_more(unit: Unit) -> None:
    site = unit.running.url("source")
    with Elsewhere() as elsewhere, Firefox(firefox.SAFEST, proxy=elsewhere) as browser:
        browser.open(f"{site}/browser")
        said = browser.text("main")
        browser.click("main a")
        form = browser.address

    assert "Script is switched off here" in said
    assert "the form or the kit is the right way" in said
    assert "Seal and send" not in said
    assert form == f"{site}/"
    assert elsewhere.asked == []
