"""Material at the desk: only what its agency signed for this unit is kept, once, with its conditions; the rest is kept apart."""

import asyncio
import base64
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from crypto import age, padding
from crypto.canonical import canonical, parse
from crypto.passphrase import normalise
from crypto.signing import SigningKey
from handling import material
from handling.agencyfiles import AgencyKey
from handling.desk import intake, received
from handling.desk.intake import Reason
from handling.desk.session import Desk, open_desk
from handling.material import Material, Signed
from handling.store import agencies
from handling.store.keyring import Keyring
from tests.conftest import RolePool
from tests.handling.desk.conftest import TODAY, DeskRoom
from tests.handling.materials import ASKED, CONDITIONS, MATERIAL, signed
from tests.journeys.browser import Page
from tipline.base.jsons import parse_object

KEY, OTHER = SigningKey.generate(), SigningKey.generate()
COAST = AgencyKey("Coast Guard", age.Identity.generate().recipient, KEY.public, TODAY)
SAID = replace(MATERIAL, unit="unit", sender=COAST.fingerprint())


@pytest.fixture
async def coast(room: DeskRoom) -> DeskRoom:
    """The desk with one agency that signs with open.html."""
    await agencies.add(room.db, "coast", name="Coast Guard", key=COAST.sign(KEY).decode(), today=TODAY)
    return room


async def sent(
    room: DeskRoom,
    said: Material = SAID,
    *,
    key: SigningKey = KEY,
    agency: str = "coast",
    text: str = "",
    **changes: Any,
) -> UUID:
    """Put material into the inbox as the portal does, which knows of nothing but whose sealed file it is."""
    desk = (await room.members()).desk_intake
    sealed = material.sealed_file(text or material.seal(signed(said, key), desk))
    content = {"agency": agency, "file": base64.b64encode(sealed).decode(), "day": TODAY.isoformat(), **changes}
    row = uuid4()
    inside = age.seal(padding.pad_message(canonical(content)), [desk])
    if agency == "coast":
        insert = "INSERT INTO exchange.material VALUES ($1, $2, '00000000', $3)"
        await room.db.execute(insert, row, agency, TODAY)
    await room.db.execute("INSERT INTO desk.inbox VALUES ($1, 'material', $2, $3)", row, inside, TODAY)
    return row


async def test_what_an_agency_sent_within_the_period_counts_as_shared_on_its_page_and_what_came_before_does_not(
    room: DeskRoom,
) -> None:
    amina = await room.sign_in()
    insert = "INSERT INTO desk.material (id, agency, sha256, received_on, sealed) VALUES ($1, $2, $3, $4, '')"
    begins = TODAY - timedelta(days=2000)
    for number, (agency, day) in enumerate(
        [("harbour-customs", TODAY), ("harbour-customs", TODAY), ("harbour-customs", begins), ("river-parks", TODAY)]
    ):
        await room.db.execute(insert, uuid4(), agency, bytes([number]) * 32, day)

    gone = "INSERT INTO desk.material_gone VALUES ($1, 'harbour-customs', $2, $3, $3, '')"
    await room.db.execute(gone, uuid4(), bytes([9]) * 32, TODAY)

    customs = await amina.open("/agencies/harbour-customs")
    parks = await amina.open("/agencies/river-parks")

    assert "They sent us 3 pieces of material." in customs.text
    assert "They sent us 1 piece of material." in parks.text


async def opened_on(room: DeskRoom, row: UUID) -> object:
    return await room.db.fetchval("SELECT opened_on FROM exchange.material WHERE id = $1", row)


async def test_material_is_listed_and_shown_with_sender_signature_and_every_condition(coast: DeskRoom) -> None:
    row = await sent(coast, replace(SAID, unit=(await coast.members()).unit))
    amina = await coast.sign_in()

    listed = await amina.open("/material")
    page = await amina.open(listed.link("/material/"))

    assert CONDITIONS.words()[0] in listed.text
    assert "Material of Coast Guard" in page.text
    assert MATERIAL.reference in listed.text
    assert MATERIAL.reference in page.text
    assert MATERIAL.text.split("\n")[0] in page.text
    assert "It holds" in page.text
    assert "admiralty B 3" in page.text
    for line in CONDITIONS.words():
        assert line in page.text
    assert await opened_on(coast, row) == TODAY
    assert await coast.db.fetchval("SELECT count(*) FROM desk.inbox") == 0
    kept = await coast.db.fetchrow("SELECT id, sealed FROM desk.material")
    assert b"Petrel" not in kept["sealed"]
    assert (coast.settings.inside / "desk" / "keyring" / "record" / f"{kept['id']}.age").is_file()


