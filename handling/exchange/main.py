"""The exchange as a process: its own database role, one port, no key that opens anything."""

from collections.abc import Callable
from datetime import UTC, date, datetime

from aiohttp import web

from handling.exchange import pages
from handling.exchange.common import PORTAL
from handling.exchange.portal import Portal
from handling.store import members
from tipline.base import database, staff
from tipline.base.database import Pool
from tipline.base.forms import SMALL_FILES
from tipline.base.settings import Settings
from tipline.base.web import Site, make_app, serve

NAME = "exchange"
ROLE = "tipline_exchange"


async def main(settings: Settings) -> None:
    """Serve the portal until told to stop; refuses to start without the unit's root key."""
    pool = await database.pool(database.dsn_for(settings, ROLE))
    try:
        await serve(make_exchange(settings, pool), settings.host, settings.ports[NAME])
    finally:
        await pool.close()


def utc_today() -> date:
    """The day on which something counts, the same for agencies in every zone."""
    return datetime.now(UTC).date()


def utc_now() -> datetime:
    """The moment at which something was told."""
    return datetime.now(UTC)


def make_exchange(settings: Settings, pool: Pool, today: Callable[[], date] = utc_today) -> web.Application:
    """Return the portal as an application; *pool* signs in under the exchange's own role."""
    site = Site(name=NAME, title=f"{settings.name}: packages", practice=settings.practice, style="agency")
    app = make_app(site, pages.ROUTES)
    app[PORTAL] = Portal(pool, members.trust(settings.inside, NAME), today, utc_now, settings.unit, settings.name)
    app[SMALL_FILES] = pages.SMALL_FILES
    app[pages.PGP_KEY_FILE] = settings.inside / "guard" / "package.asc"
    staff.install(app, staff.Staff(pool, NAME, pages.officer))
    app.middlewares.append(pages.refusals)
    return app
