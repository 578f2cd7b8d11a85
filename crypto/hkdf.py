"""HKDF-SHA256 (RFC 5869), the only way in which one key becomes several."""

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from crypto.secret import Secret


def derive(key: Secret, *, salt: bytes, info: bytes, length: int = 32) -> Secret:
    """Return *length* bytes that are bound to *salt* and *info*; an empty salt is RFC 5869's "not provided"."""
    return Secret(HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(key.expose()))
