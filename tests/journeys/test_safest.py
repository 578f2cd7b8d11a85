"""The whole journey of a source in real Firefox at Tor Browser's Safest, each page held against its size; axe sees it in Chromium."""

import asyncio
import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.adversarial.everything import search_everything
from tests.journeys.firefox import SAFEST, Firefox
from tests.journeys.installation import Installation, installed
from tests.journeys.mishaps import without_keys, without_table
from tests.journeys.pictures import Pictures

WIDTH = 320
PAGE = 14_000  # bytes: what arrives on a new connection before the browser has to answer
BUTTON = "main form button[type=submit]"
TEXT, ANSWER, MISSPELT = "Crates with breathing holes.", "They leave on Tuesday.", "zzebra"
Look: TypeAlias = Callable[[str], list[str]]


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installed(tmp_path_factory.mktemp("t"), file_megabytes="1") as running:
        yield running
        assert running.stop() == 0
        assert asyncio.run(search_everything(running, [TEXT, ANSWER, MISSPELT])) == []


@pytest.fixture(scope="module")
def firefox() -> Iterator[Firefox]:
    with Firefox(SAFEST) as browser:
        browser.resize(WIDTH, 640)
        yield browser


@pytest.fixture
def look(firefox: Firefox, pictures: Pictures) -> Look:
    """Look at the page that shows, keep a picture of it, and say what keeps somebody out."""

    def looks(page: str) -> list[str]:
        pictures.keep(firefox, page, WIDTH)
        return faults(firefox, page)

    return looks


