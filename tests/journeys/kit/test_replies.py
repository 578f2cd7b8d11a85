"""What the kit opens: replies and what is wrong with them, and an answer that goes to whoever has the report."""

from dataclasses import replace
from pathlib import Path

import pytest

from crypto import codename
from crypto.codename import Codename
from crypto.digest import sha256
from tests.handins import Device, arrived
from tests.journeys import axe
from tests.journeys.chromium import Chromium
from tests.journeys.kitpage import Browser, Station, left, opens, replied, saved, tell
from tipline.envelope import Answer


def test_replies_are_read_and_an_answer_follows_them(browser: Browser, station: Station, tmp_path: Path) -> None:
    made = Codename.from_token(codename.new_token())
    device = Device(codename.keys(made))
    first = arrived(device.tip(station.unit.intake), station.unit.identity)
    picked = tmp_path / "pickup.tar"
    picked.write_bytes(replied(device.keys, first.slip.now, "Which gate?", "شكرا <b>"))
    code = codename.pickup_code(device.keys.lookup).expose().decode()
    typed = ", ".join(made.words()).upper()
    texts = (*typed.split(" ", 1), "Which gate?", "شكرا", "الشمالية")

    opens(browser, station, made, picked, words=typed)

    said = browser.text("#messages")
    assert said.index("Which gate?") < said.index("شكرا <b>")
    assert browser.text("#troubles") == ""
    assert left(browser, station, made, code, *texts) == []
    browser.click("#answer-form button[type=submit]")
    assert "Write your answer first" in browser.text("#answer-form")
    assert browser.text("#answer-receiver") == "Practice Unit"
    browser.fill("#answer", "البوابة الشمالية")
    browser.click("#answer-form button[type=submit]")
    browser.wait_for("#answered")
    read = arrived([saved(browser, "answered")], station.unit.identity, known=first.messages[0].thread)
    assert read.messages[0].body == Answer("البوابة الشمالية")
    assert (read.messages[0].counter, read.messages[0].heard) == (2, 2)
    assert read.slip.was == sha256(first.slip.now)
    assert left(browser, station, made, code, *texts) == []


def test_an_answer_about_the_unit_goes_to_the_oversight_body_and_nobody_is_asked(
    chromium: Chromium, station: Station, tmp_path: Path
) -> None:
    made, _ = tell(chromium, station, involved="yes")
    first = arrived([saved(chromium, "sealed")], station.board.identity)
    picked = tmp_path / "pickup.tar"
    picked.write_bytes(replied(codename.keys(made), first.slip.now, "Which gate?"))

    opens(chromium, station, made, picked)
    assert chromium.text("#answer-receiver") == "Oversight Board"
    assert chromium.run("return document.querySelectorAll('#answer-form input[type=radio]').length") == 0
    assert axe.violations(chromium) == []
    chromium.fill("#answer", "The north gate.")
    chromium.click("#answer-form button[type=submit]")
    chromium.wait_for("#answered")

    answer = arrived([saved(chromium, "answered")], station.board.identity, known=first.messages[0].thread)
    assert (answer.slip.unit, answer.messages[0].body) == ("board", Answer("The north gate."))


def test_a_report_with_a_unit_that_the_kit_does_not_name_is_read_and_not_answered(
    chromium: Chromium, station: Station, tmp_path: Path
) -> None:
    device, picked = Device(), tmp_path / "pickup.tar"
    made = Codename.from_token(codename.new_token())
    device.keys = codename.keys(made)
    first = device.tip(replace(station.unit.intake, unit="elsewhere"))
    picked.write_bytes(replied(device.keys, arrived(first, station.unit.identity).slip.now, "Which gate?"))

    opens(chromium, station, made, picked)

    assert "Which gate?" in chromium.text("#messages")
    assert "Your report is with “elsewhere”, and this kit holds no key of it" in chromium.text("#answer-closed")
    assert not chromium.shows("#answer-form")
    assert axe.violations(chromium) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "Type your twelve words first"),
        ("abandon", "This is one word. A codename has twelve"),
        ("tusk " * 12, "Not a word of any codename"),
        ("abandon " * 12, "One of these words is wrong"),
    ],
)
def test_a_wrong_codename_is_said_at_its_field(words: str, said: str, chromium: Chromium, station: Station) -> None:
    chromium.open(station.file.as_uri())
    chromium.click("#go-open")
    chromium.fill("#words", words)
    chromium.click("#open-form button[type=submit]")

    assert said in chromium.text("#words-problem")
    assert chromium.run("return document.activeElement.id") == "words"


def test_a_pickup_file_of_somebody_else_or_of_nobody_is_refused_in_words(
    chromium: Chromium, station: Station, tmp_path: Path
) -> None:
    device, made = Device(), Codename.from_token(codename.new_token())
    first = arrived(device.tip(station.unit.intake), station.unit.identity)
    (tmp_path / "theirs").write_bytes(replied(device.keys, first.slip.now, "for another"))
    (tmp_path / "nobody's").write_bytes(b"no tar file")
    chromium.open(station.file.as_uri())
    chromium.click("#go-open")
    chromium.fill("#words", " ".join(made.words()))

    for name, where, words in (
        ("theirs", "#open-problem", "do not open this file"),
        ("nobody's", "#pickup-file-problem", "not a file that you picked up"),
    ):
        chromium.upload("#pickup-file", tmp_path / name)
        chromium.click("#open-form button[type=submit]")
        chromium.wait_for(where)
        assert words in chromium.text(where)
    assert not chromium.shows("#replies")


def test_a_forged_reply_is_named_and_not_shown(chromium: Chromium, station: Station, tmp_path: Path) -> None:
    made = Codename.from_token(codename.new_token())
    device = Device(codename.keys(made))
    first = arrived(device.tip(station.unit.intake), station.unit.identity)
    forged = replace(device.keys, to_source=device.keys.to_unit)
    (tmp_path / "pickup").write_bytes(replied(forged, first.slip.now, "Come to the old mill"))
    chromium.open(station.file.as_uri())
    chromium.click("#go-open")
    chromium.fill("#words", " ".join(made.words()))
    chromium.upload("#pickup-file", tmp_path / "pickup")
    chromium.click("#open-form button[type=submit]")
    chromium.wait_for("#replies")

    assert "not written by the unit" in chromium.text("#troubles")
    assert "old mill" not in chromium.text("body")
    assert axe.violations(chromium) == []


def test_without_a_file_the_words_give_the_pickup_code_again(chromium: Chromium, station: Station) -> None:
    made, code = tell(chromium, station)
    chromium.click("#forget")
    chromium.click("#again")
    chromium.click("#go-open")
    chromium.fill("#words", " ".join(word[:4] for word in made.words()))
    chromium.click("#open-form button[type=submit]")
    chromium.wait_for("#code-again")

    assert chromium.text("#open-pickup") == code
