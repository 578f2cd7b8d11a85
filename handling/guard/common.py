"""What every page of the guard shares: who asks, what was typed, and how what stops an act is shown. No SQL, no keys."""

from collections.abc import Awaitable, Callable
from functools import wraps
from http import HTTPStatus
from uuid import UUID

from aiohttp import web

from handling.guard.refusal import GuardError, NoSuchRequestError
from handling.guard.service import REASON_MAX, Guard, Hand
from handling.store.members import MemberListError, NotAMemberError
from tipline.base.staff import BusyError, SignInError, session, signed_in
from tipline.base.web import ErrorPage, Handler, read_form, render

GUARD = web.AppKey("guard", Guard)

Respond = Callable[[web.Request], Awaitable[web.Response]]
ShowAgain = Callable[[web.Request, Exception, HTTPStatus], Awaitable[web.Response]]

_NO_REASON = "Say why you refuse: those who asked will read it."
_LONG_REASON = f"Keep the reason under {REASON_MAX:,} characters."


class Signer:
    """What a session of the guard holds beside the name: nothing. No key and no passphrase has a place in it."""

    __slots__ = ()


def shown(handler: Respond, again: ShowAgain) -> Handler:
    """Close *handler* to strangers, and show what stops it with *again*, on the page it was on."""

    @signed_in
    @wraps(handler)
    async def answer(request: web.Request) -> web.Response:
        try:
            return await handler(request)
        except NoSuchRequestError:
            raise web.HTTPNotFound from None
        except NotAMemberError:
            page = ErrorPage(
                "You no longer belong to this unit.", "Nothing is shown to you here, and you sign nothing."
            )
            return render(request, page, HTTPStatus.FORBIDDEN)
        except MemberListError as error:
            page = ErrorPage("The guard is closed", f"Nothing can be shown or signed: {error}.")
            return render(request, page, HTTPStatus.SERVICE_UNAVAILABLE)
        except SignInError as error:
            return await again(request, error, HTTPStatus.FORBIDDEN)
        except BusyError as error:
            return await again(request, error, HTTPStatus.SERVICE_UNAVAILABLE)
        except GuardError as error:
            return await again(request, error, HTTPStatus.CONFLICT)

    return answer


def who_asks(request: web.Request) -> str:
    """Name of the person signed in."""
    return session(request, Signer).name


def subject_of(request: web.Request) -> UUID:
    """Id in the address; anything that is not written as one is not there."""
    text = request.match_info["subject"]
    try:
        subject = UUID(text)
    except ValueError:
        raise web.HTTPNotFound from None
    if str(subject) != text:
        raise web.HTTPNotFound
    return subject


async def hand_of(request: web.Request) -> Hand:
    """The passphrase just typed, and what had been shown."""
    form = await read_form(request)
    passphrase, seen, answer = (form.get(name, "") for name in ("passphrase", "seen", "assertion"))
    return Hand(who_asks(request), passphrase, seen, answer, immunity=form.get("immunity") == "leaves")


def attachment(name: str, content: bytes) -> web.Response:
    """Return a file that is saved and never shown."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Type": "application/octet-stream"}
    return web.Response(body=content, headers=headers)


async def reason_given(request: web.Request) -> tuple[str, str]:
    """Why somebody refuses, and what is wrong with that; empty when nothing is."""
    reason = (await read_form(request)).get("reason", "").strip()
    if len(reason) > REASON_MAX:
        return reason, _LONG_REASON
    return reason, "" if reason else _NO_REASON
