"""What the portal's pages show, ready to read. No database, no decision; never the hash of a package's ZIP."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from uuid import UUID

from handling.agencyfiles import Acknowledged, SealedAnswer, SealedBreach, SealedDestruction, UnitKeys
from handling.exchange import forms, guide, notice_views
from handling.exchange.handed import Handed, Said
from handling.exchange.notice_store import Notice
from handling.exchange.notice_views import ListView, NoticeView
from handling.exchange.notices import ListState
from handling.exchange.package import SEALED_NAME, SIGNATURE_NAME, Package, due, may_fetch
from handling.exchange.portal import Listing, Opened
from handling.exchange.store import Cursor
from handling.rules.agreements import Channel
from handling.rules.clocks import in_words
from handling.rules.copies import FATE_LABELS, LOSS_LABELS
from handling.rules.feedback import ASKABLE, AXES, Stage, at
from handling.rules.member_words import groups
from handling.store.members import MemberList

_STAGE_WORDS: Mapping[Stage, str] = {
    Stage.ASSESSED: "We looked at it",
    Stage.ACTIONED: "We acted on it",
    Stage.OUTCOME: "Something came of it",
    Stage.CLOSURE: "We are done with it",
}
_TOOLS: Mapping[Channel, str] = {
    Channel.AGE: "ssh-keygen is part of OpenSSH 8.1 or newer, which Windows, Linux and macOS bring along.",
    Channel.OPENPGP: "gpg is GnuPG 2.2 or newer; on Windows it comes with Gpg4win.",
}
_KILO = 1024
PLACE: Mapping[type[Said], str] = {
    Acknowledged: "acknowledge",
    SealedAnswer: "answer",
    SealedDestruction: "copies",
    SealedBreach: "breach",
}
"""Where on a package's page each of them stands."""
_WHAT: Mapping[type[Said], str] = {
    Acknowledged: "Acknowledgement",
    SealedAnswer: "Answer",
    SealedDestruction: "What became of your copies",
    SealedBreach: "Report of a loss or leak",
}


@dataclass(frozen=True, slots=True)
class Owed:
    """One thing to do, in words."""

    words: str
    late: bool


