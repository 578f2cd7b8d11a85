"""Erases a source's mailbox and all of theirs that no unit has fetched, at once; leaves the unit the wish for the rest.

The wish is the thread's last message. It stands alone: its mailbox has gone with everything else. A unit that nothing was
handed out to is told nothing: here all of it goes, and nobody has read a word.
"""

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final
from uuid import UUID

from aiohttp import web

from crypto.codename import SourceKeys
from tipline import replies
from tipline.base.blobstore import BlobStore
from tipline.base.database import StoreError
from tipline.base.web import read_form, render, see_other
from tipline.envelope import Erase, IntakeKeyError, Place
from tipline.parts import Address
from tipline.source import context, submit, visit
from tipline.source.context import ABOUT, BLOBS, KEEP, UNITS, clock
from tipline.source.erasing import Erasure, Wish
from tipline.source.pages import ErasedPage, ErasePage
from tipline.source.sealing import Outbox
from tipline.source.store import Mailbox
from tipline.source.visit import Visit

_TRIES: Final = 8


async def show(request: web.Request) -> web.Response:
    """Ask once more: what goes at once, and what is only a wish. It says nothing of what has been fetched."""
    opened = await visit.of(request)
    if opened is None:
        return see_other("return?ended")
    return await _page(request, opened)


async def erase(request: web.Request) -> web.Response:
    """Erase, end the session, and ask the browser to forget."""
    fields = await read_form(request)
    opened = await visit.of(request)
    if opened is None:
        return see_other("return?ended")
    if not opened.wrote(fields.get("csrf", "")):
        return await _page(request, opened, old_page=True)
    receiver = await _receiver(request, opened)
    left = await _erase(request, opened.keys)
    await request.app[KEEP].delete_session(opened.session.id)
    return visit.forget(render(request, ErasedPage(request.app[ABOUT], receiver, left)))


async def _erase(request: web.Request, keys: SourceKeys) -> str:
    """Erase whatever happens at the same moment; return what is `left`, as `ErasedPage` says it.

    Raises:
        StoreError: the rows could not be erased.
    """
    keep, blobs = request.app[KEEP], request.app[BLOBS]
    for _ in range(_TRIES):
        mailbox = await keep.mailbox(keys.mailbox)  # 1 load
        if mailbox is None:
            return "already"
        place = await asyncio.to_thread(replies.remembered, mailbox.thread_state, keys)
        address = await _address(request, keys, mailbox, place)
        outbox = Outbox(blobs, clock().date())
        try:
            wish = None
            if place is not None and address is not None:
                encoded = submit.following(place, keys, Erase(), at=clock()).encode()
                wish = await asyncio.to_thread(_publish, outbox, encoded, address)  # 2 seal
            sent = None if place is None else place.sent.counter
            erased = await keep.erase(Erasure(keys.mailbox, was=mailbox.thread_state, sent=sent, wish=wish))  # 3 store
            if wish is not None and (erased is None or not erased.told):
                await asyncio.to_thread(outbox.withdraw, [wish.envelope])
            if erased is not None:
                await asyncio.to_thread(_delete, blobs, erased.gone)
                return "told" if erased.told else "not-told" if erased.rest else "nothing"
        finally:
            await outbox.leave()
    raise StoreError


async def _address(request: web.Request, keys: SourceKeys, mailbox: Mailbox, place: Place | None) -> Address | None:
    """Return whom the wish is sealed to; None when there is no key, or the mailbox was exchanged: nobody is kept from erasing."""
    if place is None or place.unit != mailbox.unit:
        return None
    unit = request.app[UNITS].get(mailbox.unit)
    try:
        return await context.address(request, unit, mailbox=keys.mailbox, urgent=False, at=clock())
    except IntakeKeyError:
        return None


def _publish(outbox: Outbox, encoded: bytes, address: Address) -> Wish:
    outbox.add_message(encoded, address)
    (envelope,) = outbox.publish()
    return Wish(envelope, unit=address.intake.unit, serial=address.intake.serial, day=address.day)


def _delete(blobs: BlobStore, gone: Sequence[UUID]) -> None:
    for envelope in gone:
        blobs.delete(envelope)


async def _receiver(request: web.Request, opened: Visit) -> str:
    """Return the name of the unit that has the thread."""
    about = request.app[ABOUT]
    mailbox = await request.app[KEEP].mailbox(opened.keys.mailbox)
    unit = None if mailbox is None else request.app[UNITS].get(mailbox.unit)
    return unit.name if unit else about.unit


async def _page(request: web.Request, opened: Visit, *, old_page: bool = False) -> web.Response:
    page = ErasePage(request.app[ABOUT], await _receiver(request, opened), old_page=old_page)
    return render(request, page, HTTPStatus.FORBIDDEN if old_page else HTTPStatus.OK)


ROUTES: Final = (web.get("/erase", show), web.post("/erase", erase))
