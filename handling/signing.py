"""What is signed away from the guard: who may, the request that goes along, the key, and the signature that comes back. No I/O.

Layouts: docs/format.md, "Signing away from the guard".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Final
from uuid import UUID

from crypto import age
from crypto.canonical import canonical, parse
from crypto.errors import CryptoError
from crypto.secret import Guarded, Secret
from crypto.signing import SigningKey
from crypto.statement import Signed, Statement
from handling.rules.member_list import Entry, Keys, MembershipError
from handling.rules.release import Duty, Kind
from tipline.base import accounts

TYPES: Final[Mapping[Kind, str]] = {
    Kind.REVIEW: "tipline/review/v1",
    Kind.MANIFEST: "tipline/release/v1",
    Kind.PHRASE: "tipline/phrase/v1",
}
"""The statements that may be signed away from here. The member list is signed at the guard alone."""


OUTSIDE: Final = frozenset({"zip", "report", "attachments", "text"})
"""What an outside second is shown of a request; of the rest whose hash is signed they see the hash alone."""


class SigningFileError(Exception):
    """This is not the file that it should be, or it was damaged on its way."""

    def __init__(self, what: str) -> None:
        super().__init__(f"this is no {what}, or it was changed on its way")


@dataclass(frozen=True, slots=True)
class OutsideCard:
    """The public keys of somebody of another unit, as they give them out; whose they are is compared by voice."""

    name: str
    display: str  # with the name of their unit
    release: str
    signing: str

    FORMAT: ClassVar[str] = "tipline/outside-second/v1"
    _WHAT: ClassVar[str] = "card of an outside second"

    def entry(self) -> Entry:
        """What would stand on the member list."""
        return Entry(self.name, self.display, (Duty.OUTSIDE.value,), Keys(None, None, self.release, self.signing))

    def encode(self) -> bytes:
        """Return the file."""
        return canonical({"format": self.FORMAT, **self._fields()})

    @classmethod
    def read(cls, data: bytes) -> "OutsideCard":
        """Read the file, or raise `SigningFileError`."""
        value = _object(data, cls.FORMAT, {"name", "display", "release", "signing"}, cls._WHAT)
        card = cls(*(_text(value[name], cls._WHAT) for name in ("name", "display", "release", "signing")))
        try:
            Entry.read(card.entry().body())
            age.Recipient.parse(card.release)
        except (MembershipError, CryptoError):
            raise SigningFileError(cls._WHAT) from None
        return card

    def _fields(self) -> dict[str, str]:
        return {"name": self.name, "display": self.display, "release": self.release, "signing": self.signing}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SigningKeys(Guarded):
    """One person's release identity and signing key, out of a file under their passphrase."""

    name: str
    identity: age.Identity
    signing: SigningKey

    FORMAT: ClassVar[str] = "tipline/signing-key/v1"
    _WHAT: ClassVar[str] = "signing key, or it is not under this passphrase"

    def seal(self, passphrase: Secret, *, log_n: int = accounts.LOG_N) -> bytes:
        """Return the file, sealed to *passphrase*. Blocking for half a second."""
        content = {
            "format": self.FORMAT,
            "name": self.name,
            "release_identity": self.identity.encode().expose().decode(),
            "signing_seed": self.signing.seed.expose().hex(),
        }
        return age.seal_passphrase(canonical(content), passphrase, log_n=log_n)

    @classmethod
    def open(cls, sealed: bytes, passphrase: Secret) -> "SigningKeys":
        """Open the file, or raise `SigningFileError`. Blocking for half a second."""
        try:
            opened = age.open_passphrase(sealed, passphrase)
        except CryptoError:
            raise SigningFileError(cls._WHAT) from None
        value = _object(opened, cls.FORMAT, {"name", "release_identity", "signing_seed"}, cls._WHAT)
        try:
            identity = age.Identity.parse(Secret(_text(value["release_identity"], cls._WHAT).encode()))
            seed = Secret(bytes.fromhex(_text(value["signing_seed"], cls._WHAT)))
            return cls(_text(value["name"], cls._WHAT), identity, SigningKey.from_seed(seed))
        except (CryptoError, ValueError):
            raise SigningFileError(cls._WHAT) from None


