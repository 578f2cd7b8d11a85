"""Notices over HTTP: parse, call one thing, render. No SQL, no crypto, no rules."""

from http import HTTPStatus
from uuid import UUID

from aiohttp import web

from handling.exchange import notice_views, notices
from handling.exchange.common import ID, PORTAL, attached, who
from handling.exchange.forms import Field
from tipline.base.staff import signed_in
from tipline.base.web import read_form, render, see_other

_FILES = "{name:notice\\.(?:age|age\\.sig|txt\\.gpg|txt\\.gpg\\.asc)}"


@signed_in
async def notice(request: web.Request) -> web.Response:
    """Show one notice, how to open it, and what was answered."""
    return await _show(request, Field())


@signed_in
async def answer(request: web.Request) -> web.Response:
    """Take a signed answer, pasted or as two files."""
    form = await read_form(request)
    typed = form.get("text", "")
    try:
        text = notices.chosen(typed, form.get("file", ""), form.get("signature", ""))
        await notices.take(request.app[PORTAL], who(request).agency, _id(request), text)
    except notices.NotTakenError as error:
        return await _show(request, Field(typed, error.refusal.value))
    return see_other(f"/notices/{_id(request)}#answer")


async def _show(request: web.Request, handed_in: Field) -> web.Response:
    portal = request.app[PORTAL]
    found = await notices.look(portal, who(request).agency, _id(request))
    page = notice_views.page(found, await portal.member_list(), portal.today(), handed_in)
    return render(request, page, HTTPStatus.UNPROCESSABLE_ENTITY if handed_in.error else HTTPStatus.OK)


@signed_in
async def ask_list(request: web.Request) -> web.Response:
    """Ask for the list of all that the agency was sent: a button, and no word."""
    await read_form(request)
    try:
        await notices.ask_list(request.app[PORTAL], who(request).agency)
    except notices.NoListError:
        raise web.HTTPConflict from None
    return see_other("/#list")


@signed_in
async def file(request: web.Request) -> web.Response:
    """Send the sealed notice, or the signature over it."""
    name = request.match_info["name"]
    return attached(name, await notices.fetch(request.app[PORTAL], who(request).agency, _id(request), name))


def _id(request: web.Request) -> UUID:
    return UUID(request.match_info["id"])


ROUTES = (
    web.post("/list", ask_list),
    web.get(f"/notices/{ID}", notice),
    web.post(f"/notices/{ID}/answer", answer),
    web.get(f"/notices/{ID}/{_FILES}", file, allow_head=False),
)
