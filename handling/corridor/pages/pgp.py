"""What a tip's page shows of parts that were sealed with PGP: records turned into words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from aiohttp import web

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
    """One part: still closed, or what it held; *way* says what PGP protects against and what not."""

    opened: bool
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
    return {
        **dict.fromkeys(closed, Part(opened=False)),
        **{message: _part(one, person.members) for message, one in inside.items()},
    }


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