async def test_the_same_material_sealed_twice_counts_once_and_its_agency_sees_both_opened(coast: DeskRoom) -> None:
    said = replace(SAID, unit=(await coast.members()).unit)
    rows = [await sent(coast, said), await sent(coast, said)]

    page = await (await coast.sign_in()).open("/material")

    assert page.text.count("CG/2026/114") == 1
    assert [await opened_on(coast, row) for row in rows] == [TODAY, TODAY]


async def test_the_first_page_counts_what_nobody_has_looked_at(coast: DeskRoom) -> None:
    said = replace(SAID, unit=(await coast.members()).unit)
    for one in (said, replace(said, id=uuid4())):
        await sent(coast, one)
    amina = await coast.sign_in()

    both = await amina.open("/")
    listed = await amina.open("/material")
    await amina.open(listed.link("/material/"))
    one_left = await amina.open("/")

    assert "2 pieces that nobody has looked at yet" in both.text
    assert listed.text.count("Not looked at yet") == 2
    assert "1 piece that nobody has looked at yet" in one_left.text


Attack = Callable[[DeskRoom, Material, age.Recipient], Any]
ATTACKS: dict[str, tuple[Attack, Reason]] = {
    "another agency's key": (lambda room, said, _: sent(room, said, key=OTHER), Reason.NOT_THE_AGENCYS),
    "replayed by another agency": (
        lambda room, said, _: sent(room, said, agency="river-parks"),
        Reason.NOT_THE_AGENCYS,
    ),
    "signed by another agency as its own": (
        lambda room, said, _: sent(room, replace(said, sender="cd" * 32)),
        Reason.OTHER_SENDER,
    ),
    "written for another unit": (
        lambda room, said, _: sent(room, replace(said, unit="elsewhere")),
        Reason.OTHER_UNIT,
    ),
    "no agency of ours": (lambda room, said, _: sent(room, said, agency="nobody"), Reason.NO_AGENCY),
    "damaged": (lambda room, said, _: sent(room, said, file="AAAA"), Reason.MATERIAL_CLOSED),
    "sealed to somebody else": (
        lambda room, said, _: sent(room, text=material.seal(signed(said, KEY), age.Identity.generate().recipient)),
        Reason.MATERIAL_CLOSED,
    ),
    "signed and of another form": (
        lambda room, _, desk: sent(room, text=material.seal(signed(b'{"format": "x"}', KEY), desk)),
        Reason.FORMAT,
    ),
    "more than the portal says": (lambda room, said, _: sent(room, said, urgent=True), Reason.FORMAT),
}


@pytest.mark.parametrize("attack", ATTACKS)
async def test_what_does_not_verify_is_kept_apart_and_its_agency_reads_nothing_of_an_opening(
    coast: DeskRoom, attack: str
) -> None:
    members = await coast.members()
    make, reason = ATTACKS[attack]
    row = await make(coast, replace(SAID, unit=members.unit), members.desk_intake)

    page = await (await coast.sign_in()).open("/material")

    assert reason.value in page.text
    assert "Kept apart: 1" in page.text
    assert await coast.db.fetchval("SELECT count(*) FROM desk.material") == 0
    assert await coast.db.fetchval("SELECT count(*) FROM desk.inbox") == 1
    assert await opened_on(coast, row) is None


async def test_what_is_kept_apart_is_judged_once_in_a_session_and_anew_in_the_next(coast: DeskRoom) -> None:
    other = AgencyKey("Coast Guard", COAST.recipient, OTHER.public, TODAY)
    said = replace(SAID, unit=(await coast.members()).unit, sender=other.fingerprint())
    await sent(coast, said, key=OTHER)
    browser = await coast.sign_in()
    assert "Kept apart: 1" in (await browser.open("/material")).text

    sql = "UPDATE unit.agency SET acknowledge = $1, fingerprint = $2 WHERE id = 'coast'"
    await coast.db.execute(sql, OTHER.public, other.fingerprint())

    again = await browser.open("/material")
    assert "Kept apart: 1" in again.text
    assert Reason.NOT_THE_AGENCYS.value in again.text
    later = await coast.browser()
    await later.open("/sign-in")
    unit, name = coast.unit, "amina"
    code = unit.code("desk", name, int(time.time()) + 30)  # each code counts once
    await later.submit("/sign-in", name=name, passphrase=unit.passphrase("desk", name), code=code)
    assert "Kept apart" not in (await later.open("/material")).text


async def test_a_row_that_is_put_under_another_agency_opens_no_more(coast: DeskRoom) -> None:
    members = await coast.members()
    row = await sent(coast, replace(SAID, unit=members.unit))
    browser = await coast.sign_in()
    await browser.open("/material")
    await browser.open(f"/material/{row}")

    await coast.db.execute("UPDATE desk.material SET agency = 'river-parks' WHERE id = $1", row)

    assert "cannot be opened any more" in (await browser.open("/material")).text


