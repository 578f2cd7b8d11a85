"""One analyst at work: the desk's vault and intake, open for a session and dropped with it. No corridor key fits in here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from crypto import age
from crypto.errors import CryptoError
from crypto.secret import Guarded, Secret
from handling.store.keyring import Keyring, MissingKeyError
from handling.store.members import Member, MemberList, NotAMemberError
from handling.store.vault import OpenVault, VaultError


class NoDeskError(Exception):
    """The passphrase was right, but the signed member list and the desk's keys do not let this person work here."""

    def __init__(self) -> None:
        super().__init__("this person has no key for the desk on the signed member list")


class VaultNotYetError(NoDeskError):
    """The key is the one on the list, and the vault was not sealed to it since."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Desk(Guarded):
    """What a signed-in analyst's requests work with.

    `members` are those of the sign-in, for names on pages; whatever verifies or seals reads the list again. `apart` says why
    material stays in the inbox, by its row: it is judged once in a session, or one agency could keep the desk busy for ever.
    """

    member: Member
    members: MemberList
    vault: OpenVault
    intake: age.Identity
    apart: dict[UUID, str] = field(default_factory=dict)


def open_desk(name: str, content: Mapping[str, Any], members: MemberList, keyring: Keyring) -> Desk:
    """Open vault and intake with the identity from a member's desk account. Blocking.

    Raises:
        NoDeskError: the member is not on the list, has no desk key there, another key than the list says, or the intake
            key is not the list's.
        VaultNotYetError: the member's key fits, and the vault in force does not open with it.
    """
    try:
        member = members.member(name)
        identity = age.Identity.parse(Secret(str(content["identity"]).encode()))
        if member.desk is None or str(member.desk) != str(identity.recipient):
            raise NoDeskError
    except (NotAMemberError, KeyError, CryptoError):
        raise NoDeskError from None
    try:
        vault = OpenVault.open(
            keyring,
            epoch=members.desk_epoch,
            recipient=members.desk_vault,
            recovery=members.recovery,
            member=identity,
        )
    except (CryptoError, VaultError, MissingKeyError):
        raise VaultNotYetError from None
    try:
        intake = vault.intake(members.desk_intake_serial)
    except (CryptoError, MissingKeyError):
        raise NoDeskError from None
    if str(intake.recipient) != str(members.desk_intake):
        raise NoDeskError
    return Desk(member, members, vault, intake)
