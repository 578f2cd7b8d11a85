"""SHA-256 over bytes and streams, and the value by which an agency's acknowledgement is recognised."""

import hashlib

_ACKNOWLEDGEMENT = b"tipline/acknowledgement/v1\n"


def sha256(data: bytes) -> bytes:
    """Return the 32-byte SHA-256 of *data*."""
    return hashlib.sha256(data).digest()


def groups(value: bytes) -> str:
    """Return bytes in hexadecimal, in groups of four digits for people to compare."""
    digits = value.hex()
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))


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
    """Return what a process that cannot open a package keeps, to recognise the hash of the opened one (32 bytes).

    Only who has opened the package can name its hash; from what is kept here nobody can.
    """
    return sha256(_ACKNOWLEDGEMENT + zip_sha256)
