"""Agencies and the public keys that packages are sealed to. A key is never replaced in place, and never taken unread."""

import asyncio
from dataclasses import dataclass
from datetime import date

import asyncpg

from crypto import age, pgp
from crypto.errors import CryptoError
from handling.rules.agreements import Channel
from tipline.base.database import Db, StoreError, store_errors

_ADD = """
    INSERT INTO unit.agency (id, name, channel, key, fingerprint, added_on)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (id) DO NOTHING
"""
_GET = """
    SELECT id, name, channel, key, fingerprint, added_on
      FROM unit.agency
     WHERE id = $1
"""
_ALL = """
    SELECT id, name, channel, key, fingerprint, added_on
      FROM unit.agency
     ORDER BY id
"""


class AgencyKeyError(ValueError):
    """The text is neither an age recipient of the post-quantum type nor one OpenPGP public key."""

    def __init__(self) -> None:
        super().__init__("this is neither an age1pq1 recipient nor one armoured OpenPGP public key")


class AgencyTakenError(StoreError):
    """Another agency, or this one with another name or key, has the id."""

    code = "agency-taken"


@dataclass(frozen=True, slots=True)
class Agency:
    """A partner organisation and the key it reads packages with."""

    id: str
    name: str
    channel: Channel
    key: str  # age recipient, or armoured OpenPGP public key
    fingerprint: str
    added_on: date


def read_key(key: str) -> tuple[Channel, str, str]:
    """Return channel, key as it is stored, and fingerprint. Blocks while GnuPG reads an OpenPGP key.

    Raises:
        AgencyKeyError: it is no public key that a package can be sealed to.
    """
    text = key.strip()
    try:
        if text.startswith("-----BEGIN PGP PUBLIC KEY BLOCK-----"):
            return Channel.OPENPGP, text + "\n", pgp.fingerprint(text + "\n")
        recipient = age.Recipient.parse(text)
    except (CryptoError, ValueError):
        raise AgencyKeyError from None
    return Channel.AGE, str(recipient), recipient.fingerprint()


@store_errors()
async def add(db: Db, agency_id: str, *, name: str, key: str, today: date) -> Agency:
    """Enrol an agency; the same again changes nothing.

    Raises:
        AgencyKeyError: the key cannot be read.
        AgencyTakenError: the id is there with another name or key.
    """
    channel, stored, fingerprint = await asyncio.to_thread(read_key, key)
    await db.execute(_ADD, agency_id, name, channel.value, stored, fingerprint, today)
    agency = await get(db, agency_id)
    if agency is None or (agency.name, agency.channel, agency.fingerprint) != (name, channel, fingerprint):
        raise AgencyTakenError
    return agency


@store_errors()
async def get(db: Db, agency_id: str) -> Agency | None:
    """Return the agency, or None."""
    row = await db.fetchrow(_GET, agency_id)
    return None if row is None else _agency(row)


@store_errors()
async def all_(db: Db) -> tuple[Agency, ...]:
    """Return every agency in the order of ids."""
    return tuple(_agency(row) for row in await db.fetch(_ALL))


def _agency(row: asyncpg.Record) -> Agency:
    return Agency(
        id=row["id"],
        name=row["name"],
        channel=Channel(row["channel"]),
        key=row["key"],
        fingerprint=row["fingerprint"],
        added_on=row["added_on"],
    )
