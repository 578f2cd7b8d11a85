"""Who belongs to the unit, and which keys speak for whom: read only from the list that the root signed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from crypto import age
from crypto.errors import CryptoError
from crypto.statement import Statement
from handling.rules.release import Duty
from tipline.base.database import Db, store_errors

__all__ = ["TYPE", "Duty", "Member", "MemberList", "MemberListError", "NotAMemberError", "load", "root_public"]

TYPE = "tipline/member-list/v1"

_NEWEST = """
    SELECT version, statement
      FROM unit.member_list
     ORDER BY version DESC
     LIMIT 1
"""


class MemberListError(Exception):
    """No member list can be trusted now; nothing may be sealed inside until that is mended."""

    def __init__(self) -> None:
        super().__init__("the signed member list is missing, expired or not signed by this unit's root key")


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
    """The verified list: every recipient that the inside seals to comes from here."""

    version: int
    unit: str
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
    members: tuple[Member, ...]

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


def root_public(inside: Path) -> bytes:
    """Return the pinned root key, 32 bytes, from the inside folder."""
    try:
        return bytes.fromhex((inside / "root.pub").read_text().strip())
    except (OSError, ValueError):
        raise MemberListError from None


async def load(db: Db, root: bytes, today: date) -> MemberList:
    """Return the newest list if *root* signed it and it is valid on *today*; otherwise raise `MemberListError`."""
    with store_errors():
        row = await db.fetchrow(_NEWEST)
    if row is None:
        raise MemberListError
    try:
        body = Statement.parse(row["statement"]).verify(TYPE, [root])
        members = _member_list(body)
        valid = date.fromisoformat(body["valid_from"]) <= today <= date.fromisoformat(body["valid_until"])
    except (CryptoError, KeyError, TypeError, ValueError):
        raise MemberListError from None
    if not valid or members.version != row["version"]:
        raise MemberListError
    return members


def _member_list(body: Mapping[str, Any]) -> MemberList:
    recipient = age.Recipient.parse
    return MemberList(
        version=body["version"],
        unit=body["unit"],
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
        members=tuple(_member(entry) for entry in body["members"]),
    )


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
