"""A corridor over real databases: the practice unit, handlers who are signed in, and envelopes put in by hand."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from crypto import age
from crypto.digest import sha256
from handling.corridor import tips
from handling.corridor.main import open_blobs, open_keyring
from handling.corridor.pages.app import application
from handling.corridor.pages.common import Corridor
from handling.corridor.parts import Blobs
from handling.corridor.reseal import Resealer
from handling.corridor.session import Handler, open_corridor
from handling.corridor.store import envelopes
from handling.corridor.tips import OpenMessage, OpenTip
from handling.rules.triage import State
from handling.store import members
from tests.conftest import RolePool
from tests.handling.corridor.sources import Envelope, Source, intake_recipient
from tests.journeys.browser import Browser, Page
from tests.practice import Practice
from tipline.base import accounts
from tipline.base.database import Db, Pool
from tipline.base.settings import Settings


@dataclass(frozen=True, slots=True)
class World:
    """Everything a corridor test needs."""

    settings: Settings
    practice: Practice
    pool: Pool
    blobs: Blobs
    resealer: Resealer
    intake: age.Recipient
    inside: Db
    public: Db

    async def handler(self, name: str) -> Handler:
        """Open the session of one handler."""
        async with self.pool.acquire() as db:
            content = await accounts.unlock(db, "corridor", name, self.practice.passphrase("corridor", name))
            listed = await members.load(db, members.trust(self.settings.inside, "tests"), datetime.now(UTC).date())
        return open_corridor(name, content, listed, open_keyring(self.settings))

    async def collected(self, *sealed: Envelope) -> None:
        """Put envelopes in as if the collector had fetched them."""
        for one in sealed:
            with self.blobs.collected.create() as writer:
                writer.write(one.data)
                writer.publish(one.id)
            row = envelopes.Envelope(
                id=one.id,
                mailbox=one.wrapper.mailbox,
                serial=one.wrapper.serial,
                kind=one.wrapper.kind,
                urgent=one.wrapper.urgent,
                size=len(one.data),
                sha256=sha256(one.data),
                day=one.wrapper.day,
                state=envelopes.EnvelopeState.COLLECTED,
            )
            async with self.pool.acquire() as db:
                await envelopes.add(db, row)

    async def tips(self, handler: Handler) -> tuple[OpenTip, ...]:
        """What the list shows."""
        async with self.pool.acquire() as db:
            found = await tips.listing(db, handler.vault, states=tuple(State), urgent_only=False, after=None)
        return found.tips

    async def dialogue(self, handler: Handler, tip: OpenTip) -> tuple[OpenMessage, ...]:
        """The messages of a tip's thread."""
        async with self.pool.acquire() as db:
            return await tips.dialogue(db, handler.vault, tip.row.thread)

    async def state_of(self, envelope: UUID) -> str:
        """State of one collected envelope."""
        state: str = await self.inside.fetchval("SELECT state FROM corridor.envelope WHERE id = $1", envelope)
        return state


@pytest.fixture
async def world(
    settings: Settings, practice_unit: Practice, role_pool: RolePool, inside_db: Db, public_db: Db
) -> World:
    pool, blobs = await role_pool("tipline_corridor"), open_blobs(settings)
    return World(
        settings=settings,
        practice=practice_unit,
        pool=pool,
        blobs=blobs,
        resealer=Resealer(pool, blobs),
        intake=intake_recipient(settings.inside),
        inside=inside_db,
        public=public_db,
    )


@pytest.fixture
async def amina(world: World) -> Handler:
    return await world.handler("amina")


@pytest.fixture
async def ben(world: World) -> Handler:
    return await world.handler("ben")


def corridor_of(world: World) -> web.Application:
    """The corridor's application over *world*."""
    shared = Corridor(
        pool=world.pool,
        blobs=world.blobs,
        resealer=world.resealer,
        keyring=open_keyring(world.settings),
        trust=members.trust(world.settings.inside, "corridor"),
        bundle_times=world.settings.bundle_times,
        reading_hours=world.settings.reading_hours,
    )
    return application(shared, practice=True, unit="River Unit")


@pytest.fixture
async def site(world: World) -> AsyncIterator[TestServer]:
    """The corridor's application over HTTP."""
    async with TestServer(corridor_of(world)) as server:
        yield server


@pytest.fixture
async def browser(world: World, site: TestServer) -> AsyncIterator[Browser]:
    """Amina's browser, signed in."""
    async with Browser(str(site.make_url("/"))) as opened:
        await sign_in(world, opened, "amina")
        yield opened


async def sign_in(world: World, browser: Browser, name: str, process: str = "corridor") -> Page:
    """Sign one member in."""
    await browser.open("/sign-in")
    return await browser.submit(
        "/sign-in",
        name=name,
        passphrase=world.practice.passphrase(process, name),
        code=world.practice.code(process, name, int(time.time())),
    )


@pytest.fixture
async def draft(world: World, browser: Browser) -> Page:
    """A draft from one graded item."""
    await world.collected(Source().tip(world.intake))
    tip = (await browser.open("/")).link("/tips/")
    await browser.open(f"{tip}/items")
    page = await browser.submit("/items", text="Tusks are stored in a warehouse.")
    await browser.open(page.link("/grade"))
    await browser.submit("/grade", source="2", information="C", reason="Told by a neighbour.")
    return await browser.submit("/report")
