"""What all corridor pages share: the values of the application, who is signed in, and errors turned into pages."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time
from uuid import UUID

from aiohttp import web

from handling.corridor import intake, looking, material, outcomes, pgpkeys
from handling.corridor.errors import CorridorError, NotThereError
from handling.corridor.parts import Blobs
from handling.corridor.reseal import Resealer
from handling.corridor.session import Handler
from handling.corridor.threads import NoSuchThreadError
from handling.corridor.upkeep import UPKEEP
from handling.store import members
from handling.store.keyring import Keyring, MissingKeyError
from handling.store.members import Duty, MemberList, MemberListError, NotAMemberError, Trust
from handling.store.vault import VaultError, VaultMovedError
from tipline.base import staff
from tipline.base.database import Pool
from tipline.base.staff import SESSION, SIGN_OUT
from tipline.base.web import FormError

_log = logging.getLogger("corridor")

_NEW_VAULT = "The unit has a new vault, and your key does not open it yet. Another handler has to sign in first."

Respond = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Corridor:
    """The values that every page works with; opened by whoever runs the process."""

    pool: Pool
    blobs: Blobs
    resealer: Resealer
    keyring: Keyring
    trust: Trust
    bundle_times: tuple[time, ...]
    reading_hours: str
    keyring_backup_days: int = 7
    name: str = ""
    one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)
    opening: asyncio.Lock = field(default_factory=asyncio.Lock)
    drawing: asyncio.Lock = field(default_factory=asyncio.Lock)
    looking: asyncio.Lock = field(default_factory=asyncio.Lock)


CORRIDOR = web.AppKey("corridor", Corridor)


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong with one form of a page, and what had been typed into it."""

    form: str = ""
    words: str = ""
    typed: Mapping[str, str] | None = None

    def at(self, form: str) -> str:
        """The words for *form*, empty when the problem is another form's or there is none."""
        return self.words if form == self.form else ""

    def kept(self, form: str, field: str, default: str = "") -> str:
        """What was typed into a field of *form*, so that nobody types it twice."""
        return (self.typed or {}).get(field, default) if form == self.form else default


NO_PROBLEM = Problem()


def corridor(request: web.Request) -> Corridor:
    """Return the application's values."""
    return request.app[CORRIDOR]


def now() -> datetime:
    """Return this moment in UTC: pages are where the clock is read."""
    return datetime.now(UTC)


def handler(request: web.Request) -> Handler:
    """Return who is signed in, with the member list of the sign-in; enough to read."""
    return staff.session(request, Handler).value


async def listed_today(request: web.Request) -> MemberList:
    """Return today's verified member list."""
    parts = corridor(request)
    async with parts.pool.acquire() as db:
        return await members.load(db, parts.trust, now().date())


def no_list() -> FormError:
    """What a page says when no list can be trusted now."""
    return FormError("The signed member list is missing or has expired. Nothing is sealed until it is renewed.")


async def current(request: web.Request) -> Handler:
    """Return who is signed in under today's member list, as every act that decides, signs off or seals needs it.

    Raises:
        FormError: no list can be trusted now, or it does not name this person as a handler any more.
    """
    signed_in = handler(request)
    try:
        listed = await listed_today(request)
        member = listed.member(signed_in.member.name)
    except MemberListError:
        raise no_list() from None
    except NotAMemberError:
        raise FormError("You are not on today's member list. Sign out.") from None
    if Duty.HANDLER not in member.duties:
        raise FormError("Today's member list does not name you as a handler. Sign out.")
    today = replace(signed_in, member=member, members=listed)
    try:
        await request.app[UPKEEP].follow(today)
    except VaultError:
        raise FormError(_NEW_VAULT) from None
    return today


async def refresh(request: web.Request) -> Handler:
    """Do what waits for an open vault: re-seal, judge handed material, make the coming weeks' intake keys, send what two people approved."""
    parts, signed_in = corridor(request), await current(request)
    await parts.resealer.run(signed_in)
    await outcomes.reseal(parts.pool, signed_in)
    await material.receive(parts.pool, signed_in)
    async with parts.one_at_a_time:
        try:
            await intake.keep_ahead(parts.pool, parts.keyring, signed_in, now().date())
        except intake.NoSignerError as error:
            _log.error("%s", error)
        await pgpkeys.keep_current(parts.pool, parts.keyring, signed_in, parts.name, now().date())
    await outcomes.send_approved(parts.pool, signed_in, now())
    return signed_in


def record_id(request: web.Request) -> UUID:
    """Return the id in the path; anything else is no page."""
    try:
        return UUID(request.match_info["id"])
    except ValueError:
        raise web.HTTPNotFound from None


@web.middleware
async def looked(request: web.Request, handler: Respond) -> web.StreamResponse:
    """Hold tips against what is known by now before anything of them is shown or done."""
    if SESSION in request and request.path != SIGN_OUT:
        parts = corridor(request)
        async with parts.looking:
            await looking.look(parts.pool, staff.session(request, Handler).value)
    return await handler(request)


@web.middleware
async def errors(request: web.Request, handler: Respond) -> web.StreamResponse:
    """Turn what the corridor raises into pages with the error's own fixed words."""
    try:
        return await handler(request)
    except (NotThereError, NoSuchThreadError):
        raise web.HTTPNotFound from None
    except CorridorError as error:
        raise FormError(str(error)) from None
    except VaultMovedError:
        raise FormError("The unit's vault has just changed. Nothing was kept: go back and send it again.") from None
    except MissingKeyError:
        raise FormError(
            "The key of this record is not in the keyring: it was destroyed, or is on another machine."
        ) from None
