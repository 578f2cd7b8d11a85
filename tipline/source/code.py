"""Shows the codename once more to who has just reported, and checks two of its words. It never says what a word is.

It stands in the words of the page's language, or in digits: `Language.codename`.
"""

import secrets
from http import HTTPStatus
from typing import Final

from aiohttp import web

from crypto.codename import Codename
from crypto.written import DIGITS, same
from tipline.base.addresses import language_of
from tipline.base.web import read_form, render, see_other
from tipline.source import visit
from tipline.source.context import ABOUT, KEEP, UNITS
from tipline.source.form import DamagedError
from tipline.source.pages import Asked, CheckPage, CodePage

_GROUP: Final = 3
_ASKED: Final = 2
_FORM: Final = 1 << 14  # bytes of a form with as many words


def page(request: web.Request, unit: str, codename: Codename, *, further: bool = False) -> CodePage:
    """Return the page that shows a codename of a report that *unit*, by its id, has."""
    known, way = request.app[UNITS].get(unit), language_of(request).codename
    items, group = codename.words(way), 1 if way == DIGITS else _GROUP  # digits in a line are read from either side
    groups = tuple(items[start : start + group] for start in range(0, len(items), group))
    return CodePage(request.app[ABOUT], known.name if known else unit, groups, further=further)


async def show(request: web.Request) -> web.Response:
    """The codename again, as long as the session lasts that began with the report; to nobody who came back with it."""
    opened = await visit.of(request)
    mailbox = None if opened is None else await request.app[KEEP].mailbox(opened.keys.mailbox)
    if opened is None or mailbox is None or not opened.session.reported:
        return see_other("thread")
    return render(request, page(request, mailbox.unit, opened.session.codename))


async def show_check(request: web.Request) -> web.Response:
    """Ask for two words, chosen by chance."""
    opened = await visit.of(request)
    if opened is None or not opened.session.reported:
        return see_other("thread")
    items = opened.session.codename.words(language_of(request).codename)
    places = sorted(secrets.SystemRandom().sample(range(1, len(items) + 1), _ASKED))
    return render(request, CheckPage(request.app[ABOUT], tuple(Asked(place) for place in places)))


async def check(request: web.Request) -> web.Response:
    """Say which of the two are right."""
    fields = await read_form(request, limit=_FORM)
    opened = await visit.of(request)
    if opened is None or not opened.session.reported:
        return see_other("thread")
    if not opened.wrote(fields.get("csrf", "")):
        raise web.HTTPForbidden
    items = opened.session.codename.words(language_of(request).codename)
    asked = tuple(
        Asked(place, same(fields.get(f"word_{place}", ""), items[place - 1])) for place in _places(fields, len(items))
    )
    shown = CheckPage(request.app[ABOUT], asked)
    return render(request, shown, HTTPStatus.OK if shown.passed else HTTPStatus.BAD_REQUEST)


def _places(fields: dict[str, str], count: int) -> tuple[int, ...]:
    """Return which words were asked for: exactly two of so many."""
    names = {f"word_{place}": place for place in range(1, count + 1)}
    places = tuple(names[name] for name in fields if name in names)
    if len(places) != _ASKED:
        raise DamagedError
    return places


ROUTES: Final = (web.get("/code", show), web.get("/check", show_check), web.post("/check", check))
