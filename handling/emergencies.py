"""What stands in an emergency disclosure: three signed statements, read strictly. At the guard, and for oversight elsewhere. No I/O.

Layout: docs/format.md, "Emergency disclosures".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

from crypto.canonical import canonical, parse
from crypto.digest import sha256
from crypto.errors import CryptoError
from crypto.statement import Statement
from handling.rules.emergency import IllegalMoveError, Move, State, Threat, Warned, advance, may_follow
from handling.rules.release import Duties

TOLD: Final = "tipline/emergency/v1"
SECOND: Final = "tipline/emergency-second/v1"
REVIEW: Final = "tipline/emergency-review/v1"
_KEYS: Final = {
    SECOND: {"id", "by", "at", "about", "verdict", "note"},
    REVIEW: {"id", "by", "at", "about", "finding", "source"},
}


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

    def body(self, emergency: UUID, by: str, at: datetime, shown_to: Sequence[str]) -> dict[str, Any]:
        """The body of the statement that *by* signs; for nobody but *shown_to* may it be sealed inside the unit."""
        return {
            "id": str(emergency),
            "told_by": by,
            "told_at": at.isoformat(),
            "shown_to": list(shown_to),
            **{name: getattr(self, name) for name in self.LIMITS},
            "threat": self.threat.value,
            "warned": self.warned.value,
        }

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> "Told":
        """Read the body of a verified statement, or raise `EmergencyFormatError`."""
        if body.keys() != {"id", "told_by", "told_at", "shown_to", "threat", "warned", *cls.LIMITS}:
            raise EmergencyFormatError
        shown_to = body["shown_to"]
        if not isinstance(shown_to, list):
            raise EmergencyFormatError
        texts = [*shown_to, *(value for name, value in body.items() if name != "shown_to")]
        if not all(isinstance(text, str) for text in texts):
            raise EmergencyFormatError
        try:
            threat, warned = Threat(body["threat"]), Warned(body["warned"])
        except ValueError:
            raise EmergencyFormatError from None
        return cls(**{name: body[name] for name in cls.LIMITS}, threat=threat, warned=warned)


@dataclass(frozen=True, slots=True)
class Record:
    """What verified papers say: what was told, and what a row beside them has to say as well."""

    told: Told
    told_by: str
    told_at: datetime
    shown_to: tuple[str, ...]
    state: State = State.TOLD
    second_by: str = ""
    reviewed_by: str = ""


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

    def verify(self, emergency: UUID, signing: Mapping[str, bytes], duties: Duties) -> Record:
        """Return what they say, or raise `EmergencyFormatError`.

        Each statement is signed by the person it names, each is about the one before it, and whoever follows is somebody
        else than who told it and may.

        Args:
            emergency: the id of the row that they lie in: of other papers, no part counts.
            signing: signing key of each member by name.
            duties: duties of each member by name.
        """
        body = _signed(self.told, TOLD, "told_by", emergency, signing)
        told, told_by = Told.read(body), body["told_by"]
        record = Record(told, told_by, _moment(body["told_at"]), tuple(body["shown_to"]))
        if self.second is not None:
            after = _following(Papers(self.told), self.second, SECOND, emergency, signing)
            record = replace(record, state=_moved(record.state, after["verdict"]), second_by=after["by"])
        if self.review is not None:
            after = _following(Papers(self.told, self.second), self.review, REVIEW, emergency, signing)
            record = replace(record, state=_moved(record.state, Move.REVIEW.value), reviewed_by=after["by"])
        followers = [by for by in (record.second_by, record.reviewed_by) if by]
        if not all(may_follow(by, told_by, duties) for by in followers):
            raise EmergencyFormatError
        return record


def _signed(
    statement: Statement, type_: str, by: str, emergency: UUID, signing: Mapping[str, bytes]
) -> Mapping[str, Any]:
    """Return the body: of this emergency, and signed by exactly the member whom it names."""
    try:
        key = signing[str(statement.body[by])]
        if [one.public for one in statement.signatures] != [key]:
            raise EmergencyFormatError
        body: Mapping[str, Any] = statement.verify(type_, [key])
    except (CryptoError, KeyError):
        raise EmergencyFormatError from None
    if body.get("id") != str(emergency):
        raise EmergencyFormatError
    return body


def _following(
    before: Papers, statement: Statement, type_: str, emergency: UUID, signing: Mapping[str, bytes]
) -> Mapping[str, str]:
    """Return the body of a second signature or a review, which is about the papers *before*."""
    body = _signed(statement, type_, "by", emergency, signing)
    if body.keys() != _KEYS[type_] or not all(isinstance(value, str) for value in body.values()):
        raise EmergencyFormatError
    if body["about"] != before.seen:
        raise EmergencyFormatError
    return body


def _moved(state: State, move: str) -> State:
    try:
        return advance(state, Move(move))
    except (IllegalMoveError, ValueError):
        raise EmergencyFormatError from None


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise EmergencyFormatError from None
