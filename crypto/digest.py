"""SHA-256 over bytes and streams, and the value an agency shows to prove that it opened a package."""

import hashlib

_ACKNOWLEDGEMENT = b"tipline/acknowledgement/v1\n"


def sha256(data: bytes) -> bytes:
    """Return the 32-byte SHA-256 of *data*."""
    return hashlib.sha256(data).digest()


class Sha256:
    """A running SHA-256 for data that never stands in memory as a whole."""

    __slots__ = ("_hash",)

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def update(self, data: bytes | memoryview | bytearray) -> None:
        """Add *data*."""
        self._hash.update(data)

    def digest(self) -> bytes:
        """Return the 32 bytes for everything added up to now."""
        return self._hash.digest()


def acknowledgement_check(zip_sha256: bytes) -> bytes:
    """Return the 32 bytes by which an agency shows that it has opened the package with this hash.

    The hash itself stands in our records and messages; this value can be computed only from it, and says
    nothing to anybody who saw neither.
    """
    return sha256(_ACKNOWLEDGEMENT + zip_sha256)
