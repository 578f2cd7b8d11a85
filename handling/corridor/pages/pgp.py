"""What a tip's page shows of parts that were sealed with PGP: records turned into words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from aiohttp import web

from crypto import openpgp
from handling.corridor import opening, words
from handling.corridor.opening import Inside
from handling.corridor.pages import views
from handling.corridor.pages.common import corridor, handler
from handling.corridor.tips import OpenMessage
from handling.rules.ways import WORDS, Way, Words
from handling.store.members import MemberList
from tipline.base.database import Db


@dataclass(frozen=True, slots=True)
class Part:
    """One part: still closed, or what it held.

    Attributes:
        whole: the text that came with the part in it; empty where it came as a file, or in another field.
        around: what stands in that text outside the part.
        way: what PGP protects against and what not.
    """

    opened: bool
    whole: str = ""
    around: str = ""
    text: str | None = None
    path: str = ""
    name: str = ""
    size: str = ""
    signed: bool = False
    who: str = ""
    way: Words = WORDS[Way.PGP]


async def of_thread(request: web.Request, db: Db, thread: UUID, messages: Sequence[OpenMessage]) -> Mapping[UUID, Part]:
    """Every part of a thread that came sealed with PGP, by the id of its message."""
    person = handler(request)
    inside = await opening.inside(db, person, thread)
    unopened = [one for one in messages if one.row.id not in inside]
    closed = opening.closed(unopened, await opening.heads(db, corridor(request).blobs, person, unopened))
    texts = {one.row.id: text for one in messages if openpgp.holds_block(text := _text(one))}
    found = {
        **dict.fromkeys(closed, Part(opened=False)),
        **{message: _part(one, person.members) for message, one in inside.items()},
    }
    return {
        message: replace(part, whole=texts[message], around=openpgp.around(texts[message]))
        if message in texts
        else part
        for message, part in found.items()
    }


def _text(message: OpenMessage) -> str:
    body = message.content.get("body")
    return str(body.get("text", "")) if isinstance(body, Mapping) else ""


def _part(one: Inside, members: MemberList) -> Part:
    return Part(
        opened=True,
        text=one.text,
        path="" if one.file is None else f"/files/{one.file}",
        name=one.name,
        size=words.size(one.size),
        signed=one.signed,
        who=views.display(one.by, members),
    )
