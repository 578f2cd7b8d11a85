"""Signing in and out, and the own account, alike for corridor, desk, guard and exchange. Every page is closed unless a session opens it."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from http import HTTPStatus
from typing import Any, ClassVar, Generic, TypeVar

from aiohttp import web

from tipline.base import account_page, accounts
from tipline.base.account_page import KEEPER, SESSION, Keeper
from tipline.base.accounts import LOG_N, BusyError, Opened, SignInError, seal_account, sign_in, unlock
from tipline.base.database import Db, Pool, store_errors
from tipline.base.sessions import Session, Sessions
from tipline.base.web import CSRF, SITE, WHO, FormError, Handler, read_form, read_form_lists, render, see_other

__all__ = [
    "LOG_N",
    "SESSION",
    "BusyError",
    "Opened",
    "Session",
    "Sessions",
    "SignInError",
    "Staff",
    "install",
    "seal_account",
    "session",
    "sign_in",
    "signed_in",
    "unlock",
]

T = TypeVar("T")
MakeValue = Callable[[Db, Opened], Awaitable[T]]

SIGN_IN = "/sign-in"
SIGN_OUT = "/sign-out"
_SWEEP_SECONDS = 60.0
_OPEN_LIMIT = 4096  # bytes of a sign-in form


@dataclass(frozen=True, slots=True)
class SignInPage:
    """The form; *problem* is empty at first."""

    template: ClassVar[str] = "layout/sign_in.html"
    problem: str = ""


class Staff(Generic[T]):
    """Sign-in of one process.

    Args:
        pool: of the process's own role.
        schema: where its accounts are.
        make_value: called once per sign-in with the opened account; makes what the session holds, such as a vault.
            It may raise `SignInError` to turn the person away.
    """

    def __init__(self, pool: Pool, schema: str, make_value: MakeValue[T]) -> None:
        self.sessions: Sessions[T] = Sessions()
        self._pool = pool
        self._schema = schema
        self._make_value = make_value

    def keeper(self) -> Keeper:
        """Return what the account page works with."""
        return Keeper(self._pool, self._schema, self.sessions)

    async def enter(self, form: Mapping[str, str], now: datetime) -> str:
        """Sign in with the fields ``name``, ``passphrase`` and ``code``; return the cookie."""
        given = [form.get(key, "").strip() for key in ("name", "passphrase", "code")]
        name, passphrase, code = given
        with store_errors():
            async with self._pool.acquire() as db:
                opened = await accounts.sign_in(db, self._schema, name, passphrase, code, now=now)
                value = await self._make_value(db, opened)
        return self.sessions.begin(name, value, time.monotonic())


STAFF: web.AppKey[Staff[Any]] = web.AppKey("staff", Staff)


def install(app: web.Application, staff: Staff[T]) -> None:
    """Close every page of *app* but the sign-in page to people who have not signed in, and sweep idle sessions.

    From then on each POST has been checked for the session's token before its handler runs.
    """
    app[STAFF] = staff
    app[KEEPER] = staff.keeper()
    app.add_routes([web.get(SIGN_IN, _show), web.post(SIGN_IN, _enter), web.post(SIGN_OUT, _leave)])
    app.add_routes(account_page.ROUTES)
    app.middlewares.append(_closed)
    app.cleanup_ctx.append(_sweeping)


def session(request: web.Request, kind: type[T]) -> Session[T]:
    """Return the session of a signed-in request, whose value is a *kind*."""
    found = request[SESSION]
    if not isinstance(found.value, kind):
        raise TypeError("a session of another process")
    return found


def signed_in(handler: Handler) -> Handler:
    """Say at a handler that it needs a session; `install` has closed all of them already."""

    @wraps(handler)
    async def checked(request: web.Request) -> web.StreamResponse:
        if SESSION not in request:
            raise web.HTTPForbidden
        return await handler(request)

    return checked


@web.middleware
async def _closed(request: web.Request, handler: Handler) -> web.StreamResponse:
    if request.method not in {"GET", "HEAD"} and request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        raise web.HTTPForbidden  # another port of this host is another process, and no page of ours posts across
    if request.path == SIGN_IN:
        return await handler(request)
    found = request.app[STAFF].sessions.find(_cookie(request), time.monotonic())
    if found is None:
        return see_other(SIGN_IN)
    request[SESSION] = found
    request[CSRF] = found.csrf
    request[WHO] = found.name
    try:
        if request.method not in {"GET", "HEAD"}:
            form = await read_form_lists(request)
            if not found.sent("".join(form.get("csrf", []))):
                raise web.HTTPForbidden
        return await handler(request)
    finally:
        del request[SESSION]  # a connection that is kept open keeps its last request, which must hold no vault


async def _show(request: web.Request) -> web.Response:
    return render(request, SignInPage())


async def _enter(request: web.Request) -> web.Response:
    staff = request.app[STAFF]
    try:
        form = await read_form(request, limit=_OPEN_LIMIT)
        cookie = await staff.enter(form, datetime.now(UTC))
    except (SignInError, FormError) as error:
        return render(request, SignInPage(problem=str(error)), HTTPStatus.FORBIDDEN)
    except BusyError as error:
        return render(request, SignInPage(problem=str(error)), HTTPStatus.SERVICE_UNAVAILABLE)
    staff.sessions.end(_cookie(request))
    response = see_other("/")
    response.set_cookie(request.app[SITE].name, cookie, httponly=True, samesite="Strict", path="/")
    return response


async def _leave(request: web.Request) -> web.Response:
    request.app[STAFF].sessions.end(_cookie(request))
    response = see_other(SIGN_IN)
    response.del_cookie(request.app[SITE].name, httponly=True, samesite="Strict", path="/")
    return response


def _cookie(request: web.Request) -> str:
    return request.cookies.get(request.app[SITE].name, "")


async def _sweeping(app: web.Application) -> AsyncIterator[None]:
    async def sweep() -> None:
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            app[STAFF].sessions.sweep(time.monotonic())

    task = asyncio.create_task(sweep())
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
