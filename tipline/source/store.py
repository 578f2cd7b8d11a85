"""Rows of the public zone that `keep` owns: ciphertext and days. Each function is one statement or one transaction."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from typing import Final
from uuid import UUID

from tipline.base.database import Db, store_errors
from tipline.envelope import Kind

_INTAKE_STATEMENTS: Final = """
    SELECT statement
      FROM zone.intake_key
     WHERE unit = $1
       AND not_before <= $2
       AND not_after >= $2
"""
_PGP_STATEMENTS: Final = """
    SELECT statement
      FROM zone.pgp_key
     WHERE unit = $1
       AND not_before <= $2
       AND not_after >= $2
"""
_MAILBOX: Final = """
    SELECT unit, thread_state, bundle,
           (SELECT count(id) FROM zone.envelope WHERE mailbox = $1) AS waiting
      FROM zone.mailbox
     WHERE id = $1
"""
_SEEN: Final = "SELECT EXISTS (SELECT FROM zone.submission WHERE mac = $1)"
_ADVANCE: Final = """
    UPDATE zone.mailbox
       SET thread_state = $3
     WHERE id = $1
       AND thread_state = $2
"""
_SUBMIT: Final = "SELECT zone.submit($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)"
_FORGET_ERASED: Final = "DELETE FROM zone.erased WHERE day < $1"
_WRITING: Final = "SELECT pg_advisory_xact_lock_shared($1)"
_WRITTEN: Final = "SELECT pg_advisory_xact_lock($1)"
_WRITERS: Final = 7_461_727_072  # any constant of our own
_TAKES: Final = """
    SELECT pg_advisory_xact_lock_shared($4), EXISTS (
        SELECT FROM zone.intake_key WHERE unit = $1 AND serial = $2 AND not_before <= $3 AND not_after >= $3
    ) AS takes
"""  # with what `_WRITING` does
_STILL_TAKES: Final = """
    SELECT EXISTS (SELECT FROM zone.intake_key WHERE unit = $1 AND serial = $2 AND not_after >= $3)
"""
_ENVELOPE_IDS: Final = "SELECT id FROM zone.envelope UNION ALL SELECT id FROM zone.hand_in_envelope"
_ENVELOPE_DAYS: Final = """
    SELECT id, day FROM zone.envelope
     UNION ALL
    SELECT e.id, coalesce(h.day, e.day)
      FROM zone.hand_in_envelope AS e LEFT JOIN zone.hand_in AS h ON h.sum = e.hand_in
     WHERE e.here
"""
_OLDER_THAN: Final = "SELECT EXISTS (SELECT FROM zone.mailbox WHERE created_on < $1)"
_DELETE_OLD_SUBMISSIONS: Final = "DELETE FROM zone.submission WHERE day < $1"
_ADD_SESSION: Final = """
      WITH unwaited AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)),
           ended AS (DELETE FROM zone.session USING unwaited WHERE id = $5)
    INSERT INTO zone.session (id, sealed, day)
    SELECT $1::bytea, $2::bytea, $3::date
      FROM unwaited
     WHERE EXISTS (SELECT FROM zone.mailbox WHERE id = $4)
"""  # without waiting for the disk: that would tell a codename that has a mailbox, and a lost session costs one sign-in
_SESSION: Final = "SELECT sealed FROM zone.session WHERE id = $1"
_CHANGE_SESSION: Final = "UPDATE zone.session SET sealed = $3 WHERE id = $1 AND sealed = $2"
_DELETE_SESSION: Final = "DELETE FROM zone.session WHERE id = $1"
_DELETE_OLD_SESSIONS: Final = "DELETE FROM zone.session WHERE day < $1"


LATE_DAYS: Final = 14
"""How long after its last day an intake key still counts for what was sealed on a source's own device.

