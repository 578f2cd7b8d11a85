"""axe-core where sources hand in and seal, and on the first pages of everybody else, light and dark, as wide as an old phone."""

import asyncio
import gzip
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import urlopen

import pytest
from playwright.sync_api import Page, Route

from tests.adversarial.everything import search_everything
from tests.journeys import axe
from tests.journeys.chromium import Chromium
from tests.journeys.installation import Installation, installed
from tests.journeys.pictures import Pictures
from tests.tipline.source.elsewhere import HandIn, seal
from tipline.pins import Keys

WIDTH = 320
FIRST_PAGE = 14_000  # bytes: what arrives on a new connection before the browser has to answer
LARGE = bytes(range(256)) * 70_000  # two parts: three files to hand in
TEXT = "Drums at the quay."
SUBMIT = "main form button[type=submit]"


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installed(tmp_path_factory.mktemp("t")) as running:
        yield running
        assert running.stop() == 0
        assert asyncio.run(search_everything(running, [TEXT])) == []


@pytest.fixture
def looker(pictures: Pictures) -> Iterator["Looker"]:
    with Chromium(width=WIDTH) as chromium:
        yield Looker(chromium, pictures)


class Looker:
    """Somebody who looks at one page after the other, in both colour schemes; `wrong` says what keeps anybody out."""

    def __init__(self, chromium: Chromium, pictures: Pictures) -> None:
        self.browser = chromium
        self._pictures = pictures
        self.wrong: dict[str, list[str]] = {}

    def look(self, name: str, page: bytes = b"") -> None:
        """Look at what stands there; weigh *page*, which is what arrived before any script added to it."""
        found = axe.faults(self.browser, WIDTH)
        self._pictures.keep(self.browser, name, WIDTH)
        if len(gzip.compress(page)) > FIRST_PAGE:
            found.append("it is too large for a first page")
        if found:
            self.wrong[name] = found

    def opens(self, address: str, name: str) -> None:
        self.look(name, self.browser.open(address))

    def sends(self, what: str, /, **typed: str) -> None:
        """Fill fields and send the page's first form past the browser's own checks, as an old browser does."""
        for field, text in typed.items():
            self.browser.fill(f"main form [name={field}]", text)
        self.browser.run("document.querySelector('main form').noValidate = true")
        self.look(what, self.browser.do(_send))

    def hands_in(self, name: str, *files: Path) -> None:
        self.browser.upload("#files", *files)
        self.sends(name)


def _send(page: Page) -> bytes:
    """Send the form; return the page that answered."""
    with page.expect_navigation():
        page.click(SUBMIT)
    return page.content().encode()


def test_everybody_can_hand_in_and_pick_up(unit: Installation, looker: Looker, tmp_path: Path) -> None:
    site = unit.url("source")
    sealed, files = large(site, tmp_path)
    (tmp_path / "foreign").write_bytes(b"not sealed at all")
    looker.opens(f"{site}/hand-in", "hand in")
    looker.sends("hand in nothing")
    looker.hands_in("hand in something else", tmp_path / "foreign")
    looker.hands_in("hand in a part", *files[:2])
    looker.hands_in("hand in the rest", files[2])
    assert "It has arrived" in looker.browser.text("main")
    looker.opens(f"{site}/pickup", "pick up")
    looker.sends("pick up with a wrong code", code="picku p1 nothing")
    looker.opens(f"{site}/pickup", "pick up again")
    assert sealed.code.startswith("picku")

    assert looker.wrong == {}


def large(site: str, folder: Path) -> tuple[HandIn, list[Path]]:
    with urlopen(f"{site}/keys") as answer:  # noqa: S310 - this machine's own
        keys = Keys.parse(answer.read())
    key = keys.choose(keys.root, "unit", datetime.now(UTC).date())
    sealed = seal(key, LARGE)
    files = [folder / name for name in sealed.slip.file_names]
    for file, data in zip(files, sealed.files, strict=True):
        file.write_bytes(data)
    return sealed, files


def test_everybody_can_use_the_page_that_seals(unit: Installation, looker: Looker) -> None:
    browser, held = looker.browser, list[Route]()
    looker.opens(f"{unit.url('source')}/browser", "browser")
    browser.click("#send")
    looker.look("browser with errors")
    browser.click("input[name=involved][value=no]")
    browser.fill("#message", TEXT)
    browser.do(lambda page: page.route("**/hand-in", lambda route: held.append(route)))  # noqa: PLW0108 - the driver marks what it calls
    browser.click("#send")
    browser.wait_for("#pieces progress")
    looker.look("browser, sending")
    browser.do(lambda page: page.wait_for_timeout(100) if not held else None)
    browser.do(lambda _: held[0].abort())
    browser.wait_for("#failed")
    browser.click("#other summary")
    looker.look("browser, failed")
    browser.do(lambda page: page.unroute("**/hand-in"))
    browser.click("#again")
    browser.wait_for("#done")
    looker.look("browser, done")

    assert looker.wrong == {}


@pytest.mark.parametrize(
    ("process", "name"),
    [("corridor", "ben"), ("desk", "amina"), ("guard", "ben"), ("guard", "clara"), ("exchange", "")],
)
def test_everybody_can_use_the_first_pages_inside_and_at_the_portal(
    process: str, name: str, unit: Installation, looker: Looker
) -> None:
    card = next(card for (where, who), card in unit.cards.items() if where == process and name in {"", who})
    looker.opens(f"{unit.url(process)}/sign-in", "sign in")
    looker.sends("sign in with a wrong passphrase", name=card.name, passphrase="wrong", code="000000")
    looker.sends("first page", name=card.name, passphrase=card.passphrase, code=card.code())
    assert "/sign-in" not in looker.browser.address
    links = "return [...document.querySelectorAll('header a, nav a, main a')].map((one) => one.href)"
    for address in sorted(
        {one.split("#")[0] for one in looker.browser.run(links) if one.startswith(unit.url(process))}
    )[:8]:
        if "download" not in address and not address.endswith((".age", ".sig", ".json", ".asc", ".gpg", ".html")):
            looker.opens(address, address.removeprefix(unit.url(process)) or "/")

    assert looker.wrong == {}
