"""Every page of a source in Chromium without script: pictures at three widths, axe, one column at 400 % zoom, in two directions.

Each page is one answer with its styles inside, so axe, which needs script, looks at the same page in a browser that has it.
"""

import asyncio
import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.adversarial.everything import search_everything
from tests.journeys import axe, printed
from tests.journeys.chromium import Chromium
from tests.journeys.installation import Installation, installed
from tests.journeys.mishaps import without_keys, without_table
from tests.journeys.pictures import Pictures
from tests.journeys.test_safest import BUTTON, MISSPELT, PAGE, TEXT

TEMPLATES = Path(__file__).parents[2] / "templates" / "source"
SIZES = ((1280, 800), (768, 1024), (320, 256))  # the last one is what 400 % zoom leaves of the first: WCAG 2.2, 1.4.10
OLD = "Mozilla/5.0 (Windows NT 10.0; rv:115.0) Gecko/20100101 Firefox/115.0"
LONG = "Zollbeschlagnahmungsverordnungsparagraphensammlung" * 4
WHOM = "The port police."
WARNED = "return document.querySelectorAll('aside.warning p').length"
WIDER = "return document.documentElement.scrollWidth > document.documentElement.clientWidth"
CUT = """return [...document.querySelectorAll("body *")].filter((one) => one.scrollWidth > one.clientWidth + 1
  && !["visible", "auto"].includes(getComputedStyle(one).overflowX)
  && !one.matches("input, textarea")).map((one) => one.tagName + "." + one.className)"""


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installed(tmp_path_factory.mktemp("t"), file_megabytes="1") as running:
        yield running
        assert running.stop() == 0
        assert asyncio.run(search_everything(running, [TEXT, LONG, WHOM, MISSPELT])) == []


@dataclass(slots=True)
class Walk:
    """A person on the pages, and what was seen on the way.

    Attributes:
        root: where their language begins.
        handler: who replies to them, and to nobody else's walk: a one-time code opens once.
        warned: of how many things each page has to warn them.
    """

    unit: Installation
    browser: Chromium
    aided: Chromium
    pictures: Pictures
    root: str
    handler: str
    warned: int
    seen: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)

    def opens(self, path: str) -> None:
        """Go to a page by its address."""
        self.browser.open(f"{self.unit.url('source')}{self.root}{path}")

    def goes(self, click: str, wait: str) -> None:
        """Press something and wait for what comes."""
        self.browser.click(click)
        self.browser.wait_for(wait)

    def looks(self, page: str) -> None:
        """Look at what shows, whose name begins with that of its template."""
        self.seen.add(page.split(":", maxsplit=1)[0])
        words = []
        for width, height in SIZES:
            self.browser.resize(width, height)
            words.append(self.browser.text("body").split())
            if self.browser.run(WIDER):
                self._faults(page, [f"{width}: it has to be scrolled sideways"])
            self._faults(page, [f"{width}: {one} is cut" for one in self.browser.run(CUT)])
            self.pictures.keep(self.browser, page, width)
        if self.browser.run(WARNED) != (0 if page == "elsewhere" else self.warned):
            self._faults(page, ["it warns of too little, or where it must not"])
        self.browser.dress("dark")
        self.pictures.keep(self.browser, page, width, "dark")
        self.browser.dress("light")
        self._faults(page, [] if all(one == words[0] for one in words) else ["a width keeps words back"])
        html = self.browser.do(lambda shown: shown.content())
        self.aided.do(lambda shown: shown.set_content(html))
        self._faults(page, axe.faults(self.aided, width))
        if len(gzip.compress(html.encode())) > PAGE:
            self._faults(page, ["it is larger than 14 kB on the line"])

    def reports(self) -> list[str]:
        """Report, and return the words of the codename."""
        self.opens("")
        self.browser.click("input[name=involved][value=no]")
        self.browser.fill("#message", TEXT)
        self.goes(BUTTON, "div#codename")
        return self.browser.text("#codename").split()

    def returns(self, codename: list[str]) -> None:
        """Come back with the codename."""
        self.opens("return")
        self.browser.fill("#codename", " ".join(codename))
        self.goes(BUTTON, "form[action=answer]")

    def _faults(self, page: str, found: list[str]) -> None:
        self.wrong += [f"{page}: {one}" for one in found]


@pytest.fixture(
    params=[("/", "", "amina"), ("/ar/", OLD, "ben")], ids=["left to right", "right to left in an old browser"]
)
def walk(unit: Installation, request: pytest.FixtureRequest, pictures: Pictures) -> Iterator[Walk]:
    root, agent, handler = request.param
    with Chromium(script=False, agent=agent) as browser, Chromium(width=320) as aided:
        yield Walk(unit, browser, aided, pictures, root, handler, warned=2 if agent else 1)


