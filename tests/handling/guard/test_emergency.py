"""An emergency disclosure at the guard: told alone, signed at once, seen by oversight, signed by a second, reviewed."""

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from aiohttp.test_utils import TestServer

from crypto import age
from crypto.errors import NoMatchError
from crypto.secret import Secret
from crypto.signing import SigningKey
from crypto.statement import Statement
from handling.emergencies import SECOND, Papers, Told
from handling.guard import emergency, emergency_views
from handling.guard.emergency import View
from handling.guard.main import app
from handling.guard.refusal import ChangedError, NoSuchRequestError, NotNowError, RefusedError
from handling.rules.emergency import Move, State, Threat, Warned
from tests.conftest import RolePool
from tests.handling.guard.test_elsewhere import an_outside_second, listing
from tests.handling.guard.world import World
from tests.journeys.browser import Browser
from tests.lists import Edit, root_signs, with_duties

NOW = datetime.now(UTC).replace(microsecond=0)
TOLD = Told(
    tip="Tip of 26 November, first of the day",
    to="Duty inspector Okoth, harbour police, called back at the station's number",
    words="A man is held in the cold store at the east quay.",
    authority="Police Act, section 12",
    threat=Threat.CAPTIVITY,
    why="He was to be moved within the hour.",
    warned=Warned.DUE,
    warned_how="In the next reply.",
)


async def told(world: World, **hidden: str) -> View:
    made = await emergency.tell(world.guard, world.hand("amina"), TOLD, hidden=list(hidden.values()), now=NOW)
    return await emergency.open_(world.guard, made, world.hand("amina"), NOW)


async def follow(world: World, view: View, name: str, move: Move = Move.CONFIRM) -> None:
    seen = (await emergency.open_(world.guard, view.row.id, world.hand(name), NOW)).papers.seen
    await emergency.second(world.guard, view.row.id, world.hand(name, seen), NOW, move=move, note="As I would have.")


async def reviewed(world: World, view: View, name: str) -> None:
    seen = (await emergency.open_(world.guard, view.row.id, world.hand(name), NOW)).papers.seen
    hand = world.hand(name, seen)
    await emergency.review(world.guard, view.row.id, hand, NOW, finding="It was right.", source="Told on the 27th.")


async def test_it_is_recorded_by_one_person_and_comes_to_its_review_by_others_with_oversight_between(
    world: World,
) -> None:
    ruth = an_outside_second()
    world = await listing(world, ruth)
    view = await told(world)
    await follow(world, view, "clara")
    with pytest.raises(NotNowError, match="Oversight outside must get it first"):
        await reviewed(world, view, "ben")

    file = await emergency.give(world.guard, view.row.id, world.hand("ben"), NOW)
    await reviewed(world, view, "ben")

    after = await emergency.open_(world.guard, view.row.id, world.hand("clara"), NOW)
    assert after.row.state is State.REVIEWED
    assert (after.row.told_by, after.row.second_by, after.row.reviewed_by) == ("amina", "clara", "ben")
    assert after.record.told == TOLD
    papers = Papers.read(age.open_(file, [ruth.identity]))
    assert Told.read(papers.told.body) == TOLD
    assert ("Second person", "clara agrees: As I would have.") in emergency_views.lines(TOLD, papers)


async def test_nothing_of_it_stands_in_clear_and_an_objection_is_reviewed_as_well(world: World) -> None:
    view = await told(world)
    await follow(world, view, "ben", Move.OBJECT)

    row = await world.owner.fetchrow("SELECT * FROM guard.emergency")
    assert row["state"] == "objected"
    stored = str(dict(row)).encode() + row["sealed"]
    for words in (b"cold store", b"Okoth", b"Police Act", b"captivity", b"As I would"):
        assert words not in stored


async def test_who_told_it_follows_it_in_nothing_and_nobody_does_anything_twice(world: World) -> None:
    view = await told(world)
    with pytest.raises(NotNowError, match="never of who told it"):
        await follow(world, view, "amina")
    with pytest.raises(NotNowError, match="does not stand where"):
        await reviewed(world, view, "ben")
    await follow(world, view, "ben")

    with pytest.raises(NotNowError, match="does not stand where"):
        await follow(world, view, "clara")
    with pytest.raises(NotNowError, match="Only a handler"):
        await emergency.tell(world.guard, world.hand("clara"), TOLD, hidden=[], now=NOW)


async def test_for_whoever_must_not_learn_of_it_it_does_not_exist(world: World) -> None:
    view = await told(world, one="ben")

    with pytest.raises(NoSuchRequestError):
        await emergency.open_(world.guard, view.row.id, world.hand("ben"), NOW)
    rows, _ = await emergency.all_(world.guard, "ben", NOW)
    assert rows == ()
    ben = age.Identity.parse(Secret((await world.account("ben"))["release_identity"].encode()))
    with pytest.raises(NoMatchError):
        age.open_(view.row.sealed, [ben])
    await follow(world, view, "clara")


