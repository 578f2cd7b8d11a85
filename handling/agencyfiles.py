"""What an agency's officer writes away from here: its public keys, a signed acknowledgement, what it tells sealed. No I/O.

Layouts: docs/format.md, "What an agency writes".
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any, ClassVar, Final, Generic, Self, TypeVar
from uuid import UUID

from crypto import age, padding
from crypto.canonical import canonical, parse
from crypto.digest import sha256
from crypto.errors import CanonicalError, CryptoError
from crypto.signing import SigningKey
from crypto.statement import Statement
from handling.rules.copies import Breach, CopiesError, Destruction
from handling.rules.feedback import Feedback, FeedbackError
from tipline import strict
from tipline.strict import EnvelopeError

NAME_MAX: Final = 200  # characters
Told = TypeVar("Told", Feedback, Destruction, Breach)
_SEALED_SIZES: Final = tuple(age.sealed_size(4096 * 4**step) for step in range(3))


class Fault(Enum):
    """Why something was not read. The values are stable names; the words for people stand where they are shown."""

    UNREADABLE = "unreadable"  # no statement: cut, edited or something else
    OTHER_TYPE = "other-type"
    OTHER_KEY = "other-key"  # not signed by the one key it should be signed by
    CHANGED = "changed"  # signed by that key, and changed afterwards
    FORMAT = "format"  # what was signed is not of its form


class AgencyFileError(Exception):
    """What an agency handed in cannot be used; *fault* says why, and the text holds nothing of it."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"this is not what an agency hands in: {fault.value}")
        self.fault = fault


def typed_statement(text: str) -> Statement:
    """Read a statement as a person pastes it: line breaks and blanks around lines came on the way, and mean nothing."""
    joined = "".join(line.strip() for line in text.split("\n"))
    try:
        return Statement.parse(joined.encode())
    except (CryptoError, UnicodeError):
        raise AgencyFileError(Fault.UNREADABLE) from None


def _verified(statement: Statement, type_: str, key: bytes, keys: frozenset[str]) -> dict[str, Any]:
    """Return the body when *key* alone has signed it; each way in which it does not hold is told apart."""
    if statement.type != type_:
        raise AgencyFileError(Fault.OTHER_TYPE)
    if [signed.public for signed in statement.signatures] != [key]:
        raise AgencyFileError(Fault.OTHER_KEY)
    try:
        body = statement.verify(type_, [key])
    except CryptoError:
        raise AgencyFileError(Fault.CHANGED) from None
    if body.keys() != keys:
        raise AgencyFileError(Fault.FORMAT)
    return dict(body)


@dataclass(frozen=True, slots=True)
class AgencyKey:
    """The public keys with which an agency enrols: what packages are sealed to, and what checks its acknowledgements."""

    name: str  # as the officer typed it; the unit names the agency itself
    recipient: age.Recipient
    acknowledge: bytes  # Ed25519, 32 bytes
    made_on: date

    TYPE: ClassVar[str] = "tipline/agency-key/v1"
    _KEYS: ClassVar[frozenset[str]] = frozenset({"name", "recipient", "acknowledge", "made_on"})

    def fingerprint(self) -> str:
        """Return 64 hexadecimal digits over both keys, for the telephone and for the agreement."""
        return fingerprint(self.recipient, self.acknowledge)

    def sign(self, key: SigningKey) -> bytes:
        """Return the enrolment file; *key* is the acknowledgement key itself."""
        body = {
            "name": self.name,
            "recipient": str(self.recipient),
            "acknowledge": self.acknowledge.hex(),
            "made_on": self.made_on.isoformat(),
        }
        return Statement.make(self.TYPE, body, key).encode()

    @classmethod
    def read(cls, data: bytes) -> Self:
        """Read an enrolment file that is signed by the acknowledgement key in it, or raise `AgencyFileError`."""
        try:
            statement = Statement.parse(data)
            body = _verified(statement, cls.TYPE, strict.hash32(statement.body.get("acknowledge")), cls._KEYS)
            recipient = age.Recipient.parse(strict.text(body["recipient"]))
            name, made_on = strict.text(body["name"]), strict.day(body["made_on"])
        except CryptoError:
            raise AgencyFileError(Fault.UNREADABLE) from None
        except (EnvelopeError, ValueError):
            raise AgencyFileError(Fault.FORMAT) from None
        if not name.strip() or len(name) > NAME_MAX or not name.isprintable():
            raise AgencyFileError(Fault.FORMAT)
        return cls(name, recipient, statement.signatures[0].public, made_on)


def fingerprint(recipient: age.Recipient, acknowledge: bytes) -> str:
    """Return the SHA-256, in hexadecimal, of the recipient as text, a zero byte, and the 32 bytes of the other key."""
    return sha256(str(recipient).encode("ascii") + b"\0" + acknowledge).hex()


