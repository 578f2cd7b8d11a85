"""JSON that is hashed, signed or stored: canonical JSON, strict JSON, statements, intake keys."""

from contextlib import suppress
from datetime import date

from crypto.canonical import canonical, parse
from crypto.errors import CanonicalError, SignatureError
from crypto.secret import Secret
from crypto.signing import SigningKey
from crypto.statement import Statement
from tests.fuzz.target import Target, both, these, vectors
from tipline.base.jsons import JsonError, parse_object
from tipline.envelope import IntakeKey, IntakeKeyError
from tipline.kit import Inputs, KitError, KitStatement
from tipline.pins import Keys, Pins, PinsError
from tipline.questionnaire import current
from tipline.questionnaire.carried import Carried
from tipline.strict import EnvelopeError

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


def keys(data: bytes) -> None:
    read = Keys.parse(data)
    assert read.encode() == data
    with suppress(PinsError, IntakeKeyError):
        assert read.choose(read.root, "unit", DAY).good_on(DAY)


def pins(data: bytes) -> None:
    """A body that the root has signed, so that what stands behind the signature is reached."""
    body = parse(data)
    if not isinstance(body, dict):
        raise CanonicalError
    made = Statement.make(Pins.TYPE, body, ROOT).encode()
    read = Pins.read(made, ROOT.public)
    assert read.get("unit") is not None
    assert Pins.read(read.sign(ROOT), ROOT.public) == read


def kit_statement(data: bytes) -> None:
    """What the root says of a kit, as it comes and as the root would have signed it."""
    with suppress(KitError):
        KitStatement.read(data, ROOT.public)
    body = parse(data)
    if not isinstance(body, dict):
        raise CanonicalError
    read = KitStatement.read(Statement.make(KitStatement.TYPE, body, ROOT).encode(), ROOT.public)
    assert KitStatement.read(read.sign(ROOT), ROOT.public) == read


def kit(data: bytes) -> None:
    """Keys and questions as a page carries them."""
    inside = Inputs.of_page(data)
    assert inside.keys.encode()
    assert inside.questionnaire.encode()


DAY = date(2026, 11, 23)
ROOT = SigningKey.from_seed(Secret(bytes(range(32))))
KEYS = vectors("pins", field="keys")
PAGE = b"".join(
    b'<script type="application/json" id="%s">%%s</script>' % name for name in (b"keys", b"about", b"questionnaire")
)
ASKED = Carried.of(current.default()).encode()
TARGETS = {
    "kit-statement": Target(
        kit_statement,
        (KitError, CanonicalError),
        both(STATEMENTS, these(b'{"sha256":"%s","unit":"unit","valid_until":"2026-12-31"}' % (b"00" * 32))),
    ),
    "keys": Target(keys, (EnvelopeError,), KEYS, most=16384),
    "pins": Target(
        pins,
        (PinsError, CanonicalError),
        lambda: (canonical(parse(seed)["pins"]["body"]) for seed in KEYS()),
    ),
    "kit": Target(
        kit,
        (KitError,),
        lambda: (PAGE % (seed, b'{"emergency":"112","practice":true}', ASKED) for seed in KEYS()),
        most=65536,
    ),
    "canonical": Target(canonical_json, (CanonicalError,), both(VALUES, these(b"[" * 3000, b'{"a":1e400}'))),
    "strict-json": Target(strict, (JsonError,), both(VALUES, these(b'{"a":{"b":[1,2]}}', b'{"a":NaN}'))),
    "statement": Target(statement, (SignatureError,), STATEMENTS),
    "intake-key": Target(intake_key, (IntakeKeyError, SignatureError), STATEMENTS, most=8192),
}
