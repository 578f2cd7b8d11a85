"""The guard's rows in Postgres. Each function is one statement; the caller owns the transaction."""

from dataclasses import astuple, dataclass
from datetime import date
from enum import Enum
from typing import Any
from uuid import UUID

from handling.rules.release import Kind
from tipline.base.database import Db, store_errors

QUEUE_LENGTH = 50


class State(Enum):
    """Where a request stands. A review ends signed, a release released, a phrase approved, a notice sent; each may end refused."""

    WAITING = "waiting"
    SIGNED_ONCE = "signed-once"
    SIGNED = "signed"
    RELEASED = "released"
    APPROVED = "approved"
    SENT = "sent"
    REFUSED = "refused"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asked the guard for: who, when, and who has signed it already. The content stays sealed."""

    id: UUID
    requested_by: str
    requested_on: date
    state: State
    signers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SealedRequest:
    """A review or a release with the file that only its signers can open."""

    request: Request
    sealed: bytes


@dataclass(frozen=True, slots=True)
class PhraseRequest:
    """A phrase for a source, named by its code alone."""

    request: Request
    phrase: str


@dataclass(frozen=True, slots=True)
class Queue:
    """The oldest requests that wait, at most `QUEUE_LENGTH`, and how many wait in all."""

    shown: tuple[Request, ...]
    waiting: int


@dataclass(frozen=True, slots=True)
class Signature:
    """One member's signature over one statement, 64 bytes, with what their authenticator answered to the same bytes."""

    signer: str
    signature: bytes
    assertion: bytes | None = None  # None where they have none


@dataclass(frozen=True, slots=True)
class Asked:
    """An outside second who was asked to stand in, by name: by whom and when. Why is said nowhere: it would tell of an exclusion."""

    name: str
    asked_by: str
    asked_on: date


@dataclass(frozen=True, slots=True)
class Package:
    """One row of the exchange: everything an agency will be given, and nothing that opens it."""

    id: UUID
    agency: str
    channel: str
    sealed: bytes
    signature: str
    check: bytes
    released_on: date
    acknowledge_by: date
    feedback_due: date
    delete_by: date


_SIGNERS = "ARRAY(SELECT s.signer FROM guard.signature s WHERE s.subject = r.id AND s.kind = '{kind}' ORDER BY 1)"
_COLUMNS = "r.id, r.requested_by, r.requested_on, r.state, " + _SIGNERS + " AS signers"
_SHOWN = "(r.shown_to IS NULL OR $2 = ANY(r.shown_to))"  # to this member; null is everybody
_QUEUE = (
    "SELECT "
    + _COLUMNS
    + """, count(*) OVER () AS waiting
      FROM guard.{table} r
     WHERE r.state IN ('waiting', 'signed-once')
       AND {shown}
     ORDER BY r.requested_on, r.id
     LIMIT $1
"""
)
_REVIEWS = _QUEUE.format(table="review", kind=Kind.REVIEW.value, shown=_SHOWN)
_RELEASES = _QUEUE.format(table="release", kind=Kind.MANIFEST.value, shown="$2::text IS NOT NULL")
_PHRASES = _QUEUE.format(table="phrase", kind=Kind.PHRASE.value, shown=_SHOWN)
_NOTICES = _QUEUE.format(table="notice", kind=Kind.NOTICE.value, shown="$2::text IS NOT NULL")

_REVIEW = f"SELECT {_COLUMNS}, r.sealed FROM guard.review r WHERE r.id = $1 AND {_SHOWN}".format(kind=Kind.REVIEW.value)
_RELEASE = f"SELECT {_COLUMNS}, r.sealed FROM guard.release r WHERE r.id = $1".format(kind=Kind.MANIFEST.value)
_NOTICE = f"SELECT {_COLUMNS}, r.sealed FROM guard.notice r WHERE r.id = $1".format(kind=Kind.NOTICE.value)
_PHRASE = f"SELECT {_COLUMNS}, r.phrase FROM guard.phrase r WHERE r.id = $1 AND {_SHOWN}".format(kind=Kind.PHRASE.value)

_SIGNATURES = """
    SELECT signer, signature, assertion
      FROM guard.signature
     WHERE subject = $1
       AND kind = $2
     ORDER BY signer
"""

_ADD_SIGNATURE = """
    INSERT INTO guard.signature (subject, kind, signer, signature, assertion)
    VALUES ($1, $2, $3, $4, $5)
"""

_ADVANCE = """
    INSERT INTO guard.authenticator AS known (credential, counter)
    VALUES ($1, $2)
    ON CONFLICT (credential) DO UPDATE
       SET counter = excluded.counter
     WHERE known.counter < excluded.counter
        OR (known.counter = 0 AND excluded.counter = 0)
"""

