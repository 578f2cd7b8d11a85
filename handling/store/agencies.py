"""Agencies, their tree, and the public keys packages are sealed to. A key is never replaced in place, never taken unread."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

import asyncpg

from crypto import age, pgp
from crypto.errors import CryptoError
from handling.agencyfiles import AgencyFileError, AgencyKey, signing_fingerprint
from handling.agencyfiles import fingerprint as fingerprint_of
from handling.rules import exclusions
from handling.rules.agreements import Channel
from handling.rules.recipient import Recipient, RecipientKey, sealed_to
from tipline.base.database import Db, StoreError, store_errors

_ADD = """
    INSERT INTO unit.agency (id, name, channel, key, fingerprint, acknowledge, added_on, parent, key_expires_on, signing)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    ON CONFLICT (id) DO NOTHING
"""
_GET = """
    SELECT id, name, channel, key, fingerprint, acknowledge, added_on, parent, key_expires_on, signing
      FROM unit.agency
     WHERE id = $1
"""
_LAY_DOWN = """
    INSERT INTO corridor.interest_arrived (id, sealed)
    VALUES ($1, $2)
"""
_ALL = """
    SELECT id, name, channel, key, fingerprint, acknowledge, added_on, parent, key_expires_on, signing
      FROM unit.agency
     ORDER BY id
"""
_AFTER = """
    SELECT id, name, channel, key, fingerprint, acknowledge, added_on, parent, key_expires_on, signing
      FROM unit.agency
     WHERE id > $1
     ORDER BY id
     LIMIT $2
"""
_SET_SIGNING = """
    UPDATE unit.agency
       SET signing = $2,
           fingerprint = $3
     WHERE id = $1
       AND channel = 'age'
       AND acknowledge IS NULL
       AND signing IS NULL
"""
_LOCK_TREE = "LOCK TABLE unit.agency IN SHARE ROW EXCLUSIVE MODE"
_MOVE = """
    UPDATE unit.agency
       SET parent = $2
     WHERE id = $1
"""


class AgencyKeyError(ValueError):
    """The text is neither an enrolment file, nor an age recipient of the post-quantum type, nor one OpenPGP public key."""

    def __init__(self) -> None:
        super().__init__(
            "this is neither a whole enrolment file, nor an age1pq1 recipient, nor one armoured OpenPGP public key"
        )


class AgencyTakenError(StoreError):
    """Another agency, or this one with another name, key or parent, has the id."""

    code = "agency-taken"


class AgencyTreeError(StoreError):
    """The agency above is not enrolled, or stands below the one that it would be above of."""

    code = "agency-tree"


@dataclass(frozen=True, slots=True)
class Agency:
    """An organisation that the unit shares with, and the key it reads packages with; *parent* stands above it."""

    id: str
    name: str
    channel: Channel
    key: str  # age recipient, or armoured OpenPGP public key
    fingerprint: str
    added_on: date
    parent: str | None = None
    acknowledge: bytes | None = (
        None  # Ed25519, 32 bytes: what checks its signed acknowledgements, where it enrolled one
    )
    key_expires_on: date | None = None  # the last day by the key itself; None: it names no such day
    signing: bytes | None = (
        None  # Ed25519, 32 bytes: what checks its signature on agreements, where it has no other key
    )


@dataclass(frozen=True, slots=True)
class Keys:
    """The public keys of an agency, read and computed afresh: what `Agency` says of them without being believed.

    Attributes:
        name: in an enrolment file as the officer typed it, else empty.
        fingerprint: over all keys that the agency enrols, as its agreement names it.
        expires_on: the last day on which it can be sealed to; None: it names no such day.
    """

    channel: Channel
    key: str
    fingerprint: str
    acknowledge: bytes | None = None
    name: str = ""
    expires_on: date | None = None


def read_key(key: str) -> Keys:
    """Read what an agency enrols with. Blocks while GnuPG reads an OpenPGP key.

    Raises:
        AgencyKeyError: it is no public key that a package can be sealed to.
    """
    text = key.strip()
    try:
        if text.startswith("-----BEGIN PGP PUBLIC KEY BLOCK-----") and text.isascii():
            public = pgp.read_public(text + "\n")
            return Keys(Channel.OPENPGP, text + "\n", public.fingerprint, expires_on=public.expires_on)
        if text.startswith("{"):
            enrolled = AgencyKey.read(text.encode())
            return Keys(
                Channel.AGE, str(enrolled.recipient), enrolled.fingerprint(), enrolled.acknowledge, enrolled.name
            )
        recipient = age.Recipient.parse(text)  # refuses every other letter, also those that are none of ASCII
    except (CryptoError, AgencyFileError, ValueError):
        raise AgencyKeyError from None
    return Keys(Channel.AGE, str(recipient), recipient.fingerprint())


def keys_of(agency: Agency) -> Keys:
    """Compute channel and fingerprint from the enrolled keys, whatever stands beside them. Blocking, as `read_key`.

    Raises:
        AgencyKeyError: they are no keys.
    """
    return _together(read_key(agency.key), agency.acknowledge, agency.signing)


def _together(found: Keys, acknowledge: bytes | None, signing: bytes | None) -> Keys:
    """The keys with one fingerprint over what packages are sealed to and what checks the agency's signatures."""
    if found.channel is not Channel.AGE:
        return found
    recipient = age.Recipient.parse(found.key)
    if acknowledge is not None:  # it signs agreements too, and a key enrolled beside it signs nothing
        return replace(found, fingerprint=fingerprint_of(recipient, acknowledge), acknowledge=acknowledge)
    return found if signing is None else replace(found, fingerprint=signing_fingerprint(recipient, signing))


