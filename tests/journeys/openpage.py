"""An agency's officer at open.html in a real browser, from a file, without a network: makes a key, opens, acknowledges, answers."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.journeys.screens import Screen
from tipline import openpage

CONDITION = "Name no officer of ours."
SLOW = 240  # seconds; stretching a passphrase takes a minute where nothing compiles


@dataclass(slots=True)
class Officer:
    """One officer with one folder, in which everything lies that they saved, and seven words on paper."""

    browser: Screen
    folder: Path
    words: str = ""

    def sits_down(self) -> "Officer":
        """Open the page from a file."""
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / openpage.NAME
        file.write_bytes(openpage.build())
        self.browser.open(file.as_uri())
        return self

    def makes_a_key(self, name: str) -> str:
        """Make the agency's key and save both files; the fingerprint as it is read aloud."""
        browser = self.browser
        browser.click("#make > summary")
        browser.fill("#make-name", name)
        self.words = browser.text("#make-words")
        browser.fill("#make-again", self.words.upper())
        browser.click("#make-form button[type=submit]")
        browser.wait_for("#made", seconds=SLOW)
        self.saves("#make-key", "agency-key.age")
        self.saves("#make-public", "agency-enrolment.json")
        return browser.text("#make-fingerprint")

    def signs(self, agreement: str) -> Path:
        """Sign an agreement of the folder; the file with the signature."""
        browser = self.browser
        browser.click("#sign > summary")
        browser.upload("#sign-agreement", self.folder / agreement)
        browser.upload("#sign-key", self.folder / "agency-key.age")
        browser.fill("#sign-passphrase", self.words)
        browser.click("#sign-form button[type=submit]")
        browser.wait_for("#sign-written:not([hidden])", seconds=SLOW)
        return self.saves("#sign-file", f"{agreement}.sig")

    def chooses(self, *, unit: bool = True, passphrase: str = "", **files: str) -> None:
        """Fill the form with the files of the folder, or others by the field's name."""
        names = {"package": "package.age", "signature": "package.age.sig", "key": "agency-key.age"}
        if unit:
            names["unit"] = "unit-keys.json"
        for name, file in {**names, **files}.items():
            self.browser.upload(f"#open-{name}", self.folder / file)
        self.browser.fill("#open-passphrase", passphrase or self.words)

    def chooses_again(self) -> None:
        """Choose the package and its signature once more; the key stays chosen, and unlocked."""
        for name, file in (("package", "package.age"), ("signature", "package.age.sig")):
            self.browser.upload(f"#open-{name}", self.folder / file)

    def presses(self) -> str:
        """Press the button; what the page says is wrong, empty when the package or notice is open."""
        self.browser.click("#open-form button[type=submit]")
        opened = ("#opened", "#notice")
        self.browser.wait_for(
            ", ".join(f"{one}:not([hidden])" for one in (*opened, "#open-form-problem")), seconds=SLOW
        )
        return "" if any(self.browser.shows(one) for one in opened) else self.browser.text("#open-form-problem")

    def compares(self) -> None:
        """Say that the unit's key was compared by telephone."""
        self.browser.click("#compared")

    def opens(self) -> None:
        """Open the package in the folder for the first time: compare, tick, press again."""
        self.chooses()
        said = self.presses()
        if "telephone" not in said:
            raise AssertionError(said or "the package opened although nobody compared the unit's key")
        self.compares()
        said = self.presses()
        if said:
            raise AssertionError(said)

    def saves_the_pin(self) -> None:
        """Make the key file anew, with the unit's key in it, in the place of the old one."""
        self.browser.click("#pin-form button[type=submit]")
        self.browser.wait_for("#pin-key", seconds=SLOW)
        self.saves("#pin-key", "agency-key.age")

    def acknowledges(self) -> str:
        """The text to paste; the file is saved too, and says the same."""
        self.browser.click("#acknowledge-form button")
        return self._written("acknowledgement")

    def answers(self, code: str, words: str) -> str:
        """Fill the form of an answer; the text to paste."""
        self.browser.choose("#code", code)
        self.browser.click("input[name=tell_source][value=yes]")
        self.browser.fill("#words", words)
        self.browser.click("#answer-form button[type=submit]")
        return self._written("answer")

    def consents(self, answer: str, until: str = "") -> str:
        """Sign an answer to the request for consent that is open; the text to paste, or what the page says is wrong."""
        self.browser.click(f"input[name=consent][value={answer}]")
        if until:
            self.browser.fill("#consent-until", until)
        self.browser.click("#consent-form button[type=submit]")
        self.browser.wait_for("#consent-written:not([hidden]), #consent-form-problem:not([hidden])")
        if self.browser.shows("#consent-form-problem"):
            return self.browser.text("#consent-form-problem")
        return self._written("consent")

    def sends(self, reference: str, words: str, *, pass_on: str, agencies: str = "", unit: str = "") -> Path:
        """Write material, sign and seal it; *unit* is a file of the folder that has to be compared first. The file to hand in."""
        browser = self.browser
        browser.click("#send > summary")
        browser.fill("#send-reference", reference)
        browser.fill("#send-words", words)
        browser.choose("#send-scheme", "admiralty")
        browser.choose("#send-source", "B")
        browser.choose("#send-information", "3")
        browser.click(f"input[name=send-pass-on][value={pass_on}]")
        if agencies:
            browser.fill("#send-agencies", agencies)
        browser.choose("#send-marking", "AMBER")
        browser.fill("#send-conditions", CONDITION)
        browser.upload("#send-key", self.folder / "agency-key.age")
        browser.fill("#send-passphrase", self.words)
        if unit:
            browser.upload("#send-unit", self.folder / unit)
            browser.wait_for("#send-compare:not([hidden])")
            browser.click("#send-compared")
        browser.click("#send-form button[type=submit]")
        browser.wait_for("#send-written:not([hidden]), #send-form-problem:not([hidden])", seconds=SLOW)
        if browser.shows("#send-form-problem"):
            raise AssertionError(browser.text("#send-form-problem"))
        name = str(browser.run("return document.getElementById('send-file').download"))
        return self.saves("#send-file", name)

    def reads(self) -> str:
        """The text of the page in the frame."""
        return str(self.browser.run("return document.getElementById('page').contentDocument.body.innerText"))

    def saves(self, link: str, name: str) -> Path:
        """Press a link that saves a file of this name, and put it into the folder."""
        for old in self.browser.downloads.glob(name):
            old.unlink()
        self.browser.click(link)
        return Path(shutil.copy(self.browser.downloaded(name), self.folder))

    def _written(self, what: str) -> str:
        self.browser.wait_for(f"#{what}-written")
        text = self.browser.value(f"#{what}-text")
        name = str(self.browser.run(f"return document.getElementById('{what}-file').download"))
        if self.saves(f"#{what}-file", name).read_text() != text:
            raise AssertionError("the file says something else than the text")
        return text
