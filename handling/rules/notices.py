"""pure: a notice, a few lines to one agency. What it says as a value, of which kinds there are, and the words people read."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any, Final
from uuid import UUID

from handling.rules import consent, dissemination
from handling.rules.agreements import AGENCY_ID, PURPOSE_LABELS
from handling.rules.clocks import in_words
from handling.rules.consent import Asked
from handling.rules.copies import Fate
from handling.rules.dissemination import Line, ListError
from handling.rules.recall import ASKED_LABELS, REASON_LABELS, Reason

FORMAT: Final = "tipline/notice/v1"
WORDS_MAX: Final = 300  # characters
_KEYS: Final = {"format", "id", "kind", "agency", "reference", "words", "day", "on", "about"}
_UUID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class NoticeError(ValueError):
    """The document is no notice."""

    def __init__(self) -> None:
        super().__init__("this is no notice")


class NoticeKind(Enum):
    """What a notice can be about: a closed set."""

    CONSENT_REQUEST = "consent-request"
    RECALL = "recall"
    DISSEMINATION_LIST = "dissemination-list"


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice to one agency."""

    id: UUID
    kind: NoticeKind
    agency: str  # to whom
    reference: str  # what it is about, by a name that the agency may know: the URN of a report, of a package, of a list's request
    words: str  # one line of the unit's own, or empty
    day: date  # the last day on which an answer is wanted
    on: date  # when it was asked for
    about: Mapping[str, Any]  # what its kind says besides

    def to_body(self) -> dict[str, Any]:
        """Return the notice as a JSON value."""
        return {
            "format": FORMAT,
            "id": str(self.id),
            "kind": self.kind.value,
            "agency": self.agency,
            "reference": self.reference,
            "words": self.words,
            "day": self.day.isoformat(),
            "on": self.on.isoformat(),
            "about": dict(self.about),
        }

    @classmethod
    def from_body(cls, body: object) -> "Notice":
        """Read what `to_body` returns, with what its kind says, or raise `NoticeError`."""
        if not isinstance(body, Mapping) or set(body) != _KEYS or body["format"] != FORMAT:
            raise NoticeError
        try:
            notice = cls(
                id=UUID(_text(body["id"], _UUID)),
                kind=NoticeKind(body["kind"]),
                agency=_text(body["agency"], AGENCY_ID),
                reference=_text(body["reference"], rf"urn:uuid:{_UUID}"),
                words=_line(body["words"]),
                day=date.fromisoformat(_text(body["day"], r"[0-9]{4}-[0-9]{2}-[0-9]{2}")),
                on=date.fromisoformat(_text(body["on"], r"[0-9]{4}-[0-9]{2}-[0-9]{2}")),
                about=body["about"],
            )
        except ValueError:
            raise NoticeError from None
        if notice.day < notice.on:
            raise NoticeError
        _READ[notice.kind](notice)
        return notice


def title(kind: NoticeKind) -> str:
    """What a notice of this kind is called."""
    return _TITLES[kind]


