"""A public zone that runs, with keys that its root signed, and a browser in front of it."""

import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright

from crypto.signing import SigningKey
from tests.tipline.source.running import Zone, a_zone, running
from tests.tipline.source.test_pickup import signed
from tipline.base.database import Db
from tipline.base.settings import Settings


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("chromium is not installed: make setup")
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture
async def zone(settings: Settings, public_db: Db) -> AsyncIterator[Zone]:
    made = await a_zone(settings, public_db)
    signed(settings.public, root=SigningKey.generate())
    with running(made):
        yield made
