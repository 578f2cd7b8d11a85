"""Sheets as they come out of a printer, pages as a phone shows them."""

import io
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from tests.journeys import axe
from tests.journeys.chromium import Chromium
from tipline import poster
from tipline.base.languages import LANGUAGES
from tipline.kit import KitStatement
from tipline.poster import Address, Poster

WIDTH = 320
A4, LETTER = (794, 1123), (816, 1056)  # pixels, 96 of which are an inch
ONION = "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion"
_SHEET = re.compile(rb"/Type\s*/Page\b")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A practice unit's poster under an onion address: nothing that a poster can say is left out."""
    folder = tmp_path_factory.mktemp("poster")
    statement = KitStatement(bytes(range(32)), "unit", date(2026, 9, 30))
    all_of_it = Poster(
        unit="Northern Wildlife Crime Unit",
        emergency="your local emergency number",
        reading_hours="on working days",
        reads="English, Kiswahili",
        practice=True,
        address=Address(ONION),
        root=bytes(range(100, 132)),
        kit=statement,
    )
    for name, content in poster.build(all_of_it).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with Chromium(width=WIDTH) as chromium:
        yield chromium


def printed(browser: Chromium, size: tuple[int, int]) -> bytes:
    """Return a picture of one piece of paper of this size."""
    browser.do(lambda page: page.emulate_media(media="print"))
    browser.do(lambda page: page.set_viewport_size({"width": size[0], "height": size[1]}))
    return browser.do(lambda page: page.screenshot())


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_sheet_is_one_sheet_on_either_paper_and_its_code_leads_to_the_address(
    code: str, made: Path, browser: Chromium
) -> None:
    browser.open((made / "print" / f"{code}.html").as_uri())

    for paper, size in (("A4", A4), ("Letter", LETTER)):
        picture = printed(browser, size)
        assert [found.text for found in zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)))] == [f"http://{ONION}/"]
        lowest = browser.run(
            "return Math.max(...[...document.querySelectorAll('*')].map((one) => one.getBoundingClientRect().bottom))"
        )
        assert lowest <= size[1]
        assert len(_SHEET.findall(browser.do(lambda page, paper=paper: page.pdf(format=paper)))) == 1


def test_strips_bear_the_whole_address(made: Path, browser: Chromium) -> None:
    browser.open((made / "print" / "en.html").as_uri())
    printed(browser, LETTER)

    strips = browser.run(
        "return [...document.querySelectorAll('.strips li')].map((strip) => {"
        " const box = strip.getBoundingClientRect(), inside = [...strip.querySelectorAll('span')].every((part) => {"
        "  const one = part.getBoundingClientRect();"
        "  return one.left >= box.left && one.right <= box.right && one.top >= box.top && one.bottom <= box.bottom; });"
        " return [strip.querySelector('.address').textContent, inside]; })"
    )
    assert strips == [[ONION, True]] * 8


@pytest.mark.parametrize("name", ["index", "ar", "zh"])
def test_everybody_can_use_a_page_and_it_asks_for_nothing(name: str, made: Path, browser: Chromium) -> None:
    address = (made / "web" / f"{name}.html").as_uri()
    browser.do(lambda page: page.emulate_media(media="screen"))
    browser.do(lambda page: page.set_viewport_size({"width": WIDTH, "height": 640}))
    browser.asked.clear()
    browser.open(address)

    assert browser.asked == [address]
    assert browser.refused == []
    for scheme in ("light", "dark"):
        browser.do(lambda page, scheme=scheme: page.emulate_media(color_scheme=scheme))
        assert axe.violations(browser) == []
    assert browser.run("return document.documentElement.scrollWidth") <= WIDTH
    assert (
        browser.run("return getSelection().selectAllChildren(document.querySelector('.address')), `${getSelection()}`")
        == ONION
    )
