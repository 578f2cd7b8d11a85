"""The `mlkem768x25519` kind: post-quantum and classical at once, through HPKE. Never shares a file with another kind.

Spec: C2SP age.md, "The hybrid post-quantum recipient type". The identity is a 32-byte seed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHAKE256, Hash
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from crypto.age import bech32
from crypto.age.format import FILE_KEY_BYTES, Stanza, b64decode, b64encode
from crypto.age.keys import Kind
from crypto.age.x25519 import is_low_order, is_public_key
from crypto.digest import sha256
from crypto.errors import HeaderError, KeyFormatError
from crypto.secret import Guarded, Secret

TYPE = "mlkem768x25519"

_INFO = b"age-encryption.org/mlkem768x25519"
_SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
_ENC_BYTES = 1120
_BODY_BYTES = FILE_KEY_BYTES + 16
_MLKEM_PUBLIC_BYTES = 1184
_PUBLIC_BYTES = _MLKEM_PUBLIC_BYTES + 32
_SEED_BYTES = 32
_MLKEM_SEED_BYTES = 64
_MLKEM_ENC_BYTES = _ENC_BYTES - 32
_RECIPIENT_PREFIX = "age1pq"
_IDENTITY_PREFIX = "age-secret-key-pq-"


@dataclass(frozen=True, slots=True)
class Recipient:
    """A public key that files are sealed to: 1184 bytes of ML-KEM-768 and 32 of X25519."""

    kind: ClassVar[Kind] = Kind.POST_QUANTUM

    raw: bytes
    _key: MLKEM768X25519PublicKey = field(init=False, repr=False, compare=False)  # parsed once, for many files
    _text: str = field(init=False, repr=False, compare=False, default="")  # spelled once, at the first need

    def __post_init__(self) -> None:
        object.__setattr__(self, "_key", _public(self.raw))

    @classmethod
    def parse(cls, text: str) -> "Recipient":
        """Read `age1pq1…`; raise `KeyFormatError` for anything else, upper case included."""
        prefix, raw = bech32.decode(text)
        if prefix != _RECIPIENT_PREFIX or text != text.lower():
            raise KeyFormatError
        return cls(raw)

    def __str__(self) -> str:
        if not self._text:
            object.__setattr__(self, "_text", bech32.encode(_RECIPIENT_PREFIX, self.raw))
        return self._text

    def fingerprint(self) -> str:
        """Return the SHA-256 of the encoded recipient, in 64 hexadecimal digits, for people to compare."""
        return sha256(str(self).encode("ascii")).hex()

    def wrap(self, file_key: Secret) -> Stanza:
        """Return the stanza that carries *file_key* to this recipient."""
        sealed = _SUITE.encrypt(file_key.expose(), self._key, info=_INFO)
        return Stanza(type=TYPE, args=(b64encode(sealed[:_ENC_BYTES]),), body=sealed[_ENC_BYTES:])


class Identity(Guarded):
    """The secret half: a 32-byte `seed` that opens what was sealed to `recipient`."""

    __slots__ = ("_private", "recipient", "seed")

    def __init__(self, seed: Secret) -> None:
        if len(seed) != _SEED_BYTES:
            raise KeyFormatError
        self.seed = seed
        mlkem, x25519 = _expand(seed)
        self._private = MLKEM768X25519PrivateKey(mlkem, x25519)
        self.recipient = Recipient(mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw())

    @classmethod
    def generate(cls) -> "Identity":
        """Make a new identity."""
        return cls(Secret.random(_SEED_BYTES))

    @classmethod
    def from_seed(cls, seed: Secret) -> "Identity":
        """Return the identity of a 32-byte seed; another length is a `KeyFormatError`."""
        return cls(seed)

    @classmethod
    def parse(cls, text: Secret | str) -> "Identity":
        """Read `AGE-SECRET-KEY-PQ-1…`; raise `KeyFormatError` for anything else, lower case included."""
        return cls(bech32.decode_secret(_IDENTITY_PREFIX, text))

    def encode(self) -> Secret:
        """Return `AGE-SECRET-KEY-PQ-1…` in ASCII, as stock age reads it."""
        return Secret(bech32.encode(_IDENTITY_PREFIX, self.seed.expose()).upper().encode("ascii"))

    def check(self, stanzas: Sequence[Stanza]) -> None:
        """Raise `HeaderError` when a stanza of this kind is malformed. Uses no key."""
        check(stanzas)

    def unwrap(self, stanzas: Sequence[Stanza]) -> Secret | None:
        """Return the file key, or None when no stanza is for this identity; `check` came first."""
        for stanza in stanzas:
            if stanza.type != TYPE:
                continue
            try:
                return Secret(_SUITE.decrypt(_sealed(stanza), self._private, info=_INFO))
            except InvalidTag:
                continue
        return None


def check(stanzas: Sequence[Stanza]) -> None:
    """Raise `HeaderError` when a stanza of this kind is malformed. Uses no key."""
    for stanza in stanzas:
        if stanza.type == TYPE and is_low_order(_sealed(stanza)[_MLKEM_ENC_BYTES:_ENC_BYTES]):
            raise HeaderError


def _public(raw: bytes) -> MLKEM768X25519PublicKey:
    if len(raw) != _PUBLIC_BYTES or not is_public_key(raw[_MLKEM_PUBLIC_BYTES:]):
        raise KeyFormatError
    try:
        return MLKEM768X25519PublicKey(
            MLKEM768PublicKey.from_public_bytes(raw[:_MLKEM_PUBLIC_BYTES]),
            X25519PublicKey.from_public_bytes(raw[_MLKEM_PUBLIC_BYTES:]),
        )
    except ValueError:
        raise KeyFormatError from None


def _sealed(stanza: Stanza) -> bytes:
    """Return what HPKE opens; the body's length is fixed so that a file key cannot have a second reading."""
    if len(stanza.args) != 1 or len(stanza.body) != _BODY_BYTES:
        raise HeaderError
    enc = b64decode(stanza.args[0])
    if len(enc) != _ENC_BYTES:
        raise HeaderError
    return enc + stanza.body


def _expand(seed: Secret) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    shake = Hash(SHAKE256(_MLKEM_SEED_BYTES + _SEED_BYTES))
    shake.update(seed.expose())
    expanded = shake.finalize()
    return (
        MLKEM768PrivateKey.from_seed_bytes(expanded[:_MLKEM_SEED_BYTES]),
        X25519PrivateKey.from_private_bytes(expanded[_MLKEM_SEED_BYTES:]),
    )
