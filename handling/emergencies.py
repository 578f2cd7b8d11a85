"""What stands in an emergency disclosure: three signed statements, read strictly. At the guard, and for oversight elsewhere. No I/O.

Layout: docs/format.md, "Emergency disclosures".
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

from crypto import webauthn
from crypto.canonical import canonical, parse
from crypto.digest import sha256
from crypto.errors import CryptoError
from crypto.statement import Statement
from handling.held import Listing, Lists, Signer
from handling.rules.emergency import IllegalMoveError, Move, State, Threat, Warned, advance, may_follow
from handling.rules.release import Duties

TOLD: Final = "tipline/emergency/v1"
SECOND: Final = "tipline/emergency-second/v1"
REVIEW: Final = "tipline/emergency-review/v1"
_ANSWERS, _HELD = "answers", "held"  # each stands only where there are some
_TYPES: Final = {"told": TOLD, "second": SECOND, "review": REVIEW}
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
    unanswered: tuple[str, ...] = ()
    """Who of them has an authenticator, on the list by which they count, that has not answered to what they signed."""


@dataclass(frozen=True, slots=True)
class Papers:
    """The statements as they lie sealed together: the one that told it, and those that came after it.

    By the name of the part, *answers* are what authenticators answered to each, and *held* under which member list the guard
    states that it counted.
    """

    told: Statement
    second: Statement | None = None
    review: Statement | None = None
    answers: Mapping[str, bytes] = field(default_factory=dict)
    held: Mapping[str, Statement] = field(default_factory=dict)

    @property
    def _parts(self) -> dict[str, Statement | None]:
        return {"told": self.told, "second": self.second, "review": self.review}

    def encode(self) -> bytes:
        """Return what is sealed."""
        body: dict[str, Any] = {name: None if part is None else part.to_json() for name, part in self._parts.items()}
        if self.answers:
            body[_ANSWERS] = {name: parse(answer) for name, answer in self.answers.items()}
        if self.held:
            body[_HELD] = {name: held.to_json() for name, held in self.held.items()}
        return canonical(body)

    @classmethod
    def read(cls, data: bytes) -> "Papers":
        """Read what was sealed, or raise `EmergencyFormatError`. Nothing of it is believed before `verify`."""
        try:
            value = parse(data)
            if not isinstance(value, dict) or value.keys() - {_ANSWERS, _HELD} != {"told", "second", "review"}:
                raise EmergencyFormatError
            answers, stated = value.pop(_ANSWERS, {}), value.pop(_HELD, {})
            if not isinstance(answers, dict) or not isinstance(stated, dict):
                raise EmergencyFormatError
            parts = {name: None if part is None else Statement.from_json(part) for name, part in value.items()}
            held = {name: Statement.from_json(one) for name, one in stated.items()}
        except CryptoError:
            raise EmergencyFormatError from None
        if parts["told"] is None or not answers.keys() | held.keys() <= parts.keys():
            raise EmergencyFormatError
        given = {name: canonical(answer) for name, answer in answers.items()}
        return cls(parts["told"], parts["second"], parts["review"], given, held)

    @classmethod
    def of_told(cls, statement: Statement, answer: bytes | None) -> "Papers":
        """Return the papers with the first statement, and what its signer's authenticator answered."""
        return cls(statement, answers={} if answer is None else {"told": answer})

    def with_second(self, statement: Statement, answer: bytes | None = None) -> "Papers":
        """Return the papers with the second signature's statement, and what its signer's authenticator answered."""
        return replace(self, second=statement, answers=self._with("second", answer))

    def with_review(self, statement: Statement, answer: bytes | None = None) -> "Papers":
        """Return the papers with the review, and what its author's authenticator answered."""
        return replace(self, review=statement, answers=self._with("review", answer))

    @property
    def unheld(self) -> dict[str, Statement]:
        """The parts about which the guard has not stated yet under which list they count."""
        return {name: part for name, part in self._parts.items() if part is not None and name not in self.held}

    def holding(self, held: Mapping[str, Statement]) -> "Papers":
        """Return the papers with what the guard states about these parts."""
        return replace(self, held={**self.held, **held})

    def _with(self, name: str, answer: bytes | None) -> dict[str, bytes]:
        return {**self.answers} if answer is None else {**self.answers, name: answer}

    def _until(self, *names: str) -> "Papers":
        """The papers as they were when only these parts were there."""
        kept = {name: part if name in names else None for name, part in self._parts.items()}
        answers = {name: answer for name, answer in self.answers.items() if name in names}
        return Papers(self.told, kept["second"], kept["review"], answers)

    @property
    def seen(self) -> str:
        """SHA-256 of all that people signed, in hexadecimal: what is shown is what the next statement is about."""
        return sha256(replace(self, held={}).encode()).hex()

    def verify(self, emergency: UUID, lists: Lists) -> Record:
        """Return what they say, or raise `EmergencyFormatError`.

        Each statement is signed by the person it names, each is about the one before it, and whoever follows is somebody
        else than who told it and may, by today's list or by the one under which the guard states that it counted.

        Args:
            emergency: the id of the row that they lie in: of other papers, no part counts.
            lists: today's member list and those before it.
        """
        body, under = self._signed("told", emergency, lists, may=lambda _, __: True)
        told, told_by = Told.read(body), body["told_by"]
        record = Record(told, told_by, _moment(body["told_at"]), tuple(body["shown_to"]))
        signers = {"told": (told_by, under)}
        if self.second is not None:
            after, under = self._following(self._until("told"), "second", emergency, lists)
            record = replace(record, state=_moved(record.state, after["verdict"]), second_by=after["by"])
            signers["second"] = after["by"], under
        if self.review is not None:
            after, under = self._following(self._until("told", "second"), "review", emergency, lists)
            record = replace(record, state=_moved(record.state, Move.REVIEW.value), reviewed_by=after["by"])
            signers["review"] = after["by"], under
        silent = [by for name, (by, under) in signers.items() if not self._answered(name, under.signing[by])]
        return replace(record, unanswered=tuple(dict.fromkeys(silent)))

    def _answered(self, name: str, signer: Signer) -> bool:
        statement = self._parts[name]
        if statement is None:
            return True
        answer = self.answers.get(name)
        return webauthn.answered(signer.authenticators, statement.type, statement.payload(), answer)

    def _signed(
        self, name: str, emergency: UUID, lists: Lists, may: Callable[[str, Duties], bool]
    ) -> tuple[Mapping[str, Any], Listing]:
        """Return the body of one part, of this emergency, and the list by which it is signed by exactly whom it names."""
        statement, type_ = self._parts[name], _TYPES[name]
        if statement is None:
            raise EmergencyFormatError
        try:
            who = str(statement.body["told_by" if type_ == TOLD else "by"])
            under = lists.under(statement, who, self.held.get(name), may=lambda duties: may(who, duties))
            if under is None:
                raise EmergencyFormatError
            body: Mapping[str, Any] = statement.verify(type_, [under.signing[who].signing])
        except (CryptoError, KeyError):
            raise EmergencyFormatError from None
        if body.get("id") != str(emergency):
            raise EmergencyFormatError
        return body, under

    def _following(
        self, before: "Papers", name: str, emergency: UUID, lists: Lists
    ) -> tuple[Mapping[str, str], Listing]:
        """Return the body of a second signature or a review, which is about the papers *before*, and its list."""
        told_by = str(self.told.body["told_by"])
        body, under = self._signed(name, emergency, lists, may=lambda who, duties: may_follow(who, told_by, duties))
        if body.keys() != _KEYS[_TYPES[name]] or not all(isinstance(value, str) for value in body.values()):
            raise EmergencyFormatError
        if body["about"] != before.seen:
            raise EmergencyFormatError
        return body, under


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
