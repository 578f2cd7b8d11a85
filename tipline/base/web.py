"""Pages over aiohttp: strict headers on every answer, one layout, errors in words. Nothing of a request in the log.

No page may run script but one that says so with `SCRIPTED`, and that one runs scripts of this site alone.
"""

import asyncio
import logging
import signal
import socket
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, ClassVar, Final, Protocol

from aiohttp import web
from markupsafe import Markup

from tipline.base import addresses, languages, log
from tipline.base.database import StoreError
from tipline.base.forms import FORM, LIMIT, MAX_FIELDS, FormError, read_form, read_form_lists
from tipline.base.inline import source_hash
from tipline.base.languages import ENGLISH, Language
from tipline.base.templates import environment, stylesheet
from tipline.text import Text, spoken_by

__all__ = [
    "CSRF",
    "FORM",
    "LIMIT",
    "MAX_FIELDS",
    "NOTICES",
    "NOT_FOUND",
    "PICTURES",
    "SCRIPTED",
    "WARNINGS",
    "WHO",
    "ErrorPage",
    "FormError",
    "Page",
    "Site",
    "make_app",
    "read_form",
    "read_form_lists",
    "ready_runner",
    "render",
    "render_text",
    "see_other",
    "serve",
]

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

CSRF = web.RequestKey("csrf", str)  # the session's token, which every form of a signed-in page carries
WHO = web.RequestKey("who", str)  # name of the person signed in
WARNINGS: web.RequestKey[tuple[str, ...]] = web.RequestKey(
    "warnings", tuple
)  # codes of what the page warns of at its top
PICTURES = web.RequestKey("pictures", bool)  # True for the answer whose page shows pictures that stand in itself
SCRIPTED = web.RequestKey("scripted", bool)  # True for the answer whose page runs a script of this site
NOTICES: web.AppKey[Callable[[], tuple[str, ...]]] = web.AppKey("notices")  # for them

