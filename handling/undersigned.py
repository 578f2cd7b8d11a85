"""Who has signed an agreement: detached signatures over its exact bytes, judged under the keys of today. Stores nothing.

Ours is made by the root key, theirs by the key that the agency is enrolled with. Either can be checked without us:
`ssh-keygen -Y verify` in the namespace below, or `gpg --verify`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from crypto import pgp, sshsig
from crypto.errors import CryptoError
from crypto.signing import SigningKey
from handling.rules.agreements import Channel, Side
from handling.store.agencies import Agency

NAMESPACE: Final = "tipline-agreement"
LIMIT: Final = 16 * 1024  # bytes of a signature; the longest that GnuPG makes for common keys is a tenth of it


@dataclass(frozen=True, slots=True)
class Signature:
    """A detached signature as it lies beside the agreement, armoured; it means nothing until it was judged."""

    side: Side
    data: bytes


def sign(key: SigningKey, toml: bytes) -> bytes:
    """Return an SSH signature over an agreement."""
    return sshsig.sign(key, toml, namespace=NAMESPACE).encode()


def signing_key(agency: Agency) -> bytes | None:
    """Return the Ed25519 key that an agency with an age key signs with; None where it enrolled none."""
    return agency.acknowledge or agency.signing


def by_unit(toml: bytes, signature: bytes, root: bytes) -> bool:
    """Whether the unit's root has signed exactly these bytes."""
    return _ssh(toml, signature) == root


def by_agency(toml: bytes, signature: bytes, agency: Agency) -> bool:
    """Whether the agency's enrolled key has signed exactly these bytes. Blocking while GnuPG verifies."""
    if agency.channel is Channel.OPENPGP:
        try:
            pgp.verify_detached(agency.key, toml, signature)
        except CryptoError:
            return False
        return True
    key = signing_key(agency)
    return key is not None and _ssh(toml, signature) == key


def sides(toml: bytes, signatures: Iterable[Signature], *, root: bytes, agency: Agency) -> frozenset[Side]:
    """Return the sides that have signed these bytes, each by at least one signature that holds. Blocking."""
    good = set()
    for one in signatures:
        ours = one.side is Side.UNIT
        if one.side not in good and (by_unit(toml, one.data, root) if ours else by_agency(toml, one.data, agency)):
            good.add(one.side)
    return frozenset(good)


def _ssh(toml: bytes, signature: bytes) -> bytes | None:
    """The key by which an SSH signature over these bytes holds, if it is one."""
    try:
        return sshsig.verify(signature.decode("ascii"), toml, namespace=NAMESPACE)
    except (CryptoError, UnicodeDecodeError):
        return None
