"""One handler at work: the corridor's vault, open for a session and dropped with it. No desk key and no signing key."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crypto import age
from crypto.errors import CryptoError
from crypto.secret import Guarded, Secret
from handling.store.keyring import Keyring, MissingKeyError
from handling.store.members import Duty, Member, MemberList, NotAMemberError
from handling.store.vault import OpenVault, VaultError


class NoCorridorError(Exception):
    """The passphrase was right, but the signed member list or the keyring does not let this person in here."""

    def __init__(self) -> None:
        super().__init__("this person has no key for the corridor on the signed member list")


class VaultNotYetError(NoCorridorError):
    """The key is the one on the list, and the vault was not sealed to it since."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Handler(Guarded):
    """What a signed-in handler's requests work with."""

    member: Member
    members: MemberList
    vault: OpenVault


def open_corridor(name: str, content: Mapping[str, Any], members: MemberList, keyring: Keyring) -> Handler:
    """Open the vault with the identity from a member's corridor account. Blocking.

    Raises:
        NoCorridorError: not on the list, no handler, or another key than the list says.
        VaultNotYetError: all of that fits, and the vault in force does not open with this key.
    """
    try:
        member = members.member(name)
        identity = age.Identity.parse(Secret(str(content["identity"]).encode()))
        if Duty.HANDLER not in member.duties or str(member.corridor) != str(identity.recipient):
            raise NoCorridorError
    except (NotAMemberError, KeyError, CryptoError):
        raise NoCorridorError from None
    try:
        vault = OpenVault.open(
            keyring,
            epoch=members.corridor_epoch,
            recipient=members.corridor_vault,
            recovery=members.recovery,
            member=identity,
        )
    except (CryptoError, VaultError, MissingKeyError):
        raise VaultNotYetError from None
    return Handler(member, members, vault)