async def test_what_answers_a_package_of_ours_is_shown_as_circular(coast: DeskRoom) -> None:
    said = replace(SAID, unit=(await coast.members()).unit, answers="0a1b2c3d")
    await sent(coast, said)
    amina = await coast.sign_in()

    listed = await amina.open("/material")
    page = await amina.open(listed.link("/material/"))

    assert "Circular" in listed.text
    assert "corroborates nothing" in page.text
    assert "which this desk did not release to it" in page.text


async def test_what_is_past_its_last_day_says_that_nothing_new_may_rest_on_it(coast: DeskRoom) -> None:
    kept = replace(ASKED, delete_by=TODAY)
    await sent(coast, replace(SAID, unit=(await coast.members()).unit, conditions=kept))
    amina = await coast.sign_in()
    on_the_day = await amina.open("/material")
    coast.clock.day = TODAY + timedelta(days=1)

    after = await amina.open("/material")

    assert "Nothing new may rest on it" not in on_the_day.text
    assert "Nothing new may rest on it" in after.text


async def opened(room: DeskRoom) -> Desk:
    """Amina's desk, as her sign-in opens it."""
    sealed = await room.db.fetchval("SELECT sealed FROM desk.account WHERE name = 'amina'")
    content = parse_object(age.open_passphrase(sealed, normalise(room.unit.passphrase("desk", "amina"))))
    return open_desk("amina", content, await room.members(), Keyring(room.settings.inside / "desk" / "keyring"))


async def test_after_its_last_day_the_next_sign_in_deletes_it_with_its_key_once_the_day_can_be_believed_and_a_line_stays(
    coast: DeskRoom, role_pool: RolePool
) -> None:
    said = replace(SAID, unit=(await coast.members()).unit, conditions=replace(ASKED, delete_by=TODAY))
    kept, tomorrow = replace(said, id=uuid4(), reference="Stays", conditions=ASKED), TODAY + timedelta(days=1)
    row, other = await sent(coast, said), await sent(coast, kept)
    desk, pool = await opened(coast), await role_pool("tipline_desk")
    await intake.take_in(pool, desk, lambda _: coast.members(), TODAY)
    note = "INSERT INTO desk.day VALUES ($1) ON CONFLICT DO NOTHING"

    jumped = await received.delete_past(pool, desk.vault, tomorrow)
    for day in (TODAY - timedelta(days=1), TODAY):
        await coast.db.execute(note, day)
    too_early = await received.delete_past(pool, desk.vault, TODAY)
    coast.clock.day = tomorrow
    amina = await coast.sign_in()
    async with asyncio.timeout(60):
        while "Deleted after their last day" not in (page := await amina.open("/material")).text:  # noqa: ASYNC110
            await asyncio.sleep(0.05)  # the work is done in the background

    assert (jumped, too_early) == (0, 0)
    assert f"Coast Guard : {MATERIAL.reference} , received" in page.text
    await amina.open(f"/material/{row}", status=404)
    await amina.open(f"/material/{other}")
    folder = coast.settings.inside / "desk" / "keyring" / "record"
    async with asyncio.timeout(10):
        while (folder / f"{row}.age").exists():  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    again = await sent(coast, said)
    await amina.open("/material")
    assert await coast.db.fetch("SELECT id FROM desk.material") == [(other,)]
    assert await opened_on(coast, again) == tomorrow


async def test_an_empty_list_says_what_will_come_and_an_unknown_piece_is_not_found(room: DeskRoom) -> None:
    amina = await room.sign_in()

    assert "No agency has sent material yet." in (await amina.open("/material")).text
    await amina.open(f"/material/{uuid4()}", status=404)


async def test_an_analyst_hands_it_to_the_corridor_once_sealed_to_its_vault_with_the_agencys_signature(
    coast: DeskRoom,
) -> None:
    said = replace(SAID, unit=(await coast.members()).unit)
    await sent(coast, said)
    amina = await coast.sign_in()
    page = await amina.open((await amina.open("/material")).link("/material/"))

    handed = await amina.submit("/corridor")
    again = await amina._session.post(f"{coast.url}{page.path.lstrip('/')}/corridor", data={"csrf": _csrf(page)})

    (row,) = await coast.db.fetch("SELECT agency, state, sealed FROM corridor.material")
    body = parse(age.open_(row["sealed"], [coast.corridor_vault]))
    signed_there = Signed(*(base64.b64decode(body[name]) for name in ("document", "signature")))
    assert "Handed to the corridor by" in handed.text
    assert again.status == 200
    assert (row["agency"], row["state"]) == ("coast", "handed")
    assert signed_there == signed(said, KEY)


def _csrf(page: Page) -> str:
    return dict(page.form("/corridor").fields)["csrf"]
