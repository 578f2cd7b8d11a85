"""What people of the unit bring by hand and by browser: authenticators, cards, signatures made elsewhere, statements, changes."""

from contextlib import suppress
from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric import ec

from crypto import webauthn
from crypto.canonical import canonical, parse
from crypto.errors import AuthenticatorError, CanonicalError
from crypto.webauthn import Assertion, Authenticator, Registration
from handling.emergencies import EmergencyFormatError, Papers, Told
from handling.held import Lists
from handling.rules import member_list, membership
from handling.rules.member_list import MembershipError
from handling.signing import Handed, OutsideCard, SigningFileError
from tests.authenticator import ORIGIN, SoftAuthenticator, client_data
from tests.fuzz.target import Target, both, these
from tests.handling.rules.test_membership import CHANGES, LIST
from tests.handling.test_agencyfiles import IDENTITY, KEY
from tests.handling.test_emergencies import ID, ONE, TODAY, _papers, _reviewed
from tests.handling.test_signing import ONE as SIGNATURE

CHALLENGE = bytes(32)
SOFT = SoftAuthenticator(credential=bytes(range(32)), key=ec.derive_private_key(7, ec.SECP256R1()))
KNOWN = SOFT.registered()


def answer(data: bytes) -> None:
    """An answer as it is stored, and any bytes where an authenticator writes; only its own is one."""
    with suppress(AuthenticatorError):
        assert Assertion.parse(data).encode() == data
    for field in ("authenticator_data", "client_data", "signature"):
        changed = replace(ANSWER, **{field: data})
        with suppress(AuthenticatorError):
            webauthn.verify(KNOWN, CHALLENGE, changed)
            assert changed == ANSWER or field == "signature"  # of one key over one text there are many
        with suppress(AuthenticatorError):
            assert changed.counter >= 0
    credential, _, key = data.partition(b"\n")
    with suppress(AuthenticatorError):
        Authenticator(credential, key, ORIGIN, 0)


def registration(data: bytes) -> None:
    """What a browser brings back, as it is sent, and any bytes where an authenticator writes."""
    with suppress(AuthenticatorError):
        assert Registration.parse(data).encode() == data
    with suppress(AuthenticatorError):
        webauthn.register(Registration(MADE.attestation, data), ORIGIN, CHALLENGE)
    made = webauthn.register(Registration(data, client_data("create", CHALLENGE, ORIGIN)), ORIGIN, CHALLENGE)
    assert Authenticator(made.credential, made.public_key, made.origin, made.counter) == made


def signed_elsewhere(data: bytes) -> None:
    """A card of an outside second, and a signature as it is pasted."""
    with suppress(SigningFileError):
        assert OutsideCard.read(data).encode() == data
    read = Handed.read(data.decode("utf-8", "replace"))
    assert Handed.read(read.encode().decode()) == read


def emergency(data: bytes) -> None:
    """All statements as they lie sealed together, and the body of the one that told it."""
    with suppress(EmergencyFormatError, CanonicalError, AttributeError):
        Told.read(parse(data))
    read = Papers.read(data)
    assert Papers.read(read.encode()) == read
    read.verify(ID, Lists(TODAY, {}))


def members(data: bytes) -> None:
    """A list, and a change of one."""
    value = parse(data)
    with suppress(MembershipError):
        change = membership.from_json(value)
        assert membership.from_json(membership.to_json(change)) == change
        with suppress(MembershipError):
            membership.apply(LIST, change, previous_sha256=bytes(32))
    assert member_list.check(value) == value


MADE = SOFT.registration(CHALLENGE)
ANSWER = SOFT.answer(CHALLENGE)
CARD = OutsideCard("zoe", "Zoe, of the other unit", str(IDENTITY.recipient), KEY.public.hex())
JSON = these(b"{}", b"[]", b"null", b'{"a":[]}')
TARGETS = {
    "authenticator-answer": Target(
        answer,
        (),
        both(
            JSON,
            these(
                ANSWER.encode(),
                ANSWER.authenticator_data,
                ANSWER.client_data,
                ANSWER.signature,
                b"id\n" + KNOWN.public_key,
            ),
        ),
    ),
    "authenticator-registration": Target(
        registration,
        (AuthenticatorError,),
        both(JSON, these(MADE.encode(), MADE.attestation, MADE.client_data)),
    ),
    "signed-elsewhere": Target(
        signed_elsewhere, (SigningFileError,), both(JSON, these(CARD.encode(), SIGNATURE.encode()))
    ),
    "emergency": Target(
        emergency,
        (EmergencyFormatError,),
        both(
            JSON,
            these(
                _reviewed(_papers(ONE)).encode(),
                canonical(_papers(ONE).told.to_json()),
                canonical(dict(_papers(ONE).told.body)),
            ),
        ),
        most=8192,
    ),
    "member-list": Target(
        members,
        (MembershipError, CanonicalError),
        both(JSON, these(canonical(LIST)), lambda: (canonical(membership.to_json(change)) for change in CHANGES)),
        most=8192,
    ),
}
