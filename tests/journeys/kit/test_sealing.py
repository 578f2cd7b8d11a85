"""What the kit seals, in every browser with the network off: it opens with the unit's keys, and the page keeps nothing."""

from pathlib import Path

from crypto import codename
from tests.handins import arrived
from tests.journeys import axe
from tests.journeys.chromium import Chromium
from tests.journeys.kitpage import HOW, MESSAGE, WHOM, Browser, Station, left, saved, tell
from tests.journeys.traces import secrets
from tipline.envelope import File, Filled, Tip
from tipline.questionnaire import answers, current

FILE = b"\xff\xd8 Walrosszahn not a real picture" * 1000


def test_a_tip_with_a_file_is_sealed_and_the_page_asks_nobody_and_keeps_nothing(
    browser: Browser, station: Station, tmp_path: Path
) -> None:
    picture = tmp_path / "Walrosszahn picture.jpg"
    picture.write_bytes(FILE)

    made, code = tell(browser, station, picture)

    source = codename.keys(made)
    assert codename.parse_pickup_code(code).matches(source.lookup)
    read = arrived([saved(browser, "sealed")], station.unit.identity)
    assert read.messages[0].body == Tip(MESSAGE, HOW, WHOM, urgent=True)
    assert read.files == (FILE,)
    assert [one.body.name for one in read.messages if isinstance(one.body, File)] == [picture.name]
    assert {one.way for one in read.messages} == {"kit"}
    assert (read.slip.mailbox, read.slip.day) == (source.mailbox, station.unit.first)
    assert left(browser, station, made, code, "Walrosszahn") == []
    browser.click("#forget")
    browser.wait_for("#forgotten")
    shown = browser.run(
        "return document.documentElement.outerHTML + [...document.querySelectorAll('input,textarea')].map(e => e.value)"
    )
    assert [one for one in secrets(made, code, "Walrosszahn") if one in shown.encode()] == []
    assert left(browser, station, made, code, "Walrosszahn") == []


def test_a_tip_about_the_unit_is_sealed_to_the_oversight_body_alone(chromium: Chromium, station: Station) -> None:
    tell(chromium, station, involved="yes")

    assert chromium.text("#receiver") == "Oversight Board"
    assert arrived([saved(chromium, "sealed")], station.board.identity).slip.unit == "board"


def test_a_large_file_comes_out_in_numbered_parts_with_the_first_one_to_hand_in_first(
    chromium: Chromium, station: Station, tmp_path: Path
) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(bytes(range(256)) * (17 << 12))  # 17 MiB: two parts

    tell(chromium, station, film)

    assert "Hand this in first" in chromium.text("#sealed .files li:nth-child(1)")
    files = [saved(chromium, "sealed", number, 3) for number in (1, 2, 3)]
    assert arrived(files, station.unit.identity).files == (film.read_bytes(),)


def test_sealing_can_be_stopped(chromium: Chromium, station: Station, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(bytes(64 << 20))
    chromium.open(station.file.as_uri())
    chromium.click("#go-tell")
    chromium.click("input[name=involved][value=no]")
    chromium.fill("#message", MESSAGE)
    chromium.upload("#tell-files", film)
    chromium.click("#tell-form button[type=submit]")
    chromium.click("#stop")
    chromium.wait_for("#tell-problem")

    assert "Stopped. Nothing was sealed" in chromium.text("#tell-problem")
    assert chromium.value("#message") == MESSAGE


def test_a_tip_is_sealed_with_the_keyboard_alone(chromium: Chromium, station: Station) -> None:
    chromium.open(station.file.as_uri())
    chromium.wait_for("#start")
    for keys in ("Tab", "Enter", "Tab", "Space", "Tab"):
        chromium.press(keys)
    chromium.do(lambda page: page.keyboard.type("typed by hand"))
    chromium.press("Tab")
    while chromium.run("return document.activeElement.type") != "submit":
        chromium.press("Tab")
    chromium.press("Enter")
    chromium.wait_for("#sealed")

    assert arrived([saved(chromium, "sealed")], station.unit.identity).messages[0].body == Tip(
        "typed by hand", "", "", urgent=False
    )


def test_answers_to_the_questions_are_sealed_as_far_as_they_are_asked(
    chromium: Chromium, station: Station, tmp_path: Path
) -> None:
    chromium.open(station.file.as_uri())
    chromium.wait_for("#go-tell")
    chromium.click("#go-tell")
    chromium.click("input[name=involved][value=no]")
    chromium.fill("#message", MESSAGE)
    chromium.click("#more > summary")
    chromium.fill('[id="q-species.words"]', "pangol")
    like = chromium.run(
        "return [...document.querySelectorAll('#q-species-list label')].filter((one) => !one.hidden).length"
    )
    chromium.click("#q-species-list input[value='Manis javanica']")
    hidden_before = chromium.shows("#q-numbers-block")
    chromium.click("#q-transport-block input[value=road]")
    chromium.fill("#q-numbers", "KX 4711")
    chromium.click("#q-state-block input[value=parts]")
    chromium.click("#q-parts-block input[value=SKI]")
    chromium.click("#q-state-block input[value=parts]")
    chromium.fill("#q-amount", "1,000")
    chromium.click("#tell-form button[type=submit]")
    chromium.wait_for("#q-amount-problem")
    refused = chromium.text("#q-amount-problem")
    found = axe.violations(chromium)
    chromium.picture(tmp_path / "questions.png")
    chromium.fill("#q-amount", "1000")
    chromium.click("#tell-form button[type=submit]")
    chromium.wait_for("#sealed", seconds=300)

    read = arrived([saved(chromium, "sealed")], station.unit.identity)
    assert (like, hidden_before, found) == (6, False, [])
    assert "no sign between thousands" in refused
    assert [one.counter for one in read.messages] == [1, 2]
    fields = {"species": ["Manis javanica"], "species.words": ["pangol"], "transport": ["road"], "numbers": ["KX 4711"]}
    said = answers.read(current.default(), {**fields, "amount": ["1000"]})
    assert read.messages[1].body == Filled(current.default().sha256, "en", said.values)
