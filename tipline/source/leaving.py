"""Lets a source leave: signed out with a word on what to do next, or at once to a harmless page. The browser forgets either way.

Nothing that a page brings can keep somebody from leaving: no other site can send the cookie along, and at worst one is
signed out.
"""

import contextlib
from typing import Final

from aiohttp import web

from tipline.base.database import StoreError
from tipline.base.web import render
from tipline.source import session, visit
from tipline.source.context import KEEP
from tipline.source.pages import ElsewherePage, LeftPage


async def leave(request: web.Request) -> web.Response:
    """Sign out and ask the browser to forget."""
    await _end(request)
    return visit.forget(render(request, LeftPage()))


async def leave_now(request: web.Request) -> web.Response:
    """Sign out at once and show something harmless: a link can be followed faster than a form."""
    await _end(request)
    return visit.forget(render(request, ElsewherePage()))


async def _end(request: web.Request) -> None:
    """End the session; where the store does not answer, its row opens nothing any more once the browser has forgotten."""
    with contextlib.suppress(StoreError):
        await session.end(request.app[KEEP], visit.cookie(request))


ROUTES: Final = (web.post("/leave", leave), web.get("/leave-now", leave_now))