async def test_it_is_hidden_from_everybody_by_nobody_and_oversight_needs_no_insider_to_read_it(world: World) -> None:
    ruth = an_outside_second()
    world = await listing(world, ruth)

    with pytest.raises(NotNowError, match="leave in at least one other"):
        await told(world, one="ben", two="clara")
    assert await world.owner.fetchval("SELECT count(*) FROM guard.emergency") == 0
    view = await told(world, one="ben")
    assert Papers.read(age.open_(view.row.sealed, [ruth.identity])).told == view.papers.told


@pytest.mark.parametrize(
    "change",
    [
        "shown_to = '{amina,ben,clara}'",
        "state = 'confirmed', second_by = 'clara'",
        "state = 'reviewed', second_by = 'clara', reviewed_by = 'clara', given_on = current_date",
        "told_at = told_at + interval '1 day'",
    ],
)
async def test_a_row_that_says_what_nobody_signed_is_named_and_nothing_is_sealed_anew(
    world: World, change: str
) -> None:
    """Somebody who writes the database lets one more person in, or says that it is done."""
    view = await told(world, one="ben")
    seen = world.hand("clara", view.papers.seen)
    await world.owner.execute(f"UPDATE guard.emergency SET {change}")

    with pytest.raises(RefusedError) as caught:
        await emergency.second(world.guard, view.row.id, seen, NOW, move=Move.CONFIRM, note="Yes.")
    assert "not what its people signed: who told it and when" in caught.value.refused.reasons[0]
    assert await world.owner.fetchval("SELECT sealed FROM guard.emergency") == view.row.sealed


def without(*names: str) -> Edit:
    """The member list without these."""

    def edit(body: dict[str, Any]) -> None:
        body["members"] = [member for member in body["members"] if member["name"] not in names]
        body["first_readers"] = [name for name in body["first_readers"] if name not in names]

    return edit


async def test_it_stays_readable_and_comes_to_its_review_after_who_signed_it_left_or_lost_the_duty(
    world: World,
) -> None:
    world = await listing(world, an_outside_second())
    view = await told(world)
    await follow(world, view, "clara")
    await root_signs(world.settings, world.owner, without("clara"))
    await root_signs(world.settings, world.owner, with_duties({"amina": ["analyst"]}))

    after = await emergency.open_(world.guard, view.row.id, world.hand("ben"), NOW)
    await emergency.give(world.guard, view.row.id, world.hand("ben"), NOW)
    await reviewed(world, view, "ben")

    assert (after.record.told, after.record.second_by, after.record.state) == (TOLD, "clara", State.CONFIRMED)
    done = await emergency.open_(world.guard, view.row.id, world.hand("ben"), NOW)
    assert done.record.state is State.REVIEWED


async def test_who_left_signs_nothing_new_and_what_nobody_of_their_day_stated_stays_shut(world: World) -> None:
    view = await told(world)
    body = {
        "id": str(view.row.id),
        "by": "clara",
        "about": view.papers.seen,
        "verdict": "confirm",
        "note": "",
        "at": "",
    }
    forged = view.papers.with_second(Statement.make(SECOND, body, await world.signing_key("clara")))
    await root_signs(world.settings, world.owner, without("clara"))
    sealed = age.seal(forged.encode(), [world.listed.member("ben").release])
    await world.owner.execute(
        "UPDATE guard.emergency SET state = 'confirmed', second_by = 'clara', sealed = $1", sealed
    )

    with pytest.raises(RefusedError):
        await emergency.open_(world.guard, view.row.id, world.hand("ben"), NOW)
    assert await world.owner.fetchval("SELECT sealed FROM guard.emergency") == sealed


async def test_where_the_guard_stated_nothing_the_next_who_opens_it_has_it_stated(world: World) -> None:
    view = await told(world)
    readers = [world.listed.member(name).release for name in ("amina", "ben", "clara")]
    bare = age.seal(replace(view.papers, held={}).encode(), readers)
    await world.owner.execute("UPDATE guard.emergency SET sealed = $1", bare)
    await emergency.open_(world.guard, view.row.id, world.hand("ben"), NOW)
    await root_signs(world.settings, world.owner, with_duties({"amina": ["analyst"]}))

    assert (await emergency.open_(world.guard, view.row.id, world.hand("clara"), NOW)).record.told == TOLD


async def test_without_anybody_outside_it_is_said_and_it_stays_unreviewed(world: World) -> None:
    view = await told(world)
    await follow(world, view, "ben")

    with pytest.raises(NotNowError, match="names nobody outside"):
        await emergency.give(world.guard, view.row.id, world.hand("ben"), NOW)
    with pytest.raises(NotNowError, match="Oversight"):
        await reviewed(world, view, "clara")

    week = emergency_views.row(view.row, view.listed, NOW + timedelta(days=8))
    assert [late for _, late in week.owed] == [True, True, True]