A unit destroys a key's seed from day 21 after its end: what is taken until day 14 has a week to be collected and opened.
"""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """What is kept for one codename; *waiting* counts its envelopes that no unit has collected yet."""

    unit: str
    thread_state: bytes
    bundle: bytes
    waiting: int


@dataclass(frozen=True, slots=True)
class NewMailbox:
    """What a first submission brings: the source's public key, and a bundle that holds nothing yet."""

    recipient: str
    bundle: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """One published blob: its id, kind, size in bytes and SHA-256, wrapper included."""

    id: UUID
    kind: Kind
    size: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Submission:
    """Everything that one sent form adds, stored whole or not at all.

    Attributes:
        mac: over the form; the same form sent again has the same.
        mailbox: the mailbox's id.
        unit, serial: whom it is sealed to, and with which intake key.
        was: the thread's sealed state that the messages follow; None when *new* makes the mailbox.
        now: the thread's sealed state after them.
        handed_in: it was sealed on the source's own device, perhaps days ago: *was* is the SHA-256 of the state, and an
            intake key counts for `LATE_DAYS` more.
        envelopes: at least one.
    """

    mac: bytes
    mailbox: bytes
    unit: str
    serial: int
    urgent: bool
    day: date
    was: bytes | None
    now: bytes
    new: NewMailbox | None
    envelopes: tuple[Envelope, ...]
    handed_in: bool = False


class Outcome(Enum):
    """What became of a submission; after all but the first nothing of it was stored."""

    STORED = "stored"
    REPEAT = "repeat"
    MOVED = "moved"
    RETIRED = "retired"
    FULL = "full"
    ERASED = "erased"


class Undo(Exception):  # noqa: N818 - it carries an outcome out of a transaction, it is no failure
    """Ends a transaction without its effects."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.value)
        self.outcome = outcome


@store_errors()
async def intake_statements(db: Db, unit: str, today: date) -> list[bytes]:
    """Return the signed statements of the intake keys that say they are valid *today*; the reader verifies."""
    return [bytes(row["statement"]) for row in await db.fetch(_INTAKE_STATEMENTS, unit, today)]


@store_errors()
async def pgp_statements(db: Db, unit: str, today: date) -> list[bytes]:
    """Return the signed OpenPGP intake keys that say they are valid *today*; the reader verifies."""
    return [bytes(row["statement"]) for row in await db.fetch(_PGP_STATEMENTS, unit, today)]


@store_errors()
async def mailbox(db: Db, mailbox_id: bytes) -> Mailbox | None:
    """Return one mailbox."""
    row = await db.fetchrow(_MAILBOX, mailbox_id)
    if row is None:
        return None
    return Mailbox(row["unit"], bytes(row["thread_state"]), bytes(row["bundle"]), row["waiting"])


@store_errors()
async def seen(db: Db, mac: bytes) -> bool:
    """Say whether exactly this form is stored already."""
    return bool(await db.fetchval(_SEEN, mac))


async def submit(db: Db, submission: Submission) -> Outcome:
    """Store all rows of a submission in one transaction, or none and the reason."""
    try:
        with store_errors():
            async with db.transaction():
                await add(db, submission)
    except Undo as undo:
        return undo.outcome
    return Outcome.STORED


async def add(db: Db, s: Submission) -> None:
    """Do as `submit` within the caller's transaction; raises `Undo`, after which nothing of it may stay."""
    ids, kinds, sizes, hashes = zip(*((e.id, e.kind, e.size, e.sha256) for e in s.envelopes), strict=True)
    row = (s.mac, s.mailbox, s.day, s.unit, s.serial, s.urgent, ids, kinds, sizes, hashes, s.now, s.was, s.handed_in)
    new = (None, None) if s.new is None else (s.new.recipient, s.new.bundle)
    key_days = (date.max, s.day - timedelta(days=LATE_DAYS)) if s.handed_in else (s.day, s.day)
    outcome = Outcome(await db.fetchval(_SUBMIT, *row, *new, *key_days, _WRITERS))
    if outcome is not Outcome.STORED:
        raise Undo(outcome)


