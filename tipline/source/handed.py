"""Rows of hand-ins that are not complete yet: slips, and which of their envelopes are here. Ciphertext and days.

A slip and the ids that it lists have rows before any of its blobs has a name, so that no sweep removes a blob on its way.
"""

from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Final
from uuid import UUID

from tipline.base.database import Db, store_errors
from tipline.bundles import pack_bundle
from tipline.handin import Slip
from tipline.source import store
from tipline.source.store import Envelope, NewMailbox, Outcome, Submission, Undo

PENDING_MAX: Final = 16 << 30
"""Bytes of all hand-ins that wait to become complete: seven of the largest at once. Checked at each file, not to the byte."""

_STANDS: Final = "SELECT unit, sha256(thread_state) AS place FROM zone.mailbox WHERE id = $1"
_PENDING: Final = """
    SELECT (SELECT coalesce(sum(octet_length(slip)), 0) FROM zone.hand_in)
         + (SELECT coalesce(sum(size), 0) FROM zone.hand_in_envelope WHERE here)
"""
_ADD: Final = """
    INSERT INTO zone.hand_in (sum, mailbox, slip, day)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (sum) DO NOTHING
"""
_ADD_LISTED: Final = """
    INSERT INTO zone.hand_in_envelope (id, hand_in, size, sha256)
    SELECT listed.id, $1::bytea, listed.size, listed.sha256
      FROM unnest($2::uuid[], $3::bigint[], $4::bytea[]) AS listed (id, size, sha256)
     WHERE NOT EXISTS (SELECT FROM zone.envelope WHERE envelope.id = listed.id)
    ON CONFLICT (id) DO NOTHING
"""
_LISTED: Final = """
    SELECT e.id, e.hand_in, e.here
      FROM zone.hand_in_envelope AS e
      JOIN zone.hand_in AS h ON h.sum = e.hand_in
     WHERE h.mailbox = $1
       AND e.sha256 = $2
       AND e.size = $3
     LIMIT 1
"""
_HERE: Final = "UPDATE zone.hand_in_envelope SET here = true WHERE hand_in = $1 AND id = $2"
_TAKE_WHOLE: Final = """
    DELETE FROM zone.hand_in
     WHERE sum = $1
       AND NOT EXISTS (SELECT FROM zone.hand_in_envelope WHERE hand_in = $1 AND NOT here)
 RETURNING slip
"""
_SLIP: Final = "SELECT slip FROM zone.hand_in WHERE sum = $1"
_IDS_HERE: Final = "SELECT id FROM zone.hand_in_envelope WHERE hand_in = $1 AND here"
_IDS: Final = "SELECT id FROM zone.hand_in_envelope WHERE hand_in = $1"
_FORGET: Final = "DELETE FROM zone.hand_in WHERE sum = $1"
_OLD_IDS: Final = """
    SELECT e.id FROM zone.hand_in_envelope AS e JOIN zone.hand_in AS h ON h.sum = e.hand_in WHERE h.day < $1
"""
_FORGET_OLD: Final = "DELETE FROM zone.hand_in WHERE day < $1"


class Standing(Enum):
    """How a hand-in stands. Of all but the first two nothing is kept."""

    WHOLE = "complete"
    PARTIAL = "partial"
    RETIRED = "retired-key"
    MOVED = "answered-meanwhile"
    TAKEN = "already-begun"
    OTHER_UNIT = "other-unit"
    CLASH = "used-id"
    FULL = "full"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a hand-in has come: *missing* numbers of its *files*, from 1; *dropped* ids whose blobs are to go."""

    standing: Standing
    files: int = 0
    missing: tuple[int, ...] = ()
    dropped: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file of a part belongs: the sum of its slip, the id of its envelope, and whether it is here already."""

    sum: bytes
    id: UUID
    here: bool


@store_errors()
async def begin(db: Db, slip: Slip, today: date) -> Standing:
    """Keep a slip whose messages are about to be published; `PARTIAL` when they may be."""
    try:
        async with db.transaction():
            await store.writing(db)
            await _begin(db, slip, today)
    except _Refused as refused:
        return refused.standing
    return Standing.PARTIAL


class _Refused(Exception):  # noqa: N818 - it carries a standing out of a transaction, it is no failure
    def __init__(self, standing: Standing) -> None:
        super().__init__(standing.value)
        self.standing = standing


