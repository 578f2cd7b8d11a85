"""The page on which a person exchanges the own passphrase or second factor, alike in every process. Opens no key.

What was shown and not yet confirmed lives in this person's session and nowhere else: of a passphrase only the file that
it opens, of a second factor the key that a code is checked with. Both go with the session.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, ClassVar

from aiohttp import web

from crypto import totp
from crypto.secret import Guarded
from tipline.base import renewal
from tipline.base.accounts import BusyError, SignInError
from tipline.base.database import Db, Pool, store_errors
from tipline.base.renewal import ChangedMeanwhileError, NewPassphrase, NewSecondFactor, NotConfirmedError
from tipline.base.sessions import Session, Sessions
from tipline.base.web import SITE, FormError, Page, read_form, render

PATH = "/account"

_TRIES = 5  # at giving back one shown secret
_LIMIT = 4096  # bytes of a form
_REFUSED = (
    "This did not open. The passphrase or the code is wrong, or the account is closed for 15 minutes after five "
    "wrong tries."
)
_NOTHING_WAITS = "Nothing waits for a confirmation. Nothing was changed: begin again."
_GIVEN_UP = "That was the fifth try. Nothing was changed: begin again."
_FAILED = (SignInError, BusyError, ChangedMeanwhileError, NotConfirmedError, FormError)


@dataclass(frozen=True, slots=True)
class Keeper:
    """What the page works with: the process's own pool, schema and sessions."""

    pool: Pool
    schema: str
    sessions: Sessions[Any]

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Db]:
        """Give one connection of the pool."""
        with store_errors():
            async with self.pool.acquire() as db:
                yield db


KEEPER = web.AppKey("keeper", Keeper)
SESSION: web.RequestKey[Session[Any]] = web.RequestKey("session", Session)


@dataclass(frozen=True, slots=True)
class AccountPage:
    """Both forms; *done* says what has just taken effect."""

    template: ClassVar[str] = "layout/account.html"
    problem: str = ""
    done: str = ""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PassphrasePage(Guarded):
    """The new passphrase, shown once; *words* is empty when it has been shown before."""

    template: ClassVar[str] = "layout/account_passphrase.html"
    words: str
    problem: str = ""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SecondFactorPage(Guarded):
    """The new key for an authenticator, as text and as address; both are empty when they have been shown before."""

    template: ClassVar[str] = "layout/account_second_factor.html"
    key: str
    uri: str
    problem: str = ""


@dataclass(slots=True, eq=False, repr=False)
class _Waiting(Guarded):
    """What a session holds between showing and confirming."""

    what: NewPassphrase | NewSecondFactor
    tries: int = 0


async def show(request: web.Request) -> web.Response:
    """Show what can be changed."""
    return render(request, AccountPage())


async def make_passphrase(request: web.Request) -> web.Response:
    """Prove who asks, make a new passphrase and show it once."""
    keeper, session = request.app[KEEPER], request[SESSION]
    session.pending = None
    try:
        typed, code = await _given(request)
        async with keeper.connection() as db:
            waiting, made = await renewal.new_passphrase(
                db, keeper.schema, session.name, typed, code, now=datetime.now(UTC)
            )
    except _FAILED as error:
        return _problem(request, error)
    session.pending = _Waiting(waiting)
    return render(request, PassphrasePage(made.expose().decode()))


async def confirm_passphrase(request: web.Request) -> web.Response:
    """Let the new passphrase take effect when it was typed back, and end this person's other sessions."""
    keeper, session = request.app[KEEPER], request[SESSION]
    waiting = session.pending
    if not isinstance(waiting, _Waiting) or not isinstance(waiting.what, NewPassphrase):
        return render(request, AccountPage(problem=_NOTHING_WAITS), HTTPStatus.CONFLICT)
    try:
        form = await read_form(request, limit=_LIMIT)
        async with keeper.connection() as db:
            await renewal.confirm_passphrase(db, keeper.schema, waiting.what, form.get("again", ""))
    except NotConfirmedError as error:
        return _once_more(request, waiting, PassphrasePage("", problem=str(error)))
    except _FAILED as error:
        return _problem(request, error)
    return _changed(request, "The new passphrase is in force. The old one opens nothing any more.")


async def make_second_factor(request: web.Request) -> web.Response:
    """Prove who asks, make a new second factor and show it once."""
    keeper, session = request.app[KEEPER], request[SESSION]
    session.pending = None
    try:
        typed, code = await _given(request)
        async with keeper.connection() as db:
            waiting = await renewal.new_second_factor(
                db, keeper.schema, session.name, typed, code, now=datetime.now(UTC)
            )
    except _FAILED as error:
        return _problem(request, error)
    session.pending = _Waiting(waiting)
    uri = totp.uri(waiting.totp, session.name, request.app[SITE].title)
    return render(request, SecondFactorPage(totp.base32(waiting.totp), uri))


async def confirm_second_factor(request: web.Request) -> web.Response:
    """Let the new second factor take effect when the new device gave a code, and end this person's other sessions."""
    keeper, session = request.app[KEEPER], request[SESSION]
    waiting = session.pending
    if not isinstance(waiting, _Waiting) or not isinstance(waiting.what, NewSecondFactor):
        return render(request, AccountPage(problem=_NOTHING_WAITS), HTTPStatus.CONFLICT)
    try:
        form = await read_form(request, limit=_LIMIT)
        async with keeper.connection() as db:
            await renewal.confirm_second_factor(
                db, keeper.schema, waiting.what, form.get("code", ""), now=datetime.now(UTC)
            )
    except NotConfirmedError as error:
        return _once_more(request, waiting, SecondFactorPage("", "", problem=str(error)))
    except _FAILED as error:
        return _problem(request, error)
    return _changed(request, "The new device is in force. Codes from the old one open nothing any more.")


ROUTES = (
    web.get(PATH, show),
    web.post(f"{PATH}/passphrase", make_passphrase),
    web.post(f"{PATH}/passphrase/confirm", confirm_passphrase),
    web.post(f"{PATH}/second-factor", make_second_factor),
    web.post(f"{PATH}/second-factor/confirm", confirm_second_factor),
)


async def _given(request: web.Request) -> tuple[str, str]:
    form = await read_form(request, limit=_LIMIT)
    return form.get("passphrase", "").strip(), form.get("code", "").strip()


def _once_more(request: web.Request, waiting: _Waiting, page: Page) -> web.Response:
    waiting.tries += 1
    if waiting.tries < _TRIES:
        return render(request, page, HTTPStatus.FORBIDDEN)
    request[SESSION].pending = None
    return render(request, AccountPage(problem=_GIVEN_UP), HTTPStatus.FORBIDDEN)


def _changed(request: web.Request, done: str) -> web.Response:
    session = request[SESSION]
    session.pending = None
    request.app[KEEPER].sessions.end_others(session)
    return render(request, AccountPage(done=done))


def _problem(request: web.Request, error: Exception) -> web.Response:
    if isinstance(error, SignInError):
        return render(request, AccountPage(problem=_REFUSED), HTTPStatus.FORBIDDEN)
    if isinstance(error, ChangedMeanwhileError):
        request[SESSION].pending = None
        return render(request, AccountPage(problem=str(error)), HTTPStatus.CONFLICT)
    status = HTTPStatus.SERVICE_UNAVAILABLE if isinstance(error, BusyError) else HTTPStatus.BAD_REQUEST
    return render(request, AccountPage(problem=str(error)), status)
