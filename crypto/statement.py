"""Signed statements: a type, a JSON body and signatures over both, read strictly and trusted only after `verify`."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from crypto import signing
from crypto.canonical import canonical, parse
from crypto.errors import CanonicalError, SignatureError
from crypto.signing import SigningKey

_FIELDS = {"type", "body", "signatures"}
_SIGNED_FIELDS = {"key", "signature"}
_KEY = re.compile(r"[0-9a-f]{64}")
_SIGNATURE = re.compile(r"[0-9a-f]{128}")


@dataclass(frozen=True, slots=True)
class Signed:
    """Who signed (32 bytes) and the signature (64 bytes)."""

    public: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement as it stands in a file or a column. Its body means nothing until `verify` has returned it."""

    type: str
    body: Mapping[str, Any]
    signatures: tuple[Signed, ...]

    @classmethod
    def make(cls, type_: str, body: Mapping[str, Any], *keys: SigningKey) -> "Statement":
        """State *body* under *type_*, signed by each of *keys* in order; none leaves it unsigned."""
        signing.check_type(type_)
        statement = cls(type=type_, body=parse(canonical(dict(body))), signatures=())  # a copy that nobody else holds
        for key in keys:
            statement = statement.with_signature(key)
        return statement

    def with_signature(self, key: SigningKey) -> "Statement":
        """Return the statement with one more signature; a key that has signed already is a `ValueError`."""
        signature = Signed(public=key.public, signature=key.sign(self.type, self.payload()))
        return self.with_signed(signature)

    def with_signed(self, signed: Signed) -> "Statement":
        """Return the statement with a signature that was made elsewhere; `verify` judges it."""
        if any(other.public == signed.public for other in self.signatures):
            raise ValueError("this key has signed already")
        return Statement(type=self.type, body=self.body, signatures=(*self.signatures, signed))

    def payload(self) -> bytes:
        """Return the canonical body: what the signatures are over, behind the type."""
        return canonical(self.body)

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object that `encode` writes, to stand inside another document."""
        signatures = [{"key": s.public.hex(), "signature": s.signature.hex()} for s in self.signatures]
        return {"type": self.type, "body": self.body, "signatures": signatures}

    def encode(self) -> bytes:
        """Return the statement as canonical JSON."""
        return canonical(self.to_json())

    @classmethod
    def parse(cls, data: bytes) -> "Statement":
        """Read exactly what `encode` writes; anything else is a `SignatureError`."""
        try:
            return cls.from_json(parse(data))
        except CanonicalError:
            raise SignatureError from None

    @classmethod
    def from_json(cls, value: object) -> "Statement":
        """Read the object that `to_json` returns; anything else is a `SignatureError`."""
        if not isinstance(value, dict) or value.keys() != _FIELDS:
            raise SignatureError
        type_, body, entries = value["type"], value["body"], value["signatures"]
        if not isinstance(type_, str) or not isinstance(body, dict) or not isinstance(entries, list):
            raise SignatureError
        signatures = tuple(_signed(entry) for entry in entries)
        if len({signed.public for signed in signatures}) != len(signatures):
            raise SignatureError
        try:
            signing.check_type(type_)
            return cls(type=type_, body=parse(canonical(body)), signatures=signatures)
        except (ValueError, CanonicalError):
            raise SignatureError from None

    def verify(self, type_: str, trusted: Collection[bytes], *, needed: int = 1) -> Mapping[str, Any]:
        """Return the body when at least *needed* different trusted keys have signed it as *type_*.

        A signature by a key that is not trusted counts for nothing. A bad one by a trusted key refuses the whole.

        Raises:
            SignatureError: another type, too few trusted signatures, or a bad one.
        """
        if needed < 1:
            raise ValueError("at least one signature is needed")
        if self.type != type_:
            raise SignatureError
        payload = self.payload()
        ours = [signed for signed in self.signatures if signed.public in trusted]
        for signed in ours:
            signing.verify(signed.public, type_, payload, signed.signature)
        if len({signed.public for signed in ours}) < needed:
            raise SignatureError
        return self.body


def _signed(entry: object) -> Signed:
    if not isinstance(entry, dict) or entry.keys() != _SIGNED_FIELDS:
        raise SignatureError
    key, signature = entry["key"], entry["signature"]
    if not isinstance(key, str) or not isinstance(signature, str):
        raise SignatureError
    if not _KEY.fullmatch(key) or not _SIGNATURE.fullmatch(signature):
        raise SignatureError
    return Signed(public=bytes.fromhex(key), signature=bytes.fromhex(signature))
