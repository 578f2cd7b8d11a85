import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from crypto import signing
from crypto.errors import KeyFormatError, SignatureError
from crypto.secret import Secret
from crypto.signing import SigningKey

KEY = SigningKey.from_seed(Secret(b"s" * 32))
TYPE = "tipline/review/v1"
SIGNATURE = KEY.sign(TYPE, b"payload")


def test_a_signature_verifies_for_its_key_type_and_payload_alone() -> None:
    signing.verify(KEY.public, TYPE, b"payload", SIGNATURE)

    for public, type_, payload, signature in (
        (SigningKey.generate().public, TYPE, b"payload", SIGNATURE),
        (KEY.public, "tipline/manifest/v1", b"payload", SIGNATURE),
        (KEY.public, "tipline/review/v2", b"payload", SIGNATURE),
        (KEY.public, TYPE, b"payload ", SIGNATURE),
        (KEY.public, TYPE, b"", SIGNATURE),
        (KEY.public, TYPE, b"payload", SIGNATURE[:-1]),
        (KEY.public, TYPE, b"payload", bytes(64)),
        (KEY.public[:-1], TYPE, b"payload", SIGNATURE),
        (bytes(32), TYPE, b"payload", bytes(64)),
        (b"", TYPE, b"payload", b""),
    ):
        with pytest.raises(SignatureError):
            signing.verify(public, type_, payload, signature)


def test_a_flipped_bit_anywhere_in_a_signature_is_noticed() -> None:
    for at in range(64):
        changed = bytearray(SIGNATURE)
        changed[at] ^= 1 << at % 8
        with pytest.raises(SignatureError):
            signing.verify(KEY.public, TYPE, b"payload", bytes(changed))


def test_it_is_plain_ed25519_over_type_line_feed_payload() -> None:
    Ed25519PublicKey.from_public_bytes(KEY.public).verify(SIGNATURE, b"tipline/review/v1\npayload")


def test_a_key_comes_back_from_its_seed() -> None:
    made = SigningKey.generate()

    assert SigningKey.from_seed(made.seed).public == made.public
    with pytest.raises(KeyFormatError):
        SigningKey.from_seed(Secret(b"short"))


@pytest.mark.parametrize(
    "type_", ["", "review", "tipline/review", "tipline/review/v1\n", "tipline/Review/v1", "x/y/v1"]
)
def test_a_type_has_one_shape(type_: str) -> None:
    with pytest.raises(ValueError):
        KEY.sign(type_, b"")
