import pytest
from nacl.hash import blake2b

from crypto import macs
from crypto.errors import SignatureError
from crypto.secret import Secret

KEY = Secret(b"k" * 32)
TAG = macs.mac(KEY, b"payload", purpose="to unit")


def test_a_mac_checks_for_its_key_payload_and_purpose_alone() -> None:
    macs.check(KEY, b"payload", TAG, purpose="to unit")

    for key, payload, tag, purpose in (
        (Secret(b"l" * 32), b"payload", TAG, "to unit"),
        (KEY, b"payloaD", TAG, "to unit"),
        (KEY, b"payload", TAG, "to source"),
        (KEY, b"payload", TAG[:-1], "to unit"),
        (KEY, b"payload", b"", "to unit"),
        (KEY, b"payload", bytes(32), "to unit"),
    ):
        with pytest.raises(SignatureError):
            macs.check(key, payload, tag, purpose=purpose)


def test_it_is_keyed_blake2b_as_libsodium_has_it() -> None:
    assert blake2b(b"payload", key=b"k" * 32, person=b"to unit").decode() == TAG.hex()


@pytest.mark.parametrize("purpose", ["", "seventeen letters", "é", "a\0", "a\n"])
def test_a_purpose_is_a_short_printable_word(purpose: str) -> None:
    with pytest.raises(ValueError):
        macs.mac(KEY, b"", purpose=purpose)


def test_a_mac_key_is_thirty_two_bytes() -> None:
    with pytest.raises(ValueError):
        macs.mac(Secret(b"short"), b"", purpose="to unit")
