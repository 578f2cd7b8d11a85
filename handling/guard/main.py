"""The guard as a process: its pool, its folders, its pages. Holds no key between two requests."""

from aiohttp import web

from handling.data import scheme
from handling.guard import agreed
from handling.guard.pages import GUARD, SMALL, Signer, routes
from handling.guard.service import Guard, today
from handling.guard.sign import PackageKeys
from handling.store import members
from handling.store.keyring import Keyring
from handling.store.members import NotAMemberError
from tipline.base import database, staff
from tipline.base.database import Db, Pool
from tipline.base.forms import SMALL_FILES
from tipline.base.settings import Settings
from tipline.base.staff import Opened, SignInError, Staff
from tipline.base.web import Site, make_app, serve

ROLE = "tipline_guard"


async def main(settings: Settings) -> None:
    """Serve until told to stop."""
    pool = await database.pool(database.dsn_for(settings, ROLE))
    try:
        await serve(app(settings, pool), settings.host, settings.ports["guard"])
    finally:
        await pool.close()


def app(settings: Settings, pool: Pool) -> web.Application:
    """The guard's application over an open pool of its own role."""
    folder = settings.inside / "guard"
    guard = Guard(
        pool=pool,
        trust=members.trust(settings.inside, "guard"),
        package_keys=PackageKeys(Keyring(folder / "keyring"), folder / "gnupg", folder / "package.version"),
        scheme=scheme(),
        hosts=(settings.host, str(settings.data)),
        unit=settings.name,
        origin=_origin(settings),
    )
    site = Site("guard", f"{settings.name}: guard", practice=settings.practice, style="guard")
    made = make_app(site, routes())
    made[GUARD] = guard
    made[SMALL_FILES] = SMALL
    staff.install(made, Staff(pool, "guard", _signer(guard)))
    return made


def _origin(settings: Settings) -> str | None:
    """Where members open the guard; a practice unit's do so on the machine itself, if nothing else is said."""
    if settings.guard_origin is None and settings.practice:
        return f"http://localhost:{settings.ports['guard']}"
    return settings.guard_origin


def _signer(guard: Guard) -> staff.MakeValue[Signer]:
    """Make what a session holds: of the opened account, with its keys, nothing is kept but the name."""

    async def signer(db: Db, opened: Opened) -> Signer:
        listed = await members.load(db, guard.trust, today())
        try:
            listed.member(opened.name)
        except NotAMemberError:
            raise SignInError from None
        await agreed.look(guard, db, listed, today())
        return Signer()

    return signer
