"""An authenticator's answer counts for its own holder, over exactly these bytes, at its origin, with PIN or finger; else never."""

from dataclasses import replace
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.cose import ES256K
from hypothesis import given
from hypothesis import strategies as st

from crypto import webauthn
from crypto.errors import AuthenticatorError, SyncedError
from crypto.webauthn import Assertion, Authenticator, Registration
from tests.authenticator import FLAG, ORIGIN, SoftAuthenticator

TYPE, PAYLOAD = "tipline/release/v1", b'{"manifest":1}'
CHALLENGE = webauthn.challenge(TYPE, PAYLOAD)
SOFT = SoftAuthenticator()
KNOWN = SOFT.registered()


def test_its_answer_to_exactly_these_bytes_counts() -> None:
    answer = SOFT.answer(CHALLENGE)

    webauthn.verify(KNOWN, CHALLENGE, answer)
    assert webauthn.answered([SoftAuthenticator().registered(), KNOWN], TYPE, PAYLOAD, answer.encode())
    assert answer.counter == SOFT.counter


def test_a_challenge_is_the_hash_of_what_is_signed_type_and_all() -> None:
    assert sha256(b'tipline/release/v1\n{"manifest":1}').digest() == CHALLENGE
    assert webauthn.challenge("tipline/review/v1", PAYLOAD) != CHALLENGE
    assert webauthn.challenge(TYPE, PAYLOAD + b" ") != CHALLENGE


REFUSED = {
    "to another manifest": SOFT.answer(webauthn.challenge(TYPE, b'{"manifest":2}')),
    "to the same bytes as another statement": SOFT.answer(webauthn.challenge("tipline/review/v1", PAYLOAD)),
    "without PIN or finger": SOFT.answer(CHALLENGE, flags=FLAG.UP),
    "without anybody there": SOFT.answer(CHALLENGE, flags=FLAG.UV),
    "at another origin": SOFT.answer(CHALLENGE, origin="http://localhost:8084"),
    "at the same name without its port": SOFT.answer(CHALLENGE, origin="http://localhost"),
    "at a page inside another site": SOFT.answer(CHALLENGE, crossOrigin=True),
    "for another relying party": SOFT.answer(CHALLENGE, rp="guard.example"),
    "as a registration": SOFT.answer(CHALLENGE, kind="create"),
    "by another member's authenticator": SoftAuthenticator().answer(CHALLENGE),
    "by another key under the same id": SoftAuthenticator(credential=SOFT.credential).answer(CHALLENGE),
    "with a signature of nothing": replace(SOFT.answer(CHALLENGE), signature=b"\x00"),
    "with changed client data": replace(SOFT.answer(CHALLENGE), client_data=SOFT.answer(CHALLENGE).client_data + b" "),
    "with the flags of another": replace(
        SOFT.answer(CHALLENGE, flags=FLAG.UP), authenticator_data=SOFT.answer(CHALLENGE).authenticator_data
    ),
}


@pytest.mark.parametrize("answer", REFUSED.values(), ids=REFUSED)
def test_an_answer_counts_for_nothing(answer: Assertion) -> None:
    with pytest.raises(AuthenticatorError):
        webauthn.verify(KNOWN, CHALLENGE, answer)
    assert not webauthn.answered([KNOWN], TYPE, PAYLOAD, answer.encode())


def test_who_has_none_needs_none_and_who_has_one_needs_its_answer() -> None:
    assert webauthn.answered([], TYPE, PAYLOAD, None)
    assert webauthn.answered([], TYPE, PAYLOAD, b"anything")
    assert not webauthn.answered([KNOWN], TYPE, PAYLOAD, None)
    assert not webauthn.answered([KNOWN], TYPE, PAYLOAD, b"")


