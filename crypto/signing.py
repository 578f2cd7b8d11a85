"""Ed25519 over a type and a payload: a signature made for one kind of statement verifies for no other.

Signed bytes: type || 0x0A || payload. The type has no line feed, so the two cannot be confused.
"""

import re

from nacl.exceptions import CryptoError as NaclError
from nacl.signing import SigningKey as Ed25519Key
from nacl.signing import VerifyKey

from crypto.errors import KeyFormatError, SignatureError
from crypto.secret import Guarded, Secret

SEED_BYTES = 32
PUBLIC_BYTES = 32
SIGNATURE_BYTES = 64

_TYPE = re.compile(r"tipline/[a-z0-9-]+/v[1-9][0-9]*")


class SigningKey(Guarded):
    """A signing key; `seed` is all there is to store, `public` all there is to publish."""

    __slots__ = ("public", "seed")

    def __init__(self, seed: Secret) -> None:
        if len(seed) != SEED_BYTES:
            raise KeyFormatError
        self.seed = seed
        self.public = bytes(Ed25519Key(seed.expose()).verify_key)

    @classmethod
    def generate(cls) -> "SigningKey":
        """Make a new key."""
        return cls(Secret.random(SEED_BYTES))

    @classmethod
    def from_seed(cls, seed: Secret) -> "SigningKey":
        """Return the key of a 32-byte seed; another length is a `KeyFormatError`."""
        return cls(seed)

    def sign(self, type_: str, payload: bytes) -> bytes:
        """Return 64 bytes over *type_* (`tipline/<what>/v1`) and *payload*."""
        return bytes(Ed25519Key(self.seed.expose()).sign(signed(type_, payload)).signature)


def verify(public: bytes, type_: str, payload: bytes, signature: bytes) -> None:
    """Return when *signature* is by *public* over exactly this type and payload.

    Raises:
        SignatureError: in every other case, a malformed key or signature included.
    """
    if len(public) != PUBLIC_BYTES or len(signature) != SIGNATURE_BYTES:
        raise SignatureError
    try:
        VerifyKey(public).verify(signed(type_, payload), signature)
    except NaclError:
        raise SignatureError from None


def check_type(type_: str) -> None:
    """Raise `ValueError` unless *type_* reads `tipline/<what>/v<number>`."""
    if not _TYPE.fullmatch(type_):
        raise ValueError("a type reads tipline/<what>/v<number>")


def signed(type_: str, payload: bytes) -> bytes:
    """Return the bytes that a signature of *type_* over *payload* is made over."""
    check_type(type_)
    return type_.encode("ascii") + b"\n" + payload
