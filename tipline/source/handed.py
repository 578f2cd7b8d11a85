"""Rows of hand-ins that are not complete yet: slips, and which of their envelopes are here. Ciphertext and days.

A slip and the ids that it lists, and a part without a slip, have rows before any of their blobs has a name, so that no sweep
removes a blob on its way. A slip takes over the parts of its mailbox that came before it.
"""

from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Final
from uuid import UUID

from tipline.base.database import Db, store_errors
from tipline.bundles import pack_bundle
from tipline.envelope import Wrapper
from tipline.handin import Slip, part_id
from tipline.source import early, store
from tipline.source.store import Envelope, NewMailbox, Outcome, Submission, Undo

PENDING_MAX: Final = 16 << 30
"""Bytes of all hand-ins that wait to become complete: seven of the largest at once. Checked at each file, not to the byte.

Parts without a slip have room of their own beside it: `early.EARLY_MAX`.
"""

_STANDS: Final = "SELECT unit, sha256(thread_state) AS place FROM zone.mailbox WHERE id = $1"
_PENDING: Final = """
    SELECT (SELECT coalesce(sum(octet_length(slip)), 0) FROM zone.hand_in)
         + (SELECT coalesce(sum(size), 0) FROM zone.hand_in_envelope WHERE here AND hand_in IS NOT NULL)
"""
_ADD: Final = """
    INSERT INTO zone.hand_in (sum, mailbox, slip, day)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (sum) DO NOTHING
"""
_ADD_LISTED: Final = """
    INSERT INTO zone.hand_in_envelope AS e (id, hand_in, mailbox, size, sha256)
    SELECT listed.id, $1::bytea, $2::bytea, listed.size, listed.sha256
      FROM unnest($3::uuid[], $4::bigint[], $5::bytea[]) AS listed (id, size, sha256)
     WHERE NOT EXISTS (SELECT FROM zone.envelope WHERE envelope.id = listed.id)
    ON CONFLICT (id) DO UPDATE
       SET hand_in = excluded.hand_in, day = NULL
     WHERE e.hand_in IS NULL
       AND e.mailbox = excluded.mailbox
       AND e.size = excluded.size
       AND e.sha256 = excluded.sha256
"""
_PLACE: Final = """
    SELECT id, hand_in, here
      FROM zone.hand_in_envelope
     WHERE id = $1
       AND mailbox = $2
       AND sha256 = $3
       AND size = $4
"""
_ARRIVED: Final = "SELECT EXISTS (SELECT FROM zone.envelope WHERE id = $1)"
_HERE: Final = "UPDATE zone.hand_in_envelope SET here = true WHERE id = $1 AND sha256 = $2"
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
    """How a hand-in stands. Of all but the first two nothing is kept, but a whole one that is `FULL` waits for its mailbox."""

    WHOLE = "complete"
    PARTIAL = "partial"
    RETIRED = "retired-key"
    MOVED = "answered-meanwhile"
    TAKEN = "already-begun"
    OTHER_UNIT = "other-unit"
    CLASH = "used-id"
    ERASED = "erased"
    FULL = "full"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a hand-in has come: *missing* numbers of its *files*, from 1; *dropped* ids whose blobs are to go.

    *new* says that a mailbox was made at this moment. One that is `FULL` waits on: nothing of it is lost.
    """

    standing: Standing
    files: int = 0
    missing: tuple[int, ...] = ()
    dropped: tuple[UUID, ...] = ()
    new: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a part belongs: the sum of its slip, None while it waits for one, its id, and whether it is here already."""

    sum: bytes | None
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
    ids, sizes, hashes = zip(*((one.id, one.size, one.sha256) for one in slip.envelopes), strict=True)
    if await db.execute(_ADD_LISTED, slip.sum, slip.mailbox, ids, sizes, hashes) != f"INSERT 0 {len(ids)}":
        raise _Refused(Standing.CLASH)
    if await _full(db):
        raise _Refused(Standing.FULL)


async def _moved(db: Db, slip: Slip) -> Standing | None:
    """Say why the thread is not where the slip follows it; None when it is."""
    row = await db.fetchrow(_STANDS, slip.mailbox)
    if slip.was is None:
        return None if row is None else Standing.TAKEN
    if row is not None and row["unit"] != slip.unit:
        return Standing.OTHER_UNIT
    return None if row is not None and bytes(row["place"]) == slip.was else Standing.MOVED


@store_errors()
async def waits(db: Db, hand_in: bytes) -> bool:
    """Say whether a hand-in was begun and waits to become complete."""
    return await db.fetchval(_SLIP, hand_in) is not None


async def _full(db: Db) -> bool:
    return int(await db.fetchval(_PENDING)) > PENDING_MAX


@store_errors()
async def place(db: Db, wrapper: Wrapper, sha256: bytes, size: int, today: date, *, room: bool) -> Place | Standing:
    """Return where the part with these bytes belongs, or why it is not taken: `FULL` without *room*, unless it is here.

    Without a slip it waits where there is room for such: `GONE` when there is none, `RETIRED` when its key has ended.
    `WHOLE` says that it arrived with a hand-in that is complete.
    """
    found = await _placed(db, wrapper.mailbox, sha256, size)
    if not room and (found is None or not found.here):
        return Standing.WHOLE if await db.fetchval(_ARRIVED, part_id(sha256)) else Standing.FULL
    if found is None:
        if not await store.still_takes(db, wrapper.unit, wrapper.serial, today):
            return Standing.RETIRED
        await early.admit(db, wrapper.mailbox, sha256, size, today)
        found = await _placed(db, wrapper.mailbox, sha256, size)
    if found is None:
        return Standing.WHOLE if await db.fetchval(_ARRIVED, part_id(sha256)) else Standing.GONE
    if found.sum is not None and not found.here and await _full(db):
        return Standing.FULL
    return found


async def _placed(db: Db, mailbox: bytes, sha256: bytes, size: int) -> Place | None:
    row = await db.fetchrow(_PLACE, part_id(sha256), mailbox, sha256, size)
    if row is None:
        return None
    return Place(None if row["hand_in"] is None else bytes(row["hand_in"]), row["id"], row["here"])


@store_errors()
async def here(db: Db, envelope: UUID, sha256: bytes) -> bool:
    """Note that an envelope's blob is published; False when it does not wait any more."""
    return await db.execute(_HERE, envelope, sha256) == "UPDATE 1"


async def complete(db: Db, hand_in: bytes, today: date, *, mailbox: bool) -> Progress:
    """Store the hand-in as a form is, in one transaction, when all of it is here; else say what is missing.

    Where it needs a mailbox of its own and none is made today (*mailbox*), it is `FULL` and waits on as it is.
    """
    try:
        with store_errors():
            async with db.transaction():
                return await _complete(db, hand_in, today, mailbox=mailbox)
    except _Refused as refused:
        return Progress(refused.standing)
    except Undo as undo:
        return await _drop(db, hand_in, undo.outcome)


async def _complete(db: Db, hand_in: bytes, today: date, *, mailbox: bool) -> Progress:
    await store.writing(db)
    whole = await db.fetchval(_TAKE_WHOLE, hand_in)
    if whole is not None:
        slip = Slip.parse(bytes(whole))
        if slip.was is None and not mailbox:
            raise _Refused(Standing.FULL)
        await store.add(db, _submission(slip, today))
        return Progress(Standing.WHOLE, len(slip.pieces), new=slip.was is None)
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
        Outcome.ERASED: Standing.ERASED,
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
