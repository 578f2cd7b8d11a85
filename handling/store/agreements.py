"""Agreements as both sides signed them, byte for byte. Versions only grow; none is ever changed or reused."""

import hashlib
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum
from functools import lru_cache

import asyncpg

from handling import data
from handling.rules.agreement_document import AgreementError, parse
from handling.rules.agreements import Agreement, Side, activation_problems
from handling.store import agencies
from tipline.base.database import Db, StoreError, store_errors

_SAME = """
    SELECT sha256
      FROM unit.agreement
     WHERE id = $1
       AND version = $2
"""
_OTHER = """
    SELECT EXISTS (SELECT
                     FROM unit.agreement
                    WHERE (id = $1) <> (agency = $2))
"""
_ADD = """
    INSERT INTO unit.agreement (id, version, toml, sha256, agency, added_on, dissemination_list)
    SELECT $1, $2, $3, $4, $5, $6, $7
     WHERE NOT EXISTS (SELECT
                         FROM unit.agreement
                        WHERE id = $1
                          AND version >= $2)
"""
_VERSIONS = """
    SELECT id, version, toml, sha256, agency, added_on,
           ARRAY(SELECT DISTINCT side
                   FROM unit.agreement_signature AS signature
                  WHERE (signature.id, signature.version) = (agreement.id, agreement.version)
                  ORDER BY side) AS sides
      FROM unit.agreement AS agreement
"""
_OF_AGENCY = f"""
    {_VERSIONS}
     WHERE agency = $1
     ORDER BY version DESC
"""
_OF_AGENCIES = f"""
    {_VERSIONS}
     WHERE agency = ANY($1::text[])
     ORDER BY agency, version DESC
"""
_EVERY = f"""
    {_VERSIONS}
     ORDER BY agency, version DESC
"""
_SIGN = """
    INSERT INTO unit.agreement_signature (id, version, side, signature, digest, added_on)
    VALUES ($1, $2, $3, $4, sha256($4), $5)
    ON CONFLICT DO NOTHING
"""
_SIGNED = """
    SELECT toml, side, signature
      FROM unit.agreement
      LEFT JOIN unit.agreement_signature USING (id, version)
     WHERE id = $1
       AND version = $2
     ORDER BY side, digest
"""
_TOML = """
    SELECT toml
      FROM unit.agreement
     WHERE id = $1
       AND version = $2
"""

_STORED = """
    SELECT id, version, toml, sha256, agency, added_on, ARRAY[]::text[] AS sides
      FROM unit.agreement
     WHERE id = $1
       AND version = $2
"""

_HALVES = """
    SELECT signer, signature
      FROM unit.agreement_half
     WHERE id = $1
       AND version = $2
     ORDER BY added_on, signer
"""

_ADD_HALF = """
    INSERT INTO unit.agreement_half (id, version, signer, signature, added_on)
    VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT DO NOTHING
"""

_UNSIGNED = """
    SELECT agreement.id, agreement.version, agency.name AS agency,
           ARRAY(SELECT DISTINCT half.signer
                   FROM unit.agreement_half AS half
                  WHERE (half.id, half.version) = (agreement.id, agreement.version)
                  ORDER BY half.signer) AS signers
      FROM unit.agreement AS agreement
      JOIN unit.agency AS agency ON agency.id = agreement.agency
     WHERE NOT EXISTS (SELECT
                         FROM unit.agreement_signature AS signature
                        WHERE signature.id = agreement.id
                          AND signature.version >= agreement.version
                          AND signature.side = 'unit')
     ORDER BY agency.name, agreement.id, agreement.version
"""

_LIST = f"""
    {_VERSIONS}
     ORDER BY agency, id, version
"""


class Refusal(Enum):
    """Why a well-formed agreement is not taken; the value is the sentence the administrator reads."""

    NO_AGENCY = "The agency is not enrolled yet: run `tipline agency add` first."
    OTHER_KEY = "The fingerprint or channel is not that of the agency's enrolled key."
    OTHER_AGREEMENT = "An agency has one agreement, and an agreement has one agency; this would be a second one."
    OLD_VERSION = "This version or a higher one is stored already with other bytes; raise the version."


