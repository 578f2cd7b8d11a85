"""What a source's pages show: one frozen model for each template. No request, no key, no store."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

from markupsafe import Markup

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
class HandedIn:
    """How one hand-in stands: *status* as in a script's answer, how many *files* it has, and which numbers are missing."""

    status: str
    files: int
    missing: tuple[int, ...]

    @property
    def here(self) -> int:
        """How many of its files are here."""
        return self.files - len(self.missing)


@dataclass(frozen=True, slots=True)
class NotTaken:
    """A file of which nothing was kept, and why."""

    file: str
    reason: str


@dataclass(frozen=True, slots=True)
class BrowserPage:
    """The same questions, sealed by a script before anything is sent."""

    template: ClassVar[str] = "source/browser.html"
    about: About
    questionnaire: Markup


@dataclass(frozen=True, slots=True)
class HandInPage:
    """Where files that were sealed elsewhere are chosen, and what became of those that were sent.

    *waiting* names the parts that are here before their first file.
    """

    template: ClassVar[str] = "source/hand_in.html"
    about: About
    handed_in: tuple[HandedIn, ...] = ()
    waiting: tuple[str, ...] = ()
    refused: tuple[NotTaken, ...] = ()
    problem: str = ""

    @property
    def done(self) -> bool:
        """Whether nothing is left to choose."""
        whole = bool(self.handed_in) and all(one.status == "complete" for one in self.handed_in)
        return whole and not self.waiting and not self.refused and not self.problem


@dataclass(frozen=True, slots=True)
class PickupPage:
    """Where a pickup code is typed; what was typed is never given back."""

    template: ClassVar[str] = "source/pickup.html"
    about: About
    problem: str = ""


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
    typed: str
    sent: bool = False
    answer: str = ""
    problem: str = ""
    asked: str = ""
    asked_problem: str = ""


@dataclass(frozen=True, slots=True)
class PgpPage:
    """The unit's OpenPGP key and how to use it; *groups* is its fingerprint for reading aloud. No key: none is valid now."""

    template: ClassVar[str] = "source/pgp.html"
    about: About
    key: str = ""
    groups: tuple[str, ...] = ()
    until: date | None = None


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
