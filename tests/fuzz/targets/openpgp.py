"""What strangers send as OpenPGP messages and publish as keys: the parts that we read ourselves."""

from crypto import openpgp
from crypto.errors import PgpMessageError, SignatureError
from crypto.statement import Statement
from tests.fuzz.target import Target, both, these, vectors
from tipline.pgpkey import PgpKey, PgpKeyError

KEY = b"\x84\x0d\x03\x00\x11\x22\x33\x44\x55\x66\x77\x12\x00\x00\x00"
MESSAGES = these(
    KEY + b"\xd2\x03\x01aa", b"\x8c\x04\x04\x09\x00\x08" + KEY + b"\xd2\xe1\x01a\x01a", KEY + b"\xc9\x02aa"
)
TEXTS = these(
    b"-----BEGIN PGP MESSAGE-----\n\nhA0DABEiM0RVZncSAAAA0gMBYWE=\n-----END PGP MESSAGE-----\n",
    b"-----BEGIN PGP MESSAGE-----\nVersion: x\n\nAAAA\n=AAAA\n-----END PGP MESSAGE-----\n",
)


def message(data: bytes) -> None:
    assert openpgp.in_file(data).key_ids
    openpgp.looks_sealed(data)


def text(data: bytes) -> None:
    assert openpgp.in_text(data.decode("utf-8", "replace")).key_ids


def key(data: bytes) -> None:
    unsigned = Statement.parse(data)
    PgpKey.read(data, unsigned.signatures[0].public if unsigned.signatures else bytes(32))


TARGETS = {
    "openpgp-message": Target(message, (PgpMessageError,), both(MESSAGES, TEXTS)),
    "openpgp-text": Target(text, (PgpMessageError,), TEXTS),
    "openpgp-key": Target(key, (PgpKeyError, SignatureError), vectors("pgp-intake", field="statement"), most=8192),
}
