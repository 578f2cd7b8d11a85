"""Keyed BLAKE2b with a purpose: a MAC made for one direction or use verifies for no other."""

import hashlib
import hmac

from crypto.errors import SignatureError
from crypto.secret import Secret

MAC_BYTES = 32

_KEY_BYTES = 32
_MAX_PURPOSE = hashlib.blake2b.PERSON_SIZE


def mac(key: Secret, payload: bytes, *, purpose: str) -> bytes:
    """Return 32 bytes over *payload* under a 32-byte *key*.

    Args:
        key: 32 bytes.
        payload: any length.
        purpose: 1 to 16 printable ASCII characters, BLAKE2b's personalisation.
    """
    if len(key) != _KEY_BYTES:
        raise ValueError("a MAC key is 32 bytes")
    if not 1 <= len(purpose) <= _MAX_PURPOSE or not purpose.isascii() or not purpose.isprintable():
        raise ValueError("a purpose is 1 to 16 printable ASCII characters")
    person = purpose.encode("ascii")
    return hashlib.blake2b(payload, digest_size=MAC_BYTES, key=key.expose(), person=person).digest()


def check(key: Secret, payload: bytes, tag: bytes, *, purpose: str) -> None:
    """Return when *tag* is the MAC of *payload*; raise `SignatureError` otherwise. Constant time."""
    if not hmac.compare_digest(mac(key, payload, purpose=purpose), tag):
        raise SignatureError
