"""Rows that go when a source erases everything: one transaction, which leaves at most one envelope with the wish for the rest."""

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from tipline.base.database import Db, store_errors
from tipline.source import store
from tipline.source.store import Envelope

_HELD: Final = "SELECT handed_out FROM zone.mailbox WHERE id = $1 AND thread_state = $2 FOR UPDATE"
_ERASE: Final = "SELECT id, kind FROM zone.erase($1)"
_REMEMBER: Final = """
    INSERT INTO zone.erased (id, day)
    VALUES (sha256($1), (now() AT TIME ZONE 'UTC')::date)
    ON CONFLICT (id) DO NOTHING
"""
_ADD_WISH: Final = """
    INSERT INTO zone.envelope (id, mailbox, unit, serial, kind, urgent, size, sha256, day)
    VALUES ($1, $2, $3, $4, 'message', false, $5, $6, $7)
"""


@dataclass(frozen=True, slots=True)
class Wish:
    """The thread's last message, sealed and published."""

    envelope: Envelope
    unit: str
    serial: int
    day: date


@dataclass(frozen=True, slots=True)
class Erasure:
    """What is to go: a mailbox whose sealed state is *was*.

    Attributes:
        sent: how many messages of the thread there are, fetched or not; None when nobody can tell.
        wish: None when it cannot be sealed today.
    """

    mailbox: bytes
    was: bytes
    sent: int | None
    wish: Wish | None


@dataclass(frozen=True, slots=True)
class Erased:
    """What went.

    Attributes:
        gone: ids of the envelopes whose blobs nobody names any more.
        rest: the unit may have something of the thread: it was handed out, has gone, or nobody can tell.
        told: the wish waits for the unit.
    """

    gone: tuple[UUID, ...]
    rest: bool
    told: bool


@store_errors()
async def erase(db: Db, erasure: Erasure) -> Erased | None:
    """Erase one mailbox with all that waits in it; None when its state is another by now, or it has gone.

    For two days it is not made anew: its form may be sent again by a page that is loaded anew.
    """
    wish = erasure.wish
    async with db.transaction():
        handed_out = await db.fetchval(_HELD, erasure.mailbox, erasure.was)
        if handed_out is None:
            return None
        rows = await db.fetch(_ERASE, erasure.mailbox)
        await db.execute(_REMEMBER, erasure.mailbox)
        waiting = sum(row["kind"] == "message" for row in rows)
        rest = erasure.sent is None or handed_out or waiting < erasure.sent
        told = wish is not None and rest and await store.takes(db, wish.unit, wish.serial, wish.day)
        if wish is not None and told:
            one = wish.envelope
            await db.execute(_ADD_WISH, one.id, erasure.mailbox, wish.unit, wish.serial, one.size, one.sha256, wish.day)
    return Erased(tuple(row["id"] for row in rows), rest, told)
