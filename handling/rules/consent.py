"""pure: whose consent a report may go on under. Asked of one agency for one recipient and purpose; silence is never yes."""

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from handling.rules.agreements import AGENCY_ID, Purpose

FORMAT: Final = "tipline/consent/v1"
MATERIAL_MAX: Final = 100  # pieces of material that one request names
_URN: Final = r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_SHA256: Final = r"[0-9a-f]{64}"
_ASKED: Final = {"originator", "recipient", "purpose", "report", "report_sha256", "material"}
_TOKEN: Final = _ASKED | {"format", "request", "answer", "until"}
_NOTHING: Final[Mapping[str, frozenset[str]]] = MappingProxyType({})


class ConsentError(ValueError):
    """The document is no request for consent, or no answer to one."""

    def __init__(self) -> None:
        super().__init__("this is no request for consent, and no answer to one")


class Answer(Enum):
    """What an agency can say."""

    YES = "yes"  # to this report and every version that is begun from it
    THIS_VERSION = "only-this-version"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Asked:
    """What one agency is asked: may this report, which rests on its material, go to that agency for this purpose?

    Attributes:
        report: its URN.
        report_sha256: of the version that is to go, in hexadecimal.
        material: SHA-256 of its pieces in hexadecimal, in order; none where some came another way: then it is the report
            as a whole.
    """

    originator: str
    recipient: str
    purpose: Purpose
    report: str
    report_sha256: str
    material: tuple[str, ...] = ()

    @property
    def going(self) -> tuple[str, str, str]:
        """Whose material goes to whom, and what for: of answers about one report and those before it, the last one counts."""
        return (self.originator, self.recipient, self.purpose.value)

    @property
    def subject(self) -> tuple[str, str, str, str]:
        """What every answer about the same report's going-on has in common, whichever request it answers."""
        return (*self.going, self.report)

    def to_body(self) -> dict[str, Any]:
        """Return it as a JSON value."""
        return {
            "originator": self.originator,
            "recipient": self.recipient,
            "purpose": self.purpose.value,
            "report": self.report,
            "report_sha256": self.report_sha256,
            "material": list(self.material),
        }

    @classmethod
    def from_body(cls, body: object) -> "Asked":
        """Read what `to_body` returns, or raise `ConsentError`."""
        if not isinstance(body, Mapping) or set(body) != _ASKED:
            raise ConsentError
        asked = cls(
            originator=_text(body["originator"], AGENCY_ID),
            recipient=_text(body["recipient"], AGENCY_ID),
            purpose=_purpose(body["purpose"]),
            report=_text(body["report"], _URN),
            report_sha256=_text(body["report_sha256"], _SHA256),
            material=_material(body["material"]),
        )
        if asked.originator == asked.recipient:
            raise ConsentError  # what an agency gave goes back to it without asking
        return asked


@dataclass(frozen=True, slots=True)
class Token:
    """An agency's answer. It means nothing before its signature was verified under the agency's own key."""

    request: UUID
    asked: Asked
    answer: Answer
    until: date | None  # the last day on which it holds; of a no, none

    def to_body(self) -> dict[str, Any]:
        """Return it as a JSON value: what is signed is its canonical bytes."""
        return {
            "format": FORMAT,
            "request": str(self.request),
            **self.asked.to_body(),
            "answer": self.answer.value,
            "until": None if self.until is None else self.until.isoformat(),
        }

    @classmethod
    def from_body(cls, body: object) -> "Token":
        """Read what `to_body` returns, or raise `ConsentError`."""
        if not isinstance(body, Mapping) or set(body) != _TOKEN or body["format"] != FORMAT:
            raise ConsentError
        try:
            answer = Answer(body["answer"])
        except ValueError:
            raise ConsentError from None
        token = cls(
            request=UUID(_text(body["request"], _URN.removeprefix("urn:uuid:"))),
            asked=Asked.from_body({key: body[key] for key in _ASKED}),
            answer=answer,
            until=None if body["until"] is None else _day(body["until"]),
        )
        if (token.until is None) is not (answer is Answer.NO):
            raise ConsentError
        return token


@dataclass(frozen=True, slots=True)
class Given:
    """A token whose signature was verified, with the SHA-256 of the signed bytes."""

    token: Token
    sha256: str


