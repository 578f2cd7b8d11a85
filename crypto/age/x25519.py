"""The `X25519` kind: what age used before post-quantum recipients. Never shares a file with another kind.

Spec: C2SP age.md, "The X25519 recipient type". The product writes such files only for people whose age knows no other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from crypto.age import bech32
from crypto.age.format import FILE_KEY_BYTES, Stanza, b64decode, b64encode
from crypto.age.keys import Kind
from crypto.digest import sha256
from crypto.errors import HeaderError, KeyFormatError
from crypto.hkdf import derive
from crypto.secret import Guarded, Secret

TYPE = "X25519"

_INFO = b"age-encryption.org/v1/X25519"
_POINT_BYTES = 32
_BODY_BYTES = FILE_KEY_BYTES + 16
_FIELD = 2**255 - 19
_ZERO_NONCE = bytes(12)  # each key is derived from a fresh share and used once
_PROBE = X25519PrivateKey.generate()  # seals nothing; multiplies points to see whether they are of low order
_RECIPIENT_PREFIX = "age"
_IDENTITY_PREFIX = "age-secret-key-"


def is_low_order(point: bytes) -> bool:
    """Say whether a share leads to the all-zero secret with every key, so that it adds nothing."""
    try:
        _PROBE.exchange(X25519PublicKey.from_public_bytes(point))
    except ValueError:
        return True
    return False


def is_public_key(point: bytes) -> bool:
    """Say whether some identity has this public key: 32 bytes, a reduced coordinate, not of low order."""
    reduced = len(point) == _POINT_BYTES and int.from_bytes(point, "little") < _FIELD
    return reduced and not is_low_order(point)


@dataclass(frozen=True, slots=True)
class Recipient:
    """A classical public key that files are sealed to: 32 bytes."""

    kind: ClassVar[Kind] = Kind.CLASSICAL

    raw: bytes

    def __post_init__(self) -> None:
        if not is_public_key(self.raw):
            raise KeyFormatError

    @classmethod
    def parse(cls, text: str) -> "Recipient":
        """Read `age1…`; raise `KeyFormatError` for anything else, upper case included."""
        prefix, raw = bech32.decode(text)
        if prefix != _RECIPIENT_PREFIX or text != text.lower():
            raise KeyFormatError
        return cls(raw)

    def __str__(self) -> str:
        return bech32.encode(_RECIPIENT_PREFIX, self.raw)

    def fingerprint(self) -> str:
        """Return the SHA-256 of the encoded recipient, in 64 hexadecimal digits, for people to compare."""
        return sha256(str(self).encode("ascii")).hex()

    def wrap(self, file_key: Secret) -> Stanza:
        """Return the stanza that carries *file_key* to this recipient, under a share of its own."""
        ephemeral = X25519PrivateKey.generate()
        share = ephemeral.public_key().public_bytes_raw()
        shared = Secret(ephemeral.exchange(X25519PublicKey.from_public_bytes(self.raw)))
        body = _cipher(shared, share, self.raw).encrypt(_ZERO_NONCE, file_key.expose(), None)
        return Stanza(type=TYPE, args=(b64encode(share),), body=body)


class Identity(Guarded):
    """The secret half: a 32-byte scalar that opens what was sealed to `recipient`."""

    __slots__ = ("_private", "_scalar", "recipient")

    def __init__(self, scalar: Secret) -> None:
        if len(scalar) != _POINT_BYTES:
            raise KeyFormatError
        self._scalar = scalar
        self._private = X25519PrivateKey.from_private_bytes(scalar.expose())
        self.recipient = Recipient(self._private.public_key().public_bytes_raw())

    @classmethod
    def generate(cls) -> "Identity":
        """Make a new identity."""
        return cls(Secret.random(_POINT_BYTES))

    @classmethod
    def parse(cls, text: Secret | str) -> "Identity":
        """Read `AGE-SECRET-KEY-1…`; raise `KeyFormatError` for anything else, lower case included."""
        return cls(bech32.decode_secret(_IDENTITY_PREFIX, text))

    def encode(self) -> Secret:
        """Return `AGE-SECRET-KEY-1…` in ASCII, as stock age reads it."""
        return Secret(bech32.encode(_IDENTITY_PREFIX, self._scalar.expose()).upper().encode("ascii"))

    def check(self, stanzas: Sequence[Stanza]) -> None:
        """Raise `HeaderError` when a stanza of this kind is malformed. Uses no key."""
        for stanza in stanzas:
            if stanza.type == TYPE and is_low_order(_share(stanza)):
                raise HeaderError

    def unwrap(self, stanzas: Sequence[Stanza]) -> Secret | None:
        """Return the file key, or None when no stanza is for this identity; `check` came first."""
        for stanza in stanzas:
            if stanza.type != TYPE:
                continue
            share = _share(stanza)
            try:
                shared = Secret(self._private.exchange(X25519PublicKey.from_public_bytes(share)))
                return Secret(_cipher(shared, share, self.recipient.raw).decrypt(_ZERO_NONCE, stanza.body, None))
            except InvalidTag:
                continue
            except ValueError:  # of low order
                raise HeaderError from None
        return None


def _share(stanza: Stanza) -> bytes:
    """Return the share; the body's length is fixed so that a file key cannot have a second reading."""
    if len(stanza.args) != 1 or len(stanza.body) != _BODY_BYTES:
        raise HeaderError
    share = b64decode(stanza.args[0])
    if len(share) != _POINT_BYTES:
        raise HeaderError
    return share


def _cipher(shared: Secret, share: bytes, recipient: bytes) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(derive(shared, salt=share + recipient, info=_INFO).expose())