_LOG = logging.getLogger("web")
_SHUTDOWN_SECONDS = 5.0
_KEEP_ALIVE_SECONDS = 75.0
_FIXED_HEADERS = MappingProxyType(
    {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cross-Origin-Embedder-Policy": "require-corp",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Cache-Control": "no-store",
        "X-DNS-Prefetch-Control": "off",
    }
)
_CSP = "default-src 'none'; {style}{script}form-action 'self'; base-uri 'none'; frame-ancestors 'none'; img-src 'none'"
_SCRIPT = "script-src 'self'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'; "
NOT_FOUND: Final = Text("Not found")
"""Title of the page about what is not there."""
_TITLES = MappingProxyType(
    {
        HTTPStatus.NOT_FOUND: NOT_FOUND,
        HTTPStatus.SERVICE_UNAVAILABLE: Text("Not possible just now"),
    }
)
_TITLE = Text("That did not work")
_MESSAGES = MappingProxyType(
    {
        HTTPStatus.BAD_REQUEST: Text("The request could not be understood. Open the page anew and try again."),
        HTTPStatus.FORBIDDEN: Text(
            "This was not sent from a page of this site, or the page was too old. Open the page again."
        ),
        HTTPStatus.NOT_FOUND: Text("There is no such page."),
        HTTPStatus.METHOD_NOT_ALLOWED: Text("This page cannot be used in that way."),
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Text("This is too large."),
        HTTPStatus.INTERNAL_SERVER_ERROR: Text(
            "Something failed here, not with you. What you sent may not have been kept: try again."
        ),
        HTTPStatus.SERVICE_UNAVAILABLE: Text(
            "The store does not answer just now, so it is not known whether anything was changed. "
            "Open the page again in a minute and look."
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Site:
    """One process's face.

    Attributes:
        name: of the process; also of its cookie.
        title: shown on every page.
        practice: True shows on every page that this is practice.
        style: audience, one of the files in ``templates/style`` without its ending.
        translated: True for pages in every language, each at an address of its own.
    """

    name: str
    title: str
    practice: bool
    style: str
    translated: bool = False

    @property
    def css(self) -> Markup:
        """The stylesheet, for a ``<style>`` element."""
        return Markup(stylesheet(self.style))  # noqa: S704 - our own file, not input

    @property
    def policy(self) -> str:
        """The Content-Security-Policy that admits this stylesheet and nothing else."""
        return _policy(stylesheet(self.style))

    @property
    def scripted_policy(self) -> str:
        """The same for a page that runs a script of this site: no text becomes markup or code there."""
        return _policy(stylesheet(self.style), script=_SCRIPT)


SITE = web.AppKey("site", Site)


class Page(Protocol):
    """A page model: a frozen dataclass that names the template which shows it."""

    template: ClassVar[str]


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """What a person reads when something did not work."""

    template: ClassVar[str] = "layout/error.html"
    title: str
    message: str


def render(request: web.Request, page: Page, status: int = 200, *, only: Language | None = None) -> web.Response:
    """Answer with *page* in the language of the address, or in the *only* one that the page has.

    Its template sees ``page``, ``site``, ``csrf`` and ``who`` (both empty when not signed in), ``language``, and
    ``elsewhere``: the same page in the other languages, empty where following such a link would lose something. Whoever
    is signed in also sees the application's `NOTICES`, at the top of every page.
    """
    site, who = request.app[SITE], request.get(WHO, "")
    notices = request.app[NOTICES]() if who and NOTICES in request.app else ()
    language = only or (addresses.language_of(request) if site.translated else ENGLISH)
    elsewhere = addresses.elsewhere(request) if site.translated and not only else ()
    values = {"csrf": request.get(CSRF, ""), "who": who, "notices": notices, "warnings": request.get(WARNINGS, ())}
    text = render_text(site, page, language=language, elsewhere=elsewhere, **values)
    return web.Response(text=text, status=status, content_type="text/html", charset="utf-8")


def render_text(
    site: Site,
    page: Page,
    *,
    language: Language = ENGLISH,
    elsewhere: Iterable[tuple[Language, str]] = (),
    csrf: str = "",
    who: str = "",
    notices: tuple[str, ...] = (),
    warnings: tuple[str, ...] = (),
) -> str:
    """Return the HTML of *page*, for a process that answers without aiohttp's application."""
    template = environment().get_template(page.template)
    with spoken_by(languages.spoken(language)):
        return template.render(
            page=page,
            site=site,
            language=language,
            elsewhere=elsewhere,
            csrf=csrf,
            who=who,
            notices=notices,
            warnings=warnings,
        )


def see_other(path: str) -> web.Response:
    """Send the browser on after a POST: to *path* of this site, or to a page beside this one, in the same language."""
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": path})


def make_app(site: Site, routes: Iterable[web.AbstractRouteDef]) -> web.Application:
    """Return an application with *routes*, the strict headers and the error pages."""
    app = web.Application(middlewares=[_errors], logger=log.silenced("aiohttp.web"))
    app[SITE] = site
    app.add_routes(routes)
    app.on_response_prepare.append(_headers)
    return app


async def serve(
    app: web.Application, host: str | None = None, port: int | None = None, *, sock: socket.socket | None = None
) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is under way and return."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    log.quiet_loop(loop)
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    runner = await ready_runner(app, shutdown_timeout=_SHUTDOWN_SECONDS)
    place = web.SockSite(runner, sock) if sock is not None else web.TCPSite(runner, host, port)
    try:
        await place.start()
        await stop.wait()
    finally:
        await runner.cleanup()


async def ready_runner(
    app: web.Application, *, shutdown_timeout: float, keepalive_timeout: float = _KEEP_ALIVE_SECONDS
) -> web.AppRunner:
    """Return a runner that is set up, logs no request, and answers damaged HTTP with the strict headers too."""
    runner = web.AppRunner(
        app,
        access_log=None,
        logger=log.silenced("aiohttp.server"),
        shutdown_timeout=shutdown_timeout,
        keepalive_timeout=keepalive_timeout,
        auto_decompress=False,  # no browser packs a form; a packed one could be a thousand times what was sent
    )
    await runner.setup()
    _guard_refusals(runner)
    return runner


def strict_headers(site: Site | None) -> dict[str, str]:
    """Return the headers that stand on every answer."""
    return {**_FIXED_HEADERS, "Content-Security-Policy": site.policy if site else _CSP.format(style="", script="")}


async def _headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(strict_headers(request.app[SITE]))
    if request.get(SCRIPTED, False):
        response.headers["Content-Security-Policy"] = request.app[SITE].scripted_policy
    if request.get(PICTURES, False):
        policy = response.headers["Content-Security-Policy"]
        response.headers["Content-Security-Policy"] = policy.replace("img-src 'none'", "img-src data:")
    response.headers.popall("Server", None)


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn everything that is raised into a page with fixed words; log its class and the route, nothing else."""
    try:
        return await handler(request)
    except FormError as error:
        return _error(request, HTTPStatus.BAD_REQUEST, error.args[0])
    except web.HTTPRedirection:
        raise
    except web.HTTPException as error:
        response = _error(request, HTTPStatus(error.status))
        if "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]
        return response
    except StoreError as error:
        _LOG.error("%s in %s", type(error).__name__, _named(request))
        return _error(request, HTTPStatus.SERVICE_UNAVAILABLE)
    except Exception as error:  # noqa: BLE001 - the one place that must answer whatever happens
        _LOG.error("%s in %s", type(error).__name__, _named(request))
        return _error(request, HTTPStatus.INTERNAL_SERVER_ERROR)
    finally:
        request.pop(FORM, None)  # a connection that is kept open keeps its last request, and with it what was typed


def _error(request: web.Request, status: HTTPStatus, message: str | None = None) -> web.Response:
    words = message or _MESSAGES.get(status, _MESSAGES[HTTPStatus.BAD_REQUEST])
    return render(request, ErrorPage(_TITLES.get(status, _TITLE), words), status)


def _named(request: web.Request) -> str:
    return f"{request.method} {addresses.route_of(request) or 'unknown route'}"


class _Refusal(web.Request):
    """A request that never reached the application (damaged HTTP): its answer bears the strict headers too."""

    async def _prepare_hook(self, response: web.StreamResponse) -> None:
        if self._match_info is None:
            response.headers.update(strict_headers(None))
            response.headers.popall("Server", None)
        else:
            await super()._prepare_hook(response)


def _guard_refusals(runner: web.AppRunner) -> None:
    server = runner.server
    if server is None:
        raise RuntimeError("the runner is not set up")
    made = server.request_factory

    def factory(*args: Any, **kwargs: Any) -> web.BaseRequest:  # noqa: ANN401 - aiohttp's own five arguments
        request = made(*args, **kwargs)
        request.__class__ = _Refusal
        return request

    server.request_factory = factory


def _policy(css: str, *, script: str = "") -> str:
    return _CSP.format(style=f"style-src {source_hash(css)}; ", script=script)
