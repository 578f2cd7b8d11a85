"""The guard's pages: queues, what is shown before a signature, and that no key outlives the request that unlocked it."""

import gc
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from crypto import age
from crypto.secret import Guarded
from handling.guard import keys as signer_keys
from handling.guard.keys import ForgottenError, KeysError, unlocked
from handling.guard.main import app
from handling.guard.pages import Signer
from handling.rules.attachments import Kind
from tests.handling.guard.test_attachments import reviewed
from tests.handling.guard.world import Forgery, World
from tests.handling.rules.test_mp4 import MP4
from tests.journeys.browser import Browser
from tipline.base.sessions import Session
from tipline.base.staff import STAFF


@pytest.fixture
async def site(world: World) -> AsyncIterator[tuple[str, web.Application]]:
    """The guard's site over HTTP."""
    made = app(world.settings, world.guard.pool)
    async with TestServer(made) as server:
        yield str(server.make_url("/")), made


async def enter(world: World, browser: Browser, name: str) -> None:
    """Sign in as a person does."""
    await browser.open("/sign-in")
    code = world.practice.code("guard", name, int(time.time()))
    await browser.submit("/sign-in", name=name, passphrase=world.passphrase(name), code=code)


def reachable(start: object) -> list[object]:
    """Everything that can be reached from *start* without leaving through a module, class or function."""
    seen: dict[int, object] = {}
    waiting = [start]
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, type) or callable(one):
            continue
        seen[id(one)] = one
        waiting += gc.get_referents(one)
    return list(seen.values())


async def test_a_session_holds_a_name_and_no_key(world: World, site: tuple[str, web.Application]) -> None:
    review = await world.ask_review()
    async with Browser(site[0]) as ben:
        await enter(world, ben, "ben")
        await ben.open(f"/reviews/{review}")
        await ben.submit("/open", passphrase=world.passphrase("ben"))

        sessions = site[1][STAFF].sessions
        held = [one for one in reachable(sessions) if not isinstance(one, Session)]  # guarded for its form's token

    assert len(sessions) == 1
    assert any(isinstance(one, Signer) for one in held)
    assert not any(isinstance(one, (Guarded, age.Identity, signer_keys.Keys)) for one in held)
    secrets = [world.passphrase("ben"), (await world.account("ben"))["signing_seed"]]
    assert not any(secret in one for one in held if isinstance(one, str) for secret in secrets)


async def test_keys_are_forgotten_when_their_request_ends(world: World) -> None:
    async with world.guard.pool.acquire() as db:
        async with unlocked(db, world.listed.member("ben"), world.passphrase("ben")) as keys:
            keys.sign("tipline/phrase/v1", {})
        with pytest.raises(ForgottenError):
            keys.sign("tipline/phrase/v1", {})
        with pytest.raises(ForgottenError):
            keys.open(b"")


async def test_keys_that_the_member_list_does_not_name_are_not_used(world: World) -> None:
    await world.owner.execute(
        "UPDATE guard.account SET sealed = (SELECT sealed FROM guard.account WHERE name = 'amina') WHERE name = 'ben'"
    )
    async with world.guard.pool.acquire() as db:
        with pytest.raises(KeysError):
            async with unlocked(db, world.listed.member("ben"), world.passphrase("amina")):
                pass


async def test_empty_queues_say_what_will_come(world: World, site: tuple[str, web.Application]) -> None:
    async with Browser(site[0]) as ben:
        await enter(world, ben, "ben")

        page = await ben.open("/")

    for words in ("No report waits", "No release waits", "No phrase waits"):
        assert words in page.text


async def test_the_first_page_says_whose_turn_it_is_and_why_not_yours(
    world: World, site: tuple[str, web.Application]
) -> None:
    await world.ask_release()
    await world.ask_phrase()
    async with Browser(site[0]) as clara:
        await enter(world, clara, "clara")

        page = await clara.open("/")

    assert "Your duty does not cover the signature that is due now. May sign next: Ben (handler 2)" in page.text
    assert page.text.count("Your signature") == 1


async def test_a_report_goes_from_review_to_an_agency_by_these_pages_alone(
    world: World, site: tuple[str, web.Application]
) -> None:
    review, release, outcome = await world.ask_review(), await world.ask_release(), await world.ask_phrase()
    async with Browser(site[0]) as ben, Browser(site[0]) as clara:
        await enter(world, ben, "ben")
        await enter(world, clara, "clara")
        for browser, name, path in (
            (ben, "ben", f"/reviews/{review}"),
            (ben, "ben", f"/releases/{release}"),
            (clara, "clara", f"/releases/{release}"),
        ):
            locked = await browser.open(path)
            assert "ivory" not in locked.text
            opened = await browser.submit("/open", passphrase=world.passphrase(name))
            assert "Worked ivory lies under furniture." in opened.text
            await browser.submit("/sign", passphrase=world.passphrase(name))
        for browser, name in ((clara, "clara"), (ben, "ben")):
            await browser.open(f"/phrases/{outcome}")
            await browser.submit("/sign", passphrase=world.passphrase(name))

    states = [await world.state(*one) for one in (("review", review), ("release", release), ("phrase", outcome))]
    assert states == ["signed", "released", "approved"]
    assert await world.packages() == 1