@dataclass(frozen=True, slots=True)
class PackageView:
    """One package in words. *reference* is the part of its id that people read to each other."""

    id: UUID
    reference: str
    size: str
    released_on: str
    delete_by: str
    downloaded_on: str
    acknowledged_on: str
    recalled_on: str
    owed: tuple[Owed, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a list to choose from."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class StageView:
    """One stage with its codes."""

    label: str
    codes: tuple[Choice, ...]


STAGES = tuple(
    StageView(_STAGE_WORDS[stage], tuple(Choice(f"{code.stage.value}/{code.code}", code.label) for code in at(stage)))
    for stage in ASKABLE
)
FATES = tuple(Choice(fate.value, label) for fate, label in FATE_LABELS.items())
LOSSES = tuple(Choice(loss.value, label) for loss, label in LOSS_LABELS.items())
_AXES = tuple(Choice(value, label) for value, label in AXES.items())


@dataclass(frozen=True, slots=True)
class HomePage:
    """The list. *next* is the address of older packages; *behind* says that newer ones stand before."""

    template: ClassVar[str] = "agency/home.html"
    agency: str
    notices: tuple[NoticeView, ...]
    packages: tuple[PackageView, ...]
    next: str
    behind: bool
    list_: ListView | None  # on the first page


@dataclass(frozen=True, slots=True)
class PackagePage:
    """Three steps on one page."""

    template: ClassVar[str] = "agency/package.html"
    package: PackageView
    fetchable: bool
    sealed_name: str
    signature_name: str
    key: guide.UnitKey
    case_matters: bool
    tools: str
    steps: tuple[guide.Step, ...]
    sha256: forms.Field
    form: forms.AnswerForm
    hand_in: forms.Field
    signs: bool
    unit_fingerprint: str
    answers: tuple[str, ...]
    copies: forms.CopiesForm
    told_copies: tuple[str, ...]
    breach: forms.BreachForm
    told_breach: tuple[str, ...]
    fates: tuple[Choice, ...] = FATES
    losses: tuple[Choice, ...] = LOSSES
    hash_commands: tuple[tuple[str, str], ...] = guide.HASH_COMMANDS
    stages: tuple[StageView, ...] = STAGES
    axes: tuple[Choice, ...] = _AXES
    marks: tuple[str, ...] = forms.MARKS
    text_max: str = f"{forms.TEXT_MAX:,}"

    @property
    def wrong(self) -> bool:
        """Whether something that was sent was not taken."""
        return bool(self.sha256.error or self.hand_in.error) or any(
            form.wrong for form in (self.form, self.copies, self.breach)
        )


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed, where something was wrong with it."""

    sha256: forms.Field | None = None
    form: forms.AnswerForm | None = None
    hand_in: forms.Field | None = None
    copies: forms.CopiesForm | None = None
    breach: forms.BreachForm | None = None


NOTHING_TYPED = Typed()


@dataclass(frozen=True, slots=True)
class HandedPage:
    """What a text of open.html says, before it is handed in. *text* goes along in the form."""

    template: ClassVar[str] = "agency/handed.html"
    package: PackageView
    what: str
    lines: tuple[tuple[str, str], ...]
    sealed: bool
    text: str


def home(listing: Listing, notices: Sequence[Notice], list_: ListState | None, agency: str, today: date) -> HomePage:
    """Show one page of the packages, on the first one with the notices and *list_*, which is None on those behind it."""
    packages = tuple(_package(package, today) for package in listing.packages)
    waiting = tuple(notice_views.view(notice, today) for notice in notices)
    view = None if list_ is None else notice_views.list_view(list_)
    older = cursor_text(listing.next) if listing.next else ""
    return HomePage(agency, waiting, packages, older, behind=list_ is None, list_=view)


def handed_page(handed: Handed, text: str, opened: Opened, today: date) -> HandedPage:
    """Show what was understood: everything of an acknowledgement, and of an answer what is not sealed."""
    said = handed.said
    acknowledged = isinstance(said, Acknowledged)
    lines = [
        ("Signed by", "the key that your agency enrolled"),
        ("Written on", f"{in_words(said.on)}, by your computer"),
    ]
    if isinstance(said, Acknowledged):
        lines.append(("SHA-256 of the opened ZIP", said.zip_sha256.hex()))
    return HandedPage(
        package=_package(opened.package, today),
        what=_WHAT[type(said)],
        lines=tuple(lines),
        sealed=not acknowledged,
        text=text,
    )


def package_page(opened: Opened, members: MemberList, today: date, typed: Typed, unit: UnitKeys | None) -> PackagePage:
    """Show one package. *unit* is given for an agency that uses open.html."""
    channel = opened.package.channel
    openpgp = channel is Channel.OPENPGP
    return PackagePage(
        package=_package(opened.package, today),
        fetchable=may_fetch(opened.package, today),
        sealed_name=SEALED_NAME[channel],
        signature_name=SIGNATURE_NAME[channel],
        key=guide.pgp_key(members.package_pgp) if openpgp else guide.ssh_key(members.package_signer),
        case_matters=not openpgp,
        tools=_TOOLS[channel],
        steps=guide.STEPS[channel],
        sha256=typed.sha256 or forms.Field(),
        form=typed.form or forms.blank(today),
        hand_in=typed.hand_in or forms.Field(),
        signs=opened.signs,
        unit_fingerprint=groups(unit.fingerprint()) if unit else "",
        answers=_told_on(opened, SealedAnswer.KIND),
        copies=typed.copies or forms.blank_copies(today),
        told_copies=_told_on(opened, SealedDestruction.KIND),
        breach=typed.breach or forms.blank_breach(today),
        told_breach=_told_on(opened, SealedBreach.KIND),
    )


def _told_on(opened: Opened, kind: str) -> tuple[str, ...]:
    return tuple(in_words(answer.given_on) for answer in opened.answers if answer.kind == kind)


def cursor_text(cursor: Cursor) -> str:
    """A cursor as it stands in an address."""
    return f"{cursor.released_on.isoformat()}_{cursor.id}"


def _package(package: Package, today: date) -> PackageView:
    return PackageView(
        id=package.id,
        reference=str(package.id).partition("-")[0],
        size=_size(package.size),
        released_on=in_words(package.released_on),
        delete_by=in_words(package.delete_by),
        downloaded_on=in_words(package.downloaded_on) if package.downloaded_on else "",
        acknowledged_on=in_words(package.acknowledged_on) if package.acknowledged_on else "",
        recalled_on=in_words(package.recalled_on) if package.recalled_on else "",
        owed=tuple(Owed(item.words, item.days_late > 0) for item in due(package, today)),
    )


def _size(size: int) -> str:
    """Bytes as people say them, rounded up so that nothing is larger than announced."""
    if size < _KILO * _KILO:
        return f"{-(-size // _KILO):,} KiB"
    return f"{-(-size * 10 // (_KILO * _KILO)) / 10:,.1f} MiB"
