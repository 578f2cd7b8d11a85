"""What agencies said about our releases. Never says more of an acknowledgement than its hash shows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any
from uuid import UUID

from crypto import age, columns
from crypto.canonical import canonical, parse
from crypto.errors import CryptoError
from crypto.statement import Statement
from handling.agencyfiles import (
    SEALED,
    Acknowledged,
    AgencyFileError,
    SealedAnswer,
    SealedBreach,
    SealedDestruction,
)
from handling.desk.ledger import Release
from handling.desk.store import AnswerRow, InboxRow, ReleaseRow
from handling.rules.copies import Breach, Destruction, minute_text, read_minute
from handling.rules.feedback import Feedback, FeedbackError
from handling.store.vault import OpenVault

_TABLE, _COLUMN = "desk.feedback", "sealed"
_HASH_BYTES = 32


class AnswerFormatError(Exception):
    """The bytes are neither an acknowledgement nor feedback."""

    def __init__(self) -> None:
        super().__init__("this is not an answer in the agreed format")


class Opened(Enum):
    """What an acknowledgement's hash shows."""

    EXACT = "opened the exact bytes we sent"
    DIFFERENT = "a different file"


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """The agency quotes the hash of what it opened."""

    release: UUID
    zip_sha256: bytes
    day: date
    statement: Statement | None = None  # as the agency signed it, where it signed

    def verdict(self, sent: bytes) -> Opened:
        """Compare with the hash in our own ledger; what the exchange thought of it does not count here."""
        return Opened.EXACT if self.zip_sha256 == sent else Opened.DIFFERENT


@dataclass(frozen=True, slots=True)
class AgencyFeedback:
    """One coded answer."""

    release: UUID
    said: Feedback
    day: date
    statement: Statement | None = None


@dataclass(frozen=True, slots=True)
class AgencyDestruction:
    """What the agency says became of its copies."""

    release: UUID
    said: Destruction
    heard: datetime  # the exchange's minute: of two on one day the later one counts
    day: date
    statement: Statement | None = None


@dataclass(frozen=True, slots=True)
class AgencyBreach:
    """The agency says that it lost a package, or that others saw it."""

    release: UUID
    said: Breach
    heard: datetime  # the exchange's minute, for the hours that are agreed
    day: date
    statement: Statement | None = None


Answer = Acknowledgement | AgencyFeedback | AgencyDestruction | AgencyBreach


def receive(kind: str, content: object, intake: age.Identity) -> Answer:
    """Read what the exchange sealed to the desk intake, or raise `AnswerFormatError`.

    An answer that was sealed on the agency's own device comes as its signed statement alone, and is opened here: words
    beside a statement would be words that nobody signed.
    """
    if kind not in SEALED or not isinstance(content, Mapping) or "statement" not in content:
        return parse_answer(kind, content)
    if content.keys() - {"heard"} != {"release", "statement", "day"}:
        raise AnswerFormatError
    try:
        statement = Statement.from_json(content["statement"])
        handed = SEALED[kind].read(statement, _signer(statement))
        opened = {**content, **handed.open(intake).to_body()}
    except (AgencyFileError, CryptoError):
        raise AnswerFormatError from None
    return parse_answer(kind, opened)


def parse_answer(kind: str, content: object) -> Answer:
    """Read an answer as it is kept, or raise `AnswerFormatError`. Whether its signature is the agency's, `is_signed` says."""
    if not isinstance(content, Mapping):
        raise AnswerFormatError
    try:
        return _READ[kind]({name: value for name, value in content.items() if name != "statement"}, _statement(content))
    except (KeyError, TypeError, ValueError, FeedbackError, CryptoError):
        raise AnswerFormatError from None


def is_signed(answer: Answer, key: bytes | None) -> bool:
    """Whether *key*, which the agency enrolled, has signed exactly what the answer says of release and hash."""
    if answer.statement is None or key is None:
        return False
    try:
        if isinstance(answer, Acknowledgement):
            said = Acknowledged.read(answer.statement, key)
            return (said.release, said.zip_sha256) == (answer.release, answer.zip_sha256)
        return SEALED[kind_of(answer)].read(answer.statement, key).release == answer.release
    except AgencyFileError:
        return False