def faults(firefox: Firefox, page: str) -> list[str]:
    """What keeps somebody out of the page that shows."""
    found = []
    if firefox.run("return document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        found.append("it has to be scrolled sideways")
    source = firefox.run("return document.documentElement.outerHTML").encode()
    if len(gzip.compress(source)) > PAGE:
        found.append(f"{len(source)} bytes are too many")
    if firefox.run("return performance.getEntriesByType('resource').length"):
        found.append("it asks for something else")
    return [f"{page}: {one}" for one in found]


def report(firefox: Firefox, site: str) -> list[str]:
    """Report; return the words of the codename."""
    firefox.open(f"{site}/")
    firefox.click("input[name=involved][value=no]")
    firefox.type("#message", TEXT)
    firefox.click(BUTTON)
    firefox.wait_for("div#codename")
    return firefox.text("#codename").split()


def goes(firefox: Firefox, click: str, wait: str) -> None:
    """Press something and wait for what comes."""
    firefox.click(click)
    firefox.wait_for(wait)


def test_a_source_answers_a_few_questions_step_by_step(unit: Installation, firefox: Firefox, look: Look) -> None:
    wrong = []
    on, send = "button[value=next]", "button[value=send]"
    report(firefox, unit.url("source"))

    goes(firefox, "a[href=questions]", "[id='species.words']")
    wrong += look("first questions")
    firefox.type("[id='species.words']", "eleph")
    firefox.click("input[name=state][value=parts]")
    goes(firefox, on, "#species-offered")
    wrong += look("names that are offered")
    firefox.click("input[name=species][value='Elephas maximus']")
    goes(firefox, on, "#amount")
    firefox.type("#amount", "a dozen")
    goes(firefox, on, "#amount-problem")
    wrong += look("a number that is none")
    goes(firefox, "button[value=back]", "[id='species.words']")
    kept = firefox.run("return document.querySelector('[name=species]:checked').value")
    goes(firefox, on, "#amount")
    firefox.run("document.querySelector('#amount').value = '12'")
    goes(firefox, on, "[id='when.day']")
    wrong += look("a day")
    with without_table(unit, "submission"):
        goes(firefox, send, "#kept")
    wrong += look("not certain")
    goes(firefox, BUTTON, "#answer")

    assert kept == "Elephas maximus"
    assert "is sealed and on its way" in firefox.text("main")
    assert wrong == []


def test_a_source_reports_checks_the_words_and_sends_files_one_by_one(
    unit: Installation, firefox: Firefox, look: Look, tmp_path: Path
) -> None:
    wrong = []
    photo, film = tmp_path / "photo.jpg", tmp_path / "film.mp4"
    photo.write_bytes(b"p" * 200_000)
    film.write_bytes(bytes(40_000_000))

    firefox.open(unit.url("source"))
    wrong += look("form")
    codename = report(firefox, unit.url("source"))
    wrong += look("code")
    goes(firefox, "a[href=check]", "form[action=check]")
    wrong += look("check")
    for name in firefox.run("return [...document.querySelectorAll('[name^=word_]')].map((one) => one.name)"):
        firefox.type(f"[name={name}]", codename[int(name.removeprefix("word_")) - 1])
    goes(firefox, BUTTON, "[role=status]")
    wrong += look("check passed")
    goes(firefox, "a[href=files]", "#files")
    wrong += look("files")
    firefox.upload("#files", film)
    goes(firefox, "form[action=files] button", "#files-problem")
    too_large = firefox.text("#files-problem")
    wrong += look("file too large")
    firefox.upload("#files", photo)
    goes(firefox, "form[action=files] button", "[role=status]")
    kept = firefox.text("[role=status]")
    wrong += look("file kept")
    firefox.click("form[action=leave] button")
    wrong += look("left")

    assert wrong == []
    assert "too large" in too_large
    assert "1 file is sealed" in kept
    assert "New Identity" in firefox.text("main")


def test_a_source_comes_back_answers_and_erases_everything(unit: Installation, firefox: Firefox, look: Look) -> None:
    wrong = []
    codename = report(firefox, unit.url("source"))

    firefox.open(f"{unit.url('source')}/return")
    firefox.type("#codename", " ".join([MISSPELT, *codename[1:]]))
    goes(firefox, BUTTON, "#codename-problem")
    wrong += look("return with an error")
    misspelt = firefox.text("#codename-problem")
    firefox.open(f"{unit.url('source')}/return")
    firefox.type("#codename", " ".join(codename))
    goes(firefox, BUTTON, "form[action=answer]")
    wrong += look("thread")
    firefox.type("#answer", ANSWER)
    goes(firefox, "form[action=answer] button", "[role=status]")
    goes(firefox, "a[href=erase]", "form[action=erase]")
    wrong += look("erase")
    firefox.click("form[action=erase] button")
    wrong += look("erased")

    assert wrong == []
    assert MISSPELT in misspelt
    assert "Nobody has read a word" in firefox.text("main")


def test_the_pages_beside_the_journey_serve_without_script_too(
    unit: Installation, firefox: Firefox, look: Look
) -> None:
    wrong = []
    site = unit.url("source")
    for path, name in (
        ("hand-in", "hand in"),
        ("pickup", "pick up"),
        ("pgp", "pgp"),
        ("browser", "browser"),
        ("no-such-page", "error"),
    ):
        firefox.open(f"{site}/{path}")
        firefox.wait_for("main h1")
        wrong += look(name)
    with without_keys(unit):
        firefox.open(site)
        wrong += look("closed")

    assert wrong == []
    assert "We cannot take reports right now" in firefox.text("main")


def test_whoever_leaves_quickly_leaves_no_cookie_and_nothing_of_the_report_to_go_back_to(
    unit: Installation, firefox: Firefox, look: Look
) -> None:
    seen = "return document.body.innerText + [...document.querySelectorAll('textarea, input')].map((one) => one.value)"
    words = report(firefox, unit.url("source"))
    firefox.open(f"{unit.url('source')}/thread")
    firefox.type("#answer", ANSWER)
    signed_in = firefox.cookies()

    goes(firefox, "nav.quick a", "main")
    wrong = look("elsewhere")
    left = firefox.cookies()
    shown = []
    for _ in range(3):  # the thread, the codename, the form
        firefox.back()
        shown.append(firefox.run(seen))

    assert (signed_in, left) == (["source"], [])
    assert wrong == []
    for secret in (" ".join(words[:3]), "Tuesday", "breathing"):
        assert not [page for page in shown if secret in " ".join(page.split())]
    assert "You are not signed in" in shown[0]