async def _begin(db: Db, slip: Slip, today: date) -> None:
    if await store.seen(db, slip.sum):
        raise _Refused(Standing.WHOLE)
    if not await store.still_takes(db, slip.unit, slip.serial, today):
        raise _Refused(Standing.RETIRED)
    reason = await _moved(db, slip)
    if reason is not None:
        raise _Refused(reason)
    if await db.execute(_ADD, slip.sum, slip.mailbox, slip.encode(), today) != "INSERT 0 1":
        return  # it waits already
    if await _full(db):
        raise _Refused(Standing.FULL)
    ids = [listed.id for listed in slip.envelopes]
    sizes, hashes = [listed.size for listed in slip.envelopes], [listed.sha256 for listed in slip.envelopes]
    if await db.execute(_ADD_LISTED, slip.sum, ids, sizes, hashes) != f"INSERT 0 {len(ids)}":
        raise _Refused(Standing.CLASH)


async def _moved(db: Db, slip: Slip) -> Standing | None:
    """Say why the thread is not where the slip follows it; None when it is."""
    row = await db.fetchrow(_STANDS, slip.mailbox)
    if slip.was is None:
        return None if row is None else Standing.TAKEN
    if row is not None and row["unit"] != slip.unit:
        return Standing.OTHER_UNIT
    return None if row is not None and bytes(row["place"]) == slip.was else Standing.MOVED


async def _full(db: Db) -> bool:
    return int(await db.fetchval(_PENDING)) > PENDING_MAX


@store_errors()
async def place(db: Db, mailbox: bytes, sha256: bytes, size: int) -> Place | None:
    """Return where the envelope with these bytes belongs; None when no slip that waits lists it."""
    row = await db.fetchrow(_LISTED, mailbox, sha256, size)
    return None if row is None else Place(bytes(row["hand_in"]), row["id"], row["here"])


@store_errors()
async def full(db: Db) -> bool:
    """Say whether more may not wait now."""
    return await _full(db)


@store_errors()
async def here(db: Db, hand_in: bytes, envelope: UUID) -> bool:
    """Note that an envelope's blob is published; False when its slip does not wait any more."""
    return await db.execute(_HERE, hand_in, envelope) == "UPDATE 1"


async def complete(db: Db, hand_in: bytes, today: date) -> Progress:
    """Store the hand-in as a form is, in one transaction, when all of it is here; else say what is missing."""
    try:
        with store_errors():
            async with db.transaction():
                return await _complete(db, hand_in, today)
    except Undo as undo:
        return await _drop(db, hand_in, undo.outcome)


async def _complete(db: Db, hand_in: bytes, today: date) -> Progress:
    await store.writing(db)
    whole = await db.fetchval(_TAKE_WHOLE, hand_in)
    if whole is not None:
        slip = Slip.parse(bytes(whole))
        await store.add(db, _submission(slip, today))
        return Progress(Standing.WHOLE, len(slip.pieces))
    waits = await db.fetchval(_SLIP, hand_in)
    if waits is None:
        return Progress(Standing.WHOLE if await store.seen(db, hand_in) else Standing.GONE)
    slip = Slip.parse(bytes(waits))
    ids = {row["id"] for row in await db.fetch(_IDS_HERE, hand_in)}
    missing = [number for number, piece in enumerate(slip.pieces, 1) if any(one.id not in ids for one in piece)]
    return Progress(Standing.PARTIAL, len(slip.pieces), tuple(missing))


def _submission(slip: Slip, today: date) -> Submission:
    new = None if slip.recipient is None else NewMailbox(str(slip.recipient), pack_bundle([], slip.recipient))
    return Submission(
        mac=slip.sum,
        mailbox=slip.mailbox,
        unit=slip.unit,
        serial=slip.serial,
        urgent=slip.urgent,
        day=today,
        was=slip.was,
        now=slip.now,
        new=new,
        envelopes=tuple(Envelope(one.id, one.kind, one.size, one.sha256) for one in slip.envelopes),
        handed_in=True,
    )


@store_errors()
async def _drop(db: Db, hand_in: bytes, outcome: Outcome) -> Progress:
    """Forget a hand-in that can never be stored any more, and say why."""
    async with db.transaction():
        waits = await db.fetchval(_SLIP, hand_in)
        first = waits is not None and Slip.parse(bytes(waits)).was is None
        ids = tuple(row["id"] for row in await db.fetch(_IDS, hand_in))
        await db.execute(_FORGET, hand_in)
    standing = {
        Outcome.REPEAT: Standing.WHOLE,
        Outcome.RETIRED: Standing.RETIRED,
        Outcome.MOVED: Standing.TAKEN if first else Standing.MOVED,
    }[outcome]
    return Progress(standing, dropped=ids if standing is not Standing.WHOLE else ())


@store_errors()
async def forget_before(db: Db, day: date) -> list[UUID]:
    """Forget every hand-in begun before *day*; return the ids whose blobs are to go."""
    async with db.transaction():
        ids = [row["id"] for row in await db.fetch(_OLD_IDS, day)]
        await db.execute(_FORGET_OLD, day)
    return ids