def signing_fingerprint(recipient: age.Recipient, signing: bytes) -> str:
    """Return the same over the recipient and an SSH key that signs agreements: two zero bytes stand between them."""
    return sha256(str(recipient).encode("ascii") + b"\0\0" + signing).hex()


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The agency says that it opened a package: whoever can name the hash of the ZIP has done so."""

    release: UUID
    zip_sha256: bytes
    on: date  # by the officer's own clock

    TYPE: ClassVar[str] = "tipline/acknowledgement/v1"
    _KEYS: ClassVar[frozenset[str]] = frozenset({"release", "zip_sha256", "on"})

    def sign(self, key: SigningKey) -> bytes:
        """Return the signed statement."""
        body = {"release": str(self.release), "zip_sha256": self.zip_sha256.hex(), "on": self.on.isoformat()}
        return Statement.make(self.TYPE, body, key).encode()

    @classmethod
    def read(cls, statement: Statement, key: bytes) -> Self:
        """Read a statement that *key* signed, or raise `AgencyFileError`."""
        body = _verified(statement, cls.TYPE, key, cls._KEYS)
        try:
            return cls(strict.uuid(body["release"]), strict.hash32(body["zip_sha256"]), strict.day(body["on"]))
        except EnvelopeError:
            raise AgencyFileError(Fault.FORMAT) from None


@dataclass(frozen=True, slots=True)
class Sealed(Generic[Told]):
    """What an agency tells of a release, sealed on its own device to the unit's analysts and signed over that.

    Each kind is a class of its own with its own type, so that whoever cannot open it still knows which kind it is.
    """

    release: UUID
    sealed: bytes
    on: date

    TYPE: ClassVar[str]
    KIND: ClassVar[str]  # as exchange and desk keep it
    _KEYS: ClassVar[frozenset[str]] = frozenset({"release", "sealed", "on"})

    @staticmethod
    def _told(body: object) -> Told:
        raise NotImplementedError

    @classmethod
    def seal(cls, release: UUID, said: Told, desk: age.Recipient, on: date) -> Self:
        """Seal it. The release stands inside too, so that nobody can sign somebody else's words as their own."""
        plain = padding.pad_message(canonical({"release": str(release), **said.to_body()}))
        return cls(release, age.seal(plain, [desk]), on)

    def sign(self, key: SigningKey) -> bytes:
        """Return the signed statement."""
        sealed = base64.b64encode(self.sealed).decode("ascii")
        body = {"release": str(self.release), "sealed": sealed, "on": self.on.isoformat()}
        return Statement.make(self.TYPE, body, key).encode()

    @classmethod
    def read(cls, statement: Statement, key: bytes) -> Self:
        """Read a statement that *key* signed, or raise `AgencyFileError`. What is sealed stays so."""
        body = _verified(statement, cls.TYPE, key, cls._KEYS)
        try:
            text = strict.text(body["sealed"])
            sealed = base64.b64decode(text, validate=True)
            if base64.b64encode(sealed).decode("ascii") != text or len(sealed) not in _SEALED_SIZES:
                raise AgencyFileError(Fault.FORMAT)
            return cls(strict.uuid(body["release"]), sealed, strict.day(body["on"]))
        except (EnvelopeError, binascii.Error, ValueError):
            raise AgencyFileError(Fault.FORMAT) from None

    def open(self, desk: age.Identity) -> Told:
        """Open it, or raise `AgencyFileError`."""
        try:
            body = parse(age.open_(self.sealed, [desk]).rstrip(b" "))
            if not isinstance(body, dict) or body.pop("release", None) != str(self.release):
                raise AgencyFileError(Fault.FORMAT)
            return self._told(body)
        except (CryptoError, CanonicalError, FeedbackError, CopiesError):
            raise AgencyFileError(Fault.FORMAT) from None


class SealedAnswer(Sealed[Feedback]):
    """An agency's coded answer."""

    __slots__ = ()
    TYPE = "tipline/feedback/v1"
    KIND = "feedback"

    @staticmethod
    def _told(body: object) -> Feedback:
        return Feedback.from_body(body)


class SealedDestruction(Sealed[Destruction]):
    """What became of an agency's copies."""

    __slots__ = ()
    TYPE = "tipline/destruction/v1"
    KIND = "destruction"

    @staticmethod
    def _told(body: object) -> Destruction:
        return Destruction.from_body(body)


class SealedBreach(Sealed[Breach]):
    """That an agency lost a package, or that others saw it."""

    __slots__ = ()
    TYPE = "tipline/breach/v1"
    KIND = "breach"

    @staticmethod
    def _told(body: object) -> Breach:
        return Breach.from_body(body)


SEALED: Final[Mapping[str, type[SealedAnswer] | type[SealedDestruction] | type[SealedBreach]]] = {
    one.KIND: one for one in (SealedAnswer, SealedDestruction, SealedBreach)
}
"""What an agency tells sealed, by its kind."""


@dataclass(frozen=True, slots=True)
class UnitKeys:
    """What an agency needs of the unit: the key that verifies its packages, and the one that answers are sealed to."""

    unit: str
    name: str
    package_signer: bytes  # Ed25519, 32 bytes
    desk_intake: age.Recipient

    FORMAT: ClassVar[str] = "tipline/unit-keys/v1"
    _KEYS: ClassVar[frozenset[str]] = frozenset({"format", "unit", "name", "package_signer", "desk_intake"})

    def encode(self) -> bytes:
        """Return canonical JSON: the file that an officer loads once. Nothing of it is secret, and nothing signs it."""
        return canonical(
            {
                "format": self.FORMAT,
                "unit": self.unit,
                "name": self.name,
                "package_signer": self.package_signer.hex(),
                "desk_intake": str(self.desk_intake),
            }
        )

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read the file, or raise `AgencyFileError`. It counts after its fingerprint was compared by telephone."""
        try:
            body = strict.of_format(data, cls.FORMAT, cls._KEYS)
            desk = age.Recipient.parse(strict.text(body["desk_intake"]))
            signer = strict.hash32(body["package_signer"])
            return cls(strict.unit(body["unit"]), strict.text(body["name"]), signer, desk)
        except (CryptoError, EnvelopeError, ValueError):
            raise AgencyFileError(Fault.FORMAT) from None

    def fingerprint(self) -> str:
        """Return the SHA-256, in hexadecimal, of id, package key and recipient, joined by zero bytes."""
        parts = (self.unit.encode(), self.package_signer, str(self.desk_intake).encode("ascii"))
        return sha256(b"\0".join(parts)).hex()