def test_every_page_is_fit_for_every_width_and_direction(walk: Walk, tmp_path: Path) -> None:
    _the_form(walk)
    codename = _what_follows_a_report(walk, tmp_path)
    _the_questions(walk)
    _the_way_back(walk, codename)
    _the_pages_beside_it(walk)
    _when_nothing_is_taken(walk)

    whole = {file.stem for file in TEMPLATES.glob("*.html") if re.search("<title>|block title", file.read_text())}
    assert walk.wrong == []
    assert walk.seen == whole | {"error"}


def _the_form(walk: Walk) -> None:
    walk.opens("")
    walk.looks("report")
    walk.browser.run("document.querySelectorAll('[required]').forEach((one) => one.removeAttribute('required'))")
    walk.browser.fill("#how_known", LONG)
    walk.goes(BUTTON, "#message-problem")
    walk.looks("report: problems")
    with without_table(walk.unit, "submission"):
        walk.browser.click("input[name=involved][value=no]")
        walk.browser.fill("#message", LONG)
        walk.goes(BUTTON, "[role=alert]")
    walk.looks("report: not certain")


def _what_follows_a_report(walk: Walk, folder: Path) -> list[str]:
    photo, film = folder / "photo.jpg", folder / "film.mp4"
    photo.write_bytes(b"p" * 200_000)
    film.write_bytes(bytes(1_500_000))
    codename = walk.reports()
    walk.looks("code")
    walk.goes("a[href=check]", "form[action=check]")
    walk.looks("check")
    asked = walk.browser.run("return [...document.querySelectorAll('[name^=word_]')].map((one) => one.name)")
    for word in ("wrong", ""):
        for name in asked:
            walk.browser.fill(f"[name={name}]", word or codename[int(name.removeprefix("word_")) - 1])
        walk.goes(BUTTON, "[id$=-problem]" if word else "[role=status]")
        walk.looks("check: wrong" if word else "check: passed")
    walk.goes("a[href=files]", "#files")
    walk.looks("files")
    for file, name, comes in ((film, "too large", "#files-problem"), (photo, "kept", "[role=status]")):
        walk.browser.upload("#files", file)
        walk.goes("form[action=files] button", comes)
        walk.looks(f"files: {name}")
    return codename


def _the_questions(walk: Walk) -> None:
    browser = walk.browser
    walk.opens("questions")
    browser.fill("[id='species.words']", "eleph")
    browser.click("input[name=state][value=parts]")
    walk.looks("questions: first part")
    walk.goes("button[value=next]", "#species-offered")
    walk.looks("questions: names that are offered")
    walk.goes("button[value=next]", "#amount")
    browser.fill("#amount", "a dozen")
    walk.goes("button[value=next]", "#amount-problem")
    walk.looks("questions: a number that is none")
    browser.fill("#amount", "12")
    while browser.shows("button[value=next]"):
        if browser.shows("input[name=transport][value=road]"):
            browser.click("input[name=transport][value=road]")  # then its number is asked for
        step = browser.value("input[name=step]")
        browser.click("button[value=next]")
        browser.wait_for("main")
        walk.looks(f"questions: after {step}")
    with without_table(walk.unit, "submission"):
        walk.goes("button[value=send]", "#kept")
    walk.looks("again")
    walk.goes(BUTTON, "form[action=answer]")


def _the_way_back(walk: Walk, codename: list[str]) -> None:
    browser = walk.browser
    walk.opens("return")
    walk.looks("return")
    browser.fill("#codename", " ".join([LONG, *codename[1:]]))
    walk.goes(BUTTON, "#codename-problem")
    walk.looks("return: a word of no list")
    walk.returns(codename)
    walk.looks("thread")
    asyncio.run(_replied(walk.unit, walk.handler))
    walk.opens("thread")
    browser.wait_for("article.message.unit")
    walk.looks("thread: a reply")
    browser.click("details:has(#must_not_learn) summary")
    browser.fill("#must_not_learn", WHOM)
    walk.goes("form[action=answer] button", "p[role=status]")
    walk.looks("thread: answered")
    walk.goes("form[action=answer] button", "#answer-problem")
    walk.looks("thread: nothing written")
    walk.goes("a[href=erase]", "form[action=erase]")
    walk.looks("erase")
    walk.goes("form[action=erase] button", "main h1")
    walk.looks("erased")


