"""Whoever leaves the member list, or gets other keys, reads nothing more with the session that is still open."""

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from aiohttp.test_utils import TestServer

from handling.desk.main import make_desk
from tests.conftest import RolePool
from tests.handling.corridor.conftest import World, sign_in, site, world
from tests.journeys.browser import Browser
from tests.lists import root_signs, with_duties, without
from tipline.base.staff import STAFF

__all__ = ["site", "world"]  # fixtures


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as opened:
        yield opened


async def test_a_handler_who_left_is_signed_out_of_the_corridor(
    world: World, site: TestServer, stack: AsyncExitStack
) -> None:
    ben = await stack.enter_async_context(Browser(str(site.make_url("/"))))
    await sign_in(world, ben, "ben")
    held = len(site.app[STAFF].sessions)
    await root_signs(world.settings, world.inside, without("ben"))

    page = await ben.open("/reports")

    assert page.path == "/sign-in"
    assert len(site.app[STAFF].sessions) == held - 1
    assert (await ben.open("/")).path == "/sign-in"


async def test_a_handler_with_other_duties_signs_in_anew(world: World, site: TestServer, stack: AsyncExitStack) -> None:
    amina = await stack.enter_async_context(Browser(str(site.make_url("/"))))
    await sign_in(world, amina, "amina")
    await root_signs(world.settings, world.inside, with_duties({"amina": ["analyst", "handler", "officer"]}))

    assert (await amina.open("/reports")).path == "/sign-in"


async def test_an_older_list_put_back_closes_an_open_session_too(
    world: World, site: TestServer, stack: AsyncExitStack
) -> None:
    ben = await stack.enter_async_context(Browser(str(site.make_url("/"))))
    amina = await stack.enter_async_context(Browser(str(site.make_url("/"))))
    await sign_in(world, ben, "ben")
    await sign_in(world, amina, "amina")
    await root_signs(world.settings, world.inside, without("ben"))
    assert (await amina.open("/reports")).path == "/reports"
    await world.inside.execute("ALTER TABLE unit.member_list DISABLE TRIGGER immutable")
    await world.inside.execute("DELETE FROM unit.member_list WHERE version = 2")

    for browser in (ben, amina):
        closed = await browser.open("/reports", status=400)
        assert "signed member list" in closed.text
    assert (await amina.submit("/sign-out")).path == "/sign-in"
    assert len(site.app[STAFF].sessions) == 1


async def test_an_analyst_who_left_is_signed_out_of_the_desk(
    world: World, role_pool: RolePool, stack: AsyncExitStack
) -> None:
    server = await stack.enter_async_context(TestServer(make_desk(world.settings, await role_pool("tipline_desk"))))
    amina = await stack.enter_async_context(Browser(str(server.make_url("/"))))
    await amina.open("/sign-in")
    code = world.practice.code("desk", "amina", int(time.time()))
    home = await amina.submit(
        "/sign-in", name="amina", passphrase=world.practice.passphrase("desk", "amina"), code=code
    )
    assert home.path == "/"

    await root_signs(world.settings, world.inside, with_duties({"amina": ["handler"], "clara": ["analyst", "officer"]}))

    assert (await amina.open("/")).path == "/sign-in"