def test_what_is_stored_in_another_form_is_not_read() -> None:
    answer, registration = SOFT.answer(CHALLENGE), SOFT.registration(CHALLENGE)

    for other in (answer.encode() + b"\n", answer.encode().upper(), b"[]", b"{}", registration.encode()):
        with pytest.raises(AuthenticatorError):
            Assertion.parse(other)


@given(st.lists(st.binary(min_size=1, max_size=60), min_size=4, max_size=4))
def test_whatever_is_stored_is_read_again_exactly(parts: list[bytes]) -> None:
    answer, registration = Assertion(*parts), Registration(*parts[:2])

    assert Assertion.parse(answer.encode()) == answer
    assert Registration.parse(registration.encode()) == registration


def test_a_registration_gives_id_key_origin_and_counter() -> None:
    soft = SoftAuthenticator(counter=7)

    made = webauthn.register(soft.registration(CHALLENGE), ORIGIN, CHALLENGE)

    assert (made.credential, made.origin, made.counter) == (soft.credential, ORIGIN, 7)
    webauthn.verify(made, CHALLENGE, soft.answer(CHALLENGE))


@pytest.mark.parametrize(
    "registration",
    [
        SOFT.registration(bytes(32)),
        SOFT.registration(CHALLENGE, flags=FLAG.UP),
        SOFT.registration(CHALLENGE, flags=FLAG.UV),
        SOFT.registration(CHALLENGE, origin="http://localhost:9999"),
        SOFT.registration(CHALLENGE, rp="guard.example"),
        replace(SOFT.registration(CHALLENGE), client_data=SOFT.answer(CHALLENGE).client_data),
    ],
    ids=["another challenge", "no PIN or finger", "nobody there", "another origin", "another party", "an answer"],
)
def test_a_registration_is_refused(registration: Registration) -> None:
    with pytest.raises(AuthenticatorError):
        webauthn.register(registration, ORIGIN, CHALLENGE)


def test_a_key_that_may_be_copied_to_other_devices_is_refused_by_its_own_name() -> None:
    with pytest.raises(SyncedError):
        webauthn.register(SOFT.registration(CHALLENGE, flags=FLAG.UP | FLAG.UV | FLAG.BE), ORIGIN, CHALLENGE)


@pytest.mark.parametrize(
    "change",
    [
        {"origin": "http://guard.example"},
        {"origin": "https://192.168.1.5"},
        {"origin": "https://guard.example/path"},
        {"origin": "https://guard.example."},
        {"origin": "http://127.0.0.1:8085"},
        {"public_key": KNOWN.public_key + b"\x00"},
        {"public_key": b""},
        {"public_key": b"\x01"},
        {"public_key": cbor.encode(ES256K.from_cryptography_key(ec.generate_private_key(ec.SECP256K1()).public_key()))},
        {"credential": b""},
        {"credential": bytes(1024)},
        {"counter": -1},
    ],
)
def test_what_could_never_verify_anything_is_no_authenticator(change: dict[str, object]) -> None:
    with pytest.raises(AuthenticatorError):
        replace(KNOWN, **change)


@pytest.mark.parametrize("origin", ["http://localhost", "http://localhost:8085", "https://guard.unit.example:8443"])
def test_an_origin_is_a_name_under_tls_or_this_machine(origin: str) -> None:
    assert webauthn.rp_id(origin) == origin.split("//")[1].split(":", maxsplit=1)[0]


@given(st.binary(max_size=80), st.binary(max_size=80), st.binary(max_size=80))
def test_no_bytes_raise_anything_but_a_refusal(first: bytes, second: bytes, third: bytes) -> None:
    with pytest.raises(AuthenticatorError):
        webauthn.verify(KNOWN, CHALLENGE, Assertion(SOFT.credential, first, second, third))
    with pytest.raises(AuthenticatorError):
        webauthn.register(Registration(first, second), ORIGIN, CHALLENGE)
    with pytest.raises(AuthenticatorError):
        Authenticator(first, second, ORIGIN, 0)
    with pytest.raises(AuthenticatorError):
        Assertion.parse(first)
