"""The community's test vectors (C2SP/CCTV) for every kind of stanza and failure that we have."""

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from crypto import age
from crypto.age.file import _FileOpener
from crypto.age.format import Stanza
from crypto.errors import AgeError, AuthenticationError, HeaderError, NoMatchError, PayloadError
from crypto.secret import Secret
from tests.crypto.age import others

FAILURES: dict[str, type[AgeError]] = {
    "header failure": HeaderError,
    "no match": NoMatchError,
    "HMAC failure": AuthenticationError,
    "payload failure": PayloadError,
}

# What these are about is how an X25519 stanza is read, and that kind is not part of this profile of age.
ABOUT_X25519 = {
    "hybrid_x25519_arg",
    "x25519_extra_argument",
    "x25519_identity",
    "x25519_long_file_key",
    "x25519_long_share",
    "x25519_low_order",
    "x25519_not_canonical_share",
    "x25519_short_share",
}


@dataclass(frozen=True)
class GivenFileKey:
    """Stands for the X25519 identity of a vector: header and body are as good a test with the key given."""

    file_key: Secret

    def check(self, stanzas: Sequence[Stanza]) -> None:
        pass

    def unwrap(self, stanzas: Sequence[Stanza]) -> Secret | None:
        return self.file_key if any(stanza.type == "X25519" for stanza in stanzas) else None


@dataclass(frozen=True)
class Vector:
    name: str
    fields: dict[str, list[str]]
    file: bytes

    @classmethod
    def parse(cls, name: str, data: bytes) -> "Vector":
        head, _, file = data.partition(b"\n\n")
        fields: dict[str, list[str]] = {}
        for line in head.decode().splitlines():
            key, _, value = line.partition(": ")
            fields.setdefault(key, []).append(value)
        if fields.get("compressed") == ["zlib"]:
            file = zlib.decompress(file)
        return cls(name, fields, file)

    def applies(self) -> bool:
        return "armored" not in self.fields and self.name not in ABOUT_X25519

    def open(self) -> bytes:
        if "passphrase" in self.fields:
            return age.open_passphrase(self.file, Secret(self.fields["passphrase"][0].encode()))
        identities = self.fields.get("identity", [])
        ours = [age.Identity.parse(text) for text in identities if text.startswith("AGE-SECRET-KEY-PQ-1")]
        classic = len(identities) > len(ours) and self.fields["expect"] != ["no match"]
        given = [GivenFileKey(Secret(bytes.fromhex(self.fields["file key"][0])))] if classic else []
        opener = _FileOpener([*ours, *given])
        return opener.update(self.file) + opener.finish()


@pytest.fixture(scope="module")
def vectors() -> list[Vector]:
    return [Vector.parse(name, data) for name, data in others.cctv_vectors().items()]


def test_every_vector_that_applies_is_opened_or_refused_as_it_says(vectors: list[Vector]) -> None:
    wrong = []

    for vector in filter(Vector.applies, vectors):
        try:
            got = hashlib.sha256(vector.open()).hexdigest()
        except AgeError as error:
            got = type(error).__name__
        expect = vector.fields["expect"][0]
        expected = vector.fields["payload"][0] if expect == "success" else FAILURES[expect].__name__
        if got != expected:
            wrong.append((vector.name, expected, got))

    assert wrong == []


def test_the_vectors_left_out_are_those_of_armour_and_of_x25519(vectors: list[Vector]) -> None:
    left_out = {vector.name for vector in vectors if not vector.applies()}

    assert {name for name in left_out if not name.startswith("armor")} == ABOUT_X25519
    assert len(vectors) - len(left_out) >= 100
    assert sum(vector.name.startswith("hybrid") for vector in vectors if vector.applies()) >= 17