async def _replied(unit: Installation, name: str) -> None:
    """Let a handler reply to every tip, with a long word and a line of the other direction."""
    unit.tipline("collect")
    async with await unit.sign_in("corridor", name) as handler:
        tips = {href for href, _ in (await handler.open("/")).links if re.search(r"/tips/[^/?]+$", href)}
        for tip in sorted(tips):
            await handler.open(tip)
            await handler.submit("/reply", text=f"Is the store still in use? هل ما زال قيد الاستعمال؟\n{LONG}")
    unit.tipline("mailboxes")


def _the_pages_beside_it(walk: Walk) -> None:
    browser = walk.browser
    walk.reports()
    walk.goes("a[href=files]", "form[action=leave]")
    walk.goes("form[action=leave] button", "main h1")
    walk.looks("left")
    walk.opens("thread")
    walk.looks("return: not signed in")
    for path, name in (("hand-in", "hand_in"), ("pickup", "pickup"), ("pgp", "pgp"), ("browser", "browser")):
        walk.opens(path)
        walk.looks(name)
    walk.opens("hand-in")
    wrong = browser.downloads / f"{LONG}.tip"
    wrong.write_bytes(b"no hand-in")
    browser.upload("#files", wrong)
    walk.goes(BUTTON, "[role=alert]")
    walk.looks("hand_in: not taken")
    walk.opens("no-such-page")
    walk.looks("error")
    walk.opens("")
    walk.goes("nav.quick a", "main h1")
    walk.looks("elsewhere")


def _when_nothing_is_taken(walk: Walk) -> None:
    with without_keys(walk.unit):
        walk.opens("")
        walk.looks("closed")
        walk.opens("pgp")
        walk.looks("pgp: no key")


def test_a_screen_reader_is_told_what_the_form_and_the_codename_are(unit: Installation) -> None:
    with Chromium(script=False) as browser:
        browser.open(unit.url("source"))
        form = browser.heard()
        browser.click("input[name=involved][value=no]")
        browser.fill("#message", TEXT)
        browser.click(BUTTON)
        browser.wait_for("div#codename")
        code = browser.heard()

    assert form == [
        ("heading", "Tell us what you know"),
        ("link", "I already have a codename"),
        ("heading", "What protects you here, and what does not"),
        ("group", "Could anyone at Practice Unit, or above it, be part of this?"),
        ("radio", "No, or not that I know"),
        ("radio", "Yes or maybe. Send it to Oversight Board (practice) instead"),
        ("textbox", "What happened?"),
        ("checkbox", "It cannot wait: someone is in danger, or goods or animals move within two days"),
        ("textbox", "How do you know? (if you like)"),
        ("textbox", "Who must not learn of this? (if you like)"),
        ("button", "Send safely"),
        ("link", "hand in"),
        ("link", "pick up replies"),
        ("link", "use PGP"),
        ("link", "seal it in your browser"),
    ]
    assert code == [
        ("heading", "Your report is safe with us"),
        ("heading", "Your codename"),
        ("group", "Your codename"),
        ("link", "Check two of them"),
        ("group", ""),
        ("DisclosureTriangle", "Sealed on arrival: what this protects, and what not"),
        ("link", "Add photos or files"),
        ("link", "Answer a few questions that help"),
        ("link", "I have written it down. Leave"),
    ]


def test_a_screen_reader_is_told_what_is_wrong_in_the_field_that_it_is_taken_to(unit: Installation) -> None:
    with Chromium(script=False) as browser:
        browser.open(unit.url("source"))
        browser.click("input[name=involved][value=no]")
        browser.fill("#message", " ")
        browser.click(BUTTON)
        browser.wait_for("#message-problem")
        message, beside, wrong = browser.in_focus()
        browser.open(f"{unit.url('source')}/return")
        browser.fill("#codename", MISSPELT)
        browser.click(BUTTON)
        browser.wait_for("#codename-problem")
        codename, beside_it, wrong_too = browser.in_focus()

    assert (message, wrong) == ("What happened?", True)
    assert beside.endswith("Short is fine. Write what happened first. One line is enough.")
    assert (codename, wrong_too) == ("Your codename", True)
    assert beside_it.endswith("Not a word of any codename: “zzebra”. Check the spelling.")


def test_the_twelve_words_alone_are_printed(unit: Installation) -> None:
    with Chromium(script=False) as browser:
        browser.open(unit.url("source"))
        browser.click("input[name=involved][value=no]")
        browser.fill("#message", TEXT)
        browser.click(BUTTON)
        browser.wait_for("div#codename")
        codename = browser.text("#codename").split()
        pdf = browser.printed()

    assert printed.sheets(pdf) == 1
    assert printed.text(pdf).split() == codename
