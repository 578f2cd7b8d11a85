"""Notices over HTTP: parse, call one thing, render. No SQL, no crypto, no rules."""

from uuid import UUID

from aiohttp import web

from handling.exchange import notice_views, notices
from handling.exchange.common import ID, PORTAL, attached, who
from tipline.base.staff import signed_in
from tipline.base.web import render

_FILES = "{name:notice\\.(?:age|age\\.sig|txt\\.gpg|txt\\.gpg\\.asc)}"


@signed_in
async def notice(request: web.Request) -> web.Response:
    """Show one notice, and how to open it."""
    portal = request.app[PORTAL]
    found = await notices.open_(portal, who(request).agency, _id(request))
    return render(request, notice_views.page(found, await portal.member_list(), portal.today()))


@signed_in
async def file(request: web.Request) -> web.Response:
    """Send the sealed notice, or the signature over it."""
    name = request.match_info["name"]
    return attached(name, await notices.fetch(request.app[PORTAL], who(request).agency, _id(request), name))


def _id(request: web.Request) -> UUID:
    return UUID(request.match_info["id"])


ROUTES = (
    web.get(f"/notices/{ID}", notice),
    web.get(f"/notices/{ID}/{_FILES}", file, allow_head=False),
)
