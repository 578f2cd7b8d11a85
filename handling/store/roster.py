"""A verified member list as a value: names, duties and decoded public keys. Reads and trusts nothing itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from crypto import age
from crypto.canonical import canonical, parse
from crypto.errors import CryptoError
from crypto.webauthn import Authenticator
from handling.rules.release import Duty
from handling.store import authenticators
from handling.store.chain import Link


class MemberListError(Exception):
    """No member list can be trusted now; nothing may be sealed inside until that is mended."""

    text = "the signed member list is missing, or is not signed by this unit's root key or by two of its handlers"

    def __init__(self) -> None:
        super().__init__(self.text)


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
    authenticators: tuple[Authenticator, ...] = ()  # with one of which they sign, where there is any


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


def check_keys(body: Mapping[str, Any]) -> None:
    """Raise `MemberListError` unless every key of *body* is a key of its kind. Blocking."""
    member_list(Link(body["version"], b"", body, since={}, former={}))


def member_list(link: Link) -> MemberList:
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
        authenticators=authenticators.of(entry),
    )
