"""Takes photos and files after a message, one at a time, each kept once it is whole: a line that breaks costs the one under way."""

import asyncio
from functools import partial
from http import HTTPStatus
from typing import Final

from aiohttp import web

from crypto.codename import file_mac
from crypto.errors import OpenError
from tipline import replies
from tipline.base.web import render, see_other
from tipline.envelope import File, IntakeKeyError
from tipline.parts import Address, FileSealer
from tipline.source import context, room, session, submit, visit
from tipline.source.behind import Behind
from tipline.source.context import ABOUT, BLOBS, KEEP, UNITS, clock
from tipline.source.form import FormStream, IncomingFile
from tipline.source.pages import FilesPage
from tipline.source.room import Room
from tipline.source.sealing import Outbox
from tipline.source.session import FILES_MAX
from tipline.source.submit import Delivered, Delivery, FullError, GoneError, OtherUnitError
from tipline.source.visit import Visit

_BATCH: Final = 1 << 20  # bytes sealed in one go, away from the event loop
_FORM: Final = 1 << 16  # bytes that a form may have around its file
_STATUS: Final = {
    "too-large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "old-page": HTTPStatus.FORBIDDEN,
    "no-key": HTTPStatus.SERVICE_UNAVAILABLE,
    "full": HTTPStatus.SERVICE_UNAVAILABLE,
}


class _TooLargeError(Exception):
    """The file is larger than one may be."""


async def show(request: web.Request) -> web.Response:
    """Where a file is chosen, and how many are kept already."""
    opened = await visit.of(request)
    if opened is None:
        return see_other("return?ended")
    return _page(request, opened)


async def take(request: web.Request) -> web.Response:
    """Take one file. What can be told before its first byte is read, as that it is too large, is said then."""
    opened = await visit.of(request)
    if opened is None:
        return see_other("return?ended")
    if _too_long(request):
        return _page(request, opened, "too-large")
    stream = await FormStream.begin(request)
    fields = await stream.fields()
    if not opened.wrote(fields.get("csrf", "")):
        return _page(request, opened, "old-page")
    if len(opened.session.kept) >= FILES_MAX:
        return _page(request, opened, "too-many")
    try:
        problem = await _take(request, opened, stream)
    except GoneError:
        return see_other("return?ended")
    return _page(request, opened, problem) if problem else see_other("files?kept")


async def _take(request: web.Request, opened: Visit, stream: FormStream) -> str:
    """Seal and store the form's file; return the code of what is wrong, or nothing."""
    mailbox = await request.app[KEEP].mailbox(opened.keys.mailbox)
    if mailbox is None:
        raise GoneError
    place = await asyncio.to_thread(replies.remembered, mailbox.thread_state, opened.keys)
    if place is None or place.unit != mailbox.unit:
        return "lost" if place is None else "other-unit"  # before a byte is sealed to whom it is not for
    try:
        file, delivered = await _deliver(request, opened, stream, mailbox.unit)
    except _TooLargeError:
        return "too-large"
    except (IntakeKeyError, FullError) as error:
        return "full" if isinstance(error, FullError) else "no-key"
    except (OpenError, OtherUnitError) as error:  # exchanged meanwhile
        return "lost" if isinstance(error, OpenError) else "other-unit"
    if file is None:
        return "nothing"
    if delivered is not Delivered.REPEAT:  # then it is noted already, but for a crash between the two
        await session.remember(request.app[KEEP], visit.cookie(request), file.size, clock())
    return ""


async def _deliver(
    request: web.Request, opened: Visit, stream: FormStream, unit: str
) -> tuple[File | None, Delivered | None]:
    """Seal the form's file to *unit* and store it; neither is there when none was chosen."""
    keep, now = request.app[KEEP], clock()
    mailbox, urgent = opened.keys.mailbox, opened.session.urgent
    address = await context.address(request, request.app[UNITS].get(unit), mailbox=mailbox, urgent=urgent, at=now)
    outbox = Outbox(request.app[BLOBS], address.day)
    try:
        async with room.for_file(keep, request.content_length or 0, address.day) as given:
            file = await _seal(request, stream, outbox, address, given)
        if file is None:
            return None, None
        mac = file_mac(opened.keys)
        mac.field("type", file.type.encode())
        mac.file(file.name, file.size, file.sha256)
        delivery = Delivery(opened.keys, address, mac.digest(), first=None, further=file, at=now)
        return file, await submit.deliver(keep, outbox, delivery)
    finally:
        await outbox.leave()


async def _seal(request: web.Request, stream: FormStream, outbox: Outbox, address: Address, given: Room) -> File | None:
    """Seal the first file of a form as it arrives; None when none was chosen. Raises `_TooLargeError` and `FullError`."""
    async for incoming in stream.files():
        return await _seal_file(incoming, outbox, address, given, most=request.app[ABOUT].file_max)
    return None


async def _seal_file(
    incoming: IncomingFile, outbox: Outbox, address: Address, given: Room, *, most: int
) -> File | None:
    with FileSealer(outbox, address, name=incoming.name, type_=incoming.type) as sealer:
        size = 0
        async with Behind() as behind:
            async for piece in incoming.pieces(_BATCH):
                size += len(piece)
                if size > most:
                    raise _TooLargeError
                await given.enough(size)
                await behind.go_on(partial(sealer.hash, piece), partial(sealer.seal, piece))
        if not size and not incoming.name:
            return None
        return await asyncio.to_thread(sealer.finish)


def _page(request: web.Request, opened: Visit, problem: str = "") -> web.Response:
    page = FilesPage(
        about=request.app[ABOUT],
        reported=opened.session.reported,
        kept=opened.session.kept,
        most=FILES_MAX,
        just_kept="kept" in request.query,
        problem=problem,
    )
    status = _STATUS.get(problem, HTTPStatus.BAD_REQUEST) if problem else HTTPStatus.OK
    return render(request, page, status)


async def expect(request: web.Request) -> web.Response | None:
    """Answer who asks before sending (`Expect: 100-continue`): what is too large is not sent at all."""
    if _too_long(request):
        return context.too_large(request)
    await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    request.writer.output_size = 0  # the answer has not begun
    return None


def _too_long(request: web.Request) -> bool:
    return (request.content_length or 0) > request.app[ABOUT].file_max + _FORM


ROUTES: Final = (web.get("/files", show), web.post("/files", take, expect_handler=expect))
