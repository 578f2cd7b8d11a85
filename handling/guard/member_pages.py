"""The member list and its proposed changes as pages: parse, call one thing, render. No SQL, no keys, no rules."""

from http import HTTPStatus

from aiohttp import web

from handling.guard import admission, member_views, models, words
from handling.guard.common import GUARD, Respond, hand_of, reason_given, shown, subject_of, who_asks
from handling.guard.equipping_pages import ask
from handling.guard.refusal import RefusedError
from handling.guard.service import today
from tipline.base.web import Handler, render, see_other

_ONE = "/members/{subject}"


def routes() -> list[web.RouteDef]:
    """The list, and one proposal."""
    return [
        web.get("/members", _shown(listing)),
        web.get(_ONE, _shown(look)),
        web.post(_ONE + "/sign", _shown(sign)),
        web.post(_ONE + "/refuse", _shown(refuse)),
        web.post(_ONE + "/again", _shown(again)),
    ]


async def listing(request: web.Request) -> web.Response:
    """Show who belongs to the unit today, and every proposal."""
    listed, changes = await admission.board(request.app[GUARD], who_asks(request), today())
    return render(request, member_views.members_page(listed, changes, today()))


async def look(request: web.Request) -> web.Response:
    """Show one proposal as it stands."""
    return await _at(request)


async def sign(request: web.Request) -> web.Response:
    """Give the next signature on the whole next list."""
    await admission.sign(request.app[GUARD], subject_of(request), await hand_of(request), today())
    return see_other(_path(request))


async def refuse(request: web.Request) -> web.Response:
    """Refuse for good, with a reason."""
    reason, problem = await reason_given(request)
    if problem:
        return await _at(request, status=HTTPStatus.BAD_REQUEST, typed=reason, reason_problem=problem)
    guard, subject = request.app[GUARD], subject_of(request)
    await admission.refuse(guard, subject, who=who_asks(request), reason=reason, today=today())
    return see_other(_path(request))


async def again(request: web.Request) -> web.Response:
    """Propose the same change afresh."""
    made = await admission.repeat(request.app[GUARD], subject_of(request), who=who_asks(request), today=today())
    return see_other(f"/members/{made}")


def _shown(handler: Respond) -> Handler:
    return shown(handler, _at)


async def _at(
    request: web.Request,
    error: Exception | None = None,
    status: HTTPStatus = HTTPStatus.OK,
    *,
    typed: str = "",
    reason_problem: str = "",
) -> web.Response:
    """Show one proposal as it stands now, with what stopped the last act."""
    at = await admission.look(request.app[GUARD], subject_of(request), who_asks(request), today())
    reasons = error.refused.reasons if isinstance(error, RefusedError) else ()
    trouble = models.Trouble(words.stopped(error), reasons, typed, reason_problem)
    signed = who_asks(request) in at.names
    asked = await ask(request, at.question) if at.may_sign else None
    return render(request, member_views.proposal_page(at, trouble, asked, signed=signed), status)


def _path(request: web.Request) -> str:
    return f"/members/{subject_of(request)}"
