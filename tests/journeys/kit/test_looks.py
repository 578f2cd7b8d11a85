"""The kit's page as people meet it: on an old phone, in the dark, on paper, with a field left out, and without script."""

import pytest

from tests.journeys import axe
from tests.journeys.chromium import Chromium
from tests.journeys.kitpage import Foxes, Station, tell
from tests.journeys.pictures import Pictures


def test_nothing_is_sealed_until_every_answer_is_good_and_all_that_was_typed_stays(
    chromium: Chromium, station: Station
) -> None:
    chromium.open(station.file.as_uri())
    chromium.click("#go-tell")
    chromium.fill("#how_known", "ä" * (33 << 10))
    chromium.click("#tell-form button[type=submit]")

    assert "Some answers need another look" in chromium.text("#tell-problem")
    for field in ("involved", "message", "how_known"):
        assert chromium.text(f"#{field}-problem")
    assert not chromium.shows("#sealed")
    assert len(chromium.value("#how_known")) == 33 << 10
    assert axe.violations(chromium) == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_part_of_the_page_can_be_used_by_everybody_on_an_old_phone(
    dark: bool,  # noqa: FBT001
    chromium: Chromium,
    station: Station,
    pictures: Pictures,
) -> None:
    chromium.anew(dark=dark)
    looked = []

    def look() -> None:
        shown = chromium.run("return [...document.querySelectorAll('main > section:not([hidden])')].map(e => e.id)")
        assert axe.violations(chromium) == []
        assert chromium.run("return document.documentElement.scrollWidth") <= 320
        assert chromium.run("return document.activeElement.id") in {f"{shown[0]}-title", "main", ""}
        pictures.at_each_width(chromium, shown[0], "dark" if dark else "light")
        looked.extend(shown)

    chromium.open(station.file.as_uri())
    look()
    chromium.click("#go-open")
    look()
    chromium.click("#open [data-back]")
    chromium.click("#go-tell")
    look()
    tell(chromium, station)
    look()
    chromium.click("#forget")
    look()

    assert looked == ["start", "open", "tell", "sealed", "forgotten"]


def test_the_paper_shows_codename_and_pickup_code_and_nothing_else(chromium: Chromium, station: Station) -> None:
    made, code = tell(chromium, station)
    chromium.do(lambda page: page.emulate_media(media="print"))

    shown = chromium.text("body")
    assert all(word in shown for word in made.words())
    assert set(code.split()) <= set(shown.split())
    assert "Save" not in shown
    assert "Practice Unit" not in shown


def test_without_script_the_page_says_so_and_what_to_do(foxes: Foxes, station: Station) -> None:
    browser, proxy = foxes.at("safest")

    browser.open(station.file.as_uri())

    said = browser.text("main")
    assert "script is switched off here" in said
    assert "use the form on our report page" in said
    assert proxy.asked == []
