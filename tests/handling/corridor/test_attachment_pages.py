"""Attachments of a report over HTTP: a copy drawn anew, a decision about each, and bytes that travel with the report. Never the original."""

import base64
import json
import re
from uuid import UUID

import pytest

from crypto import age
from crypto.digest import sha256
from handling.rules import attachments, docx
from handling.rules.attachments import Kind
from tests import originals
from tests.handling.corridor.conftest import World
from tests.handling.corridor.sources import Source
from tests.handling.corridor.test_report_pages import GOOD, _release
from tests.journeys.browser import Browser, Page
from tests.originals import CANARY

WORDS = f"""<w:p><w:r><w:t>Call +254 722 123456</w:t></w:r><w:del w:author="{CANARY}"><w:r><w:delText>Marek</w:delText></w:r></w:del></w:p>"""
DOCX = originals.docx(b"", body=WORDS)
NAME = "letter of Marek.docx"
KEEP = {"do-1": "keep", "why-1": "A public line.", "do-2": "keep", "why-2": "Looked at: nothing leads back."}


@pytest.fixture
async def draft(world: World, browser: Browser) -> Page:
    """A draft from one graded item of a tip with a letter and a file that cannot leave."""
    source = Source()
    sent = [source.tip(world.intake), *source.file(world.intake, DOCX, name=NAME)]
    await world.collected(*sent, *source.file(world.intake, b"MZ a program", name="run.exe"))
    tip = (await browser.open("/")).link("/tips/")
    await browser.open(f"{tip}/items")
    page = await browser.submit("/items", text="Tusks are stored in a warehouse.")
    await browser.open(page.link("/grade"))
    await browser.submit("/grade", source="2", information="C", reason="Told by a neighbour.")
    return await browser.submit("/report")


def button(page: Page, act: str, name: str) -> str:
    """What a button sends, by the words beside it."""
    found = re.search(
        rf'value="({act} [0-9a-f-]{{36}})"[^>]*>(?:(?!</button>).)*{re.escape(name)}', page.body.decode(), re.DOTALL
    )
    assert found
    return found[1]


async def attached(browser: Browser, draft: Page) -> Page:
    page = await browser.open(draft.path)
    await browser.submit(draft.path, act=button(page, "attach", NAME), **GOOD)
    return await browser.open(draft.path)


async def test_a_copy_is_seen_with_what_its_original_carried_and_is_saved_under_a_neutral_name(
    browser: Browser, draft: Page
) -> None:
    page = await attached(browser, draft)
    assert "Ivory in a warehouse" in page.body.decode(), "attaching keeps what was typed"

    shown = await browser.open(page.link("/attachments/"))
    saved = await browser.open(shown.link("/copy"))

    assert "Call +254 722 123456" in shown.text
    assert sha256(DOCX).hex() in shown.text
    assert NAME in shown.text
    assert docx.read(saved.body).text() == "Call +254 722 123456"
    assert CANARY.encode() not in saved.body
    assert saved.headers["Content-Disposition"].startswith('attachment; filename="attachment-1.docx"')
    assert saved.headers["Content-Type"] == "application/octet-stream"


async def test_the_row_of_a_copy_is_sealed_under_the_reports_record_key(
    world: World, browser: Browser, draft: Page
) -> None:
    await attached(browser, draft)

    row = await world.inside.fetchrow("SELECT report, sealed FROM corridor.attachment")
    assert draft.path.endswith(str(row["report"]))
    assert b"+254" not in row["sealed"]


async def test_a_file_that_cannot_leave_is_refused_in_words_and_nothing_of_it_is_kept(
    world: World, browser: Browser, draft: Page
) -> None:
    refused = await browser.submit(draft.path, act=button(draft, "attach", "run.exe"), status=400, **GOOD)

    assert "Not attached." in refused.text
    assert "none of the kinds that can leave" in refused.text
    assert await world.inside.fetchval("SELECT count(*) FROM corridor.attachment") == 0


async def test_a_report_waits_until_every_attachment_and_its_words_are_decided_about(
    world: World, browser: Browser, draft: Page
) -> None:
    page = await attached(browser, draft)
    assert "2 of 2 wait for a decision" in page.text
    assert "attachment-1.docx: Phone" in page.text

    await browser.submit(draft.path, act="queue", status=400, **GOOD)

    assert await world.inside.fetchval("SELECT count(*) FROM guard.review") == 0


async def test_the_reviewer_gets_the_copy_its_hash_and_the_decisions_and_nothing_of_the_original(
    world: World, browser: Browser, draft: Page
) -> None:
    await attached(browser, draft)
    await browser.submit(draft.path, act="queue", **GOOD, **KEEP)

    row = await world.inside.fetchrow("SELECT sealed FROM guard.review")
    opened = age.open_(row["sealed"], [await _release(world, "ben")])
    asked = json.loads(opened)
    copies = {name: base64.b64decode(copy) for name, copy in asked["attachments"].items()}
    listed = attachments.read(asked["report"]["attachments"])
    assert attachments.match(listed, copies)
    assert attachments.is_clean(Kind.DOCX, copies["attachment-1.docx"])
    assert {one["class"] for one in asked["kept"]} == {"phone", "attachment"}
    for secret in (NAME, "Marek", CANARY, sha256(DOCX).hex()):
        assert secret.encode() not in opened
        assert secret.encode() not in copies["attachment-1.docx"]


async def test_a_copy_is_taken_out_and_its_decisions_with_it(world: World, browser: Browser, draft: Page) -> None:
    page = await attached(browser, draft)
    await browser.submit(draft.path, act=button(page, "detach", "attachment-1.docx"), **GOOD, **KEEP)

    await browser.submit(draft.path, act="queue", **GOOD)

    assert await world.inside.fetchval("SELECT count(*) FROM corridor.attachment") == 0
    row = await world.inside.fetchrow("SELECT sealed FROM guard.review")
    asked = json.loads(age.open_(row["sealed"], [await _release(world, "ben")]))
    assert "attachments" not in asked
    assert asked["kept"] == []


async def test_a_new_version_has_copies_of_its_own(world: World, browser: Browser, draft: Page) -> None:
    await attached(browser, draft)
    await browser.submit(draft.path, act="queue", **GOOD, **KEEP)
    await browser.open(draft.path)

    again = await browser.submit("/again")
    saved = await browser.open((await browser.open(again.link("/attachments/"))).link("/copy"))

    assert docx.read(saved.body).text() == "Call +254 722 123456"
    assert await world.inside.fetchval("SELECT count(DISTINCT report) FROM corridor.attachment") == 2


async def test_a_file_of_another_tip_cannot_be_attached(world: World, browser: Browser, draft: Page) -> None:
    other = Source()
    await world.collected(other.tip(world.intake, "Another tip"), *other.file(world.intake, DOCX, name="other.docx"))
    await browser.open("/")
    mine = UUID(draft.link("/items").split("/")[-2])
    sql = "SELECT file.id FROM corridor.file JOIN corridor.tip ON tip.thread = file.thread WHERE tip.id <> $1"
    file = await world.inside.fetchval(sql, mine)
    assert file

    await browser.open(draft.path)
    await browser.submit(draft.path, act=f"attach {file}", status=404, **GOOD)