def kind_of(answer: Answer) -> str:
    """The kind under which an answer is kept."""
    return _KINDS[type(answer)]


def seal(vault: OpenVault, release: ReleaseRow, row: InboxRow, answer: Answer) -> AnswerRow:
    """Seal an answer under the key of the report that it is about."""
    key = vault.record(release.report)
    sealed = columns.seal(key, canonical(_body(answer)), table=_TABLE, column=_COLUMN, row=str(row.id))
    return AnswerRow(row.id, release.id, row.kind, row.received_on, sealed)


def open_(vault: OpenVault, report: UUID, row: AnswerRow) -> Answer:
    """Open a stored answer on one of the releases of *report*."""
    data = columns.open_(vault.record(report), row.sealed, table=_TABLE, column=_COLUMN, row=str(row.id))
    return parse_answer(row.kind, parse(data))


def acknowledgement(release: Release, answers: Sequence[Answer]) -> Opened | None:
    """What the acknowledgements of a release show together: one of the exact bytes is enough. None without any."""
    verdicts = {answer.verdict(release.zip_sha256) for answer in answers if isinstance(answer, Acknowledgement)}
    if Opened.EXACT in verdicts:
        return Opened.EXACT
    return next(iter(verdicts), None)


def _body(answer: Answer) -> dict[str, Any]:
    said = {"zip_sha256": answer.zip_sha256.hex()} if isinstance(answer, Acknowledgement) else answer.said.to_body()
    signed = {} if answer.statement is None else {"statement": answer.statement.to_json()}
    heard = {"heard": minute_text(answer.heard)} if isinstance(answer, AgencyBreach | AgencyDestruction) else {}
    return {"release": str(answer.release), **said, **signed, **heard, "day": answer.day.isoformat()}


def _statement(content: Mapping[str, Any]) -> Statement | None:
    return Statement.from_json(content["statement"]) if "statement" in content else None


def _signer(statement: Statement) -> bytes:
    """The key that a statement names, to read what it says before it is known whose key is right."""
    if len(statement.signatures) != 1:
        raise AnswerFormatError
    return statement.signatures[0].public


def _acknowledgement(content: Mapping[str, Any], statement: Statement | None) -> Acknowledgement:
    if content.keys() != {"release", "zip_sha256", "day"}:
        raise AnswerFormatError
    quoted = bytes.fromhex(content["zip_sha256"])
    if len(quoted) != _HASH_BYTES:
        raise AnswerFormatError
    return Acknowledgement(UUID(content["release"]), quoted, date.fromisoformat(content["day"]), statement)


def _feedback(content: Mapping[str, Any], statement: Statement | None) -> AgencyFeedback:
    said = Feedback.from_body(_without(content, "release", "day"))
    return AgencyFeedback(UUID(content["release"]), said, date.fromisoformat(content["day"]), statement)


def _destruction(content: Mapping[str, Any], statement: Statement | None) -> AgencyDestruction:
    said = Destruction.from_body(_without(content, "release", "day", "heard"))
    heard = read_minute(content["heard"])
    return AgencyDestruction(UUID(content["release"]), said, heard, date.fromisoformat(content["day"]), statement)


def _breach(content: Mapping[str, Any], statement: Statement | None) -> AgencyBreach:
    said = Breach.from_body(_without(content, "release", "day", "heard"))
    heard = read_minute(content["heard"])
    return AgencyBreach(UUID(content["release"]), said, heard, date.fromisoformat(content["day"]), statement)


def _without(content: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name not in names}


_KINDS: Mapping[type[Answer], str] = {
    Acknowledgement: "acknowledgement",
    AgencyFeedback: SealedAnswer.KIND,
    AgencyDestruction: SealedDestruction.KIND,
    AgencyBreach: SealedBreach.KIND,
}
_READ: Mapping[str, Callable[[Mapping[str, Any], Statement | None], Answer]] = {
    "acknowledgement": _acknowledgement,
    SealedAnswer.KIND: _feedback,
    SealedDestruction.KIND: _destruction,
    SealedBreach.KIND: _breach,
}