async def test_a_release_page_shows_all_that_is_signed(world: World, site: tuple[str, web.Application]) -> None:
    release = await world.ask_release()
    async with Browser(site[0]) as ben:
        await enter(world, ben, "ben")
        await ben.open(f"/releases/{release}")
        page = await ben.submit("/open", passphrase=world.passphrase("ben"))

    agreement = await world.agreement()
    wanted = ["Harbour Customs Service", agreement.agency.fingerprint, agreement.sha256, "customs-2026, version 1"]
    wanted += ["1-read-first.html", "report.html", "report.json", "manifest.json", "Delete every copy by"]
    wanted += ["who also holds a key for the corridor", "What in them could lead back to a source", "apart from the"]
    wanted += ["suspension/none", "list/named", "The agent <Sun & Co> files the papers.", "Intelligence: analysis"]
    assert [words for words in wanted if words not in page.text] == []
    assert b"&lt;!doctype html&gt;" in page.body.lower()
    assert page.body.lower().count(b"<!doctype html>") == 1


async def test_a_signer_saves_the_copy_of_a_video_and_watches_it(
    world: World, site: tuple[str, web.Application]
) -> None:
    copies = ((Kind.MP4, MP4),)
    review = await world.ask_review(edit=reviewed(copies))
    release = await world.ask_release(Forgery(attached=copies))
    async with Browser(site[0]) as ben:
        await enter(world, ben, "ben")
        for path in (f"/reviews/{review}", f"/releases/{release}"):
            await ben.open(path)
            shown = await ben.submit("/open", passphrase=world.passphrase("ben"))

            saved = await ben.submit("/save", passphrase=world.passphrase("ben"))

            assert "A video is not shown here." in shown.text
            assert saved.body == MP4
            assert saved.headers["Content-Disposition"] == 'attachment; filename="attachment-1.mp4"'


async def test_what_cannot_be_seen_is_written_out(world: World, site: tuple[str, web.Application]) -> None:
    def unseen(it: dict[str, Any]) -> None:
        it["report"]["title"] = "Ivory\u202eyrovi \u200bnow"
        it["kept"] = [{"class": "invisible", "text": text, "reason": "To be seen."} for text in ("\u202e", "\u200b")]

    review = await world.ask_review(edit=unseen)
    async with Browser(site[0]) as ben:
        await enter(world, ben, "ben")
        await ben.open(f"/reviews/{review}")
        page = await ben.submit("/open", passphrase=world.passphrase("ben"))

    assert "Ivory[U+202E]yrovi [U+200B]now" in page.text
    assert "\u202e" not in page.body.decode()
    assert "2 characters here cannot be seen" in page.text


async def test_a_wrong_passphrase_and_a_changed_request_are_said_on_the_page(
    world: World, site: tuple[str, web.Application]
) -> None:
    release = await world.ask_release()
    async with Browser(site[0]) as ben:
        await enter(world, ben, "ben")
        await ben.open(f"/releases/{release}")
        wrong = await ben.submit("/open", passphrase="seven wrong words", status=403)
        assert "This did not open. The passphrase is wrong, or this account is closed for 15 minutes" in wrong.text
        assert "or the code" not in wrong.text
        await ben.submit("/open", passphrase=world.passphrase("ben"))
        changed = await ben.submit("/sign", passphrase=world.passphrase("ben"), seen="0" * 64, status=409)

    assert "changed meanwhile" in changed.text
    assert await world.signed_by(release) == []


async def test_every_reason_of_a_refusal_is_on_the_page(world: World, site: tuple[str, web.Application]) -> None:
    def lies(it: dict[str, Any]) -> None:
        it["facts"]["subjects"] = []
        it["author"] = "ben"

    review = await world.ask_review(edit=lies)
    async with Browser(site[0]) as ben:
        await enter(world, ben, "ben")
        await ben.open(f"/reviews/{review}")
        page = await ben.submit("/open", passphrase=world.passphrase("ben"), status=409)

    assert "The author named in the report is not the handler who asked" in page.text
    assert "The subjects in the facts are not those of the report." in page.text


async def test_a_refusal_needs_a_reason_and_keeps_what_was_typed(
    world: World, site: tuple[str, web.Application]
) -> None:
    review = await world.ask_review()
    async with Browser(site[0]) as ben:
        await enter(world, ben, "ben")
        await ben.open(f"/reviews/{review}")
        assert "Say why you refuse" in (await ben.submit("/refuse", reason="  ", status=400)).text
        long = await ben.submit("/refuse", reason="x" * 2001, status=400)
        assert "Keep the reason under 2,000 characters." in long.text
        assert "x" * 2001 in long.text or b"x" * 2001 in long.body
        done = await ben.submit("/refuse", reason="It names the quay.")

    assert "It was refused." in done.text
    assert await world.state("review", review) == "refused"


async def test_what_is_not_there_is_not_found(world: World, site: tuple[str, web.Application]) -> None:
    async with Browser(site[0]) as ben:
        await enter(world, ben, "ben")
        for path in (f"/reviews/{(await world.ask_phrase())}", "/reviews/1", "/other/1"):
            await ben.open(path, status=404)


async def test_nobody_who_has_not_signed_in_sees_a_queue(site: tuple[str, web.Application]) -> None:
    async with Browser(site[0]) as nobody:
        page = await nobody.open("/")

    assert page.path == "/sign-in"