class AgreementRefusedError(Exception):
    """The agreement is well formed and still may not be stored."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


class DamagedAgreementError(StoreError):
    """A stored agreement no longer reads as what was stored; nothing may be decided with it."""

    code = "agreement-damaged"


@dataclass(frozen=True, slots=True)
class Half:
    """What one member signed of an agreement: half of the unit's signature. It means nothing until it was judged."""

    signer: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A stored version beside which no signature of the unit is kept, nor beside a later one; *agency* is its name."""

    id: str
    version: int
    agency: str
    signers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """One stored version, for a list."""

    id: str
    version: int
    sha256: str
    agency: str
    added_on: date
    signed: tuple[str, ...]  # sides


@store_errors()
async def add(db: Db, toml: bytes, *, today: date) -> Agreement:
    """Store a version; the same bytes again change nothing.

    Raises:
        AgreementError: the bytes are no agreement, or a lawful basis is missing.
        AgreementRefusedError: they do not fit the agency, its key, or what is stored.
    """
    agreement = parse(toml, data.codes())
    if missing := activation_problems(agreement):
        raise AgreementError(missing)
    await _check_agency(db, agreement)
    if await db.fetchval(_OTHER, agreement.id, agreement.agency.id):
        raise AgreementRefusedError(Refusal.OTHER_AGREEMENT)
    digest = bytes.fromhex(agreement.sha256)
    listed = agreement.accountability.dissemination_list
    tag = await db.execute(_ADD, agreement.id, agreement.version, toml, digest, agreement.agency.id, today, listed)
    if tag != "INSERT 0 1" and await db.fetchval(_SAME, agreement.id, agreement.version) != digest:
        raise AgreementRefusedError(Refusal.OLD_VERSION)
    return agreement


@store_errors()
async def sign(db: Db, agreement: Agreement, side: Side, signature: bytes, *, today: date) -> None:
    """Keep a signature over a stored version beside it; the caller has judged it. The same again changes nothing."""
    await db.execute(_SIGN, agreement.id, agreement.version, side.value, signature, today)


@store_errors()
async def signed(db: Db, agreement: Agreement) -> tuple[bytes, tuple[tuple[Side, bytes], ...]]:
    """Return the bytes of a stored version and every signature kept beside them, for whoever judges them again.

    Raises:
        DamagedAgreementError: this version is not stored.
    """
    rows = await db.fetch(_SIGNED, agreement.id, agreement.version)
    if not rows:
        raise DamagedAgreementError
    return rows[0]["toml"], tuple((Side(row["side"]), row["signature"]) for row in rows if row["side"] is not None)


@store_errors()
async def active(db: Db, agency: str, today: date) -> Agreement | None:
    """Return the version that decides today for an agency, or None where there is no agreement.

    That is the highest version that has begun; where none has begun, the highest, which then answers "not yet valid".
    An expired or suspended version decides too, and denies: an older one never steps in for it. *signed* says beside
    which sides' signatures it is kept; the guard judges them again.
    """
    return _deciding(await db.fetch(_OF_AGENCY, agency), today)


@store_errors()
async def versions(db: Db, agency: str) -> tuple[Agreement, ...]:
    """Return every stored version of an agency's agreement that still reads as it was stored, highest first."""
    found = []
    for row in await db.fetch(_OF_AGENCY, agency):
        with suppress(DamagedAgreementError):
            found.append(_agreement(row))
    return tuple(found)


@store_errors()
async def stored(db: Db, id_: str, version: int) -> tuple[Agreement, bytes, tuple[tuple[Side, bytes], ...]]:
    """Return one stored version, its bytes, and every signature kept beside them, for whoever judges them.

    Raises:
        DamagedAgreementError: it is not stored, or no longer reads as what was stored.
    """
    row = await db.fetchrow(_STORED, id_, version)
    if row is None:
        raise DamagedAgreementError
    agreement = _agreement(row)
    _, kept = await signed(db, agreement)
    return agreement, row["toml"], kept


