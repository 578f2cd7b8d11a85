"""Sharing a report at the desk: every permitted agency is proposed, who is left out is kept with the reason, silence is shown."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest

from crypto import age
from crypto.canonical import parse
from handling.rules.material import PassOn
from handling.store import agencies
from tests.conftest import RolePool
from tests.handling.desk.conftest import TODAY, DeskRoom, a_document, deconflict, facts_of
from tests.handling.materials import a_piece
from tests.journeys.browser import Browser, Page
from tests.lists import root_signs, with_outside

BOTH = ("harbour-customs", "river-parks")
LEAVE_PARKS_OUT: dict[str, str | list[str]] = {"share-river-parks": [], "reason-river-parks": "operation"}


async def _share_page(room: DeskRoom, agencies: tuple[str, ...] = BOTH) -> tuple[Browser, str]:
    """A signed-in analyst who looks at who is proposed for a report that was taken in."""
    document = await room.reviewed(agencies=agencies)
    browser = await room.sign_in()
    path = f"/reports/{document['urn'][9:]}/share"
    await deconflict(browser, path.removesuffix("/share"))
    await browser.open(path)
    return browser, path


async def _second_tab(room: DeskRoom, browser: Browser) -> Browser:
    """The same session in another tab."""
    other = await room.browser()
    other._session.cookie_jar.update_cookies({cookie.key: cookie.value for cookie in browser.cookies()})
    return other


def _statements(page: Page) -> list[str]:
    """Where the statements that wait are saved from, oldest first."""
    return [path for path in (urlsplit(href).path for href, _ in page.links) if path.startswith("/sharing/")]


async def _statement(browser: Browser, oversight: age.Identity) -> Mapping[str, Any]:
    """What the newest statement says to the oversight body that it was made for."""
    await browser.open("/sharing")
    page = await browser.submit("/sharing", recipient=str(oversight.recipient))
    file = await browser.open(_statements(page)[-1])
    said: Mapping[str, Any] = parse(age.open_(file.body, [oversight]))
    return said


async def _withholdings(room: DeskRoom) -> int:
    count: int = await room.db.fetchval("SELECT count(*) FROM desk.withholding")
    return count


async def test_every_permitted_agency_is_ticked_and_one_press_asks_for_all(room: DeskRoom) -> None:
    browser, path = await _share_page(room)
    assert browser.page
    (form,) = [form for form in browser.page.forms if form.action.endswith("/share")]
    assert ("share-harbour-customs", "yes") in form.fields
    assert ("share-river-parks", "yes") in form.fields

    page = await browser.submit(path)

    assert page.text.count("Waiting for two signatures") == 2
    assert "who also holds a key for the corridor" in (await browser.open(page.link("/releases/"))).text
    assert await room.counts() == (2, 2)
    assert {asked["manifest"]["purpose"] for asked in await room.asked()} == {"intelligence"}
    assert "No agency waits for a decision." in (await browser.open(path)).text


async def test_an_agency_off_the_list_is_on_no_page_of_sharing_and_in_no_count(room: DeskRoom) -> None:
    browser = await room.sign_in()
    parks = "River Parks Authority parks-2026, version 1 Nothing permitted 0 0 0 0 0 0 0"
    assert parks in (await browser.open("/sharing")).text
    await room.reviewed(agencies=["harbour-customs"])
    await browser.open("/")

    room.clock.day = TODAY + timedelta(days=30)
    home, year = await browser.open("/"), await browser.open("/sharing")
    one = await deconflict(browser, home.link("/share").removesuffix("/share"))
    home = await browser.open("/")

    assert parks in year.text
    assert year.text.count("River Parks") == 1
    assert "River Parks" not in home.text + one.text
    assert "1 agency may receive it and nobody has decided; 1 overdue" in home.text


async def test_leaving_an_agency_out_without_a_reason_stores_nothing_and_keeps_what_was_chosen(room: DeskRoom) -> None:
    browser, path = await _share_page(room)

    page = await browser.submit(path, status=400, **{"share-river-parks": [], "purpose-harbour-customs": "seizure"})

    assert "Say why it is left out, or tick it." in page.text
    form = page.form("/share")
    assert ("share-river-parks", "yes") not in form.fields
    assert ("purpose-harbour-customs", "seizure") in form.fields
    assert (await room.counts(), await _withholdings(room)) == ((0, 0), 0)


async def test_who_was_left_out_stands_with_reason_author_and_day_and_nothing_of_it_in_clear(room: DeskRoom) -> None:
    browser, path = await _share_page(room)

    page = await browser.submit(path, **LEAVE_PARKS_OUT)

    words = "by Amina (handler 1, also analyst): It would harm a live operation."
    assert words in page.text
    assert words in (await browser.open("/sharing")).text
    assert words in (await browser.open(path)).text
    assert await room.counts() == (1, 1)
    row = await room.db.fetchrow("SELECT * FROM desk.withholding")
    assert row["withheld_by"] == "amina"
    assert row["withheld_on"] == TODAY
    assert b"river" not in row["sealed"]
    assert b"operation" not in row["sealed"]


async def test_who_was_left_out_can_still_be_asked_for(room: DeskRoom) -> None:
    browser, path = await _share_page(room)
    await browser.submit(path, **LEAVE_PARKS_OUT)
    page = await browser.open(path)

    await browser.open(page.link("agency=river-parks"))
    await browser.submit("/decision")

    assert "Not shared: 0" in (await browser.open("/sharing")).text


async def test_a_form_that_was_overtaken_stores_nothing(room: DeskRoom) -> None:
    browser, path = await _share_page(room)
    other = await _second_tab(room, browser)
    await other.open(path)
    await other.submit(path, **LEAVE_PARKS_OUT)

    page = await browser.submit(path, status=409)

    assert "What is proposed has changed meanwhile. Nothing was stored or sent." in page.text
    assert (await room.counts(), await _withholdings(room)) == ((1, 1), 1)


async def test_a_form_that_names_another_agency_or_purpose_stores_nothing(room: DeskRoom) -> None:
    browser, path = await _share_page(room, ("harbour-customs",))

    for forged in ({"agency": "river-parks"}, {"purpose-harbour-customs": "protection"}):
        await browser.open(path)
        status = 400 if "agency" in forged else 409
        await browser.submit(path, status=status, **forged)

    assert (await room.counts(), await _withholdings(room)) == ((0, 0), 0)


async def test_what_a_signer_refused_stands_beside_what_was_left_out(room: DeskRoom) -> None:
    browser, path = await _share_page(room, ("harbour-customs",))
    await browser.submit(path)
    reason = age.seal(b"It names a place.", [(await room.members()).desk_intake])
    await room.db.execute("UPDATE guard.release SET state = 'refused', reason = $1", reason)

    page = await browser.open("/sharing")

    assert "Not shared: 1" in page.text
    assert "and refused by a signer: It names a place." in page.text
    oversight = age.Identity.generate()
    said = await _statement(browser, oversight)
    assert said["not_shared"][0]["refused"] == [{"asked_on": TODAY.isoformat()}]
    assert "names a place" not in json.dumps(said)  # a signer's own words


async def test_what_was_asked_for_and_nobody_signs_does_not_hide_from_oversight(room: DeskRoom) -> None:
    browser, path = await _share_page(room)
    await browser.submit(path, **LEAVE_PARKS_OUT)
    await browser.open((await browser.open(path)).link("agency=river-parks"))
    await browser.submit("/decision")
    oversight = age.Identity.generate()

    room.clock.day = TODAY + timedelta(days=7)
    in_time = await browser.open("/sharing")
    room.clock.day = TODAY + timedelta(days=8)
    late = await browser.open("/sharing")
    said = await _statement(browser, oversight)

    assert "Overdue signatures: 0" in in_time.text
    assert "Overdue signatures: 2" in late.text
    assert "It would harm a live operation." in late.text
    parks = next(one for one in said["waiting"] if one["agency"] == "river-parks")
    assert parks["overdue"]
    assert parks["left_out"] == [{"reason": "operation", "by": "amina", "on": TODAY.isoformat()}]


async def test_the_statement_for_oversight_opens_for_its_recipient_alone_and_holds_no_word_of_a_report(
    room: DeskRoom,
) -> None:
    browser, path = await _share_page(room)
    await browser.submit(path, **LEAVE_PARKS_OUT)
    oversight = age.Identity.generate()
    await browser.open("/sharing")
    refused = await browser.submit("/sharing", status=400, recipient="oversight@example.org")

    said = await _statement(browser, oversight)

    assert "That is no age recipient." in refused.text
    assert said["two_keys"] == ["amina"]
    (left,) = said["not_shared"]
    assert left["agency"] == "river-parks"
    assert left["left_out"] == [{"reason": "operation", "by": "amina", "on": TODAY.isoformat()}]
    customs = next(line for line in said["agreements"] if line["agency"] == "harbour-customs")
    assert (customs["permitted"], customs["asked"], customs["released"]) == (1, 1, 0)
    document = a_document()
    assert document["title"] not in json.dumps(said)
    assert document["summary"] not in json.dumps(said)


async def test_a_statement_waits_until_somebody_says_that_it_was_handed_over_and_the_next_one_tells(
    room: DeskRoom,
) -> None:
    outside = age.Identity.generate()
    await root_signs(room.settings, room.db, with_outside("ruth", outside.recipient))
    browser = await room.sign_in()
    empty = await browser.open("/sharing")
    assert "No statement was made yet." in empty.text
    assert "sealed to the outside seconds of the member list, Ruth" in empty.text
    await browser.submit("/sharing")
    await _statement(browser, age.Identity.generate())
    page = await browser.open("/sharing")
    assert page.text.count("Waits to be handed over") == 2
    first, _ = _statements(page)
    assert parse(age.open_((await browser.open(first)).body, [outside]))["earlier"] == []

    two = await browser.open("/")
    await browser.open("/sharing")
    after = await browser.submit(first)

    assert "2 statements for oversight wait to be handed over" in two.text
    assert after.text.count("Waits to be handed over") == 1
    assert "1 statement for oversight waits to be handed over" in (await browser.open("/")).text
    assert "Handed over on" in after.text
    assert await room.db.fetchval("SELECT count(*) FROM desk.statement WHERE sealed = ''") == 1
    await browser.open(first, status=404)
    said = await _statement(browser, outside)
    day = TODAY.isoformat()
    told = [(one["made_on"], one["handed_over_by"], one["handed_over_on"]) for one in said["earlier"]]
    assert told == [(day, "amina", day), (day, None, None)]


async def test_the_desks_role_empties_and_swaps_no_statement_and_hands_none_over_twice(role_pool: RolePool) -> None:
    over = "UPDATE desk.statement SET sealed = '', handed_over_by = 'amina', handed_over_on = current_date"
    pool = await role_pool("tipline_desk")
    async with pool.acquire() as db:
        await db.execute(
            "INSERT INTO desk.statement (id, made_by, made_on, sealed) VALUES ($1, 'a', $2, 'x')", uuid4(), TODAY
        )
        for emptied in ("UPDATE desk.statement SET sealed = ''", "UPDATE desk.statement SET sealed = 'another'"):
            with pytest.raises(asyncpg.RaiseError):
                await db.execute(emptied)

        assert await db.execute(over) == "UPDATE 1"

        for again in (over, "UPDATE desk.statement SET handed_over_by = NULL, handed_over_on = NULL"):
            with pytest.raises(asyncpg.RaiseError):
                await db.execute(again)


async def test_without_anybody_outside_to_read_it_no_statement_is_made(room: DeskRoom) -> None:
    browser = await room.sign_in()
    await browser.open("/sharing")

    refused = await browser.submit("/sharing", status=400, recipient="")

    assert "No outside second is on the member list" in refused.text
    assert await room.db.fetchval("SELECT count(*) FROM desk.statement") == 0


async def test_a_year_counts_and_what_cannot_be_opened_is_named(room: DeskRoom) -> None:
    browser, _ = await _share_page(room)
    await room.db.execute("INSERT INTO desk.report VALUES ($1, $2, '\\x00')", uuid4(), TODAY)

    room.clock.day = TODAY + timedelta(days=365)
    last_day = await browser.open("/sharing")
    room.clock.day = TODAY + timedelta(days=366)
    past = await browser.open("/sharing")

    assert "1 report cannot be opened and is not counted." in last_day.text
    assert "Overdue decisions: 2" in last_day.text
    assert "Overdue decisions: 0" in past.text


async def test_until_somebody_was_asked_whose_it_is_nothing_is_proposed_and_nothing_can_be_asked_for(
    room: DeskRoom,
) -> None:
    document = await room.reviewed(agencies=BOTH)
    browser, report = await room.sign_in(), f"/reports/{document['urn'][9:]}"
    await browser.open(f"{report}/share")
    nobody = await browser.submit("/deconfliction", status=400, asked=" ", answer="clear")

    assert "Say who was asked" in nobody.text
    for answer in (None, "waiting", "conflict"):
        page = await browser.open(f"{report}/share") if answer is None else await deconflict(browser, report, answer)
        assert not [form for form in page.forms if form.action.endswith("/share")]
        assert "River Parks" not in page.text
        assert "Deconfliction is not answered" in (await browser.open("/")).text
        decision = await browser.open(f"{report}/decision?agency=harbour-customs&purpose=seizure")
        assert not [form for form in decision.forms if form.action.endswith("/decision")]

    shown = await deconflict(browser, report)
    form = await browser.open(f"{report}/decision?agency=harbour-customs&purpose=seizure")
    assert form.form("/decision")
    await deconflict(await _second_tab(room, browser), report, "conflict")
    refused = await browser.submit("/decision", status=409)

    assert "River Parks" in shown.text
    assert "Nobody has answered yet whether it is somebody's source or live operation." in refused.text
    assert await room.counts() == (0, 0)
    rows = await room.db.fetch("SELECT answered_by, answered_on, sealed FROM desk.deconfliction")
    assert {(row["answered_by"], row["answered_on"]) for row in rows} == {("amina", TODAY)}
    assert not any(b"centre" in row["sealed"] or b"conflict" in row["sealed"] for row in rows)


@pytest.mark.parametrize("state", ["waiting", "signed-once"])
async def test_another_answer_ends_what_waits_at_the_guard_and_the_desk_reads_why(room: DeskRoom, state: str) -> None:
    browser, path = await _share_page(room)
    await browser.submit(path)
    customs, parks = await room.db.fetch("SELECT id FROM guard.release ORDER BY id")
    await room.db.execute("UPDATE guard.release SET state = $2 WHERE id = $1", customs["id"], state)
    await room.db.execute("UPDATE guard.release SET state = 'released', sealed = '' WHERE id = $1", parks["id"])

    await deconflict(browser, path.removesuffix("/share"), "conflict")

    rows = await room.db.fetch("SELECT state, sealed, reason FROM guard.release ORDER BY id")
    assert [(row["state"], row["sealed"]) for row in rows] == [("void", b""), ("released", b"")]
    assert (
        "wrote down another answer about sources and operations"
        in (await browser.open(f"/releases/{customs['id']}")).text
    )
    await deconflict(browser, path.removesuffix("/share"))
    await browser.open(path)
    again = await browser.submit(path)
    assert "Waiting for two signatures" in again.text


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE desk.deconfliction SET answered_by = 'ben'",
        "DELETE FROM desk.deconfliction WHERE position = (SELECT min(position) FROM desk.deconfliction)",
        "UPDATE desk.withholding SET withheld_by = 'ben'",
    ],
)
async def test_whoever_writes_the_database_gives_no_note_to_somebody_else_and_takes_none_out_unseen(
    room: DeskRoom, attack: str
) -> None:
    browser, path = await _share_page(room)
    await deconflict(browser, path.removesuffix("/share"), "conflict")
    await deconflict(browser, path.removesuffix("/share"))
    await browser.open(path)
    await browser.submit(path, **LEAVE_PARKS_OUT)
    with pytest.raises(Exception, match="this record is never changed"):
        await room.db.execute(attack)

    await room.db.execute("ALTER TABLE desk.deconfliction DISABLE TRIGGER immutable")
    await room.db.execute("ALTER TABLE desk.withholding DISABLE TRIGGER immutable")
    await room.db.execute(attack)

    assert "what was written down about it was changed" in (await browser.open("/")).text
    assert "What was written down about this report was changed" in (await browser.open(path, status=503)).text
    assert "1 report cannot be opened and is not counted." in (await browser.open("/sharing")).text


async def test_a_proposed_agency_says_why_who_stands_above_and_how_far_the_circle_grows(room: DeskRoom) -> None:
    key = str(age.Identity.generate().recipient)
    await agencies.add(room.db, "ministry", name="Ministry of Trade", key=key, today=TODAY)
    await agencies.move(room.db, "harbour-customs", "ministry")
    browser, path = await _share_page(room)

    page = await browser.open(path)

    assert "Above it in the tree: Ministry of Trade" in page.text
    assert "The agency may act on it: 2 purposes beyond analysis (+4)." in page.text
    assert "It is where the report is about, Kenya: of equals it comes first." in page.text
    assert "3 people of this unit can read it, and 0 agencies have it or soon will." in page.text
    assert "With all that is ticked: 2 agencies." in page.text
    assert "1 agency more above these in the tree may hear of it." in page.text
    decision = await browser.open(page.link("agency=harbour-customs"))
    assert "Above it in the tree: Ministry of Trade" in decision.text


async def test_the_circle_grows_by_nobody_to_whom_it_may_go_only_on_asking_because_of_its_material(
    room: DeskRoom,
) -> None:
    await room.next_version((r'^rule = "ask"$', 'rule = "listed"\nagencies = ["Port Police"]'))
    sent = a_piece("river-parks", pass_on=PassOn.MAY, agencies=frozenset({"harbour-customs"}))
    resting = a_document(material=[sent.listed()])
    facts = replace(facts_of(resting), originators=frozenset({sent.agency}), material=(sent,))
    await room.reviewed(resting, facts=facts.to_body())
    plain = await room.reviewed()
    browser, said = await room.sign_in(), []
    for document in (plain, resting):
        report = f"/reports/{document['urn'][9:]}"
        await deconflict(browser, report)
        said.append((await browser.open(f"{report}/share")).text)

    assert all("With all that is ticked: 1 agency." in page for page in said)
    assert ["They may pass it on to 1 agency that" in page for page in said] == [True, False]
