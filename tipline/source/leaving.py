"""Lets a source leave: signed out with a word on what to do next, or at once to a harmless page. The browser forgets either way."""

from typing import Final

from aiohttp import web

from tipline.base.web import read_form, render
from tipline.source import session, visit
from tipline.source.context import KEEP
from tipline.source.pages import ElsewherePage, LeftPage


async def leave(request: web.Request) -> web.Response:
    """Sign out and ask the browser to forget."""
    opened = await visit.of(request)
    if opened is not None:
        if not opened.wrote((await read_form(request)).get("csrf", "")):
            raise web.HTTPForbidden
        await request.app[KEEP].delete_session(opened.session.id)
    return visit.forget(render(request, LeftPage()))


async def leave_now(request: web.Request) -> web.Response:
    """Sign out at once and show something harmless: a link can be followed faster than a form."""
    await session.end(request.app[KEEP], visit.cookie(request))
    return visit.forget(render(request, ElsewherePage()))


ROUTES: Final = (web.post("/leave", leave), web.get("/leave-now", leave_now))
