"""The forms around an authenticator, as they are without a script: what they say, what they refuse, and what they keep."""

import re
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiohttp.test_utils import TestServer

from crypto.canonical import canonical
from handling.guard.main import app
from handling.rules import member_words
from handling.rules.membership import Equip, to_json
from handling.store import proposals
from tests.authenticator import FLAG, ORIGIN, SoftAuthenticator
from tests.handling.guard.test_authenticators import equipped
from tests.handling.guard.test_emergency import TOLD
from tests.handling.guard.world import World
from tests.journeys.browser import Browser, Page
from tests.lists import kept

_SWAP = """
    CREATE FUNCTION swap() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN NEW.change := decode('{change}', 'hex'); RETURN NEW; END $$;
    CREATE TRIGGER swap BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION swap()
"""


@pytest.fixture
async def site(world: World) -> AsyncIterator[str]:
    async with TestServer(app(replace(world.settings, guard_origin=ORIGIN), world.guard.pool)) as server:
        yield str(server.make_url("/"))


async def enter(world: World, browser: Browser, name: str) -> Page:
    await browser.open("/sign-in")
    code = world.practice.code("guard", name, int(time.time()))
    return await browser.submit("/sign-in", name=name, passphrase=world.passphrase(name), code=code)


def challenge(page: Page) -> bytes:
    """What the page's script would ask."""
    (found,) = re.findall(r'data-challenge="([0-9a-f]{64})"', page.body.decode())
    return bytes.fromhex(found)


def runs_script(page: Page) -> bool:
    return "script-src 'self'" in page.headers["Content-Security-Policy"]


async def test_one_is_registered_as_a_proposal_with_its_fingerprint_and_given_up_as_another(
    world: World, site: str
) -> None:
    soft, mine = SoftAuthenticator(), world.passphrase("ben")
    async with Browser(site) as ben:
        await enter(world, ben, "ben")
        page = await ben.open("/authenticators")
        assert "You have none: your passphrase alone signs" in page.text
        assert "it has not started" in page.text
        assert runs_script(page)
        assert not runs_script(await ben.open("/"))
        page = await ben.open("/authenticators")
        wrong = [
            ("", "This is no registration"),
            (SoftAuthenticator().registration(bytes(32)).encode().decode(), "This is no registration"),
            (soft.registration(challenge(page), flags=FLAG.UP).encode().decode(), "This is no registration"),
            (
                soft.registration(challenge(page), flags=FLAG.UP | FLAG.UV | FLAG.BE).encode().decode(),
                "be copied to other",
            ),
        ]
        for registration, words in wrong:
            page = await ben.submit(
                "/authenticators", status=409, label="Blue key", registration=registration, passphrase=mine
            )
            assert words in page.text
            assert dict(page.form("/authenticators").fields)["label"] == "Blue key"
        made = soft.registration(challenge(page)).encode().decode()
        page = await ben.submit("/authenticators", status=409, label=" ", registration=made, passphrase=mine)
        page = await ben.submit("/authenticators", status=403, label="Blue key", registration=made, passphrase="no")
        assert await proposals.newest(world.owner) == ()

        page = await ben.submit("/authenticators", label="Blue key", registration=made, passphrase=mine)
        (proposal,) = await proposals.newest(world.owner)
        assert isinstance(proposal.change, Equip)
        assert member_words.groups(member_words.authenticator(proposal.change.authenticator)) in page.text
        assert "“ben” gets the authenticator “Blue key”" in page.text

        world = await equipped(world, ben=soft)
        page = await ben.open("/authenticators")
        assert "Lost, or no longer used" in page.text
        page = await ben.submit("/give-up", passphrase=mine)
        assert "An authenticator of “ben” is taken away" in page.text
        members = await ben.open("/members")
        assert "Authenticators of Ben (handler 2), without which they sign nothing Blue key" in members.text


async def test_a_guard_that_does_not_know_its_address_registers_none_and_says_what_is_missing(world: World) -> None:
    settings = replace(world.settings, practice=False)
    async with (
        TestServer(app(settings, world.guard.pool)) as server,
        Browser(str(server.make_url("/"))) as ben,
    ):
        await enter(world, ben, "ben")
        page = await ben.open("/authenticators")

    assert "The administrator sets guard_origin in tipline.toml" in page.text
    assert not runs_script(page)


