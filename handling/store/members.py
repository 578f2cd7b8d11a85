"""Who belongs to the unit, and which keys speak for whom: read only from a chain of lists that begins with the root."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from crypto import age
from crypto.canonical import canonical, parse
from crypto.errors import CryptoError
from crypto.statement import Statement
from handling.rules.release import Duty
from handling.store import chain, pins, proposals
from handling.store.chain import TYPE, ChainError, Link
from handling.store.pins import RollbackError
from handling.store.proposals import propose
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
    "latest",
    "load",
    "propose",
    "root_public",
    "trust",
]

_HASHES = """
    SELECT version, sha256(statement) AS sha256
      FROM unit.member_list
     ORDER BY version
"""

_CHAIN = """
    SELECT version, statement
      FROM unit.member_list
     ORDER BY version
"""

_INSERT = """
    INSERT INTO unit.member_list (version, statement)
    VALUES ($1, $2)
"""


class MemberListError(Exception):
    """No member list can be trusted now; nothing may be sealed inside until that is mended."""

    text = "the signed member list is missing, or is not signed by this unit's root key or by two of its handlers"

    def __init__(self) -> None:
        super().__init__(self.text)


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


class NotAMemberError(Exception):
    """The name is not on the signed list."""

    def __init__(self) -> None:
        super().__init__("this person is not on the signed member list")


@dataclass(frozen=True, slots=True)
class Member:
    """One person: public keys only."""

    name: str
    display: str
    duties: frozenset[Duty]
    corridor: age.Recipient | None
    desk: age.Recipient | None
    release: age.Recipient
    signing: bytes


@dataclass(frozen=True, slots=True)
class MemberList:
    """The verified list: every recipient that the inside seals to comes from here.

    Attributes:
        sha256: of the signed statement; the next version names it.
        since: of each member, the version in which today's entry first stood.
        former: fingerprint of each vault key that was replaced, with the key that the same member has there today.
    """

    version: int
    sha256: bytes
    unit: str
    valid_until: date
    recovery: age.Recipient
    corridor_vault: age.Recipient
    corridor_epoch: int
    desk_vault: age.Recipient
    desk_epoch: int
    desk_intake: age.Recipient
    desk_intake_serial: int
    intake_signer: bytes
    package_signer: bytes
    package_pgp: str
    first_readers: tuple[str, ...]
    members: tuple[Member, ...]
    since: Mapping[str, int]
    former: Mapping[str, age.Recipient]
    encoded: bytes

    def body(self) -> dict[str, Any]:
        """Return the signed body, a copy of its own."""
        body: dict[str, Any] = parse(self.encoded)
        return body

    def member(self, name: str) -> Member:
        """Return the member called *name*, or raise `NotAMemberError`."""
        for member in self.members:
            if member.name == name:
                return member
        raise NotAMemberError

    def by_signing(self, public: bytes) -> Member | None:
        """Return the member whose signing key is *public*, if any."""
        return next((member for member in self.members if member.signing == public), None)

    def having(self, duty: Duty) -> tuple[Member, ...]:
        """All members with *duty*, in the order of the list."""
        return tuple(member for member in self.members if duty in member.duties)


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
    links = await _links(db, trust)
    listed = await asyncio.to_thread(_member_list, links[-1])
    seen.hashes, seen.listed = tuple((link.version, link.sha256) for link in links), listed
    return listed


async def append(db: Db, trust: Trust, statement: Statement, today: date) -> MemberList:
    """Add the next version when it follows from the chain and is valid, and settle the proposals that waited for it.

    A later `load` notes it as seen: inside a transaction of the caller's nothing is certain yet.

    Raises:
        MemberListError: as `load`, and when the statement is not signed by those who may sign it.
        OvertakenError: another version was accepted meanwhile.
    """
    links = await _links(db, trust)
    try:
        link = await asyncio.to_thread(chain.follow, trust.root, links[-1], statement.encode())
    except ChainError:
        raise MemberListError from None
    listed = await asyncio.to_thread(_member_list, link)
    _valid(listed, today)
    try:
        async with db.transaction():
            with store_errors():
                await db.execute(_INSERT, link.version, statement.encode())
            await proposals.settle(db, links[-1].body, link.body)
    except TakenError:
        raise OvertakenError from None
    return listed


async def _links(db: Db, trust: Trust) -> tuple[Link, ...]:
    with store_errors():
        rows = await db.fetch(_CHAIN)
    statements = [(row["version"], row["statement"]) for row in rows]
    try:
        links = await asyncio.to_thread(chain.verify, trust.root, statements)
        await asyncio.to_thread(pins.hold, trust.pin, [link.sha256 for link in links])
    except ChainError:
        raise MemberListError from None
    except RollbackError:
        raise OlderListError from None
    return links


def _valid(listed: MemberList, today: date) -> None:
    if not date.fromisoformat(listed.body()["valid_from"]) <= today <= listed.valid_until:
        raise ExpiredListError


def _member_list(link: Link) -> MemberList:
    """Decode every key of a verified body; one that is no key of its kind closes the list as a whole."""
    try:
        return _decoded(link)
    except (CryptoError, ValueError):
        raise MemberListError from None


def _decoded(link: Link) -> MemberList:
    recipient, body = age.Recipient.parse, link.body
    members = tuple(_member(entry) for entry in body["members"])
    return MemberList(
        version=link.version,
        sha256=link.sha256,
        unit=body["unit"],
        valid_until=date.fromisoformat(body["valid_until"]),
        recovery=recipient(body["recovery"]),
        corridor_vault=recipient(body["corridor_vault"]["recipient"]),
        corridor_epoch=body["corridor_vault"]["epoch"],
        desk_vault=recipient(body["desk_vault"]["recipient"]),
        desk_epoch=body["desk_vault"]["epoch"],
        desk_intake=recipient(body["desk_intake"]["recipient"]),
        desk_intake_serial=body["desk_intake"]["serial"],
        intake_signer=bytes.fromhex(body["intake_signer"]),
        package_signer=bytes.fromhex(body["package_signer"]),
        package_pgp=body["package_pgp"],
        first_readers=tuple(body["first_readers"]),
        members=members,
        since=link.since,
        former=_former(link, {member.name: member for member in members}),
        encoded=canonical(dict(body)),
    )


def _former(link: Link, now: Mapping[str, Member]) -> dict[str, age.Recipient]:
    """A key of one zone leads to that zone's key of today, which a member who lost the duty does not have."""
    found = {}
    for key, (name, zone) in link.former.items():
        today = now[name].corridor if zone == "corridor" else now[name].desk
        if today is not None:
            found[age.Recipient.parse(key).fingerprint()] = today
    return found


def _member(entry: Mapping[str, Any]) -> Member:
    return Member(
        name=entry["name"],
        display=entry["display"],
        duties=frozenset(Duty(duty) for duty in entry["duties"]),
        corridor=age.Recipient.parse(entry["corridor"]) if entry["corridor"] else None,
        desk=age.Recipient.parse(entry["desk"]) if entry["desk"] else None,
        release=age.Recipient.parse(entry["release"]),
        signing=bytes.fromhex(entry["signing"]),
    )
