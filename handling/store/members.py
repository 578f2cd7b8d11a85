"""Who belongs to the unit, and which keys speak for whom: read only from a chain of lists that begins with the root."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from crypto.statement import Statement
from handling.rules.release import Duty
from handling.store import chain, pins, proposals
from handling.store.chain import TYPE, ChainError, Link
from handling.store.pins import RollbackError
from handling.store.proposals import propose
from handling.store.roster import Member, MemberList, MemberListError, NotAMemberError, check_keys, member_list
from tipline.base.database import Db, TakenError, store_errors

__all__ = [
    "TYPE",
    "Duty",
    "ExpiredListError",
    "Member",
    "MemberList",
    "MemberListError",
    "NotAMemberError",
    "OlderListError",
    "OvertakenError",
    "Trust",
    "append",
    "check_keys",
    "latest",
    "load",
    "propose",
    "root_public",
    "trust",
    "versions",
]

_HASHES = """
    SELECT version, sha256(statement) AS sha256
      FROM unit.member_list
     ORDER BY version
"""

_CHAIN = """
    SELECT version, statement, assertions
      FROM unit.member_list
     ORDER BY version
"""

_STATEMENT = """
    SELECT statement
      FROM unit.member_list
     WHERE version = $1
"""

_INSERT = """
    INSERT INTO unit.member_list (version, statement, assertions)
    VALUES ($1, $2, $3)
"""


class ExpiredListError(MemberListError):
    """The list is in order and has ended."""

    text = "the signed member list has expired; the holders of the root key can sign a renewed one"


class OlderListError(MemberListError):
    """The database shows an older or another list than this process has seen: somebody may have put a copy back."""

    text = "the signed member list is older than, or another than, one that was seen here before"


class OvertakenError(Exception):
    """Another version was accepted meanwhile; nothing was stored."""

    code = "overtaken"

    def __init__(self) -> None:
        super().__init__("another version of the member list was accepted meanwhile")


@dataclass(slots=True)
class _Seen:
    """What this process verified last: the hashes of all versions, and the list that they gave."""

    hashes: tuple[tuple[int, bytes], ...] = ()
    listed: MemberList | None = None


@dataclass(frozen=True, slots=True)
class Trust:
    """What one process holds member lists against.

    Attributes:
        root: the root's public key, 32 bytes.
        pin: file with the newest version that this process has seen; it lies outside every database.
    """

    root: bytes
    pin: Path
    _seen: _Seen = field(default_factory=_Seen, init=False, compare=False, repr=False)


def root_public(inside: Path) -> bytes:
    """Return the pinned root key, 32 bytes, from the inside folder."""
    try:
        return bytes.fromhex((inside / "root.pub").read_text().strip())
    except (OSError, ValueError):
        raise MemberListError from None


def trust(inside: Path, process: str) -> Trust:
    """Return what *process* (corridor, desk, guard, exchange, or admin for commands) trusts member lists by."""
    return Trust(root_public(inside), inside / process / "members.pin")


async def load(db: Db, trust: Trust, today: date) -> MemberList:
    """Return the newest list, its whole chain verified, if it is valid on *today*.

    Raises:
        MemberListError: there is none; a version is missing, does not follow or is not signed by those who may.
        OlderListError: it is not, and does not follow from, the newest list that was seen before.
        ExpiredListError: it is not valid on *today*.
    """
    listed = await latest(db, trust)
    _valid(listed, today)
    return listed


async def latest(db: Db, trust: Trust) -> MemberList:
    """Return the newest list as `load` does, also when its validity has ended: for renewing it, and for nothing else."""
    with store_errors():
        rows = await db.fetch(_HASHES)
    hashes = tuple((row["version"], row["sha256"]) for row in rows)
    seen = trust._seen  # noqa: SLF001 - of this module
    if seen.listed is not None and hashes == seen.hashes:
        return seen.listed
    links, listed = await _links(db, trust)
    seen.hashes, seen.listed = tuple((link.version, link.sha256) for link in links), listed
    return listed


async def statement(db: Db, listed: MemberList) -> bytes:
    """Return the signed statement of a list that was loaded: the bytes whose SHA-256 it names."""
    found: bytes = await db.fetchval(_STATEMENT, listed.version)
    return found


async def versions(db: Db, trust: Trust) -> tuple[MemberList, ...]:
    """Return every version of the chain, verified as `load` does; whether one was in force on a day says nothing here."""
    links, _ = await _links(db, trust)
    return tuple(await asyncio.to_thread(lambda: [member_list(link) for link in links]))


async def append(
    db: Db, trust: Trust, statement: Statement, today: date, *, assertions: bytes | None = None
) -> MemberList:
    """Add the next version when it follows from the chain and is valid, and settle the proposals that waited for it.

    *assertions* are what the signers' authenticators answered, as `chain.together` puts them. A later `load` notes it as seen: inside a transaction of the caller's nothing is certain yet.

    Raises:
        MemberListError: as `load`, and when the statement is not signed by those who may sign it.
        OvertakenError: another version was accepted meanwhile.
    """
    links, _ = await _links(db, trust)
    if statement.body.get("version") in [link.version for link in links]:
        raise OvertakenError
    try:
        link = await asyncio.to_thread(chain.follow, trust.root, links[-1], statement.encode(), assertions)
    except ChainError:
        raise MemberListError from None
    listed = await asyncio.to_thread(member_list, link)
    _valid(listed, today)
    try:
        async with db.transaction():
            with store_errors():
                await db.execute(_INSERT, link.version, statement.encode(), assertions)
            await proposals.settle(db, links[-1].body, link.body)
    except TakenError:
        raise OvertakenError from None
    return listed


async def _links(db: Db, trust: Trust) -> tuple[tuple[Link, ...], MemberList]:
    try:
        return await _read(db, trust)
    except OlderListError:  # or another request has noted a version that was added after this one asked
        return await _read(db, trust)


async def _read(db: Db, trust: Trust) -> tuple[tuple[Link, ...], MemberList]:
    with store_errors():
        rows = await db.fetch(_CHAIN)
    return await asyncio.to_thread(
        _verified, trust, [(row["version"], row["statement"], row["assertions"]) for row in rows]
    )


def _verified(
    trust: Trust, statements: Sequence[tuple[int, bytes, bytes | None]]
) -> tuple[tuple[Link, ...], MemberList]:
    """The chain and its newest list; noted as seen only when all of it can be used."""
    try:
        links = chain.verify(trust.root, statements)
        listed = member_list(links[-1])
        pins.hold(trust.pin, [link.sha256 for link in links])
    except ChainError:
        raise MemberListError from None
    except RollbackError:
        raise OlderListError from None
    return links, listed


def _valid(listed: MemberList, today: date) -> None:
    if not date.fromisoformat(listed.body()["valid_from"]) <= today <= listed.valid_until:
        raise ExpiredListError
