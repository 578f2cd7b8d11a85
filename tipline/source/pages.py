"""What a source's pages show: one frozen model for each template. No request, no key, no store."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from tipline.replies import Replies
from tipline.source.form import Answers
from tipline.source.ways import Words


@dataclass(frozen=True, slots=True)
class About:
    """What every page may say of this place: who reads, who reads instead, when, and whom to call in danger."""

    unit: str
    oversight: str | None
    emergency: str
    reading_hours: str


@dataclass(frozen=True, slots=True)
class ReportPage:
    """The form.

    Attributes:
        problems: words by field.
        files_again: chosen files could not be kept.
        closed: there is no key to seal with, so that nothing was taken.
    """

    template: ClassVar[str] = "source/report.html"
    about: About
    token: str
    answers: Answers = field(default_factory=Answers)
    problems: Mapping[str, str] = field(default_factory=dict)
    files_again: bool = False
    closed: bool = False


@dataclass(frozen=True, slots=True)
class SentPage:
    """The codename, in groups of three words; *further* when it was there already and the message was added."""

    template: ClassVar[str] = "source/sent.html"
    about: About
    receiver: str
    groups: tuple[tuple[str, ...], ...]
    further: bool


@dataclass(frozen=True, slots=True)
class ReturnPage:
    """Where a codename is typed. *kept* is an answer that came after the session had ended, *typed* words with a fault."""

    template: ClassVar[str] = "source/return.html"
    about: About
    problem: str = ""
    ended: bool = False
    kept: str = ""
    typed: str = ""


@dataclass(frozen=True, slots=True)
class ThreadPage:
    """What became of a report, the replies, and room for an answer. *asked* is who must not learn of it."""

    template: ClassVar[str] = "source/thread.html"
    about: About
    receiver: str
    token: str
    waiting: bool
    replies: Replies
    way: Words
    sent: bool = False
    answer: str = ""
    problem: str = ""
    asked: str = ""
    asked_problem: str = ""


@dataclass(frozen=True, slots=True)
class ClosedPage:
    """Nothing can be sealed now, so nothing is taken."""

    template: ClassVar[str] = "source/closed.html"
    about: About


@dataclass(frozen=True, slots=True)
class LeftPage:
    """After signing out."""

    template: ClassVar[str] = "source/left.html"


@dataclass(frozen=True, slots=True)
class ElsewherePage:
    """A harmless page for somebody who is being watched."""

    template: ClassVar[str] = "source/elsewhere.html"
