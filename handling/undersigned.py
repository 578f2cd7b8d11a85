"""Who has signed an agreement: detached signatures over its exact bytes, judged under the keys of today. Stores nothing.

Ours is made by the root key or by two members together, theirs by the key that the agency is enrolled with. Each can be
checked without us: `ssh-keygen -Y verify` in the namespace below, or `gpg --verify`.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from crypto import pgp, sshsig
from crypto.digest import sha256
from crypto.errors import CryptoError
from crypto.signing import SigningKey
from handling import data
from handling.rules.agreement_text import document
from handling.rules.agreements import Agreement, Channel, Side
from handling.rules.amendments import LABELS, amendments
from handling.store import agencies, agreements
from handling.store.agencies import Agency, AgencyKeyError
from handling.store.members import Duty, MemberList
from tipline.base.database import Db

NAMESPACE: Final = "tipline-agreement"
LIMIT: Final = 16 * 1024  # bytes of a signature; the longest that GnuPG makes for common keys is a tenth of it


_BEGIN: Final = b"-----BEGIN SSH SIGNATURE-----"
_TOGETHER: Final = 2  # members


@dataclass(frozen=True, slots=True)
class Ours:
    """Whose signature counts for the unit: the root's alone, or those of two of today's handlers and releasing officers."""

    root: bytes
    members: frozenset[bytes]

    @classmethod
    def of(cls, root: bytes, listed: MemberList) -> "Ours":
        """Return them as the signed member list has them."""
        signers = (member for member in listed.members if member.duties & {Duty.HANDLER, Duty.OFFICER})
        return cls(root, frozenset(member.signing for member in signers))


@dataclass(frozen=True, slots=True)
class Terms:
    """An agreement as whoever signs it for the unit reads it: every term, and what that changes.

    Attributes:
        lines: label and value of each term.
        against: the newest version that both sides have signed; None where there is none.
        changes: against that one; empty where the bytes are the same.
    """

    lines: tuple[tuple[str, str], ...]
    against: int | None
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Signature:
    """A detached signature as it lies beside the agreement, armoured; it means nothing until it was judged."""

    side: Side
    data: bytes


def sign(key: SigningKey, toml: bytes) -> bytes:
    """Return an SSH signature over an agreement."""
    return sshsig.sign(key, toml, namespace=NAMESPACE).encode()


def terms(agreement: Agreement, before: Agreement | None) -> Terms:
    """Put all that is signed into words, and what it changes against *before*, the newest that both sides signed."""
    scheme = data.scheme()
    new = document(agreement, scheme)
    lines = tuple((LABELS[path], str(value)) for path, value in new.items())
    if before is None:
        return Terms(lines, None, ())
    same = before.sha256 == agreement.sha256
    changes = () if same else amendments(document(before, scheme), new, scheme)
    return Terms(lines, before.version, tuple(map(str, changes)))


def signed_by(toml: bytes, signature: bytes) -> bytes | None:
    """Return the key by which one SSH signature over an agreement holds; None where it does not."""
    return _ssh(toml, signature)


def signing_key(agency: Agency) -> bytes | None:
    """Return the Ed25519 key that an agency with an age key signs with; None where it enrolled none."""
    return agency.acknowledge or agency.signing


def by_unit(toml: bytes, signature: bytes, ours: Ours) -> bool:
    """Whether the unit has signed exactly these bytes; what two members signed stands one behind the other."""
    keys = {_ssh(toml, _BEGIN + one) for one in signature.split(_BEGIN)[1:]}
    return ours.root in keys or len(keys & ours.members) >= _TOGETHER


def by_agency(data: bytes, signature: bytes, agency: Agency, *, namespace: str = NAMESPACE) -> bool:
    """Whether the agency's enrolled key has signed exactly these bytes, an agreement or what else *namespace* names.

    Blocking while GnuPG verifies, whose signatures say not what for: what is signed has to tell.
    """
    if agency.channel is Channel.OPENPGP:
        try:
            pgp.verify_detached(agency.key, data, signature)
        except CryptoError:
            return False
        return True
    key = signing_key(agency)
    return key is not None and _ssh(data, signature, namespace) == key


def sides(toml: bytes, signatures: Iterable[Signature], *, ours: Ours, agency: Agency) -> frozenset[Side]:
    """Return the sides that have signed these bytes, each by at least one signature that holds. Blocking."""
    good = set()
    for one in signatures:
        if one.side in good:
            continue
        if by_unit(toml, one.data, ours) if one.side is Side.UNIT else by_agency(toml, one.data, agency):
            good.add(one.side)
    return frozenset(good)


async def judged(db: Db, agreement: Agreement, agency: Agency, ours: Ours) -> Agreement:
    """Return a stored version with the sides whose signatures hold under today's keys, whatever its row says."""
    toml, kept = await agreements.signed(db, agreement)
    if sha256(toml).hex() != agreement.sha256:
        return replace(agreement, signed=frozenset())
    signatures = tuple(Signature(side, data) for side, data in kept)
    good = await asyncio.to_thread(sides, toml, signatures, ours=ours, agency=agency)
    if not await asyncio.to_thread(_pinned, agreement, agency):
        good -= {Side.AGENCY}  # a key that the agreement does not pin signs nothing for the agency
    return replace(agreement, signed=good)


async def newest_signed(db: Db, agency: Agency, ours: Ours) -> Agreement | None:
    """Return the newest stored version that both sides have signed, begun or not; None where there is none."""
    for version in await agreements.versions(db, agency.id):
        found = await judged(db, version, agency, ours)
        if found.signed == frozenset(Side):
            return found
    return None


def _pinned(agreement: Agreement, agency: Agency) -> bool:
    try:
        keys = agencies.keys_of(agency)
    except AgencyKeyError:
        return False
    return agreement.pins(keys.channel.value, keys.fingerprint)


def _ssh(data: bytes, signature: bytes, namespace: str = NAMESPACE) -> bytes | None:
    """The key by which an SSH signature over these bytes holds, if it is one."""
    try:
        return sshsig.verify(signature.decode("ascii"), data, namespace=namespace)
    except (CryptoError, UnicodeDecodeError):
        return None
