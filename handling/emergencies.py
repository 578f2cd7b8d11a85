"""What stands in an emergency disclosure: three signed statements, read strictly. At the guard, and for oversight elsewhere. No I/O.

Layout: docs/format.md, "Emergency disclosures".
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

from crypto.canonical import canonical, parse
from crypto.digest import sha256
from crypto.errors import CryptoError
from crypto.statement import Statement
from handling.rules.emergency import Threat, Warned

TOLD: Final = "tipline/emergency/v1"
SECOND: Final = "tipline/emergency-second/v1"
REVIEW: Final = "tipline/emergency-review/v1"


class EmergencyFormatError(Exception):
    """These are not the statements of one disclosure, or a signature on them is wrong."""

    def __init__(self) -> None:
        super().__init__("this is no emergency disclosure, or it was changed after signing")


@dataclass(frozen=True, slots=True)
class Told:
    """What was told: to whom, in which words, on which authority, why it could not wait, and what the source knows."""

    tip: str  # as the handler names it: nothing here opens it
    to: str
    words: str
    authority: str
    threat: Threat
    why: str
    warned: Warned
    warned_how: str

    LIMITS: ClassVar[Mapping[str, int]] = {
        "tip": 100,
        "to": 300,
        "words": 4_000,
        "authority": 300,
        "why": 1_000,
        "warned_how": 1_000,
    }

    def body(self, emergency: UUID, by: str, at: datetime) -> dict[str, Any]:
        """The body of the statement that *by* signs."""
        return {
            "id": str(emergency),
            "told_by": by,
            "told_at": at.isoformat(),
            **{name: getattr(self, name) for name in self.LIMITS},
            "threat": self.threat.value,
            "warned": self.warned.value,
        }

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> "Told":
        """Read the body of a verified statement, or raise `EmergencyFormatError`."""
        if body.keys() != {"id", "told_by", "told_at", "threat", "warned", *cls.LIMITS}:
            raise EmergencyFormatError
        if not all(isinstance(value, str) for value in body.values()):
            raise EmergencyFormatError
        try:
            threat, warned = Threat(body["threat"]), Warned(body["warned"])
        except ValueError:
            raise EmergencyFormatError from None
        return cls(**{name: body[name] for name in cls.LIMITS}, threat=threat, warned=warned)


@dataclass(frozen=True, slots=True)
class Papers:
    """The statements as they lie sealed together: the one that told it, and those that came after it."""

    told: Statement
    second: Statement | None = None
    review: Statement | None = None

    def encode(self) -> bytes:
        """Return what is sealed."""
        parts = {"told": self.told, "second": self.second, "review": self.review}
        return canonical({name: None if part is None else part.to_json() for name, part in parts.items()})

    @classmethod
    def read(cls, data: bytes) -> "Papers":
        """Read what was sealed, or raise `EmergencyFormatError`. Nothing of it is believed before `verify`."""
        try:
            value = parse(data)
            if not isinstance(value, dict) or value.keys() != {"told", "second", "review"}:
                raise EmergencyFormatError
            parts = {name: None if part is None else Statement.from_json(part) for name, part in value.items()}
        except CryptoError:
            raise EmergencyFormatError from None
        if parts["told"] is None:
            raise EmergencyFormatError
        return cls(parts["told"], parts["second"], parts["review"])

    def with_second(self, statement: Statement) -> "Papers":
        """Return the papers with the second signature's statement."""
        return replace(self, second=statement)

    def with_review(self, statement: Statement) -> "Papers":
        """Return the papers with the review."""
        return replace(self, review=statement)

    @property
    def seen(self) -> str:
        """SHA-256 of all of it, in hexadecimal: what is shown is what the next statement is about."""
        return sha256(self.encode()).hex()

    def verify(self, signing: Mapping[str, bytes]) -> Told:
        """Return what was told when each statement is signed by the person it names and is about the one before it.

        Args:
            signing: signing key of each member by name.
        """
        told = Told.read(_signed(self.told, TOLD, "told_by", signing))
        for statement, type_, before in (
            (self.second, SECOND, Papers(self.told)),
            (self.review, REVIEW, Papers(self.told, self.second)),
        ):
            if statement is not None and _signed(statement, type_, "by", signing)["about"] != before.seen:
                raise EmergencyFormatError
        return told


def _signed(statement: Statement, type_: str, by: str, signing: Mapping[str, bytes]) -> Mapping[str, Any]:
    """Return the body, signed by exactly the member whom it names."""
    try:
        key = signing[str(statement.body[by])]
        if [one.public for one in statement.signatures] != [key]:
            raise EmergencyFormatError
        body: Mapping[str, Any] = statement.verify(type_, [key])
    except (CryptoError, KeyError):
        raise EmergencyFormatError from None
    return body
