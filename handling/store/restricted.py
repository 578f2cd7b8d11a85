"""Restricted record keys: for some members and recovery, and for nobody else who can open the vault.

Layout: docs/format.md, "Record keys". The file says inside who its readers are, so that a reader can let a colleague's
new key in or a leaver's out; from outside, only their number shows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from crypto import age
from crypto.errors import CryptoError, OpenError
from crypto.records import KEY_BYTES
from crypto.secret import Guarded, Secret
from handling.store.epochs import fingerprints
from handling.store.keyring import Keyring, MissingKeyError

ReadersKind = Literal["vault", "restricted"]

_PRINT_BYTES = 32


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Restricted(Guarded):
    """One restricted key, opened: the record key and the fingerprints of its readers, recovery left out."""

    key: Secret
    readers: frozenset[str]


def seal(key: Secret, readers: Sequence[age.Recipient], recovery: age.Recipient) -> bytes:
    """Return the key file for *readers* and *recovery*; without readers, recovery alone opens it."""
    prints = sorted(fingerprints(readers))
    return age.seal(key.expose() + bytes.fromhex("".join(prints)), [*_once(readers), recovery])


def open_(sealed: bytes, member: age.Identity) -> Restricted:
    """Open a key file.

    Raises:
        AgeError: it is damaged or not for *member*.
        OpenError: it holds something other than a key and fingerprints.
    """
    data = age.open_(sealed, [member])
    key, prints = data[:KEY_BYTES], data[KEY_BYTES:]
    if len(key) != KEY_BYTES or len(prints) % _PRINT_BYTES:
        raise OpenError
    return Restricted(
        Secret(key),
        frozenset(prints[at : at + _PRINT_BYTES].hex() for at in range(0, len(prints), _PRINT_BYTES)),
    )


def refresh(
    keyring: Keyring,
    member: age.Identity,
    members: Sequence[age.Recipient],
    recovery: age.Recipient,
    former: Mapping[str, age.Recipient],
    *,
    overtaken: Callable[[], bool],
) -> int:
    """Seal every restricted key that *member* can open to those of its readers who are members today.

    Args:
        keyring: of the zone.
        member: who is at work.
        members: today's verified members.
        recovery: of the signed list.
        former: fingerprints of keys that members had before, each with today's key of the same person.
        overtaken: says, under the keyring's lock, whether a newer list has spoken; then the rest is left alone, because
            a key that is unknown to *members* may be the new one of a reader who stays.

    Returns:
        how many were sealed afresh. A key whose readers have all left stays as it is: only recovery can open it.
    """
    today = {one.fingerprint(): one for one in members}
    changed = 0
    for name in keyring.names("restricted"):
        with keyring.locked():
            try:
                found = open_(keyring.get("restricted", name), member)
            except (CryptoError, MissingKeyError):
                continue
            readers = {one: today.get(one) or former.get(one) for one in found.readers}
            if all(one in today for one in readers):
                continue
            if overtaken():
                break
            left = [one for one in readers.values() if one is not None]
            keyring.put("restricted", name, seal(found.key, left, recovery))
            changed += 1
    return changed


def _once(readers: Sequence[age.Recipient]) -> list[age.Recipient]:
    """Leave out a recipient that stands twice, as when a reader's old and new key are named together."""
    return list({str(reader): reader for reader in readers}.values())
