"""The community's test vectors (C2SP/CCTV): every one, opened or refused with its own kind of failure."""

import hashlib
import zlib
from dataclasses import dataclass

import pytest

from crypto.age import keyfile
from crypto.age.armor import Armorer, Dearmorer
from crypto.age.file import _FileOpener
from crypto.age.format import end_of_header, parse, write
from crypto.age.scrypt import Passphrase
from crypto.age.stream import CHUNK, TAG, StreamSealer
from crypto.errors import AgeError, ArmorError, AuthenticationError, HeaderError, NoMatchError, PayloadError
from crypto.hkdf import derive
from crypto.secret import Secret
from tests.crypto.age import others

FAILURES: dict[str, type[AgeError]] = {
    "armor failure": ArmorError,
    "header failure": HeaderError,
    "no match": NoMatchError,
    "HMAC failure": AuthenticationError,
    "payload failure": PayloadError,
}

# In these the body is cut right behind a full chunk, or goes on after its last one. Stock age hands out the chunk
# before it finds that; we hold each chunk back until we know its place, so what comes out is one chunk shorter.
HELD_BACK = {
    "armor_garbage_encoded",
    "stream_no_final_full",
    "stream_no_final_two_chunks_full",
    "stream_trailing_garbage_long",
    "stream_trailing_garbage_short",
    "stream_two_final_chunks",
    "stream_two_final_chunks_full",
    "stream_two_final_chunks_second",
}


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

    @property
    def expect(self) -> str:
        return self.fields["expect"][0]

    @property
    def armored(self) -> bool:
        return "armored" in self.fields

    def binary(self) -> bytes:
        machine = Dearmorer()
        return machine.update(self.file) + machine.finish() if self.armored else self.file

    def open(self, piece: int) -> tuple[str, bytes]:
        """Return what happened, and what had come out by then, when the file comes in pieces."""
        keys = [keyfile.parse_identity(text) for text in self.fields.get("identity", [])]
        words = [Passphrase(Secret(text.encode())) for text in self.fields.get("passphrase", [])]
        opener, armor, out = _FileOpener([*keys, *words]), Dearmorer(), b""
        try:
            for at in range(0, len(self.file), piece):
                came = self.file[at : at + piece]
                out += opener.update(armor.update(came) if self.armored else came)
            if self.armored:
                armor.finish()
            return "success", out + opener.finish()
        except AgeError as error:
            return next(words for words, kind in FAILURES.items() if isinstance(error, kind)), out


@pytest.fixture(scope="module")
def vectors() -> list[Vector]:
    return [Vector.parse(name, data) for name, data in others.cctv_vectors().items()]


def test_every_vector_is_opened_or_refused_as_it_says(vectors: list[Vector]) -> None:
    assert len(vectors) >= 143
    assert [(v.name, v.expect, v.open(1 << 20)[0]) for v in vectors if v.open(1 << 20)[0] != v.expect] == []


def test_what_comes_out_of_a_damaged_body_is_what_was_genuine_and_nothing_else(vectors: list[Vector]) -> None:
    wrong = set()
    for vector in vectors:
        if "payload" in vector.fields:
            got, out = vector.open(4099)
            if (got, hashlib.sha256(out).hexdigest()) != (vector.expect, vector.fields["payload"][0]):
                wrong.add(vector.name)
                assert vector.expect == got == "payload failure"
                assert len(out) % CHUNK == 0

    assert wrong == HELD_BACK


def test_a_file_that_comes_byte_by_byte_is_read_alike(vectors: list[Vector]) -> None:
    for vector in vectors:
        if len(vector.file) < 4096 and "passphrase" not in vector.fields:
            assert vector.open(1)[0] == vector.expect, vector.name


def test_headers_that_are_well_formed_are_written_as_they_were_read(vectors: list[Vector]) -> None:
    again = 0
    for vector in vectors:
        if vector.expect == "success":
            binary = vector.binary()
            header = binary[: end_of_header(binary)]
            assert write(parse(header).stanzas, Secret(bytes.fromhex(vector.fields["file key"][0]))) == header
            again += 1

    assert again >= 25


def test_bodies_that_open_are_sealed_as_they_were(vectors: list[Vector]) -> None:
    for vector in vectors:
        if vector.expect == "success":
            binary = vector.binary()
            body = binary[end_of_header(binary) or 0 :]
            key = derive(Secret(bytes.fromhex(vector.fields["file key"][0])), salt=body[:16], info=b"payload")
            sealer = StreamSealer(key)
            _, plain = vector.open(1 << 20)

            assert sealer.update(plain) + sealer.finish() == body[16:], vector.name
            assert len(body) - 16 == len(plain) + TAG * max(1, -(-len(plain) // CHUNK))


def test_armour_that_is_read_is_written_alike_but_for_white_space(vectors: list[Vector]) -> None:
    for vector in vectors:
        if vector.armored and vector.expect != "armor failure":
            machine = Armorer()
            again = machine.update(vector.binary()) + machine.finish()

            assert again.strip() == vector.file.replace(b"\r\n", b"\n").strip(), vector.name