_REFUSE = """
    UPDATE guard.{table}
       SET state = 'refused', reason = $3, sealed = ''
     WHERE id = $1
       AND state = $2
"""
_REFUSE_REVIEW = _REFUSE.format(table="review")
_REFUSE_RELEASE = _REFUSE.format(table="release")
_REFUSE_NOTICE = _REFUSE.format(table="notice")

_REFUSE_PHRASE = """
    UPDATE guard.phrase
       SET state = 'refused', reason = $3
     WHERE id = $1
       AND state = $2
"""

_SIGN_REVIEW = """
    UPDATE guard.review
       SET state = 'signed', sealed = ''
     WHERE id = $1
       AND state = 'waiting'
       AND sha256(sealed) = $2
"""

_SIGN_RELEASE_ONCE = """
    UPDATE guard.release
       SET state = 'signed-once'
     WHERE id = $1
       AND state = 'waiting'
       AND sha256(sealed) = $2
"""

_RELEASED = """
    UPDATE guard.release
       SET state = 'released', sealed = ''
     WHERE id = $1
       AND state = 'signed-once'
       AND sha256(sealed) = $2
"""

_SENT = """
    UPDATE guard.notice
       SET state = 'sent', sealed = ''
     WHERE id = $1
       AND state = 'waiting'
       AND sha256(sealed) = $2
"""

_VOID = """
    UPDATE guard.release
       SET state = 'void', reason = $3, sealed = ''
     WHERE id = $1
       AND state = 'signed-once'
       AND sha256(sealed) = $2
"""

_SIGN_PHRASE = """
    UPDATE guard.phrase
       SET state = $3
     WHERE id = $1
       AND state = $2
       AND phrase = $4
"""

_OUTSIDE = """
    SELECT name, asked_by, asked_on
      FROM guard.outside
     WHERE subject = $1
       AND kind = $2
     ORDER BY asked_on, name
"""

_ASK_OUTSIDE = """
    INSERT INTO guard.outside (subject, kind, name, asked_by, asked_on)
    VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT DO NOTHING
"""

_ADD_INBOX = """
    INSERT INTO desk.inbox (id, kind, sealed, received_on)
    VALUES ($1, 'report', $2, $3)
"""

_ADD_PACKAGE = """
    INSERT INTO exchange.package (id, agency, channel, sealed, signature, "check",
                                  released_on, acknowledge_by, feedback_due, delete_by)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""

_KEEP_LINE = """
    INSERT INTO guard.released (release, line)
    VALUES ($1, $2)
