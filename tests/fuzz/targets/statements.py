"""JSON that is hashed, signed or stored: canonical JSON, strict JSON, statements, intake keys."""

from datetime import date

from crypto.canonical import canonical, parse
from crypto.errors import CanonicalError, SignatureError
from crypto.statement import Statement
from tests.fuzz.target import Target, both, these, vectors
from tipline.base.jsons import JsonError, parse_object
from tipline.envelope import IntakeKey, IntakeKeyError

VALUES = vectors("canonical", field="value")
STATEMENTS = vectors("statement", "intake-key", field="statement")
SIGNER = bytes.fromhex("00" * 32)


def canonical_json(data: bytes) -> None:
    assert canonical(parse(data)) == data


def strict(data: bytes) -> None:
    assert isinstance(parse_object(data), dict)


def statement(data: bytes) -> None:
    read = Statement.parse(data)
    assert read.encode() == data
    read.verify(read.type, [signed.public for signed in read.signatures], needed=1)


def intake_key(data: bytes) -> None:
    unsigned = Statement.parse(data)
    key = unsigned.signatures[0].public if unsigned.signatures else SIGNER
    read = IntakeKey.read(data, key)
    assert isinstance(read.not_after, date)


TARGETS = {
    "canonical": Target(canonical_json, (CanonicalError,), both(VALUES, these(b"[" * 3000, b'{"a":1e400}'))),
    "strict-json": Target(strict, (JsonError,), both(VALUES, these(b'{"a":{"b":[1,2]}}', b'{"a":NaN}'))),
    "statement": Target(statement, (SignatureError,), STATEMENTS),
    "intake-key": Target(intake_key, (IntakeKeyError, SignatureError), STATEMENTS, most=8192),
}
