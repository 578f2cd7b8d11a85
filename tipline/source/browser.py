"""The page that seals in the browser, the only one here with a script, and that script. Neither holds anything of a request."""

import asyncio
from http import HTTPStatus
from typing import Final

from aiohttp import web

from tipline.base import built
from tipline.base.inline import escaped, integrity
from tipline.base.languages import ENGLISH
from tipline.base.web import NOT_FOUND, SCRIPTED, ErrorPage, render
from tipline.questionnaire.carried import Carried
from tipline.source.context import ABOUT, QUESTIONNAIRE
from tipline.source.pages import BrowserPage
from tipline.text import Text

SCRIPT: Final = "/browser.js"

_NAME: Final = "browser"
_NOT_BUILT: Final = Text("This page's script is not installed here. Use the form on the first page.")


async def show(request: web.Request) -> web.Response:
    """The form that seals before it sends; a page in words where its script is missing."""
    body = await asyncio.to_thread(built.script, _NAME)
    if body is None:
        return _missing(request)
    request[SCRIPTED] = True
    asks = escaped(Carried.of(request.app[QUESTIONNAIRE]).encode())
    page = BrowserPage(request.app[ABOUT], asks, integrity(body))
    return render(request, page, only=ENGLISH)  # its script has no other words yet


async def script(request: web.Request) -> web.Response:
    """The script, as it was bundled when Tipline was set up."""
    body = await asyncio.to_thread(built.script, _NAME)
    if body is None:
        return _missing(request)
    return web.Response(body=body, content_type="text/javascript", charset="utf-8")


def _missing(request: web.Request) -> web.Response:
    return render(request, ErrorPage(NOT_FOUND, _NOT_BUILT), HTTPStatus.NOT_FOUND)


ROUTES: Final = (web.get("/browser", show), web.get(SCRIPT, script))