"""


async def reviews(db: Db, who: str) -> Queue:
    """Reviews that wait for a signature and are shown to *who*."""
    return await _queue(db, _REVIEWS, who)


async def releases(db: Db, who: str) -> Queue:
    """Releases that wait for a first or a second signature; they are shown to every member."""
    return await _queue(db, _RELEASES, who)


async def phrases(db: Db, who: str) -> Queue:
    """Phrases that wait for a first or a second signature and are shown to *who*."""
    return await _queue(db, _PHRASES, who)


async def notices(db: Db, who: str) -> Queue:
    """Notices that wait for a signature; they are shown to every member, and what they say to nobody who may not sign."""
    return await _queue(db, _NOTICES, who)


async def review(db: Db, review_id: UUID, who: str) -> SealedRequest | None:
    """One review, if it is shown to *who*."""
    with store_errors():
        row = await db.fetchrow(_REVIEW, review_id, who)
    return SealedRequest(_request(row), row["sealed"]) if row else None


async def release(db: Db, release_id: UUID) -> SealedRequest | None:
    """One release."""
    with store_errors():
        row = await db.fetchrow(_RELEASE, release_id)
    return SealedRequest(_request(row), row["sealed"]) if row else None


async def notice(db: Db, notice_id: UUID) -> SealedRequest | None:
    """One notice."""
    with store_errors():
        row = await db.fetchrow(_NOTICE, notice_id)
    return SealedRequest(_request(row), row["sealed"]) if row else None


async def phrase(db: Db, outcome: UUID, who: str) -> PhraseRequest | None:
    """One phrase, by its outcome, if it is shown to *who*."""
    with store_errors():
        row = await db.fetchrow(_PHRASE, outcome, who)
    return PhraseRequest(_request(row), row["phrase"]) if row else None


async def signatures(db: Db, subject: UUID, kind: Kind) -> tuple[Signature, ...]:
    """All signatures of one *kind* on one subject."""
    with store_errors():
        rows = await db.fetch(_SIGNATURES, subject, kind.value)
    return tuple(Signature(row["signer"], row["signature"], row["assertion"]) for row in rows)


async def add_signature(db: Db, subject: UUID, kind: Kind, signature: Signature) -> None:
    """Keep one signature; a second one by the same person is refused by the table."""
    with store_errors():
        await db.execute(_ADD_SIGNATURE, subject, kind.value, *astuple(signature))


async def advance(db: Db, credential: bytes, counter: int) -> bool:
    """Note how often an authenticator has signed; False when it had signed as often before, and counts."""
    with store_errors():
        return bool(await db.execute(_ADVANCE, credential, counter) == "INSERT 0 1")


async def outside(db: Db, subject: UUID, kind: Kind) -> tuple[Asked, ...]:
    """Who of another unit was asked to stand in at one request."""
    with store_errors():
        rows = await db.fetch(_OUTSIDE, subject, kind.value)
    return tuple(Asked(row["name"], row["asked_by"], row["asked_on"]) for row in rows)


async def ask_outside(db: Db, subject: UUID, kind: Kind, asked: Asked) -> None:
    """Note that an outside second was asked; the first time counts."""
    with store_errors():
        await db.execute(_ASK_OUTSIDE, subject, kind.value, asked.name, asked.asked_by, asked.asked_on)


async def refuse_review(db: Db, review_id: UUID, *, was: State, reason: bytes) -> bool:
    """Refuse a review and drop its sealed file; False when somebody else moved it first."""
    return await _changed(db, _REFUSE_REVIEW, review_id, was.value, reason)


async def refuse_release(db: Db, release_id: UUID, *, was: State, reason: bytes) -> bool:
    """Refuse a release and drop its sealed file; False when somebody else moved it first."""
    return await _changed(db, _REFUSE_RELEASE, release_id, was.value, reason)


async def refuse_notice(db: Db, notice_id: UUID, *, was: State, reason: bytes) -> bool:
    """Refuse a notice and drop its sealed file; False when somebody else moved it first."""
    return await _changed(db, _REFUSE_NOTICE, notice_id, was.value, reason)


async def refuse_phrase(db: Db, outcome: UUID, *, was: State, reason: bytes) -> bool:
    """Refuse a phrase; False when somebody else moved it first."""
    return await _changed(db, _REFUSE_PHRASE, outcome, was.value, reason)


async def sign_review(db: Db, review_id: UUID, *, sealed_sha256: bytes) -> bool:
    """Mark a waiting review signed and drop its sealed file; False unless that file is still the one opened."""
    return await _changed(db, _SIGN_REVIEW, review_id, sealed_sha256)


async def sign_release_once(db: Db, release_id: UUID, *, sealed_sha256: bytes) -> bool:
    """Mark a waiting release signed once; False unless its sealed file is still the one opened."""
    return await _changed(db, _SIGN_RELEASE_ONCE, release_id, sealed_sha256)


async def mark_released(db: Db, release_id: UUID, *, sealed_sha256: bytes) -> bool:
    """Mark a release released and drop its sealed file; False unless that file is still the one opened."""
    return await _changed(db, _RELEASED, release_id, sealed_sha256)


async def mark_sent(db: Db, notice_id: UUID, *, sealed_sha256: bytes) -> bool:
    """Mark a notice sent and drop its sealed file; False unless that file is still the one opened."""
    return await _changed(db, _SENT, notice_id, sealed_sha256)


async def void_release(db: Db, release_id: UUID, *, sealed_sha256: bytes, reason: bytes) -> bool:
    """End a release whose first signature is over something else; False when somebody else moved it first."""
    return await _changed(db, _VOID, release_id, sealed_sha256, reason)


async def sign_phrase(db: Db, outcome: UUID, *, was: State, now: State, phrase: str) -> bool:
    """Move a phrase on; False when somebody else moved it first, or when it is another phrase than the one signed."""
    return await _changed(db, _SIGN_PHRASE, outcome, was.value, now.value, phrase)


async def add_report(db: Db, report_id: UUID, sealed: bytes, day: date) -> None:
    """Lay a reviewed report, sealed to the desk, into the desk's inbox."""
    with store_errors():
        await db.execute(_ADD_INBOX, report_id, sealed, day)


async def add_package(db: Db, package: Package) -> None:
    """Hand a package to the exchange. The one statement by which a report leaves."""
    with store_errors():
        await db.execute(_ADD_PACKAGE, *astuple(package))


async def keep_line(db: Db, release: UUID, line: bytes) -> None:
    """Keep the hash of what left, for the list that its agency may ask for."""
    with store_errors():
        await db.execute(_KEEP_LINE, release, line)


async def _queue(db: Db, sql: str, who: str) -> Queue:
    with store_errors():
        rows = await db.fetch(sql, QUEUE_LENGTH, who)
    return Queue(shown=tuple(_request(row) for row in rows), waiting=rows[0]["waiting"] if rows else 0)


async def _changed(db: Db, sql: str, *values: object) -> bool:
    with store_errors():
        tag = await db.execute(sql, *values)
    return bool(tag == "UPDATE 1")


def _request(row: Any) -> Request:  # noqa: ANN401 - asyncpg's records are untyped; they end here
    return Request(
        id=row["id"],
        requested_by=row["requested_by"],
        requested_on=row["requested_on"],
        state=State(row["state"]),
        signers=tuple(row["signers"]),
    )
