"""A list that an agency asked for is owed within the agreed working days; the desk hands the guard the ledger's lines, all of them."""

from datetime import timedelta
from uuid import uuid4

import pytest

from crypto import age
from crypto.canonical import parse
from handling.guard.noticed import NoticeAsked
from handling.rules.notices import NoticeKind
from tests.handling.desk.conftest import TODAY, DeskRoom

CUSTOMS = "harbour-customs"
_WANTED = "INSERT INTO exchange.list_request (id, agency, asked_on) VALUES ($1, $2, $3)"


async def wanted(room: DeskRoom, agency: str = CUSTOMS) -> None:
    """An agency asked at the portal."""
    await room.db.execute(_WANTED, uuid4(), agency, TODAY)


async def at_guard(room: DeskRoom) -> NoticeAsked:
    """The list that waits at the guard, as its officer opens it."""
    (row,) = await room.db.fetch("SELECT sealed FROM guard.notice")
    return NoticeAsked.read(age.open_(row["sealed"], [room.release_keys["clara"]]))


async def test_the_desk_hands_over_every_line_of_its_ledger_that_left_to_the_agency_and_no_other_word(
    room: DeskRoom,
) -> None:
    amina = await room.sign_in()
    releases = {(await room.released(amina))[0] for _ in range(2)}
    await wanted(room)

    await amina.open(f"/agencies/{CUSTOMS}")
    page = await amina.submit("/list")
    asked = await at_guard(room)

    assert "It waits at the guard for a releasing officer" in page.text
    assert {str(one.manifest.release) for one in asked.released.values()} == releases
    assert (asked.notice.kind, asked.notice.words) == (NoticeKind.DISSEMINATION_LIST, "")
    assert not [form for form in page.forms if form.action.endswith("/list")]
    rows = await room.db.fetch("SELECT sealed FROM guard.notice")
    assert parse(age.open_(rows[0]["sealed"], [room.release_keys["clara"]]).rstrip(b" ")).keys() == {
        "notice",
        "released",
    }


async def test_a_list_is_owed_from_the_day_of_the_request_and_overdue_after_the_agreed_working_days(
    room: DeskRoom,
) -> None:
    amina = await room.sign_in()
    assert "They have not asked for it" in (await amina.open(f"/agencies/{CUSTOMS}")).text
    await wanted(room)

    first = await amina.open("/")
    owed = await amina.open("/duties")
    room.clock.day = TODAY + timedelta(days=8)  # more than five working days
    late = await amina.open("/")
    page = await amina.open(f"/agencies/{CUSTOMS}")

    assert "To be decided or reviewed here: 1 thing" in first.text
    assert "Lists that agencies asked for: 1" in owed.text
    assert "Overdue here: 1 thing" in late.text
    assert "The list of all that they were sent overdue" in page.text


async def test_a_list_that_was_sent_is_owed_no_more_and_its_page_says_how_late_it_was(room: DeskRoom) -> None:
    amina = await room.sign_in()
    await wanted(room)
    await room.db.execute(
        "INSERT INTO exchange.notice VALUES ($1, $2, 'age', '', '', $3, $4, $4)",
        notice := uuid4(),
        CUSTOMS,
        bytes(32),
        TODAY,
    )
    room.clock.day = TODAY + timedelta(days=20)
    await room.db.execute("UPDATE exchange.list_request SET notice = $1, answered_on = $2", notice, room.clock.day)

    page = await amina.open(f"/agencies/{CUSTOMS}")

    assert "days late" in page.text
    assert "here: 1 thing" not in (await amina.open("/")).text


async def test_a_refused_list_says_why_and_can_be_asked_for_again(room: DeskRoom) -> None:
    amina = await room.sign_in()
    await wanted(room)
    await amina.open(f"/agencies/{CUSTOMS}")
    await amina.submit("/list")
    reason = age.seal(b"Their key changes tomorrow. (Clara)", [(await room.members()).desk_intake])
    await room.db.execute("UPDATE guard.notice SET state = 'refused', reason = $1, sealed = ''", reason)

    page = await amina.open(f"/agencies/{CUSTOMS}")
    again = await amina.submit("/list")

    assert "Their key changes tomorrow. (Clara)" in page.text
    assert "It waits at the guard for a releasing officer" in again.text


async def test_where_the_agreement_gives_none_it_is_said_and_nothing_is_owed(room: DeskRoom) -> None:
    amina = await room.sign_in()
    await wanted(room)
    await room.next_version((r"dissemination_list = true", "dissemination_list = false"))

    page = await amina.open(f"/agencies/{CUSTOMS}")

    assert "gives them no list" in page.text
    assert not [form for form in page.forms if form.action.endswith("/list")]
    assert "here: 1 thing" not in (await amina.open("/")).text


@pytest.mark.parametrize("asked", ["nobody", "twice"])
async def test_nothing_is_asked_of_the_guard_that_no_agency_waits_for(room: DeskRoom, asked: str) -> None:
    amina = await room.sign_in()
    await wanted(room)
    old = await amina.open(f"/agencies/{CUSTOMS}")
    if asked == "nobody":
        await room.db.execute("DELETE FROM exchange.list_request")
    else:
        await amina.submit("/list")
    amina.page = old
    before = await room.db.fetchval("SELECT count(*) FROM guard.notice")

    page = await amina.submit("/list", status=409)

    assert "no list is left to ask for" in page.text
    assert await room.db.fetchval("SELECT count(*) FROM guard.notice") == before
