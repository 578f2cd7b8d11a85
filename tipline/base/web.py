"""Pages over aiohttp: strict headers on every answer, one layout, errors in words. Nothing of a request in the log.

No page may run script but one that says so with `SCRIPTED`, and that one runs scripts of this site alone.
"""

import asyncio
import base64
import hashlib
import logging
import signal
import socket
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from aiohttp import web
from markupsafe import Markup

from tipline.base import log
from tipline.base.database import StoreError
from tipline.base.forms import FORM, LIMIT, MAX_FIELDS, FormError, read_form, read_form_lists

if TYPE_CHECKING:
    import jinja2

__all__ = [
    "CSRF",
    "FORM",
    "LIMIT",
    "MAX_FIELDS",
    "NOTICES",
    "SCRIPTED",
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
_MESSAGES = MappingProxyType(
    {
        HTTPStatus.BAD_REQUEST: "The request could not be understood. Go back and try again.",
        HTTPStatus.FORBIDDEN: "This was not sent from a page of this site, or the page was too old. Open the page again.",
        HTTPStatus.NOT_FOUND: "There is no such page.",
        HTTPStatus.METHOD_NOT_ALLOWED: "This page cannot be used in that way.",
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "This is too large.",
        HTTPStatus.INTERNAL_SERVER_ERROR: "Something failed here, not with you. What you sent may not have been kept: try again.",
        HTTPStatus.SERVICE_UNAVAILABLE: "The store does not answer just now. Nothing was changed. Try again in a minute.",
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
    """

    name: str
    title: str
    practice: bool
    style: str

    @property
    def css(self) -> Markup:
        """The stylesheet, for a ``<style>`` element."""
        return Markup(_stylesheet(self.style))  # noqa: S704 - our own file, not input

    @property
    def policy(self) -> str:
        """The Content-Security-Policy that admits this stylesheet and nothing else."""
        return _policy(_stylesheet(self.style))

    @property
    def scripted_policy(self) -> str:
        """The same for a page that runs a script of this site: no text becomes markup or code there."""
        return _policy(_stylesheet(self.style), script=_SCRIPT)


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


def render(request: web.Request, page: Page, status: int = 200) -> web.Response:
    """Answer with *page*; its template sees ``page``, ``site``, ``csrf`` and ``who`` (both empty when not signed in).

    Whoever is signed in also sees the application's `NOTICES`, at the top of every page.
    """
    who = request.get(WHO, "")
    notices = request.app[NOTICES]() if who and NOTICES in request.app else ()
    text = render_text(request.app[SITE], page, csrf=request.get(CSRF, ""), who=who, notices=notices)
    return web.Response(text=text, status=status, content_type="text/html", charset="utf-8")


def render_text(site: Site, page: Page, *, csrf: str = "", who: str = "", notices: tuple[str, ...] = ()) -> str:
    """Return the HTML of *page*, for a process that answers without aiohttp's application."""
    return _environment().get_template(page.template).render(page=page, site=site, csrf=csrf, who=who, notices=notices)


def see_other(path: str) -> web.Response:
    """Send the browser on to *path* of this site after a POST."""
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
    response.headers.popall("Server", None)


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn everything that is raised into a page with fixed words; log its class and the route, nothing else."""
    try:
        return await handler(request)
    except FormError as error:
        return _error(request, HTTPStatus.BAD_REQUEST, str(error))
    except web.HTTPRedirection:
        raise
    except web.HTTPException as error:
        response = _error(request, HTTPStatus(error.status))
        if "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]
        return response
    except StoreError as error:
        _LOG.error("%s in %s", type(error).__name__, _route(request))
        return _error(request, HTTPStatus.SERVICE_UNAVAILABLE)
    except Exception as error:  # noqa: BLE001 - the one place that must answer whatever happens
        _LOG.error("%s in %s", type(error).__name__, _route(request))
        return _error(request, HTTPStatus.INTERNAL_SERVER_ERROR)
    finally:
        request.pop(FORM, None)  # a connection that is kept open keeps its last request, and with it what was typed


def _error(request: web.Request, status: HTTPStatus, message: str | None = None) -> web.Response:
    words = message or _MESSAGES.get(status, _MESSAGES[HTTPStatus.BAD_REQUEST])
    return render(request, ErrorPage(title=status.phrase, message=words), status)


def _route(request: web.Request) -> str:
    """Return the route's pattern, never the path: that may name a record."""
    resource = request.match_info.route.resource
    return f"{request.method} {resource.canonical if resource else 'unknown route'}"


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


# Templates and styles -------------------------------------------------------------------------------------------


def templates() -> Path:
    """Return the folder of templates: inside the installed package, or beside it in a checkout."""
    package = Path(str(resources.files("tipline")))
    inside = package / "templates"
    return inside if inside.is_dir() else package.parent / "templates"


@cache
def _environment() -> "jinja2.Environment":
    import jinja2  # noqa: PLC0415 - the drop shows a page only to who asks for what is not there, and saves 2 MiB

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates()),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


@cache
def _stylesheet(audience: str) -> str:
    folder = templates() / "style"
    return "\n".join((folder / f"{name}.css").read_text("utf-8").strip() for name in ("tokens", audience))


@cache
def _policy(css: str, *, script: str = "") -> str:
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    return _CSP.format(style=f"style-src 'sha256-{digest}'; ", script=script)