@store_errors()
async def add(
    db: Db, agency_id: str, *, name: str, key: str, today: date, parent: str | None = None, signing: bytes | None = None
) -> Agency:
    """Enrol an agency; the same again changes nothing.

    Raises:
        AgencyKeyError: the key cannot be read.
        AgencyTreeError: the parent is not enrolled.
        AgencyTakenError: the id is there with another name, key or parent.
    """
    keys = await asyncio.to_thread(read_key, key)
    keys = _together(keys, keys.acknowledge, signing)
    if parent is not None and (parent == agency_id or await get(db, parent) is None):
        raise AgencyTreeError
    row = (agency_id, name, keys.channel.value, keys.key, keys.fingerprint, keys.acknowledge, today, parent)
    await db.execute(_ADD, *row, keys.expires_on, signing)
    agency = await get(db, agency_id)
    asked = (name, keys.channel, keys.fingerprint, parent)
    if agency is None or (agency.name, agency.channel, agency.fingerprint, agency.parent) != asked:
        raise AgencyTakenError
    return agency


@store_errors()
async def set_signing(db: Db, agency_id: str, key: bytes) -> bool:
    """Enrol the key with which an agency signs agreements; False where it is not enrolled or has a key for that.

    Its fingerprint is another one from then on, which only an agreement that names it pins.
    """
    agency = await get(db, agency_id)
    if agency is None:
        return False
    keys = await asyncio.to_thread(keys_of, replace(agency, signing=key))
    return str(await db.execute(_SET_SIGNING, agency_id, key, keys.fingerprint)) == "UPDATE 1"


@store_errors()
async def lay_down_person(db: Db, row: UUID, sealed: bytes) -> None:
    """Lay somebody of an agency down for the corridor, to whose vault it is sealed."""
    await db.execute(_LAY_DOWN, row, sealed)


@store_errors()
async def move(db: Db, agency_id: str, parent: str | None) -> None:
    """Put an agency below another one, or at the top. Two moves at once wait for each other: a circle cannot arise.

    Raises:
        AgencyTreeError: one of them is not enrolled, or *parent* is the agency itself or stands below it.
    """
    async with db.transaction():
        await db.execute(_LOCK_TREE)
        tree = tree_of(await all_(db))
        below = parent is not None and (
            parent not in tree or agency_id in {parent, *exclusions.ancestors(tree, parent)}
        )
        if agency_id not in tree or below:
            raise AgencyTreeError
        await db.execute(_MOVE, agency_id, parent)


@store_errors()
async def get(db: Db, agency_id: str) -> Agency | None:
    """Return the agency, or None."""
    row = await db.fetchrow(_GET, agency_id)
    return None if row is None else _agency(row)


@store_errors()
async def all_(db: Db) -> tuple[Agency, ...]:
    """Return every agency in the order of ids."""
    return tuple(_agency(row) for row in await db.fetch(_ALL))


@store_errors()
async def after(db: Db, agency_id: str, *, limit: int) -> tuple[Agency, ...]:
    """Return the next agencies in the order of ids, at most *limit*."""
    return tuple(_agency(row) for row in await db.fetch(_AFTER, agency_id, limit))


def recipient(agency: Agency) -> Recipient:
    """Return what a decision may know of an agency that packages are sealed to, by its row."""
    return sealed_to(agency.id, RecipientKey(agency.channel.value, agency.fingerprint, agency.key_expires_on))


def tree_of(agencies: Iterable[Agency]) -> Mapping[str, str | None]:
    """Return each agency's parent by id, as the rules of exclusions take it."""
    return {agency.id: agency.parent for agency in agencies}


def in_tree(agencies: Sequence[Agency]) -> tuple[tuple[int, Agency], ...]:
    """Return all agencies as the tree is read aloud, each with its depth; none is lost, also not in a circle."""
    found: list[tuple[int, Agency]] = []
    known = {agency.id for agency in agencies}

    def put(agency: Agency, depth: int) -> None:
        if agency in {seen for _, seen in found}:
            return
        found.append((depth, agency))
        for below in agencies:
            if below.parent == agency.id:
                put(below, depth + 1)

    for agency in agencies:
        if agency.parent not in known:
            put(agency, 0)
    for agency in agencies:
        put(agency, 0)
    return tuple(found)


def _agency(row: asyncpg.Record) -> Agency:
    return Agency(
        id=row["id"],
        name=row["name"],
        channel=Channel(row["channel"]),
        key=row["key"],
        fingerprint=row["fingerprint"],
        added_on=row["added_on"],
        parent=row["parent"],
        acknowledge=row["acknowledge"],
        key_expires_on=row["key_expires_on"],
        signing=row["signing"],
    )
