"""Shows the unit's OpenPGP key to whoever wants to seal with it. The key is verified against its signer, and never opened."""

import asyncio
from collections.abc import Iterable
from datetime import date
from http import HTTPStatus
from typing import Final

from aiohttp import web

from tipline.base.web import render
from tipline.pgpkey import PgpKey, PgpKeyError
from tipline.source.context import ABOUT, KEEP, UNITS, clock
from tipline.source.pages import PgpPage
from tipline.units import Unit

_GROUP: Final = 4


async def show(request: web.Request) -> web.Response:
    """The key, its fingerprint, and how to seal and hand in; says so while the unit has no valid key."""
    key = await _key_of_the_day(request)
    if key is None:
        return render(request, PgpPage(request.app[ABOUT]), HTTPStatus.NOT_FOUND)
    groups = tuple(key.fingerprint[start : start + _GROUP] for start in range(0, len(key.fingerprint), _GROUP))
    return render(request, PgpPage(request.app[ABOUT], key.key, groups, key.not_after))


async def download(request: web.Request) -> web.Response:
    """The key as a file to save."""
    key = await _key_of_the_day(request)
    if key is None:
        raise web.HTTPNotFound
    headers = {"Content-Disposition": 'attachment; filename="key.asc"'}
    return web.Response(body=key.key.encode("ascii"), content_type="application/pgp-keys", headers=headers)


def choose(unit: Unit, statements: Iterable[bytes], today: date) -> PgpKey | None:
    """Return the newest key that the unit's own signer signed for *today*."""
    valid = []
    for statement in statements:
        try:
            key = PgpKey.read(statement, unit.intake_signer)
        except PgpKeyError:
            continue
        if key.unit == unit.id and key.good_on(today):
            valid.append(key)
    return max(valid, key=lambda key: key.serial, default=None)


async def _key_of_the_day(request: web.Request) -> PgpKey | None:
    unit, today = request.app[UNITS].unit, clock().date()
    statements = await request.app[KEEP].pgp_statements(unit.id, today)
    return await asyncio.to_thread(choose, unit, statements, today)


ROUTES: Final = (web.get("/pgp", show), web.get("/pgp/key.asc", download))