async def writing(db: Db) -> None:
    """Say, until the transaction ends, that rows are on their way whose blobs no sweep may miss."""
    await db.execute(_WRITING, _WRITERS)


@store_errors()
async def advance(db: Db, mailbox_id: bytes, *, was: bytes, now: bytes) -> bool:
    """Replace a thread's sealed state; False when it is another by now."""
    return await db.execute(_ADVANCE, mailbox_id, was, now) == "UPDATE 1"


async def takes(db: Db, unit: str, serial: int, today: date) -> bool:
    """Do as `writing`, and say whether what is sealed *today* to this intake key is taken."""
    asked = await db.fetchrow(_TAKES, unit, serial, today, _WRITERS)
    return asked is not None and bool(asked["takes"])


async def still_takes(db: Db, unit: str, serial: int, today: date) -> bool:
    """Say whether something sealed elsewhere to this intake key is taken *today*; also before its first day: it is published."""
    return bool(await db.fetchval(_STILL_TAKES, unit, serial, today - timedelta(days=LATE_DAYS)))


@store_errors()
async def envelope_ids(db: Db) -> set[UUID]:
    """Return the id of every envelope: the blobs that must stay."""
    return {row["id"] for row in await db.fetch(_ENVELOPE_IDS)}


@store_errors()
async def settled_envelope_ids(db: Db) -> set[UUID]:
    """Return the id of every envelope once no submission is under way, also of a `keep` that was killed.

    The server goes on with a commit that a killed process had asked for. A sweep that did not wait for it would remove
    blobs whose rows are about to stand there, and the same form sent again would be called stored already.
    """
    async with db.transaction():
        await db.execute(_WRITTEN, _WRITERS)
        return await envelope_ids(db)


@store_errors()
async def envelope_days(db: Db) -> dict[UUID, date]:
    """Return the day of every envelope."""
    return {row["id"]: row["day"] for row in await db.fetch(_ENVELOPE_DAYS)}


@store_errors()
async def older_than(db: Db, day: date) -> bool:
    """Say whether anything came before *day*."""
    return bool(await db.fetchval(_OLDER_THAN, day))


@store_errors()
async def delete_submissions_before(db: Db, day: date) -> None:
    """Forget the marks of the forms sent before *day*; one of them sent again is a further message from now on."""
    await db.execute(_DELETE_OLD_SUBMISSIONS, day)


@store_errors()
async def forget_erased_before(db: Db, day: date) -> None:
    """Forget which mailboxes were erased before *day*; no form of theirs is let in any more."""
    await db.execute(_FORGET_ERASED, day)


@store_errors()
async def add_session(
    db: Db, session: bytes, sealed: bytes, day: date, *, mailbox_id: bytes, instead_of: bytes | None
) -> bool:
    """Keep a session that only its cookie opens, and forget the browser's last one.

    False, and nothing kept, when there is no such mailbox.
    """
    return await db.execute(_ADD_SESSION, session, sealed, day, mailbox_id, instead_of) == "INSERT 0 1"


@store_errors()
async def session(db: Db, session_id: bytes) -> bytes | None:
    """Return a sealed session."""
    value = await db.fetchval(_SESSION, session_id)
    return None if value is None else bytes(value)


@store_errors()
async def change_session(db: Db, session_id: bytes, *, was: bytes, now: bytes) -> bool:
    """Replace a sealed session; False when it is another by now, or has been left."""
    return await db.execute(_CHANGE_SESSION, session_id, was, now) == "UPDATE 1"


@store_errors()
async def delete_session(db: Db, session_id: bytes) -> None:
    """Forget a session."""
    await db.execute(_DELETE_SESSION, session_id)


@store_errors()
async def delete_sessions_before(db: Db, day: date) -> None:
    """Forget every session begun before *day*; each has long expired."""
    await db.execute(_DELETE_OLD_SESSIONS, day)