async def test_a_page_asks_only_whose_turn_it_is_and_takes_nothing_without_the_answer(world: World, site: str) -> None:
    ben = SoftAuthenticator()
    world = await equipped(world, ben=ben)
    outcome, mine = await world.ask_phrase(), world.passphrase("ben")
    async with Browser(site) as browser, Browser(site) as clara:
        await enter(world, clara, "clara")
        assert not runs_script(await clara.open(f"/phrases/{outcome}"))
        await enter(world, browser, "ben")
        page = await browser.open(f"/phrases/{outcome}")
        assert runs_script(page)
        assert "Sign on your own machine" not in page.text
        page = await browser.submit("/sign", status=409, passphrase=mine)
        assert "Your authenticator has not answered" in page.text
        page = await browser.submit("/sign", status=409, passphrase=mine, assertion="nonsense")
        assert "This is not the answer of an authenticator of yours" in page.text
        answer = ben.answer(challenge(page)).encode().decode()
        page = await browser.submit("/sign", passphrase=mine, assertion=answer)
        assert "You have signed." in page.text
        assert not runs_script(page)


async def test_an_emergency_is_written_first_and_signed_on_the_page_that_follows_and_nothing_typed_is_lost(
    world: World, site: str
) -> None:
    amina, ben = SoftAuthenticator(), SoftAuthenticator()
    world = await equipped(world, amina=amina, ben=ben)
    typed = {name: getattr(TOLD, name) for name in TOLD.LIMITS} | {"threat": "captivity", "warned": "due"}
    typed["words"] += "\r\nHe is alive."
    mine, his = world.passphrase("amina"), world.passphrase("ben")
    async with Browser(site) as browser, Browser(site) as other:
        await enter(world, browser, "amina")
        await browser.open("/emergencies")
        page = await browser.submit("/emergencies", **typed)
        assert "What you sign" in page.text
        assert "He is alive." in page.text
        page = await browser.submit("/emergencies", status=409, passphrase=mine)
        assert "Your authenticator has not answered" in page.text
        page = await browser.submit("/emergencies")  # all of it stands there still
        answer = amina.answer(challenge(page)).encode().decode()
        page = await browser.submit("/emergencies", passphrase=mine, assertion=answer)
        assert "A second person has not signed yet" in page.text
        path = page.path

        await enter(world, other, "ben")
        await other.open(path)
        page = await other.submit("/open", passphrase=his)
        assert "Without an authenticator." not in page.text
        page = await other.submit("/second", verdict="object", note="Too early.\r\nAsk first.")
        assert "You object" in page.text
        page = await other.submit("/second", status=403, passphrase="wrong")
        assert "Too early." in page.text
        answer = ben.answer(challenge(page)).encode().decode()
        page = await other.submit("/second", passphrase=his, assertion=answer)
        assert "A second person objects" in page.text

    assert await world.owner.fetchval("SELECT count(*) FROM guard.authenticator") == 2


async def test_a_database_that_swaps_a_new_authenticator_is_told_by_the_fingerprint(world: World, site: str) -> None:
    soft, evil = SoftAuthenticator(), SoftAuthenticator()
    async with Browser(site) as ben, Browser(site) as amina:
        await enter(world, ben, "ben")
        page = await ben.open("/authenticators")
        made = soft.registration(challenge(page)).encode().decode()
        await world.owner.execute(
            _SWAP.format(table="unit.proposal", change=canonical(to_json(Equip("ben", kept(evil)))).hex())
        )
        page = await ben.submit(
            "/authenticators", label="Blue key", registration=made, passphrase=world.passphrase("ben")
        )
        (proposal,) = await proposals.newest(world.owner)
        assert isinstance(proposal.change, Equip)
        assert proposal.change.authenticator.credential == evil.credential.hex()

        await enter(world, amina, "amina")
        signed = await amina.open(f"/members/{proposal.id}")

    mine, shown = (member_words.groups(member_words.authenticator(kept(one))) for one in (soft, evil))
    assert mine in page.text
    assert shown in signed.text
    assert mine not in signed.text
