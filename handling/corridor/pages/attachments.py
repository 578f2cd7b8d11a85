"""Pages of a report's attachments: the copy as pixels and words, what the original carried, and the copy to save. Never the original."""

import asyncio
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from aiohttp import web

from handling.corridor import attaching, reports, words
from handling.corridor.document import Attached
from handling.corridor.errors import NotThereError
from handling.corridor.pages import views
from handling.corridor.pages.common import corridor, handler, record_id
from handling.rules import attachments
from handling.rules.attachments import Kind, Listed
from tipline.base.staff import signed_in
from tipline.base.web import PICTURES, render


@dataclass(frozen=True, slots=True)
class AttachmentPage:
    """One attachment; *pictures* are data addresses of its pixels, and *carried* what is gone."""

    template: ClassVar[str] = "corridor/attachment.html"
    at: ClassVar[str] = "reports"
    path: str
    report_path: str
    name: str
    label: str
    size: str
    sha256: str
    original_name: str
    original_sha256: str
    carried: tuple[tuple[str, str], ...]
    pictures: tuple[str, ...]
    text: str
    is_video: bool


@signed_in
async def show(request: web.Request) -> web.Response:
    """Show a copy, and beside it what the original carried."""
    listed, entry, data = await _found(request)
    report = record_id(request)
    request[PICTURES] = True
    page = AttachmentPage(
        path=f"/reports/{report}/attachments/{entry.id}",
        report_path=f"/reports/{report}#attachments",
        name=listed.name,
        label=entry.kind.label,
        size=words.size(entry.size),
        sha256=entry.sha256,
        original_name=entry.name,
        original_sha256=entry.original,
        carried=tuple(sorted(entry.carried.items())),
        pictures=await asyncio.to_thread(attachments.pictures, entry.kind, data),
        text=entry.text,
        is_video=entry.kind is Kind.MP4,
    )
    return render(request, page)


@signed_in
async def save(request: web.Request) -> web.Response:
    """Hand out a copy as bytes to save, and nothing that a browser would show."""
    listed, _, data = await _found(request)
    headers = {"Content-Type": "application/octet-stream", "Content-Disposition": views.attachment(listed.name)}
    return web.Response(body=data, headers=headers)


async def _found(request: web.Request) -> tuple[Listed, Attached, bytes]:
    try:
        wanted = UUID(request.match_info["attachment"])
    except ValueError:
        raise web.HTTPNotFound from None
    person = handler(request)
    async with corridor(request).pool.acquire() as db:
        report = await reports.get(db, person.vault, record_id(request))
        named = zip(report.draft.listed(), report.draft.attached, strict=True)
        listed, entry = next((pair for pair in named if pair[1].id == wanted), (None, None))
        if listed is None or entry is None:
            raise NotThereError
        return listed, entry, await attaching.copy(db, person.vault, report.row.id, entry)
