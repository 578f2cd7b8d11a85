"""Hands out what waits for whoever sealed on their own device: replies for a pickup code, and the keys to seal to.

A pickup code opens a mailbox and no reply, so this server learns nothing that it could read with.
"""

import asyncio
from datetime import date
from http import HTTPStatus
from pathlib import Path
from typing import Final

from aiohttp import web

from crypto.codename import mailbox_of, parse_pickup_code
from crypto.errors import CodenameError
from tipline.base.web import NOT_FOUND, ErrorPage, read_form, render
from tipline.bundles import PICKUP_BYTES
from tipline.envelope import IntakeKey, IntakeKeyError
from tipline.pins import Keys
from tipline.source.context import ABOUT, FOLDER, KEEP, UNITS, clock
from tipline.source.pages import PickupPage
from tipline.strict import EnvelopeError
from tipline.text import Text
from tipline.units import Unit

ROOT_FILE: Final = "root.pub"
"""In the public zone's folder: the root's public key in hexadecimal."""
PINS_FILE: Final = "pins.json"
"""Beside it: the statement in which the root has signed whom sources may seal to."""

_NO_CODE: Final = Text(
    "This is not a pickup code, or a letter of it is wrong. It begins with “pickup1” and was shown when you sealed. "
    "Never type your twelve words here."
)
_NOT_HERE: Final = Text("Nothing is here under this pickup code. Was everything handed in, all its files?")
_NO_KEYS: Final = Text(
    "This unit has not signed any keys for sealing on another device yet. Use the form on the first page."
)
_FORM: Final = 1 << 14  # bytes; a code has 77 letters
_FILE: Final = 'attachment; filename="pickup.tar"'


async def show(request: web.Request) -> web.Response:
    """Where a pickup code is typed."""
    return render(request, PickupPage(request.app[ABOUT]))


async def pick_up(request: web.Request) -> web.Response:
    """Hand out the pickup file; a code that has none costs the same work, and the answer has as many bytes."""
    about = request.app[ABOUT]
    try:
        lookup = parse_pickup_code((await read_form(request, limit=_FORM)).get("code", ""))
    except CodenameError:
        return render(request, PickupPage(about, _NO_CODE), HTTPStatus.BAD_REQUEST)
    known, found = await request.app[KEEP].pickup(mailbox_of(lookup))
    file = found.encode()
    nothing = render(request, PickupPage(about, _NOT_HERE), HTTPStatus.NOT_FOUND)
    if known:
        headers = {"Content-Disposition": _FILE}
        return web.Response(body=file, content_type="application/x-tar", headers=headers)
    nothing.body = (nothing.text or "").encode().ljust(PICKUP_BYTES)
    return nothing


async def show_keys(request: web.Request) -> web.Response:
    """Hand out the signed keys to seal to; a page in words while there are none."""
    keys = await asyncio.to_thread(_signed, request.app[FOLDER])
    if keys is None:
        return render(request, ErrorPage(NOT_FOUND, _NO_KEYS), HTTPStatus.NOT_FOUND)
    today = clock().date()
    intake: list[bytes] = []
    for unit in request.app[UNITS].pinned:
        statements = await request.app[KEEP].intake_statements_from(unit.id, today)
        intake += [one for one in statements if await asyncio.to_thread(_good, one, unit, today)]
    return web.Response(body=Keys(keys.root, keys.pins, tuple(intake)).encode(), content_type="application/json")


def _signed(folder: Path) -> Keys | None:
    """Read root and pins from the zone's folder; None while they are not there, or when they do not fit each other."""
    try:
        root = bytes.fromhex((folder / ROOT_FILE).read_text("ascii").strip())
        keys = Keys(root, (folder / PINS_FILE).read_bytes(), ())
        keys.verified(root)
    except (FileNotFoundError, ValueError, EnvelopeError):
        return None
    return keys


def _good(statement: bytes, unit: Unit, today: date) -> bool:
    try:
        key = IntakeKey.read(statement, unit.intake_signer)
    except IntakeKeyError:
        return False
    return key.unit == unit.id and key.not_after >= today


ROUTES: Final = (web.get("/pickup", show), web.post("/pickup", pick_up), web.get("/keys", show_keys))
