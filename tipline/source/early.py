"""Parts that come before their slip: a few wait for it, for some hours. Ciphertext and days.

A device that seals one part after the other knows the slip only at the end, so it can let go of each part once it is here.
Nobody has to show anything for such a part, so the room for them is their own: who fills it takes it from nobody who sends
the slip first, and nothing that waits is ever put out for something newer.
"""

from collections.abc import Mapping
from datetime import date
from typing import Final
from uuid import UUID

from tipline.base.database import Db, store_errors
from tipline.handin import part_id
from tipline.source.pieces import PARTS_MAX

EARLY_MAX: Final = 6 << 30
"""Bytes of all parts that wait without a slip."""
LEAST: Final = 1 << 20
"""Bytes for which even the smallest part counts, so that a flood of small ones is no flood of rows."""
SILENT_SECONDS: Final = 3 * 3600.0
"""How long they wait after the last one of their mailbox, at least; at most twice as long."""

_LOCK: Final = "SELECT pg_advisory_xact_lock($1)"
_ADMITTING: Final = 7_461_727_073  # any constant of our own; one at a time, so that the room is never exceeded
_ADMIT: Final = """
    INSERT INTO zone.hand_in_envelope (id, mailbox, size, sha256, day)
    SELECT $1::uuid, $2::bytea, $3::bigint, $4::bytea, $5::date
     WHERE (SELECT count(*) FROM zone.hand_in_envelope WHERE mailbox = $2 AND hand_in IS NULL) < $6
       AND (SELECT coalesce(sum(greatest(size, $8)), 0) FROM zone.hand_in_envelope WHERE hand_in IS NULL)
         + greatest($3, $8) <= $7
    ON CONFLICT (id) DO NOTHING
"""
_NOT_TWICE: Final = """
    DELETE FROM zone.hand_in_envelope
     WHERE id = $1
       AND hand_in IS NULL
       AND EXISTS (SELECT FROM zone.envelope WHERE id = $1)
"""  # asked afterwards: a hand-in that became complete at this very moment is seen by then
_WAITING: Final = "SELECT mailbox, id FROM zone.hand_in_envelope WHERE hand_in IS NULL"
_FORGET: Final = "DELETE FROM zone.hand_in_envelope WHERE hand_in IS NULL AND mailbox = ANY($1) RETURNING id"

Waiting = Mapping[bytes, frozenset[UUID]]


@store_errors()
async def admit(db: Db, mailbox: bytes, sha256: bytes, size: int, today: date) -> None:
    """Give a part a row of its own, if there is room for one without a slip and it has not arrived long ago."""
    part = part_id(sha256)
    async with db.transaction():
        await db.execute(_LOCK, _ADMITTING)
        await db.execute(_ADMIT, part, mailbox, size, sha256, today, PARTS_MAX, EARLY_MAX, LEAST)
        await db.execute(_NOT_TWICE, part)


@store_errors()
async def waiting(db: Db) -> Waiting:
    """Return the parts that wait without a slip, by mailbox."""
    found: dict[bytes, set[UUID]] = {}
    for row in await db.fetch(_WAITING):
        found.setdefault(bytes(row["mailbox"]), set()).add(row["id"])
    return {mailbox: frozenset(ids) for mailbox, ids in found.items()}


@store_errors()
async def forget(db: Db, mailboxes: list[bytes]) -> list[UUID]:
    """Forget what waits for these mailboxes without a slip; return the ids whose blobs are to go."""
    return [row["id"] for row in await db.fetch(_FORGET, mailboxes)]
