"""An authenticator in a real browser: registered, signed by two others, and then asked before a release leaves."""

import shutil
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer, unused_port
from playwright.async_api import CDPSession, Page, async_playwright

from handling.guard import admission
from handling.guard.main import app
from handling.guard.service import today
from handling.store import members
from tests.authenticator import SoftAuthenticator
from tests.handling.guard.world import World
from tests.lists import root_signs, with_authenticators

SECONDS = 60_000  # milliseconds, as Playwright counts
FOB = {
    "protocol": "ctap2",
    "transport": "usb",
    "hasResidentKey": False,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@dataclass(frozen=True, slots=True)
class Desk:
    """Clara's browser, and the authenticator that is plugged into it."""

    page: Page
    fob: CDPSession
    id: str
    said: list[str]

    async def verifies(self, *, yes: bool) -> None:
        await self.fob.send("WebAuthn.setUserVerified", {"authenticatorId": self.id, "isUserVerified": yes})

    async def looked_at(self, folder: Path, name: str) -> None:
        """Nothing is wider than the narrowest phone."""
        for width in (320, 1280):
            await self.page.set_viewport_size({"width": width, "height": 900})
            assert await self.page.evaluate("document.documentElement.scrollWidth") <= width
            await self.page.screenshot(path=folder / f"{name}-{width}.png", full_page=True)


@pytest.fixture
async def at_localhost(world: World) -> AsyncIterator[tuple[World, str]]:
    """The guard at a name, as authenticators want it."""
    port = unused_port()
    origin = f"http://localhost:{port}"
    made = app(replace(world.settings, guard_origin=origin), world.guard.pool)
    async with TestServer(made, host="127.0.0.1", port=port):
        yield world, origin


@pytest.fixture
async def desk(at_localhost: tuple[World, str]) -> AsyncIterator[Desk]:
    """Clara, signed in, with an authenticator."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("chromium is not installed: make setup")
    world, origin = at_localhost
    async with async_playwright() as driver:
        chromium = await driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = await (await chromium.new_context()).new_page()
        page.set_default_timeout(SECONDS)
        said: list[str] = []
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        fob = await page.context.new_cdp_session(page)
        await fob.send("WebAuthn.enable")
        made: dict[str, Any] = await fob.send("WebAuthn.addVirtualAuthenticator", {"options": FOB})
        await page.goto(f"{origin}/sign-in")
        await page.fill("#name", "clara")
        await page.fill("#passphrase", world.passphrase("clara"))
        await page.fill("#code", world.practice.code("guard", "clara", int(time.time())))
        await page.keyboard.press("Enter")
        await page.get_by_role("link", name="Your authenticators").wait_for()
        yield Desk(page, fob, made["authenticatorId"], said)
        await chromium.close()


async def test_from_its_registration_to_a_release_that_leaves_with_its_answer(
    at_localhost: tuple[World, str], desk: Desk, tmp_path: Path
) -> None:
    world, origin = at_localhost
    page, passphrase = desk.page, world.passphrase("clara")

    await page.goto(f"{origin}/authenticators")
    await desk.looked_at(tmp_path, "none")
    await page.get_by_text("When you press the button").wait_for()
    await page.fill("#label", "Blue key")
    await page.fill("#register-passphrase", passphrase)
    await page.keyboard.press("Enter")
    shown = await page.inner_text(".groups.large")
    await desk.looked_at(tmp_path, "waiting")

    (proposal,) = await world.owner.fetch("SELECT id, proposed_by FROM unit.proposal")
    assert proposal["proposed_by"] == "clara"
    for name in ("amina", "ben"):
        at = await admission.look(world.guard, proposal["id"], name, today())
        assert at.next
        assert at.next.words.fingerprint == " ".join(shown.split())
        await admission.sign(world.guard, proposal["id"], world.hand(name, at.next.seen), today())
    world = replace(world, listed=await members.load(world.owner, world.guard.trust, today()))

    release = await world.ask_release()
    await world.sign_release(release, "ben")
    await page.goto(f"{origin}/releases/{release}")
    await page.fill("#passphrase", passphrase)
    await page.keyboard.press("Enter")
    await page.locator("#sign").wait_for()
    await desk.looked_at(tmp_path, "release")
    await page.fill("#sign #passphrase", passphrase)
    await desk.verifies(yes=False)
    await page.keyboard.press("Enter")
    await page.get_by_text("Your authenticator did not answer").wait_for()
    assert await world.signed_by(release) == ["ben"]
    assert await page.input_value("#sign #passphrase") == passphrase  # nothing is lost
    assert await page.evaluate("document.activeElement.type") == "submit"
    await desk.looked_at(tmp_path, "cancelled")

    await desk.verifies(yes=True)
    await page.keyboard.press("Enter")
    await page.get_by_text("The package has left").first.wait_for()

    assert await world.signed_by(release) == ["ben", "clara"]
    assert await world.packages() == 1
    assert await world.owner.fetchval("SELECT count(*) FROM guard.signature WHERE assertion IS NOT NULL") == 1
    await page.goto(f"{origin}/authenticators")
    assert "Blue key" in await page.inner_text("article h2")
    await desk.looked_at(tmp_path, "one")
    assert desk.said == []

    await root_signs(
        world.settings, world.owner, with_authenticators(clara=SoftAuthenticator(origin="http://localhost:1"))
    )
    await page.goto(f"{origin}/phrases/{await world.ask_phrase()}")
    await page.get_by_text("Authenticators answer at http://localhost:1 alone: open the guard there.").wait_for()
