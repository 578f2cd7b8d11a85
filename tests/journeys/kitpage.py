"""One unit with all its secret keys and the kit that seals to it, and what a source does with that kit in a browser."""

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

import pytest

from crypto.codename import Codename, SourceKeys
from crypto.digest import sha256
from tests.handins import Receiver
from tests.journeys import firefox
from tests.journeys.chromium import Chromium
from tests.journeys.firefox import LEVELS, DeadProxy, Firefox
from tests.journeys.traces import begins, kept, secrets
from tipline import kit
from tipline.bundles import Pickup, pack_bundle
from tipline.envelope import Reply
from tipline.kit import Inputs
from tipline.pins import Keys, Pinned, Pins
from tipline.questionnaire import current
from tipline.questionnaire.carried import Carried

TODAY = datetime.now(UTC).date()
MESSAGE = "Walrosszahn drums of scales behind the cold store. براميل"
HOW = "Walrosszahn I carried them"
WHOM = "Walrosszahn the port police"
WIDTH = 320  # of an old phone, in CSS pixels

Browser: TypeAlias = "Firefox | Chromium"


class Foxes:
    """Firefox at each level, started when it is first asked for."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._started: dict[str, tuple[Firefox, DeadProxy]] = {}

    def at(self, level: str) -> tuple[Firefox, DeadProxy]:
        """The browser, without what was saved before, and whom it would ask."""
        if firefox.installed() is None:
            pytest.skip("firefox-esr is not installed: make setup")
        if level not in self._started:
            proxy = self._stack.enter_context(DeadProxy())
            self._started[level] = self._stack.enter_context(Firefox(LEVELS[level], proxy=proxy)), proxy
        browser, proxy = self._started[level]
        for file in browser.downloads.iterdir():
            file.unlink()
        return browser, proxy


class Station:
    """One unit and an oversight body with all their secret keys, and the kit that seals to them."""

    def __init__(self, folder: Path, first: timedelta = timedelta(days=-1)) -> None:
        self.unit = Receiver(TODAY + first)
        self.board = Receiver(TODAY + first, unit="board", root=self.unit.root)
        self.file = folder / "kit.html"
        self.write(self.keys())

    def keys(self) -> Keys:
        pinned = (
            Pinned("unit", "unit", "Practice Unit", self.unit.signer.public),
            Pinned("board", "oversight", "Oversight Board", self.board.signer.public),
        )
        pins = Pins(pinned, self.unit.first, self.unit.first + timedelta(days=90)).sign(self.unit.root)
        intake = (self.unit.intake.sign(self.unit.signer), self.board.intake.sign(self.board.signer))
        return Keys(self.unit.root.public, pins, intake)

    def write(self, keys: Keys) -> None:
        """Make the kit with *keys*, signed by whomever: who changes a kit does not ask `kit.build`."""
        page = kit.build(
            Inputs(self.keys(), "112", practice=True, questionnaire=Carried.of(current.default())), kit.built_script()
        )
        self.file.write_bytes(page.replace(self.keys().encode(), keys.encode()))


def tell(browser: Browser, station: Station, *files: Path, involved: str = "no") -> tuple[Codename, str]:
    """Write a tip in the kit and seal it; the codename and the pickup code that it shows."""
    browser.open(station.file.as_uri())
    browser.wait_for("#go-tell")
    begins(browser)
    browser.click("#go-tell")
    browser.click(f"input[name=involved][value={involved}]")
    browser.fill("#message", MESSAGE)
    browser.fill("#how_known", HOW)
    browser.fill("#must_not_learn", WHOM)
    browser.click("input[name=urgent]")
    if files:
        browser.upload("#tell-files", *files)
    browser.click("#tell-form button[type=submit]")
    browser.wait_for("#sealed", seconds=300)
    return Codename.parse(browser.text("#codename")), browser.text("#pickup")


def saved(browser: Browser, section: str, number: int = 1, of: int = 1) -> bytes:
    browser.click(f"#{section} .files li:nth-child({number}) button")
    return browser.downloaded(f"hand-in-{number}-of-{of}.tip").read_bytes()


def replied(source: SourceKeys, place: bytes, *texts: str) -> bytes:
    """The file that the pickup code hands out, with these replies of the unit."""
    previous, inner = bytes(32), []
    for number, text in enumerate(texts, 1):
        reply = Reply("reply", source.mailbox, number, previous, TODAY, text, heard=1)
        inner.append(reply.seal(source.to_source, source.identity.recipient))
        previous = sha256(reply.encode(source.to_source))
    return Pickup(pack_bundle(inner, source.identity.recipient), place).encode()


def opens(browser: Browser, station: Station, made: Codename, picked: Path, words: str = "") -> None:
    """Open a pickup file in the kit, with the codename as it is or as it is typed."""
    browser.open(station.file.as_uri())
    browser.wait_for("#go-open")
    begins(browser)
    browser.click("#go-open")
    browser.fill("#words", words or " ".join(made.words()))
    browser.upload("#pickup-file", picked)
    browser.click("#open-form button[type=submit]")
    browser.wait_for("#replies")


def left(browser: Browser, station: Station, made: Codename, code: str, *texts: str) -> list[str]:
    """What the kit or the browser kept of the source, in words: nothing, if all is well."""
    return kept(browser, station.file.as_uri(), secrets(made, code, *texts))
