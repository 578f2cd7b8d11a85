"""The desk as a process: its own database role, one port, the desk's keyring. No corridor key lies where it reads."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import UTC, date, datetime

from aiohttp import web

from handling.desk import duty_handlers, handlers, material_handlers, received, share_handlers, store
from handling.leavers import leavers
from handling.store import members
from handling.store.keyring import Keyring
from handling.store.upkeep import Upkeep, repeat, sweep
from tipline.base import database, staff
from tipline.base.database import Pool
from tipline.base.settings import Settings
from tipline.base.web import NOTICES, Site, make_app, serve

NAME = "desk"
ROLE = "tipline_desk"


async def main(settings: Settings) -> None:
    """Serve the desk until told to stop; refuses to start without the unit's root key."""
    pool = await database.pool(database.dsn_for(settings, ROLE))
    try:
        await serve(make_desk(settings, pool), settings.host, settings.ports[NAME])
    finally:
        await pool.close()


def utc_today() -> date:
    """The day on which something counts."""
    return datetime.now(UTC).date()


def make_desk(settings: Settings, pool: Pool, today: Callable[[], date] = utc_today) -> web.Application:
    """Return the desk as an application; *pool* signs in under the desk's own role."""
    site = Site(name=NAME, title=f"{settings.name}: desk", practice=settings.practice, style="inside")
    app = make_app(site, (*handlers.ROUTES, *share_handlers.ROUTES, *material_handlers.ROUTES, *duty_handlers.ROUTES))
    keyring = Keyring(settings.inside / "desk" / "keyring")
    upkeep = Upkeep(pool, keyring, "desk", also=lambda vault: received.delete_past(pool, vault, today()))
    office = handlers.Office(
        pool=pool,
        trust=members.trust(settings.inside, NAME),
        keyring=keyring,
        upkeep=upkeep,
        unit=settings.name,
        today=today,
    )
    app[handlers.OFFICE] = office
    app[NOTICES] = lambda: upkeep.notices
    app.cleanup_ctx.append(_keeping)
    staff.install(app, staff.Staff(pool, NAME, office.enter))
    app.middlewares.append(handlers.refusals)
    app.middlewares.append(leavers(handlers.listed_today, handlers.member_of, members.MemberListError))
    return app


async def daily(office: handlers.Office) -> None:
    """Note the day, for nothing is deleted before it can be believed, and sweep keys without a row."""
    async with office.pool.acquire() as db:
        await store.ran(db, office.today())
    await sweep(office.pool, office.keyring, store.named)


async def _keeping(app: web.Application) -> AsyncIterator[None]:
    """Note that the desk runs, sweep the keyring from time to time, and let work on it end with the process."""
    office = app[handlers.OFFICE]
    task = asyncio.create_task(repeat(lambda: daily(office)))
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await office.upkeep.stop()
