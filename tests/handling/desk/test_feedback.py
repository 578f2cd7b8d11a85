"""What agencies answer: the hash decides what an acknowledgement means, the words stay framed, and silence is overdue."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from crypto import age
from crypto.canonical import canonical, parse
from crypto.signing import SigningKey
from handling.agencyfiles import Acknowledged, SealedAnswer
from handling.rules.feedback import Feedback
from tests.handling.desk.conftest import TODAY, DeskRoom
from tests.journeys.browser import Browser

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
    browser = await room.sign_in()
    return browser, *await room.released(browser)


async def test_an_acknowledgement_with_our_hash_says_that_the_exact_bytes_were_opened(
    room: DeskRoom, released: tuple[Browser, str, bytes]
) -> None:
    browser, release, sent = released

    page = await room.told(browser, release, "acknowledgement", {"zip_sha256": sent.hex()})

    assert "opened the exact bytes we sent" in page.text
    assert "Acknowledgement due" not in page.text
    assert "Feedback, assessed due by" in page.text
    assert await room.db.fetchval("SELECT count(*) FROM desk.inbox") == 0


async def test_an_acknowledgement_with_another_hash_is_named_as_a_different_file(
    room: DeskRoom, released: tuple[Browser, str, bytes]
) -> None:
    browser, release, sent = released

    page = await room.told(browser, release, "acknowledgement", {"zip_sha256": "11" * 32})

    assert "a different file" in page.text
    assert "exact bytes we sent" not in page.text
    assert "Acknowledgement due by" in page.text
    assert "11" * 32 in page.text
    assert sent.hex() in page.text


async def test_feedback_is_shown_with_its_judgements_and_its_words_framed(
    room: DeskRoom, released: tuple[Browser, str, bytes]
) -> None:
    browser, release, _ = released

    page = await room.told(browser, release, "feedback", FEEDBACK)

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


KEY = SigningKey.generate()


async def _enrols_a_key(room: DeskRoom) -> None:
    await room.db.execute("UPDATE unit.agency SET acknowledge = $1 WHERE id = 'harbour-customs'", KEY.public)


def _acknowledged(release: str, digest: bytes, key: SigningKey = KEY) -> dict[str, Any]:
    statement = Acknowledged(UUID(release), digest, TODAY).sign(key)
    return {"zip_sha256": digest.hex(), "statement": parse(statement)}


async def _sealed(room: DeskRoom, release: str, *, inside: str = "", to: age.Recipient | None = None) -> SealedAnswer:
    desk = to or (await room.members()).desk_intake
    return SealedAnswer.seal(UUID(inside or release), Feedback.from_body(FEEDBACK), desk, TODAY)


async def test_a_signed_acknowledgement_says_so_and_keeps_what_was_signed(
    room: DeskRoom, released: tuple[Browser, str, bytes]
) -> None:
    browser, release, sent = released
    await _enrols_a_key(room)
    said = _acknowledged(release, sent)

    page = await room.told(browser, release, "acknowledgement", said)

    assert "opened the exact bytes we sent" in page.text
    assert "Signed by the agency's key." in page.text
    assert canonical(said["statement"]).decode() in page.text
    assert b"statement" not in await room.db.fetchval("SELECT sealed FROM desk.feedback")


async def test_an_acknowledgement_by_form_of_an_agency_with_a_key_is_told_apart(
    room: DeskRoom, released: tuple[Browser, str, bytes]
) -> None:
    browser, release, sent = released
    await _enrols_a_key(room)

    page = await room.told(browser, release, "acknowledgement", {"zip_sha256": sent.hex()})

    assert "without the agency's signature" in page.text
    assert "opened the exact bytes we sent" in page.text


async def test_feedback_that_was_sealed_away_is_opened_at_the_desk(
    room: DeskRoom, released: tuple[Browser, str, bytes]
) -> None:
    browser, release, _ = released
    await _enrols_a_key(room)
    statement = (await _sealed(room, release)).sign(KEY)

    page = await room.told(browser, release, "feedback", {"statement": parse(statement)})

    assert "Signed by the agency's key." in page.text
    assert "From the agency, in its own words We stopped <b>two</b> trucks." in page.text
    assert b"trucks" not in await room.db.fetchval("SELECT sealed FROM desk.feedback")


@pytest.mark.parametrize("how", ["another key", "no key enrolled", "another hash", "another release"])
async def test_a_signature_that_is_not_the_agencys_is_refused_and_kept(
    room: DeskRoom, released: tuple[Browser, str, bytes], how: str
) -> None:
    browser, release, sent = released
    if how != "no key enrolled":
        await _enrols_a_key(room)
    said = _acknowledged(release, sent, SigningKey.generate() if how == "another key" else KEY)
    if how == "another hash":
        said["zip_sha256"] = "11" * 32
    if how == "another release":
        said["statement"] = _acknowledged(str(uuid4()), sent)["statement"]
    await room.put("acknowledgement", {"release": release, "day": TODAY.isoformat(), **said})

    page = await browser.open("/")

    assert "not by the key that the agency enrolled" in page.text
    assert await room.db.fetchval("SELECT count(*) FROM desk.feedback") == 0
    assert await room.db.fetchval("SELECT count(*) FROM desk.inbox") == 1


@pytest.mark.parametrize("how", ["words beside it", "sealed to somebody else", "another release inside"])
async def test_an_answer_that_is_not_exactly_what_the_agency_sealed_is_refused(
    room: DeskRoom, released: tuple[Browser, str, bytes], how: str
) -> None:
    browser, release, _ = released
    await _enrols_a_key(room)
    stranger = age.Identity.generate().recipient if how == "sealed to somebody else" else None
    sealed = await _sealed(room, release, to=stranger, inside=str(uuid4()) if "inside" in how else "")
    statement = replace(sealed, release=UUID(release)).sign(KEY)
    beside = FEEDBACK if how == "words beside it" else {}
    await room.put("feedback", {"release": release, "day": TODAY.isoformat(), "statement": parse(statement), **beside})

    page = await browser.open("/")

    assert "It is not in the agreed format." in page.text
    assert await room.db.fetchval("SELECT count(*) FROM desk.feedback") == 0
