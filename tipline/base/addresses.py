"""Addresses of translated pages: English at `/…`, each other language at `/<code>/…`, and the same routes behind them.

Every page of a translated site stands right behind the prefix and links to others by their name alone, as `return`: so
whoever has chosen a language stays in it, without cookie.
"""

from collections.abc import Iterable
from typing import Final

from aiohttp import web

from tipline.base.languages import ENGLISH, LANGUAGES, Language

_SHOWN: Final = "/{language}"  # the prefix in a route's canonical form, as the log has it
_PREFIX: Final = "/{language:" + "|".join(code for code in LANGUAGES if code != ENGLISH.code) + "}"


def in_every_language(routes: Iterable[web.RouteDef]) -> list[web.RouteDef]:
    """Return *routes* as they are, for English, and once more behind the prefix of the other languages."""
    both = [web.get(_PREFIX, _with_slash)]
    for route in routes:
        translated = web.route(route.method, _PREFIX + route.path, route.handler, **route.kwargs)
        both += [route, translated]
    return both


def language_of(request: web.Request) -> Language:
    """Return the language that the request's address names, also where there is no page."""
    return LANGUAGES.get(request.path.split("/", 2)[1], ENGLISH) if request.path.startswith("/") else ENGLISH


def route_of(request: web.Request) -> str:
    """Return the route's pattern, the same in every language; empty when there is none.

    Rules about pages and the log go by this, never by the path: that may name a record, and tells the language.
    """
    resource = request.match_info.route.resource
    return resource.canonical.removeprefix(_SHOWN) if resource else ""


def elsewhere(request: web.Request) -> tuple[tuple[Language, str], ...]:
    """Return the page's address in each language; none for an answer to a form: there, what was sent would be lost."""
    if request.method not in ("GET", "HEAD"):
        return ()
    pattern = route_of(request)
    name = pattern.lstrip("/") if "{" not in pattern else ""
    return tuple((language, language.root + name) for language in LANGUAGES.values())


async def _with_slash(request: web.Request) -> web.Response:
    """Send `/fr` on to `/fr/`, where names alone lead to pages in that language."""
    return web.Response(status=303, headers={"Location": language_of(request).root})
