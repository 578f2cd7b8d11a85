"""Rows that the drop may see: what waits for a unit, and where its replies go."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeAlias
from uuid import UUID

from tipline.base.database import Db, store_errors
from tipline.envelope import IntakeKey
from tipline.pgpkey import PgpKey

_WAITING: Final = """
    SELECT id, size, sha256, urgent, day
      FROM zone.envelope
     WHERE unit = $1
       AND (urgent OR NOT $2)
       AND id > $3
     ORDER BY id
     LIMIT $4
"""  # an id is 122 random bits, so its order says nothing about arrival
_HAND_OUT: Final = """
    UPDATE zone.mailbox
       SET handed_out = true
     WHERE NOT handed_out
       AND id IN (SELECT mailbox FROM zone.envelope WHERE unit = $1 AND id = ANY ($2::uuid[]))
"""
_HELD: Final = "SELECT id FROM zone.envelope WHERE unit = $1 AND id = ANY ($2::uuid[])"
_DELETE: Final = """
    DELETE FROM zone.envelope
     USING unnest($2::uuid[], $3::bytea[]) AS receipt (id, sha256)
     WHERE envelope.id = receipt.id
       AND envelope.sha256 = receipt.sha256
       AND envelope.unit = $1
 RETURNING envelope.id
"""
_KNOWN: Final = "SELECT id FROM zone.envelope WHERE id = ANY ($1::uuid[])"
_MAILBOXES: Final = "SELECT id, recipient FROM zone.mailbox WHERE unit = $1 ORDER BY random()"
_REPLACE: Final = """
    UPDATE zone.mailbox
       SET bundle = new.bundle
      FROM unnest($2::bytea[], $3::bytea[]) AS new (id, bundle)
     WHERE mailbox.id = new.id
       AND mailbox.unit = $1
 RETURNING mailbox.id
"""
_ADD_INTAKE_KEY: Final = """
    INSERT INTO zone.intake_key (unit, serial, statement, not_before, not_after)
    VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (unit, serial) DO NOTHING
"""
_ADD_PGP_KEY: Final = """
    INSERT INTO zone.pgp_key (unit, serial, statement, not_before, not_after)
    VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (unit, serial) DO NOTHING
"""
_PGP_STATEMENT: Final = "SELECT statement FROM zone.pgp_key WHERE unit = $1 AND serial = $2"
_INTAKE_STATEMENT: Final = "SELECT statement FROM zone.intake_key WHERE unit = $1 AND serial = $2"

Key: TypeAlias = IntakeKey | PgpKey
Add: TypeAlias = Callable[[Db, Key, bytes], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Waiting:
    """One envelope that waits for its unit; *day* is that of its arrival."""

    id: UUID
    size: int
    sha256: bytes
    urgent: bool
    day: date


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One mailbox: its id and the public key that its bundle is sealed to."""

    id: bytes
    recipient: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """A unit's word that it holds an envelope with this hash safely."""

    id: UUID
    sha256: bytes


@store_errors()
async def waiting(db: Db, unit: str, *, urgent_only: bool, after: UUID, limit: int) -> list[Waiting]:
    """Return at most *limit* envelopes that wait for a unit, those behind *after*, in the random order of their ids."""
    rows = await db.fetch(_WAITING, unit, urgent_only, after, limit)
    return [Waiting(row["id"], row["size"], bytes(row["sha256"]), row["urgent"], row["day"]) for row in rows]


@store_errors()
async def hand_out(db: Db, unit: str, envelopes: Sequence[UUID]) -> set[UUID]:
    """Return which of these envelopes wait for this unit, once their mailboxes say that something was handed out.

    In two statements: what a source erases before the first ends is not there for the second, and one who erases later
    finds the mark.
    """
    await db.execute(_HAND_OUT, unit, envelopes)
    return {row["id"] for row in await db.fetch(_HELD, unit, envelopes)}


@store_errors()
async def delete(db: Db, unit: str, receipts: Sequence[Receipt]) -> list[UUID]:
    """Delete the rows whose receipt names their hash; return their ids."""
    ids, hashes = [receipt.id for receipt in receipts], [receipt.sha256 for receipt in receipts]
    return [row["id"] for row in await db.fetch(_DELETE, unit, ids, hashes)]


@store_errors()
async def known(db: Db, envelopes: Sequence[UUID]) -> set[UUID]:
    """Return which of these have a row, whoever's they are."""
    return {row["id"] for row in await db.fetch(_KNOWN, envelopes)}


@store_errors()
async def mailboxes(db: Db, unit: str) -> list[Mailbox]:
    """Return every mailbox of a unit, in random order."""
    return [Mailbox(bytes(row["id"]), row["recipient"]) for row in await db.fetch(_MAILBOXES, unit)]


@store_errors()
async def replace_bundles(db: Db, unit: str, bundles: Mapping[bytes, bytes]) -> set[bytes]:
    """Put new bundles into mailboxes; return those of them that the unit has."""
    rows = await db.fetch(_REPLACE, unit, list(bundles), list(bundles.values()))
    return {bytes(row["id"]) for row in rows}


async def add_intake_key(db: Db, key: Key, statement: bytes) -> bool:
    """Keep a signed intake key; True also when exactly this one is there, False when another has its serial."""
    return await _add_key(db, key, statement, _ADD_INTAKE_KEY, _INTAKE_STATEMENT)


async def add_pgp_key(db: Db, key: Key, statement: bytes) -> bool:
    """Keep a signed OpenPGP intake key; True and False as with `add_intake_key`."""
    return await _add_key(db, key, statement, _ADD_PGP_KEY, _PGP_STATEMENT)


@store_errors()
async def _add_key(db: Db, key: Key, statement: bytes, add: str, look: str) -> bool:
    await db.execute(add, key.unit, key.serial, statement, key.not_before, key.not_after)
    return bytes(await db.fetchval(look, key.unit, key.serial)) == statement
