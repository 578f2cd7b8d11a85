"""Sealed columns: a value in the database that opens only in its own table, column and row.

Layout: docs/format.md, "Sealed columns".
"""

import hashlib
import secrets

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
)
from nacl.exceptions import CryptoError as NaclError

from crypto.canonical import canonical
from crypto.errors import OpenError
from crypto.secret import Secret

OVERHEAD = 1 + 24 + 16

_V1 = b"\x01"
_NONCE_BYTES = 24
_KEY_BYTES = 32
_PERSON = b"tipline/columns"


def seal(key: Secret, plaintext: bytes, *, table: str, column: str, row: str) -> bytes:
    """Encrypt *plaintext* so that it opens only with *key* and in the same place.

    Args:
        key: the 32-byte record key; a subkey of it does the work.
        plaintext: any length; the length shows.
        table: with its schema, as `corridor.tip`.
        column: the column's name.
        row: what identifies the row, as text. A value moved to another place no longer opens.

    Returns:
        ``version(1) || nonce(24) || ciphertext(n) || tag(16)`` bytes.
    """
    nonce = secrets.token_bytes(_NONCE_BYTES)
    place = _place(table, column, row)
    return _V1 + nonce + crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, place, nonce, _subkey(key))


def open_(key: Secret, sealed: bytes, *, table: str, column: str, row: str) -> bytes:
    """Return what was sealed in this place; raise `OpenError` for everything else."""
    nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    if len(sealed) < OVERHEAD or not sealed.startswith(_V1):
        raise OpenError
    try:
        return crypto_aead_xchacha20poly1305_ietf_decrypt(body, _place(table, column, row), nonce, _subkey(key))
    except NaclError:
        raise OpenError from None


def _place(table: str, column: str, row: str) -> bytes:
    """Return the additional data; JSON keeps the three names apart whatever they hold."""
    return _V1 + canonical([table, column, row])


def _subkey(key: Secret) -> bytes:
    if len(key) != _KEY_BYTES:
        raise ValueError("a record key is 32 bytes")
    return hashlib.blake2b(digest_size=_KEY_BYTES, key=key.expose(), person=_PERSON).digest()
