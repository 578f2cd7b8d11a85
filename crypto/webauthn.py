"""Authenticators (WebAuthn): one is registered once; later it answers, by its holder's PIN or finger, to the exact bytes signed.

What is checked is `fido2`'s work; here stands what is asked of it: one origin, user verification, and a challenge that is
the SHA-256 of what a signature is over. Layouts: docs/format.md, "Authenticators".
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from struct import error as struct_error
from typing import ParamSpec, TypeVar

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from fido2 import cbor
from fido2.cose import ES256, RS256, CoseKey, EdDSA
from fido2.server import Fido2Server
from fido2.utils import websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticationResponse,
    AuthenticatorAssertionResponse,
    AuthenticatorAttestationResponse,
    AuthenticatorData,
    CollectedClientData,
    PublicKeyCredentialRpEntity,
    RegistrationResponse,
    UserVerificationRequirement,
)

from crypto import signing
from crypto.canonical import canonical, parse
from crypto.digest import sha256
from crypto.errors import AuthenticatorError, CanonicalError, SyncedError

ALGORITHMS = (ES256.ALGORITHM, EdDSA.ALGORITHM, RS256.ALGORITHM)
"""Kinds of keys that are taken, as COSE numbers them, the preferred one first."""

_ORIGIN = re.compile(r"(?:https://|http://(?=localhost(?::|$)))([a-z0-9.-]+)(?::[0-9]{1,5})?")
_NAME = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)*[a-z](?:[a-z0-9-]*[a-z0-9])?")
_HEX = re.compile(r"(?:[0-9a-f]{2})+")
_ID_MAX = 1023  # bytes of a credential id, as the specification has it
_ANSWER_MAX = 16 * 1024  # bytes; an answer has about one thousand
_DAMAGED = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    AssertionError,
    NotImplementedError,
    RecursionError,
    struct_error,
    InvalidSignature,
    UnsupportedAlgorithm,
)  # what the library raises over bytes that are none of what they should be


P = ParamSpec("P")
T = TypeVar("T")


def _strict(act: Callable[P, T]) -> Callable[P, T]:
    """Turn whatever the library raises in *act* into the one error, whose text is fixed."""

    @wraps(act)
    def strict(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return act(*args, **kwargs)
        except _DAMAGED:
            raise AuthenticatorError from None

    return strict


@dataclass(frozen=True, slots=True)
class Authenticator:
    """What is kept of one: public all of it.

    Attributes:
        credential: the id by which it knows its own key.
        public_key: COSE key in CBOR.
        origin: the one address at whose pages it answers.
        counter: how often it had signed when it was registered; always 0 in one that does not count.
    """

    credential: bytes
    public_key: bytes
    origin: str
    counter: int

    def __post_init__(self) -> None:
        """Refuse what could never verify anything."""
        rp_id(self.origin)
        _key(self.public_key)
        if not 0 < len(self.credential) <= _ID_MAX or self.counter < 0:
            raise AuthenticatorError


@dataclass(frozen=True, slots=True)
class Assertion:
    """An authenticator's answer, as it is stored beside the signature that it goes with. Nothing of it is believed before `verify`."""

    credential: bytes
    authenticator_data: bytes
    client_data: bytes
    signature: bytes

    def encode(self) -> bytes:
        """Return it as canonical JSON."""
        return canonical({name: getattr(self, name).hex() for name in self.__slots__})

    @classmethod
    def parse(cls, data: bytes) -> "Assertion":
        """Read exactly what `encode` writes, or raise `AuthenticatorError`."""
        return cls(*_fields(data, cls.__slots__))

    @property
    @_strict
    def counter(self) -> int:
        """How often the authenticator says that it has signed; 0 in one that does not count."""
        return int(AuthenticatorData(self.authenticator_data).counter)


@dataclass(frozen=True, slots=True)
class Registration:
    """What a browser brings back from the making of a credential."""

    attestation: bytes
    client_data: bytes

    def encode(self) -> bytes:
        """Return it as canonical JSON."""
        return canonical({name: getattr(self, name).hex() for name in self.__slots__})

    @classmethod
    def parse(cls, data: bytes) -> "Registration":
        """Read exactly what `encode` writes, or raise `AuthenticatorError`."""
        return cls(*_fields(data, cls.__slots__))


