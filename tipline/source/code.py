"""Shows the codename once more to who has just reported, and checks two of its words. It never says what a word is."""

import secrets
from http import HTTPStatus
from typing import Final

from aiohttp import web

from crypto.codename import WORDS, Codename, same_word
from tipline.base.web import read_form, render, see_other
from tipline.source import visit
from tipline.source.context import ABOUT, KEEP, UNITS
from tipline.source.form import DamagedError
from tipline.source.pages import Asked, CheckPage, CodePage

_GROUP: Final = 3
_ASKED: Final = 2


def page(request: web.Request, unit: str, codename: Codename, *, further: bool = False) -> CodePage:
    """Return the page that shows a codename of a report that *unit*, by its id, has."""
    known, words = request.app[UNITS].get(unit), codename.words()
    groups = tuple(words[start : start + _GROUP] for start in range(0, len(words), _GROUP))
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
    places = sorted(secrets.SystemRandom().sample(range(1, WORDS + 1), _ASKED))
    return render(request, CheckPage(request.app[ABOUT], tuple(Asked(place) for place in places)))


async def check(request: web.Request) -> web.Response:
    """Say which of the two are right."""
    fields = await read_form(request)
    opened = await visit.of(request)
    if opened is None or not opened.session.reported:
        return see_other("thread")
    if not opened.wrote(fields.get("csrf", "")):
        raise web.HTTPForbidden
    words = opened.session.codename.words()
    asked = tuple(
        Asked(place, same_word(fields.get(f"word_{place}", ""), words[place - 1])) for place in _places(fields)
    )
    shown = CheckPage(request.app[ABOUT], asked)
    return render(request, shown, HTTPStatus.OK if shown.passed else HTTPStatus.BAD_REQUEST)


def _places(fields: dict[str, str]) -> tuple[int, ...]:
    """Return which words were asked for: exactly two of twelve."""
    names = {f"word_{place}": place for place in range(1, WORDS + 1)}
    places = tuple(names[name] for name in fields if name in names)
    if len(places) != _ASKED:
        raise DamagedError
    return places


ROUTES: Final = (web.get("/code", show), web.get("/check", show_check), web.post("/check", check))
