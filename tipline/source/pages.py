"""What a source's pages show: one frozen model for each template. No request, no key, no store."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

from markupsafe import Markup

from tipline.base.languages import number
from tipline.replies import Replies
from tipline.source import news
from tipline.source.form import Answers
from tipline.source.news import Piece
from tipline.source.ways import ARRIVAL, BROWSER, KIT, PGP, TYPED, Words
from tipline.text import Text


@dataclass(frozen=True, slots=True)
class About:
    """What every page may say of this place.

    Attributes:
        unit: who reads.
        oversight: who reads instead, when the unit itself may be part of it.
        emergency: whom to call in danger.
        reading_hours: when somebody reads.
        reads: the languages that the unit reads.
        file_max: bytes that one file may have.
        form_seconds: how long a form must have been open before it can be sent.
    """

    unit: str
    oversight: str | None
    emergency: str
    reading_hours: str
    reads: str
    file_max: int
    form_seconds: int = 0


@dataclass(frozen=True, slots=True)
class ReportPage:
    """The form.

    Attributes:
        ticket: that of this form, beside its token.
        problems: words by field.
        refused: the code of why nothing was taken although nothing is wrong with what was typed, as that there is no key.
    """

    template: ClassVar[str] = "source/report.html"
    about: About
    token: str
    ticket: str
    answers: Answers = field(default_factory=Answers)
    problems: Mapping[str, str] = field(default_factory=dict)
    refused: str = ""


@dataclass(frozen=True, slots=True)
class CodePage:
    """The codename, in groups of three words, right after it was made or once more in the same session.

    Attributes:
        receiver: whose the report is.
        further: it was there already, and the message was added.
    """

    template: ClassVar[str] = "source/code.html"
    way: ClassVar[Words] = ARRIVAL
    about: About
    receiver: str
    groups: tuple[tuple[str, ...], ...]
    further: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """One word of the codename that is asked for: its place, counted from 1, and whether what was typed is right."""

    place: int
    right: bool | None = None


@dataclass(frozen=True, slots=True)
class CheckPage:
    """Where two words are typed back; what was typed is never given back, and no word is shown."""

    template: ClassVar[str] = "source/check.html"
    about: About
    asked: tuple[Asked, ...]

    @property
    def passed(self) -> bool:
        """Whether all of them are right."""
        return all(one.right for one in self.asked)

    @property
    def focus(self) -> int:
        """Which place the person looks at first: that of the first wrong word, or the first one."""
        return next((one.place for one in self.asked if one.right is False), self.asked[0].place)


@dataclass(frozen=True, slots=True)
class FilesPage:
    """Where one photo or file after the other is chosen.

    Attributes:
        reported: the session began with a report, so that its codename may be shown again.
        kept: bytes of each file kept in this session.
        most: how many it takes.
        just_kept: the last one has just arrived.
        problem: the code of what is wrong with the one that was sent.
    """

    template: ClassVar[str] = "source/files.html"
    about: About
    reported: bool
    kept: tuple[int, ...]
    most: int
    just_kept: bool = False
    problem: str = ""

    @staticmethod
    def size(count: int) -> Markup:
        """Write a number of bytes as a person reads it: whole GB, else MB, else kB; the signs are alike in all languages."""
        isolated = Markup("<bdi>{} {}</bdi>")  # or a page from right to left would put the sign first
        for unit, name in ((1_000_000_000, "GB"), (1_000_000, "MB")):
            if count >= unit and (name == "MB" or count % unit == 0):
                return isolated.format(number(round(count / unit)), name)
        return isolated.format(number(-(-count // 1000)), "kB")


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
class AgainPage:
    """After the store did not answer: *fields* are sent again, as they came, to the page *action*; *kept* shows them in words."""

    template: ClassVar[str] = "source/again.html"
    action: str
    fields: tuple[tuple[str, str], ...]
    kept: str


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
    """The same questions, sealed by a script before anything is sent; *integrity* names the only script that may run."""

    template: ClassVar[str] = "source/browser.html"
    way: ClassVar[Words] = BROWSER
    about: About
    questionnaire: Markup
    integrity: str


@dataclass(frozen=True, slots=True)
class HandInPage:
    """Where files that were sealed elsewhere are chosen, and what became of those that were sent.

    *waiting* names the parts that are here before their first file.
    """

    template: ClassVar[str] = "source/hand_in.html"
    way: ClassVar[Words] = KIT
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
    """What became of a report, the replies, and room for an answer. *asked* is who must not learn of it.

    Attributes:
        news: pages of replies, the newest first; each with as many bytes.
        at: which of them is shown, from 0.
    """

    template: ClassVar[str] = "source/thread.html"
    way: ClassVar[Words] = ARRIVAL
    typed: ClassVar[Text] = TYPED
    about: About
    receiver: str
    token: str
    waiting: bool
    replies: Replies
    news: tuple[tuple[Piece, ...], ...]
    at: int
    sent: bool = False
    answer: str = ""
    problem: str = ""
    asked: str = ""
    asked_problem: str = ""

    @property
    def shown(self) -> tuple[Piece, ...]:
        """What this page shows of the replies."""
        return self.news[self.at] if self.news else ()

    @staticmethod
    def filled(shown: str) -> Markup:
        """Return the part of the page that tells news, in one length for all."""
        return news.filled(shown)


@dataclass(frozen=True, slots=True)
class PgpPage:
    """The unit's OpenPGP key and how to use it; *groups* is its fingerprint for reading aloud. No key: none is valid now."""

    template: ClassVar[str] = "source/pgp.html"
    way: ClassVar[Words] = PGP
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
class ErasePage:
    """Asks once more before everything of a source is erased. It shows nothing that differs with news."""

    template: ClassVar[str] = "source/erase.html"
    about: About
    receiver: str
    old_page: bool = False


@dataclass(frozen=True, slots=True)
class ErasedPage:
    """After it; *left* says of the unit that it has `nothing`, was `told` of the wish for the rest, or was `not-told`.

    `already` says that the mailbox had gone before.
    """

    template: ClassVar[str] = "source/erased.html"
    about: About
    receiver: str
    left: str


@dataclass(frozen=True, slots=True)
class LeftPage:
    """After signing out."""

    template: ClassVar[str] = "source/left.html"


@dataclass(frozen=True, slots=True)
class ElsewherePage:
    """A harmless page for somebody who is being watched."""

    template: ClassVar[str] = "source/elsewhere.html"
