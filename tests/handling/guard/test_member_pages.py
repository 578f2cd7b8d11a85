"""The member list at the guard, over HTTP: in words, with a fingerprint to compare, for two handlers and nobody else."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import TestServer

from handling import people
from handling.guard.main import app
from handling.guard.service import today
from handling.rules import member_words
from handling.rules.membership import Admit, Remove
from handling.rules.release import Duty
from handling.store import members
from tests.handling.guard.world import World
from tests.journeys.browser import Browser, Page
from tests.lists import root_signs, without
from tests.practice import LOG_N


@pytest.fixture
async def site(world: World) -> AsyncIterator[str]:
    """The guard's site over HTTP."""
    async with TestServer(app(world.settings, world.guard.pool)) as server:
        yield str(server.make_url("/"))


async def enter(world: World, browser: Browser, name: str) -> Page:
    await browser.open("/sign-in")
    code = world.practice.code("guard", name, int(time.time()))
    return await browser.submit("/sign-in", name=name, passphrase=world.passphrase(name), code=code)


async def propose_dina(world: World) -> tuple[str, str]:
    """The path of the proposal, and the fingerprint on the newcomer's card."""
    keys = people.PersonKeys.make(people.Person("dina", "Dina <Okello>", frozenset({Duty.HANDLER})))
    enrolled = await asyncio.to_thread(people.seal_accounts, [keys], log_n=LOG_N)
    await people.put_accounts(world.owner, enrolled.accounts)
    proposal = await members.propose(world.owner, Admit(keys.entry()), "administrator")
    return f"/members/{proposal}", enrolled.cards[0].fingerprint


async def test_the_pages_say_which_acts_todays_members_can_do_and_which_not(world: World, site: str) -> None:
    async with Browser(site) as ben:
        home = await enter(world, ben, "ben")
        page = await ben.open("/members")
        assert "Not possible" not in home.text + page.text
        assert "Possible Give the second signature on a release: Clara (releasing officer)" in page.text

        await root_signs(world.settings, world.owner, without("clara"))
        home, page = await ben.open("/"), await ben.open("/members")

    missing = "A releasing officer is needed who neither asked for the release nor gave the first signature."
    assert f"give the second signature on a release. {missing}" in home.text
    assert f"Not possible Give the second signature on a release: {missing}" in page.text


async def test_an_admission_goes_through_by_these_pages_alone(world: World, site: str) -> None:
    path, fingerprint = await propose_dina(world)
    async with Browser(site) as ben, Browser(site) as amina:
        home = await enter(world, ben, "ben")
        assert "Dina <Okello> joins the unit and signs in as “dina”." in home.text
        assert "Asked by the administrator" in home.text

        page = await ben.open(path)
        assert fingerprint in page.text
        assert "Call Dina <Okello>, whose voice you know" in page.text
        assert "Member dina, signing key" in page.text
        judged, careful = page.text.split("For the careful: hashes")
        assert "Fingerprint of the version before" not in judged
        assert "Fingerprint of the version before" in careful
        after = await ben.submit("/sign", passphrase=world.passphrase("ben"))
        assert "One handler has signed it. A second one must." in after.text
        assert "You have signed. One handler has signed it. A second one must. Somebody else signs next: " in after.text
        assert "You cannot sign this." not in after.text

        await enter(world, amina, "amina")
        await amina.open(path)
        done = await amina.submit("/sign", passphrase=world.passphrase("amina"))
        assert "It is signed, and is part of the member list." in done.text
        assert "Nothing is left to sign here." in done.text
        assert "You cannot sign this." not in done.text
        listing = await amina.open("/members")

    assert "Version 2 of the member list" in listing.text
    assert "only after another handler has signed in there once more" in listing.text
    assert listing.text.count(fingerprint) == 1
    assert (await members.load(world.owner, world.guard.trust, today())).member("dina")


async def test_an_officer_reads_the_list_and_decides_nothing(world: World, site: str) -> None:
    path, _ = await propose_dina(world)
    async with Browser(site) as clara:
        await enter(world, clara, "clara")

        page = await clara.open(path)
        assert "You cannot sign this. Your duty does not cover the signature that is due now." in page.text
        assert not any(form.action.endswith(("/sign", "/refuse", "/again")) for form in page.forms)
        listing = await clara.open("/members")

    for person in world.listed.body()["members"]:
        assert member_words.groups(member_words.person(person)) in listing.text
    assert member_words.groups(world.listed.corridor_vault.fingerprint()) in listing.text


async def test_a_refusal_needs_a_reason_and_the_change_can_be_proposed_afresh(world: World, site: str) -> None:
    path, _ = await propose_dina(world)
    async with Browser(site) as ben:
        await enter(world, ben, "ben")
        await ben.open(path)
        empty = await ben.submit("/refuse", reason=" ", status=400)
        assert "Say why you refuse" in empty.text
        refused = await ben.submit("/refuse", reason="The fingerprint was another.")
        assert "It was refused." in refused.text
        assert "The fingerprint was another." in refused.text

        again = await ben.submit("/again")

    assert again.path != path
    assert "Nobody has signed it yet. Two handlers must." in again.text


async def test_a_wrong_passphrase_and_a_page_that_changed_sign_nothing(world: World, site: str) -> None:
    path, _ = await propose_dina(world)
    async with Browser(site) as ben:
        await enter(world, ben, "ben")
        await ben.open(path)
        wrong = await ben.submit("/sign", passphrase="wrong words", status=403)
        assert "This did not open" in wrong.text
        await ben.submit("/sign", passphrase=world.passphrase("ben"), seen="00", status=409)
        gone = await ben.open("/members/00000000-0000-4000-8000-000000000000", status=404)

    assert "There is no such page" in gone.text
    assert await world.owner.fetchval("SELECT count(*) FROM unit.proposal_signature") == 0


async def test_an_overtaken_proposal_says_so_and_offers_the_next_version(world: World, site: str) -> None:
    path, _ = await propose_dina(world)
    await root_signs(world.settings, world.owner, without("clara"))
    async with Browser(site) as ben:
        await enter(world, ben, "ben")
        page = await ben.open(path)
        assert "Another version of the member list was accepted first." in page.text
        again = await ben.submit("/again")

    assert "Every difference between today's list and version 3" in again.text


async def test_an_empty_list_of_proposals_says_what_will_come_and_an_ending_list_warns(world: World, site: str) -> None:
    async with Browser(site) as ben:
        await enter(world, ben, "ben")
        empty = await ben.open("/members")
        await root_signs(world.settings, world.owner, lambda body: body.update(valid_until=today().isoformat()))
        ending = await ben.open("/members")

    assert "No change was ever proposed." in empty.text
    assert "The list ends" not in empty.text
    assert "The list ends today." in ending.text


async def test_somebody_who_was_removed_reads_nothing_with_the_session_they_have(world: World, site: str) -> None:
    async with Browser(site) as clara:
        await enter(world, clara, "clara")
        await members.propose(world.owner, Remove("clara"), "administrator")
        await root_signs(world.settings, world.owner, without("clara"))

        closed = await clara.open("/members", status=403)

    assert "You no longer belong to this unit." in closed.text
    assert "The guard is closed" not in closed.text
    assert "Amina" not in closed.text