@store_errors()
async def unsigned(db: Db) -> tuple[Unsigned, ...]:
    """Return every version that waits for the unit's signature."""
    rows = await db.fetch(_UNSIGNED)
    return tuple(Unsigned(row["id"], row["version"], row["agency"], tuple(row["signers"])) for row in rows)


@store_errors()
async def halves(db: Db, agreement: Agreement) -> tuple[Half, ...]:
    """Return what members signed of a stored version, oldest first."""
    rows = await db.fetch(_HALVES, agreement.id, agreement.version)
    return tuple(Half(row["signer"], row["signature"]) for row in rows)


@store_errors()
async def add_half(db: Db, agreement: Agreement, half: Half, *, today: date) -> None:
    """Keep what one member signed; the same again changes nothing."""
    await db.execute(_ADD_HALF, agreement.id, agreement.version, half.signer, half.signature, today)


@store_errors()
async def toml(db: Db, agreement: Agreement) -> bytes:
    """Return the exact bytes that a stored version was read from."""
    found: bytes = await db.fetchval(_TOML, agreement.id, agreement.version)
    return found


@store_errors()
async def every(db: Db) -> dict[str, tuple[Agreement, ...]]:
    """Return every stored version that still reads as it was stored, highest first, by agency id."""
    found: dict[str, list[Agreement]] = {}
    for row in await db.fetch(_EVERY):
        with suppress(DamagedAgreementError):
            found.setdefault(row["agency"], []).append(_agreement(row))
    return {agency: tuple(versions) for agency, versions in found.items()}


@store_errors()
async def all_active(db: Db, today: date) -> dict[str, Agreement]:
    """Return what `active` returns for every agency that has an agreement, by agency id, in one query."""
    return _deciding_each(await db.fetch(_EVERY), today)


@store_errors()
async def active_of(db: Db, of: Collection[str], today: date) -> dict[str, Agreement]:
    """Return the same for some agencies."""
    return _deciding_each(await db.fetch(_OF_AGENCIES, list(of)), today)


@store_errors()
async def list_(db: Db) -> tuple[Listed, ...]:
    """Return every stored version, by agency."""
    return tuple(
        Listed(row["id"], row["version"], row["sha256"].hex(), row["agency"], row["added_on"], tuple(row["sides"]))
        for row in await db.fetch(_LIST)
    )


async def _check_agency(db: Db, agreement: Agreement) -> None:
    agency = await agencies.get(db, agreement.agency.id)
    if agency is None:
        raise AgreementRefusedError(Refusal.NO_AGENCY)
    if not agreement.pins(agency.channel.value, agency.fingerprint):
        raise AgreementRefusedError(Refusal.OTHER_KEY)


def _deciding_each(rows: Iterable[asyncpg.Record], today: date) -> dict[str, Agreement]:
    versions: dict[str, list[asyncpg.Record]] = {}
    for row in rows:
        versions.setdefault(row["agency"], []).append(row)
    deciding = {agency: _deciding(found, today) for agency, found in versions.items()}
    return {agency: agreement for agency, agreement in deciding.items() if agreement is not None}


def _deciding(rows: Iterable[asyncpg.Record], today: date) -> Agreement | None:
    """Choose among the versions of one agency, highest first; older ones than the one that decides are not read."""
    highest: Agreement | None = None
    for row in rows:
        agreement = _agreement(row)
        if agreement.valid_from <= today:
            return agreement
        highest = highest or agreement
    return highest


@lru_cache(maxsize=1024)
def _read(toml: bytes) -> Agreement:
    """Read stored bytes once: a page about many agencies asks for the same versions again and again, and none changes."""
    return parse(toml, data.codes())


def _agreement(row: asyncpg.Record) -> Agreement:
    if hashlib.sha256(row["toml"]).digest() != row["sha256"]:
        raise DamagedAgreementError
    try:
        agreement = _read(row["toml"])
    except AgreementError:
        raise DamagedAgreementError from None
    if (agreement.id, agreement.version, agreement.agency.id) != (row["id"], row["version"], row["agency"]):
        raise DamagedAgreementError
    return replace(agreement, signed=frozenset(Side(side) for side in row["sides"]))
