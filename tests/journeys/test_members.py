"""A running unit admits somebody, who then works; and lets somebody go, who then does not: all by pages and commands."""

import asyncio
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.browser import Browser
from tests.journeys.installation import Card, Installation, installed


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with installed(tmp_path) as running:
        yield running


async def proposed(installation: Installation, *args: str) -> tuple[str, str]:
    """What the administrator's command printed, and the path of the proposal that waits."""
    said = await asyncio.to_thread(installation.tipline, "member", *args)
    listed = await asyncio.to_thread(installation.tipline, "member", "proposals")
    return said, "/members/" + next(line for line in listed.splitlines() if "  waiting  " in line).split()[0]


async def signs(installation: Installation, path: str, browser: Browser, name: str) -> str:
    await browser.open(path)
    return (await browser.submit("/sign", passphrase=installation.cards["guard", name].passphrase)).text


async def test_somebody_joins_and_somebody_leaves_a_running_unit(installation: Installation) -> None:
    async with (
        await installation.sign_in("guard", "amina") as amina,
        await installation.sign_in("guard", "ben") as ben,
        await installation.sign_in("corridor", "ben") as ben_reading,
    ):
        said, path = await proposed(installation, "add", "dina:Dina Okello:handler")
        cards = re.findall(r"· (\w+) ·.*\n +name +(\S+)\n +passphrase +(\S.*)\n +second-factor key +(\S+)", said)
        for process, name, passphrase, factor in cards:
            installation.cards = {**installation.cards, (process, name): Card(name, passphrase.strip(), factor)}
        fingerprint = re.findall(r"fingerprint +([0-9a-f ]+)\n", said)[0]
        assert fingerprint in (await ben.open(path)).text
        await refused(installation, "corridor", "dina")

        assert "One handler has signed it." in await signs(installation, path, ben, "ben")
        assert "It is signed, and is part of the member list." in await signs(installation, path, amina, "amina")
        await asyncio.sleep(31 - time.time() % 30)  # the code of the refused sign-in is used up
        await opened_by_somebody_inside(installation)
        async with await installation.sign_in("corridor", "dina") as dina:
            assert (await dina.open("/reports")).path == "/reports"

        _, leaving = await proposed(installation, "remove", "ben")
        assert "This is about you." in (await ben.open(leaving)).text
        async with await installation.sign_in("guard", "dina") as dina_signing:
            await signs(installation, leaving, amina, "amina")
            await signs(installation, leaving, dina_signing, "dina")

        assert (await ben_reading.open("/reports")).path == "/sign-in"
        assert "You no longer belong to this unit." in (await ben.open("/members", status=403)).text
        said = await asyncio.to_thread(installation.tipline, "member", "list")
        assert "version 3," in said
        assert "ben  " not in said


async def refused(installation: Installation, process: str, name: str) -> None:
    card = installation.cards[process, name]
    async with Browser(installation.url(process)) as browser:
        await browser.open("/sign-in")
        await browser.submit("/sign-in", status=403, name=name, passphrase=card.passphrase, code=card.code())


async def opened_by_somebody_inside(installation: Installation) -> None:
    """A vault is sealed to its newest member by somebody who can open it, in the background after they sign in."""
    async with await installation.sign_in("corridor", "amina") as browser:
        await browser.open("/reports")
        await asyncio.sleep(3)