@dataclass(frozen=True, slots=True)
class SigningRequest:
    """What one person is asked to sign, sealed to their release key: the exact body, and what it speaks of.

    Attributes:
        subject: id of the review, release or phrase.
        unit: whose guard asks.
        signer: for whom, by name.
        body: what is signed, whole.
        shown: the package (`zip`), the report (`report`) with its copies (`attachments`) or the sentence (`text`); for a
            member also all else whose hash is signed: of a release `review`, `deconfliction`, `agreement` and `members`, of
            a review `risk`. Never a tip, never why residue stays.
    """

    kind: Kind
    subject: UUID
    unit: str
    signer: str
    body: Mapping[str, Any]
    shown: Mapping[str, Any]

    FORMAT: ClassVar[str] = "tipline/signing-request/v1"
    _WHAT: ClassVar[str] = "request to sign"

    def seal(self, to: age.Recipient) -> bytes:
        """Seal it to the signer's release key. Blocking."""
        content = {
            "format": self.FORMAT,
            "kind": self.kind.value,
            "subject": str(self.subject),
            "unit": self.unit,
            "signer": self.signer,
            "body": dict(self.body),
            "shown": dict(self.shown),
        }
        return age.seal(canonical(content), [to])

    @classmethod
    def open(cls, sealed: bytes, keys: SigningKeys) -> "SigningRequest":
        """Open it with the signer's keys, or raise `SigningFileError`. Blocking."""
        try:
            opened = age.open_(sealed, [keys.identity])
        except CryptoError:
            raise SigningFileError(f"{cls._WHAT} that is sealed to you") from None
        value = _object(opened, cls.FORMAT, {"kind", "subject", "unit", "signer", "body", "shown"}, cls._WHAT)
        if not isinstance(value["body"], dict) or not isinstance(value["shown"], dict):
            raise SigningFileError(cls._WHAT)
        kind, subject = _kind(value["kind"], cls._WHAT), _uuid(value["subject"], cls._WHAT)
        unit, signer = _text(value["unit"], cls._WHAT), _text(value["signer"], cls._WHAT)
        return cls(kind, subject, unit, signer, value["body"], value["shown"])

    def sign(self, keys: SigningKeys) -> "Handed":
        """Sign the body. Whoever calls this has shown all of it, and was told yes."""
        statement = Statement.make(TYPES[self.kind], dict(self.body), keys.signing)
        day = self.body.get("day")
        return Handed(
            kind=self.kind,
            subject=self.subject,
            signer=keys.name,
            signature=statement.signatures[0].signature,
            day=date.fromisoformat(day) if isinstance(day, str) else None,
        )


@dataclass(frozen=True, slots=True)
class Handed:
    """A signature made elsewhere. It means nothing until the guard has held it against what it opened itself.

    Attributes:
        day: of a review, whose body names the day on which it was asked for; else None.
    """

    kind: Kind
    subject: UUID
    signer: str
    signature: bytes
    day: date | None

    FORMAT: ClassVar[str] = "tipline/signature/v1"
    _WHAT: ClassVar[str] = "signature made by `tipline sign`"

    def encode(self) -> bytes:
        """Return the file: one line."""
        content = {
            "format": self.FORMAT,
            "kind": self.kind.value,
            "subject": str(self.subject),
            "signer": self.signer,
            "signature": self.signature.hex(),
            "day": None if self.day is None else self.day.isoformat(),
        }
        return canonical(content) + b"\n"

    @classmethod
    def read(cls, text: str) -> "Handed":
        """Read the file as a person pastes it, or raise `SigningFileError`."""
        joined = "".join(line.strip() for line in text.split("\n"))
        value = _object(joined.encode(), cls.FORMAT, {"kind", "subject", "signer", "signature", "day"}, cls._WHAT)
        try:
            signature = bytes.fromhex(_text(value["signature"], cls._WHAT))
            day = None if value["day"] is None else date.fromisoformat(_text(value["day"], cls._WHAT))
        except ValueError:
            raise SigningFileError(cls._WHAT) from None
        kind, subject = _kind(value["kind"], cls._WHAT), _uuid(value["subject"], cls._WHAT)
        return cls(kind, subject, _text(value["signer"], cls._WHAT), signature, day)

    def is_over(self, body: Mapping[str, Any], public: bytes) -> bool:
        """Whether this is the signature of the key *public* over exactly *body*."""
        type_ = TYPES[self.kind]
        try:
            Statement.make(type_, dict(body)).with_signed(Signed(public, self.signature)).verify(type_, [public])
        except CryptoError:
            return False
        return True


def _object(data: bytes, form: str, fields: set[str], what: str) -> dict[str, Any]:
    try:
        value = parse(data)
    except CryptoError:
        raise SigningFileError(what) from None
    if not isinstance(value, dict) or value.keys() != fields | {"format"} or value["format"] != form:
        raise SigningFileError(what)
    return value


def _text(value: object, what: str) -> str:
    if not isinstance(value, str) or not value:
        raise SigningFileError(what)
    return value


def _kind(value: object, what: str) -> Kind:
    for kind in TYPES:
        if kind.value == value:
            return kind
    raise SigningFileError(what)


def _uuid(value: object, what: str) -> UUID:
    try:
        found = UUID(_text(value, what))
    except ValueError:
        raise SigningFileError(what) from None
    if str(found) != value:
        raise SigningFileError(what)
    return found