async def test_what_is_put_in_its_place_in_the_database_is_not_shown_as_signed(world: World) -> None:
    view, other = await told(world), await told(world)
    sql = "UPDATE guard.emergency SET sealed = $2 WHERE id = $1"
    forged = replace(view.papers, second=forged_second(view))
    readers = [world.listed.member(name).release for name in ("amina", "ben", "clara")]
    for sealed in (other.row.sealed, age.seal(forged.encode(), readers), age.seal(b"{}", readers)):
        await world.owner.execute(sql, view.row.id, sealed)
        with pytest.raises(RefusedError):
            await emergency.open_(world.guard, view.row.id, world.hand("ben"), NOW)


def forged_second(view: View) -> Statement:
    """A second signature in Ben's name, by another key."""
    body = {"id": str(view.row.id), "by": "ben", "about": view.papers.seen, "verdict": "confirm", "note": "", "at": ""}
    return Statement.make(SECOND, body, SigningKey.generate())


async def test_what_is_signed_second_is_what_was_shown(world: World) -> None:
    view, hand = await told(world), world.hand("ben", "0" * 64)

    with pytest.raises(ChangedError):
        await emergency.second(world.guard, view.row.id, hand, NOW, move=Move.CONFIRM, note="Seen.")


async def test_nobody_deletes_one_and_the_database_takes_no_review_before_oversight(
    world: World, role_pool: RolePool
) -> None:
    view = await told(world)
    await follow(world, view, "ben")
    guard = await role_pool("tipline_guard")

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await guard.execute("DELETE FROM guard.emergency")
    with pytest.raises(asyncpg.CheckViolationError):
        await guard.execute("UPDATE guard.emergency SET state = 'reviewed', reviewed_by = 'clara'")
    with pytest.raises(asyncpg.CheckViolationError):
        await guard.execute("UPDATE guard.emergency SET second_by = told_by")


@pytest.fixture
async def site(world: World) -> AsyncIterator[str]:
    async with TestServer(app(world.settings, world.guard.pool)) as server:
        yield str(server.make_url("/"))


async def enter(world: World, browser: Browser, name: str) -> None:
    await browser.open("/sign-in")
    code = world.practice.code("guard", name, int(time.time()))
    await browser.submit("/sign-in", name=name, passphrase=world.passphrase(name), code=code)


async def test_by_these_pages_it_is_told_signed_and_reviewed_and_what_was_typed_is_kept(
    world: World, site: str
) -> None:
    world = await listing(world, an_outside_second())
    typed = {name: getattr(TOLD, name) for name in Told.LIMITS} | {"threat": "captivity", "warned": "due"}
    async with Browser(site) as amina, Browser(site) as ben:
        await enter(world, amina, "amina")
        page = await amina.open("/emergencies")
        assert "Nothing was disclosed in an emergency" in page.text
        page = await amina.submit("/emergencies", status=400, **{**typed, "authority": ""})
        assert "Say on which authority" in page.text
        assert TOLD.words in page.body.decode()
        everybody = {"hidden": ["ben", "clara"], "passphrase": world.passphrase("amina")}
        page = await amina.submit("/emergencies", status=409, **typed, **everybody)
        assert "Nobody could sign second and review it" in page.text
        assert TOLD.words in page.body.decode()
        page = await amina.submit("/emergencies", status=403, **typed, hidden="clara", passphrase="wrong")
        assert TOLD.words in page.body.decode()
        page = await amina.submit("/emergencies", passphrase=world.passphrase("amina"))  # all of it stands there still
        assert await world.owner.fetchval("SELECT shown_to FROM guard.emergency") == ["amina", "ben"]
        assert "A second person has not signed yet" in page.text
        assert "Due A second signature by" in page.text
        path = page.path

        await enter(world, ben, "ben")
        assert "Emergency disclosures that are not reviewed" in (await ben.open("/")).text
        await ben.open(path)
        page = await ben.submit("/open", passphrase=world.passphrase("ben"))
        assert TOLD.words in page.text
        await ben.submit("/second", verdict="confirm", note="Yes.", passphrase=world.passphrase("ben"))
        file = await ben.submit("/oversight", passphrase=world.passphrase("ben"))
        assert file.headers["Content-Disposition"].startswith('attachment; filename="emergency-')
        await ben.open(path)
        await ben.submit("/open", passphrase=world.passphrase("ben"))
        said = {"finding": "Right.", "source": "Told today."}
        page = await ben.submit("/review", **said, passphrase=world.passphrase("ben"))
        assert "Reviewed." in page.text
        assert "Emergency disclosures that are not reviewed" not in (await ben.open("/")).text
