"""What agencies answer: the hash decides what an acknowledgement means, the words stay framed, and silence is overdue."""

import base64
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from crypto.digest import sha256
from tests.handling.desk.conftest import TODAY, DeskRoom
from tests.journeys.browser import Browser, Page

FEEDBACK = {
    "stage": "actioned",
    "code": "operation",
    "text": "We stopped <b>two</b> trucks.",
    "month": TODAY.strftime("%Y-%m"),
    "tell_source": False,
    "usefulness": {"accuracy": 4, "timeliness": 5, "completeness": 3, "novelty": 2, "actionability": 1},
}


@pytest.fixture
async def released(room: DeskRoom) -> tuple[Browser, str, bytes]:
    """A signed-in analyst, the id of a release that has left, and the hash of its ZIP."""
    document = await room.reviewed()
    browser = await room.sign_in()
    path = f"/reports/{document['urn'][9:]}/decision"
    await browser.open(f"{path}?agency=harbour-customs&purpose=seizure")
    page = await browser.submit(path)
    release = page.path[-36:]
    (asked,) = await room.asked()
    await room.db.execute("UPDATE guard.release SET state = 'released' WHERE id = $1", UUID(release))
    return browser, release, sha256(base64.b64decode(asked["zip"]))


async def _answer(room: DeskRoom, browser: Browser, release: str, kind: str, said: dict[str, Any]) -> Page:
    """Seal an answer to the desk as the exchange does, take it in, and look at the release."""
    await room.put(kind, {"release": release, "day": TODAY.isoformat(), **said})
    await browser.open("/")
    return await browser.open(f"/releases/{release}")


async def test_an_acknowledgement_with_our_hash_says_that_the_exact_bytes_were_opened(
    room: DeskRoom, released: tuple[Browser, str, bytes]
) -> None:
    browser, release, sent = released

    page = await _answer(room, browser, release, "acknowledgement", {"zip_sha256": sent.hex()})

    assert "opened the exact bytes we sent" in page.text
    assert "Acknowledgement due" not in page.text
    assert "Feedback due by" in page.text
    assert await room.db.fetchval("SELECT count(*) FROM desk.inbox") == 0


async def test_an_acknowledgement_with_another_hash_is_named_as_a_different_file(
    room: DeskRoom, released: tuple[Browser, str, bytes]
) -> None:
    browser, release, sent = released

    page = await _answer(room, browser, release, "acknowledgement", {"zip_sha256": "11" * 32})

    assert "a different file" in page.text
    assert "exact bytes we sent" not in page.text
    assert "Acknowledgement due by" in page.text
    assert "11" * 32 in page.text
    assert sent.hex() in page.text


async def test_feedback_is_shown_with_its_judgements_and_its_words_framed(
    room: DeskRoom, released: tuple[Browser, str, bytes]
) -> None:
    browser, release, _ = released

    page = await _answer(room, browser, release, "feedback", FEEDBACK)

    assert "Used in an operation" in page.text
    assert "Accuracy 4 of 5" in page.text
    assert "The agency objects" in page.text
    assert "From the agency, in its own words We stopped <b>two</b> trucks." in page.text
    assert b"<b>two" not in page.body
    assert b"trucks" not in await room.db.fetchval("SELECT sealed FROM desk.feedback")


@pytest.mark.parametrize(
    "change",
    [
        {"stage": "outcome"},
        {"month": "2026-11-23"},
        {"usefulness": {"accuracy": 6}},
        {"thread": "1"},
        {"tell_source": 1},
    ],
)
async def test_feedback_in_another_format_is_refused_and_kept(
    room: DeskRoom, released: tuple[Browser, str, bytes], change: dict[str, Any]
) -> None:
    browser, release, _ = released
    await room.put("feedback", {"release": release, "day": TODAY.isoformat(), **FEEDBACK, **change})

    page = await browser.open("/")

    assert "It is not in the agreed format." in page.text
    assert await room.db.fetchval("SELECT count(*) FROM desk.feedback") == 0
    assert await room.db.fetchval("SELECT count(*) FROM desk.inbox") == 1


async def test_an_answer_to_a_release_that_has_not_left_is_refused(
    room: DeskRoom, released: tuple[Browser, str, bytes]
) -> None:
    browser, release, sent = released
    await room.db.execute("UPDATE guard.release SET state = 'waiting'")
    await room.put("acknowledgement", {"release": release, "day": TODAY.isoformat(), "zip_sha256": sent.hex()})

    page = await browser.open("/")

    assert "It answers a release that this desk did not make." in page.text


async def test_the_last_day_is_still_in_time_and_the_next_is_overdue(
    room: DeskRoom, released: tuple[Browser, str, bytes]
) -> None:
    browser, _, _ = released
    (asked,) = await room.asked()
    due = TODAY.fromisoformat(asked["manifest"]["acknowledge_by"])

    room.clock.day = due
    in_time = await browser.open("/")
    room.clock.day = due + timedelta(days=1)
    late = await browser.open("/")

    assert "Acknowledgement due by" in in_time.text
    assert "Late" not in in_time.text
    assert "Acknowledgement overdue" in late.text
    assert "1 day ago" in late.text