def rp_id(origin: str) -> str:
    """Return the relying party's id, which is the origin's host: a name under TLS, or localhost; else `AuthenticatorError`."""
    found = _ORIGIN.fullmatch(origin)
    if found is None or not _NAME.fullmatch(found[1]):
        raise AuthenticatorError
    return found[1]


def challenge(type_: str, payload: bytes) -> bytes:
    """Return what an authenticator answers to: SHA-256 of exactly the bytes that a signature of *type_* is over."""
    return sha256(signing.signed(type_, payload))


@_strict
def register(registration: Registration, origin: str, challenge: bytes) -> Authenticator:
    """Return the new authenticator.

    Raises:
        SyncedError: its key may be copied from the device.
        AuthenticatorError: not made at *origin* to this challenge with user verification, or of a kind that is not taken.
    """
    response = AuthenticatorAttestationResponse(
        client_data=_client_data(registration.client_data),
        attestation_object=AttestationObject(registration.attestation),
    )
    made = _server(origin).register_complete(_state(challenge), RegistrationResponse(raw_id=b"", response=response))
    found = made.credential_data
    if found is None:
        raise AuthenticatorError
    if made.is_backup_eligible():
        raise SyncedError
    return Authenticator(found.credential_id, cbor.encode(found.public_key), origin, made.counter)


@_strict
def verify(authenticator: Authenticator, challenge: bytes, assertion: Assertion) -> None:
    """Return when this authenticator gave this answer to this challenge at its origin, with user verification.

    Raises:
        AuthenticatorError: in every other case.
    """
    known = AttestedCredentialData.create(Aaguid.NONE, authenticator.credential, _key(authenticator.public_key))
    response = AuthenticatorAssertionResponse(
        client_data=_client_data(assertion.client_data),
        authenticator_data=AuthenticatorData(assertion.authenticator_data),
        signature=assertion.signature,
    )
    answer = AuthenticationResponse(raw_id=assertion.credential, response=response)
    _server(authenticator.origin).authenticate_complete(_state(challenge), [known], answer)


def answered(authenticators: Sequence[Authenticator], type_: str, payload: bytes, assertion: bytes | None) -> bool:
    """Say whether a signature of somebody with these *authenticators* over *payload* counts, with what is stored beside it.

    Without an authenticator it counts by itself. With one, only beside an answer of one of them to exactly these bytes.
    """
    if not authenticators:
        return True
    if assertion is None:
        return False
    try:
        read = Assertion.parse(assertion)
        known = next(one for one in authenticators if one.credential == read.credential)
        verify(known, challenge(type_, payload), read)
    except (AuthenticatorError, StopIteration):
        return False
    return True


@_strict
def _key(encoded: bytes) -> CoseKey:
    """Read a key of a kind that is taken, in its one form."""
    value = cbor.decode(encoded)
    key = CoseKey.parse(value) if isinstance(value, Mapping) else CoseKey({})
    if key.get(3) not in ALGORITHMS or cbor.encode(key) != encoded:
        raise AuthenticatorError
    return key


def _server(origin: str) -> Fido2Server:
    party = PublicKeyCredentialRpEntity(name="Tipline", id=rp_id(origin))
    return Fido2Server(party, verify_origin=lambda said: said == origin)


def _state(challenge: bytes) -> dict[str, str]:
    """The library's own form of what was asked."""
    return {"challenge": websafe_encode(challenge), "user_verification": UserVerificationRequirement.REQUIRED}


def _client_data(data: bytes) -> CollectedClientData:
    read = CollectedClientData(data)
    if read.cross_origin:  # asked from inside another site's page
        raise AuthenticatorError
    return read


def _fields(data: bytes, names: Sequence[str]) -> list[bytes]:
    try:
        value = parse(data) if len(data) <= _ANSWER_MAX else None
    except CanonicalError:
        value = None
    if not isinstance(value, dict) or value.keys() != set(names):
        raise AuthenticatorError
    texts = [value[name] for name in names]
    if not all(isinstance(text, str) and _HEX.fullmatch(text) for text in texts):
        raise AuthenticatorError
    return [bytes.fromhex(text) for text in texts]
