"""Words and files that mean harm: every field takes them as text, every page shows them as text, every file arrives as it was."""

import io
import zipfile
from html.parser import HTMLParser
from typing import Final

import aiohttp
import pytest

from crypto.codename import Codename, keys
from tests.journeys.browser import Browser, Page, Upload, report
from tests.tipline.source.running import Zone, a_zone, collect, joined, messages, running
from tests.tipline.source.test_return import put, written
from tipline.base.database import Db
from tipline.base.settings import Settings
from tipline.envelope import Answer, File, Filled, Message, Tip
from tipline.questionnaire import current
from tipline.questionnaire.model import Questionnaire

WORDS: Final = (
    "<script>alert(1)</script> {{7*7}} '; DROP TABLE tips;-- \u202ethgir\u202c "
    + "\u200d".join("zero width")
    + "\x07 &amp; </textarea><marquee> \"><marquee onload=alert(1)> ' onfocus=alert(1) x="
)
ONE_WORD: Final = "w" * 200_000
ASKED: Final[Questionnaire] = current.default()
PARTS: Final = ("", ".words", ".offered", ".day", ".about")


def bomb() -> bytes:
    """A ZIP file of some kilobytes that holds ZIP files that unpack to 80 MB of zeros."""
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(8_000_000))
    outer = io.BytesIO()
    with zipfile.ZipFile(outer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(10):
            archive.writestr(f"{number}.zip", inner.getvalue())
    return outer.getvalue()


def scripted_pdf() -> bytes:
    """A whole PDF that runs a script when it is opened."""
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >> >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] >>",
    )
    data, places = b"%PDF-1.7\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%b\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(data)
    return data + b"xref\n0 4\n0000000000 65535 f \n" + table + end


FILES: Final = (
    Upload("files", "bomb.zip", bomb(), "application/zip"),
    Upload("files", "opens.pdf", scripted_pdf(), "application/pdf"),
    Upload("files", "../../etc/passwd", b"root"),
    Upload("files", "a.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><image href="http://a.example/"/></svg>'),
    Upload("files", "<marquee onload=alert(1)>.pdf", b"%PDF-1.4", "text/html"),
)


class _Markup(HTMLParser):
    """Collects what would act: elements and attributes that only the hostile words bring."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [tag] if tag in {"script", "marquee", "img", "iframe"} else []
        self.found += [name for name, _ in attrs if name.startswith("on")]


def harmless(page: Page | bytes) -> bytes:
    """Check that a page is one, and that nothing of what was typed acts in it; return it."""
    body = page if isinstance(page, bytes) else page.body
    reader = _Markup()
    reader.feed(body.decode())
    assert b"<h1" in body
    assert reader.found == []
    return body


async def typed(browser: Browser, zone: Zone, action: str, *changed: tuple[str, str]) -> tuple[int, bytes]:
    """Send the form of the page in view with fields as only a tool would send them; return status and page."""
    assert browser.page is not None
    names = {name for name, _ in changed}
    kept = [pair for pair in browser.page.form(action).fields if pair[0] not in names]
    async with browser._session.post(f"{zone.url}{action}", data=aiohttp.FormData([*kept, *changed])) as answer:
        assert "script-src" not in answer.headers["Content-Security-Policy"]
        return answer.status, harmless(await answer.read())


@pytest.mark.filterwarnings("ignore:Sending a large body directly:ResourceWarning")
async def test_hostile_reports_and_answers_arrive_as_text_and_are_shown_again_as_text(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_zone(settings, public_db)
    all_three = {"message": WORDS, "how_known": WORDS, "must_not_learn": WORDS}

    with running(zone):
        async with Browser(zone.url) as browser:
            shown = await report(browser, status=400, involved="", **all_three)
            sent = await report(browser, FILES, involved="no", **all_three)
            source = keys(Codename.parse(sent.ids["codename"]))
            await put(public_db, source, *(inner for _, inner in written(source, WORDS)))
            await browser.open("/return")
            thread = await browser.submit("/return", codename=sent.ids["codename"])
            again = await browser.submit("/answer", answer=WORDS, must_not_learn="ben " * 20_000, status=400)
            await browser.submit("/answer", answer=WORDS, must_not_learn=WORDS)
            await browser.submit("/answer", answer=ONE_WORD)

    for page in (shown, sent, thread, again):
        harmless(page)
    assert [dict(shown.form("/").fields)[name] for name in all_three] == [WORDS] * 3
    assert dict(again.form("/answer").fields)["answer"] == WORDS
    assert "<script>alert(1)</script> {{7*7}}" in thread.text
    taken = await collect(zone, public_db, zone.unit)
    bodies = [message.body for message in messages(taken)]
    assert bodies[0] == Tip(WORDS, WORDS, WORDS, urgent=False)
    assert bodies[-2:] == [Tip(WORDS, "", WORDS, urgent=False), Answer(ONE_WORD)]
    assert [joined(body, taken) for body in bodies if isinstance(body, File)] == [file.data for file in FILES]


@pytest.mark.parametrize("words", [WORDS, ONE_WORD], ids=["hostile", "one long word"])
async def test_hostile_words_in_every_other_field_get_a_page_that_shows_them_as_text_or_not_at_all(
    settings: Settings, public_db: Db, words: str
) -> None:
    zone = await a_zone(settings, public_db)
    statuses = {}

    with running(zone):
        async with Browser(zone.url) as browser:
            for action, field in (("/return", "codename"), ("/pickup", "code")):
                await browser.open(action)
                statuses[action], _ = await typed(browser, zone, action, (field, words))
            await browser.open("/hand-in")
            harmless(await browser.submit("/hand-in", files=FILES, status=400))
            await report(browser, involved="no", message="Boxes.")
            check = await browser.open("/check")
            places = [name for name in check.form("/check").names if name.startswith("word_")]
            statuses["/check"], _ = await typed(browser, zone, "/check", *((name, words) for name in places))
            for section in ASKED.sections:
                for question in section.questions:
                    await browser.open("/questions")
                    fields = [(f"{question.key}{part}", words) for part in PARTS]
                    got, _ = await typed(browser, zone, "/questions", ("step", section.key), ("go", "send"), *fields)
                    assert got in (200, 400), question.key
            harmless(await browser.open("/thread"))

    assert statuses == dict.fromkeys(statuses, 400)
    found = [Message.parse(one.plain, known=None) for one in (await collect(zone, public_db, zone.unit)).values()]
    tips = [message.body for message in found if not isinstance(message.body, Filled)]
    assert tips == [Tip("Boxes.", "", "", urgent=False)]
