"""Material in the corridor: what its agency signed is offered to reports and binds them; what a desk changed is of no use."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from crypto import age
from crypto.canonical import canonical
from crypto.signing import SigningKey
from handling.agencyfiles import AgencyKey
from handling.corridor import material
from handling.corridor.session import Handler
from handling.material import Material, Signed
from handling.rules.facts import ReportFacts
from handling.rules.material import PassOn, Piece
from handling.store import agencies
from tests.handling.corridor.conftest import World
from tests.handling.corridor.test_report_pages import GOOD, _release
from tests.handling.materials import ASKED, CONDITIONS, MATERIAL, signed
from tests.journeys.browser import Browser, Page

TODAY = datetime.now(UTC).date()
KEY, OTHER = SigningKey.generate(), SigningKey.generate()
COAST = AgencyKey("Coast Guard", age.Identity.generate().recipient, KEY.public, TODAY)
_INSERT = "INSERT INTO corridor.material (id, agency, received_on, sealed) VALUES ($1, 'coast', $2, $3)"
KEPT = replace(ASKED, marking=CONDITIONS.marking, lines=CONDITIONS.lines)


@pytest.fixture(autouse=True)
async def _coast(world: World) -> None:
    """An agency that signs with open.html, enrolled."""
    await agencies.add(world.inside, "coast", name="Coast Guard", key=COAST.sign(KEY).decode(), today=TODAY)


def said(handler: Handler, **changes: Any) -> Material:
    made = replace(MATERIAL, id=uuid4(), unit=handler.members.unit, sender=COAST.fingerprint(), conditions=KEPT)
    return replace(made, **changes)


async def handed(world: World, handler: Handler, one: Signed) -> UUID:
    """Put it where the desk puts what an analyst hands over."""
    body = {
        "document": base64.b64encode(one.document).decode(),
        "signature": base64.b64encode(one.signature).decode(),
    }
    row, to = uuid4(), [handler.members.corridor_vault]
    sealed = age.seal(canonical(body), to)
    await world.inside.execute(_INSERT, row, TODAY, sealed)
    return row


async def offered(browser: Browser, draft: Page) -> Page:
    """The draft again, after the corridor has looked at what was handed over."""
    await browser.open("/material")
    return await browser.open(draft.path)


async def test_what_was_handed_over_is_listed_and_read_with_its_conditions(
    world: World, browser: Browser, amina: Handler
) -> None:
    row = await handed(world, amina, signed(said(amina, answers="0a1b2c3d"), KEY))

    listed = await browser.open("/material")
    page = await browser.open(listed.link("/material/"))

    assert "Circular" in listed.text
    assert "corroborates nothing" in page.text
    assert MATERIAL.text.split("\n")[1] in page.text
    assert all(line in page.text for line in KEPT.words())
    kept = await world.inside.fetchrow("SELECT state, sealed FROM corridor.material WHERE id = $1", row)
    assert kept["state"] == "usable"
    assert b"Petrel" not in kept["sealed"]
    assert (world.settings.inside / "corridor" / "keyring" / "record" / f"{row}.age").is_file()


async def test_a_report_lists_what_was_ticked_and_its_originators_follow(
    world: World, browser: Browser, amina: Handler, draft: Page
) -> None:
    one = signed(said(amina), KEY)
    await handed(world, amina, one)
    page = await offered(browser, draft)

    await browser.submit(draft.path, act="queue", material=[one.sha256], **GOOD)

    row = await world.inside.fetchrow("SELECT sealed FROM guard.review")
    asked = json.loads(age.open_(row["sealed"], [await _release(world, "ben")]))
    piece = Piece(one.sha256, "coast", KEPT)
    facts = ReportFacts.from_body(asked["facts"])
    assert "Coast Guard: CG/2026/114" in page.text
    assert (facts.originators, facts.by_hand, facts.material) == ({"coast"}, frozenset(), (piece,))
    assert asked["report"]["material"] == [piece.listed()]
    assert "coast" not in json.dumps(asked["report"])


async def test_a_report_is_not_queued_where_it_is_marked_wider_than_its_material(
    world: World, browser: Browser, amina: Handler, draft: Page
) -> None:
    one = signed(said(amina, conditions=replace(KEPT, handling=CONDITIONS.handling)), KEY)
    await handed(world, amina, one)
    await offered(browser, draft)

    refused = await browser.submit(
        draft.path, act="queue", material=[one.sha256], status=400, **{**GOOD, "marking": "GREEN"}
    )

    assert "It rests on material marked TLP:AMBER: mark it so, or narrower." in refused.text
    assert "It rests on material under C A2 S2: let its reader do no more." in refused.text
    assert await world.inside.fetchval("SELECT count(*) FROM guard.review") == 0


async def test_what_is_not_here_or_past_its_last_day_holds_a_report_back(
    world: World, browser: Browser, amina: Handler, draft: Page
) -> None:
    past = signed(said(amina, conditions=replace(KEPT, delete_by=TODAY - timedelta(days=1))), KEY)
    for one in (past, signed(said(amina), KEY)):
        await handed(world, amina, one)
    page = await offered(browser, draft)

    over = await browser.submit(draft.path, act="queue", material=[past.sha256], status=400, **GOOD)
    gone = await browser.submit(draft.path, act="queue", material=["ab" * 32], status=400, **GOOD)

    assert past.sha256 not in page.body.decode()  # nothing new may rest on it, so it is not offered
    assert "had to be deleted by now" in over.text
    assert "is not here any more" in gone.text


async def test_after_its_last_day_it_is_deleted_with_its_key_and_a_report_that_rests_on_it_keeps_hash_and_conditions(
    world: World, browser: Browser, amina: Handler, draft: Page
) -> None:
    conditions, tomorrow = replace(KEPT, delete_by=TODAY), TODAY + timedelta(days=1)
    one = signed(said(amina, conditions=conditions), KEY)
    row = await handed(world, amina, one)
    await handed(world, amina, signed(said(amina, reference="Stays"), KEY))
    await offered(browser, draft)
    await browser.submit(draft.path, act="save", material=[one.sha256], **GOOD)
    pool, day = world.pool, "INSERT INTO corridor.day VALUES ($1) ON CONFLICT DO NOTHING"

    jumped = await material.delete_past(pool, amina.vault, tomorrow)
    for before in (1, 0):
        await world.inside.execute(day, TODAY - timedelta(days=before))
    too_early = await material.delete_past(pool, amina.vault, TODAY)
    went = await material.delete_past(pool, amina.vault, tomorrow)

    assert (jumped, too_early, went) == (0, 0, 1)
    assert await world.inside.fetchval("SELECT count(*) FROM corridor.material") == 1
    assert not (world.settings.inside / "corridor" / "keyring" / "record" / f"{row}.age").exists()
    listed, page = await browser.open("/material"), await browser.open(draft.path)
    assert f"Coast Guard : {MATERIAL.reference} , received" in listed.text
    assert f"Coast Guard: {MATERIAL.reference}, deleted" in page.text
    assert all(line in page.text for line in conditions.words())
    async with pool.acquire() as db:
        assert await material.pieces(db, amina.vault, {one.sha256}) == (Piece(one.sha256, "coast", conditions),)
        assert await material.pieces(db, amina.vault, {"ab" * 32}) == ()
    assert b"CG/2026" not in await world.inside.fetchval("SELECT sealed FROM corridor.material_gone")


async def test_a_circular_piece_warns_where_it_is_ticked(
    world: World, browser: Browser, amina: Handler, draft: Page
) -> None:
    one = signed(said(amina, answers="0a1b2c3d"), KEY)
    await handed(world, amina, one)
    page = await offered(browser, draft)

    saved = await browser.submit(draft.path, act="save", material=[one.sha256], **GOOD)

    assert "it answers our own package 0a1b2c3d" in page.text
    assert '<p class="problem"><strong>Circular:</strong>' in saved.body.decode()


@pytest.mark.parametrize("how", ["another key", "a condition widened", "another unit", "another sender", "no form"])
async def test_what_a_changed_desk_hands_over_is_kept_apart_and_offered_to_no_report(
    world: World, browser: Browser, amina: Handler, draft: Page, how: str
) -> None:
    good = signed(said(amina, conditions=replace(KEPT, pass_on=PassOn.NEVER)), KEY)
    one = {
        "another key": signed(said(amina), OTHER),
        "a condition widened": replace(good, document=good.document.replace(b'"never"', b'"ask"')),
        "another unit": signed(said(amina, unit="elsewhere"), KEY),
        "another sender": signed(said(amina, sender="cd" * 32), KEY),
        "no form": signed(b"{}", KEY),
    }[how]
    row = await handed(world, amina, one)

    listed = await browser.open("/material")
    page = await browser.open(draft.path)

    assert "no good signature of an agency for this unit" in listed.text
    assert one.sha256 not in page.body.decode()
    assert await world.inside.fetchval("SELECT state FROM corridor.material WHERE id = $1", row) == "refused"
    await browser.open(f"/material/{row}", status=404)


@pytest.mark.parametrize(
    "content", [b'"AA"', b"[]", b"{}", b"[" * 100_000], ids=["text", "list", "nothing", "brackets"]
)
async def test_what_a_changed_desk_hands_over_in_another_form_stops_nothing(
    world: World, browser: Browser, amina: Handler, content: bytes
) -> None:
    row, to = uuid4(), [amina.members.corridor_vault]
    await world.inside.execute(_INSERT, row, TODAY, age.seal(content, to))

    listed = await browser.open("/material")

    assert "no good signature of an agency for this unit" in listed.text
    assert await world.inside.fetchval("SELECT state FROM corridor.material WHERE id = $1", row) == "refused"


async def test_a_row_that_is_put_under_another_agency_is_material_of_nobody(
    world: World, browser: Browser, amina: Handler, draft: Page
) -> None:
    one = signed(said(amina, conditions=replace(KEPT, pass_on=PassOn.NEVER)), KEY)
    row = await handed(world, amina, one)
    await offered(browser, draft)
    await browser.submit(draft.path, act="save", material=[one.sha256], **GOOD)
    parks = AgencyKey("River Parks", age.Identity.generate().recipient, OTHER.public, TODAY)
    await agencies.add(world.inside, "parks", name="River Parks", key=parks.sign(OTHER).decode(), today=TODAY)

    await world.inside.execute("UPDATE corridor.material SET agency = 'parks' WHERE id = $1", row)

    await browser.open(f"/material/{row}", status=404)
    assert "A piece that is not here any more" in (await browser.open(draft.path)).text
    refused = await browser.submit(draft.path, act="queue", status=400)
    assert "that was ticked is not here any more" in refused.text
    await browser.submit(draft.path, act="queue", material=[])
    assert await world.inside.fetchval("SELECT count(*) FROM guard.review") == 1


async def test_what_was_ticked_is_found_however_much_came_after_it(
    world: World, browser: Browser, amina: Handler, draft: Page
) -> None:
    first = signed(said(amina), KEY)
    await handed(world, amina, first)
    await world.inside.execute("UPDATE corridor.material SET received_on = received_on - 9")
    await handed(world, amina, signed(said(amina), KEY))
    await offered(browser, draft)

    async with world.pool.acquire() as db:
        newest = await material.listing(db, amina.vault, limit=1)
        both = await material.listing(db, amina.vault, limit=1, ticked=[first.sha256])

    assert first.sha256 not in {one.signed.sha256 for one in newest}
    assert [one.signed.sha256 for one in both] == [newest[0].signed.sha256, first.sha256]


async def test_two_handlers_who_look_at_once_keep_one_key_that_opens_it(
    world: World, amina: Handler, ben: Handler
) -> None:
    one = signed(said(amina), KEY)
    await handed(world, amina, one)

    for person in (amina, ben):
        await material.receive(world.pool, person)

    async with world.pool.acquire() as db:
        for person in (amina, ben):
            (found,) = await material.listing(db, person.vault)
            assert found.piece == Piece(one.sha256, "coast", KEPT)


async def test_the_empty_list_says_what_will_come(browser: Browser, draft: Page) -> None:
    assert "an analyst hands it over at the desk" in (await browser.open("/material")).text
    assert "None has been handed to the corridor." in draft.text