def lines(notice: Notice, names: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return what a notice says, each line with its label: the guard's page and the agency read the same.

    Args:
        notice: the notice.
        names: of agencies by id, as they are enrolled.
    """
    own = (("Word from the unit", notice.words),) if notice.words else ()
    said = (("Reference", notice.reference), *_LINES[notice.kind](notice, names), *own)
    return (*said, (_BY[notice.kind], in_words(notice.day)))


def subject(notice: Notice) -> tuple[str, ...]:
    """What notices about the same matter have in common, by which the guard finds again what it asked."""
    return (notice.kind.value, *_SUBJECTS[notice.kind](notice))


def asked(notice: Notice) -> Asked:
    """Return what a request for consent asks."""
    try:
        return Asked.from_body(notice.about)
    except consent.ConsentError:
        raise NoticeError from None


@dataclass(frozen=True, slots=True)
class Recalled:
    """What a recall asks: every copy of one package, destroyed or given back, for a reason of a closed list."""

    release: UUID
    reason: Reason
    asked: Fate

    def to_body(self) -> dict[str, Any]:
        """Return it as a JSON value: what a notice of this kind says besides."""
        return {"release": str(self.release), "reason": self.reason.value, "asked": self.asked.value}


def recalled(notice: Notice) -> Recalled:
    """Return what a recall asks, or raise `NoticeError`. Its reference is the package's own, so nobody's word stands in it."""
    about = notice.about
    if not isinstance(about, Mapping) or about.keys() != {"release", "reason", "asked"} or notice.words:
        raise NoticeError
    try:
        found = Recalled(UUID(_text(about["release"], _UUID)), Reason(about["reason"]), Fate(about["asked"]))
    except ValueError:
        raise NoticeError from None
    if found.asked not in ASKED_LABELS or notice.reference != found.release.urn:
        raise NoticeError
    return found


def _recall_lines(notice: Notice, _: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    about = recalled(notice)
    return (
        ("What we ask", ASKED_LABELS[about.asked]),
        ("Why", REASON_LABELS[about.reason]),
    )


def listed(notice: Notice) -> tuple[Line, ...]:
    """Return the packages of a list, oldest first, or raise `NoticeError`."""
    if notice.words:
        raise NoticeError
    try:
        return dissemination.from_about(notice.about)
    except ListError:
        raise NoticeError from None


def _list_lines(notice: Notice, _: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    found = listed(notice)
    number = "No package" if not found else "1 package" if len(found) == 1 else f"{len(found):,} packages"
    return (
        ("What this is", f"All that was released to your agency until {in_words(notice.on)}: {number}"),
        *((f"Package {place:,}", line.words) for place, line in enumerate(found, 1)),
    )


def _consent(notice: Notice) -> None:
    about = asked(notice)
    if (about.originator, about.report) != (notice.agency, notice.reference):
        raise NoticeError


def _consent_lines(notice: Notice, names: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    about = asked(notice)
    recipient = f"{names.get(about.recipient, about.recipient)} ({about.recipient})"
    return (
        ("What we ask", "A report of ours rests on material of your agency. May we share it?"),
        ("With", recipient),
        ("For this purpose", PURPOSE_LABELS[about.purpose]),
        ("SHA-256 of this version", about.report_sha256),
        *(("Your material", digest) for digest in about.material),
    )


_TITLES: Final[Mapping[NoticeKind, str]] = {
    NoticeKind.CONSENT_REQUEST: "Request for consent",
    NoticeKind.RECALL: "Recall of a package",
    NoticeKind.DISSEMINATION_LIST: "List of all that was released",
}
_READ: Final[Mapping[NoticeKind, Callable[[Notice], object]]] = {
    NoticeKind.CONSENT_REQUEST: _consent,
    NoticeKind.RECALL: recalled,
    NoticeKind.DISSEMINATION_LIST: listed,
}
_LINES: Final[Mapping[NoticeKind, Callable[[Notice, Mapping[str, str]], tuple[tuple[str, str], ...]]]] = {
    NoticeKind.CONSENT_REQUEST: _consent_lines,
    NoticeKind.RECALL: _recall_lines,
    NoticeKind.DISSEMINATION_LIST: _list_lines,
}
_BY: Final[Mapping[NoticeKind, str]] = {
    NoticeKind.CONSENT_REQUEST: "Answer by",
    NoticeKind.RECALL: "Answer by",
    NoticeKind.DISSEMINATION_LIST: "Say what differs by",
}
_SUBJECTS: Final[Mapping[NoticeKind, Callable[[Notice], tuple[str, ...]]]] = {
    NoticeKind.CONSENT_REQUEST: lambda notice: asked(notice).subject,
    NoticeKind.RECALL: lambda notice: (str(recalled(notice).release),),
    NoticeKind.DISSEMINATION_LIST: lambda notice: (notice.agency, notice.reference),
}


def _text(value: object, pattern: str) -> str:
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise NoticeError
    return value


def _line(value: object) -> str:
    if not isinstance(value, str) or not value.isprintable() or len(value) > WORDS_MAX or value != value.strip():
        raise NoticeError
    return value