@dataclass(frozen=True, slots=True, order=True)
class Consented:
    """One agency's consent for one report: to whom it may go, what for, and the last day on which that counts."""

    originator: str
    recipient: str
    purpose: str
    until: date
    sha256: str  # by which a manifest of this report names the token

    def holds(self, recipient: str, purpose: str, today: date) -> bool:
        """Whether it counts today for this recipient and purpose."""
        return (self.recipient, self.purpose) == (recipient, purpose) and today <= self.until


def versions(value: object, report: str) -> tuple[str, ...]:
    """Read the URNs of the reports that *report* is a new version of, first one first, or raise `ConsentError`."""
    if not isinstance(value, list) or not value:
        raise ConsentError
    found = tuple(_text(entry, _URN) for entry in value)
    if len({*found, report}) != len(found) + 1:
        raise ConsentError
    return found


def named(report: str, token: str) -> bytes:
    """Return the bytes by whose SHA-256 a manifest of *report* names the token with that SHA-256.

    Bound to the report, it never shows that two reports go on under one token, and so are versions of one.
    """
    return f"{report} {token}".encode()


def consented(
    given: Sequence[Given],
    *,
    report: str,
    report_sha256: str,
    version_of: Collection[str] = (),
    material: Mapping[str, frozenset[str]] = _NOTHING,
) -> frozenset[Consented]:
    """Return what agencies consented to for this version of a report. The desk's dry run and the guard ask nothing else.

    Args:
        given: verified tokens in the order in which they arrived. Of those of one originator about one recipient and
            purpose the last one counts, whatever came before.
        report: its URN.
        report_sha256: of its document.
        version_of: URNs of the reports that it is a new version of, as its review says: a yes to one of them counts for
            it, and so does a no. Answers about any other report do not.
        material: SHA-256 of the pieces that it rests on, by originator, of each originator all of whose material came
            through the portal. A consent counts for a report that rests on no other pieces than it names; where some
            came another way, one that names none counts, for the report as a whole.
    """
    line = {report, *version_of}
    last = {one.token.asked.going: one for one in given if one.token.asked.report in line}
    return frozenset(
        Consented(asked.originator, asked.recipient, asked.purpose.value, until, _named(report, one.sha256))
        for one in last.values()
        for asked, until in [(one.token.asked, one.token.until)]
        if until is not None
        and (one.token.answer is Answer.YES or asked.report_sha256 == report_sha256)
        and _covers(asked, material.get(asked.originator))
    )


def _named(report: str, token: str) -> str:
    return hashlib.sha256(named(report, token)).hexdigest()


def _covers(asked: Asked, needed: frozenset[str] | None) -> bool:
    return needed <= set(asked.material) if needed else not asked.material


class State(Enum):
    """Where a request for consent stands, in words."""

    WAITING = "Waiting for an answer"
    OVERDUE = "Overdue: silence is not consent"
    GIVEN = "Consented, to every version"
    THIS_VERSION = "Consented, to this version alone"
    EXPIRED = "Consent has expired"
    WITHDRAWN = "Consent was withdrawn"
    REFUSED = "Refused by the agency"


def state(request: UUID, answer_by: date, given: Sequence[Given], today: date) -> State:
    """Say where a request stands.

    Args:
        request: its id.
        answer_by: the last day on which an answer was wanted.
        given: verified tokens about the same recipient and purpose, and the same report or one that it is a version of,
            in the order in which they arrived; a later no takes an earlier yes back, whichever request it answers.
        today: the day to judge by.
    """
    mine = [place for place, one in enumerate(given) if one.token.request == request]
    if not mine:
        return State.OVERDUE if today > answer_by else State.WAITING
    said = given[mine[-1]].token
    agreed = any(given[place].token.answer is not Answer.NO for place in mine)
    if said.answer is Answer.NO or given[-1].token.answer is Answer.NO:
        return State.WITHDRAWN if agreed else State.REFUSED
    if said.until is None or today > said.until:
        return State.EXPIRED
    return State.GIVEN if said.answer is Answer.YES else State.THIS_VERSION


def _text(value: object, pattern: str) -> str:
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise ConsentError
    return value


def _purpose(value: object) -> Purpose:
    try:
        return Purpose(value)
    except ValueError:
        raise ConsentError from None


def _material(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > MATERIAL_MAX:
        raise ConsentError
    found = tuple(_text(entry, _SHA256) for entry in value)
    if list(found) != sorted(set(found)):
        raise ConsentError
    return found


def _day(value: object) -> date:
    try:
        return date.fromisoformat(_text(value, r"[0-9]{4}-[0-9]{2}-[0-9]{2}"))
    except ValueError:
        raise ConsentError from None
