"""The pages of the guard as values: a template reads the fields of its page and nothing else. Words and exact texts only."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one request stands, in words, for the person who looks at it."""

    kind: str
    path: str
    reference: str
    title: str
    asked_by: str
    asked_on: str
    state: str
    signed_by: str
    may_sign: bool
    may_refuse: bool
    why_not: str
    next: str


@dataclass(frozen=True, slots=True)
class Queue:
    """One of the queues."""

    title: str
    empty: str
    rows: tuple[Standing, ...]
    more: int


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """One proposed change of the member list, as a line."""

    path: str
    reference: str
    title: str
    asked_by: str
    asked_on: str
    state: str
    open: bool
    may_sign: bool
    why_not: str
    next: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """What stopped the last act: a problem, every reason of a check, and a refusal's reason as typed with its fault."""

    problem: str = ""
    reasons: tuple[str, ...] = ()
    typed: str = ""
    reason_problem: str = ""


NO_TROUBLE = Trouble()


@dataclass(frozen=True, slots=True)
class Ask:
    """What the script of a page asks the signer's authenticators before the form is sent.

    Attributes:
        challenge: in hexadecimal.
        authenticators: credential and origin of each, as ``id@origin``, with blanks between them.
        integrity: what the page names its script by; empty where it was not built.
    """

    challenge: str
    authenticators: str
    integrity: str


@dataclass(frozen=True, slots=True)
class ShownAuthenticator:
    """One authenticator of the person who looks."""

    label: str
    credential: str
    origin: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class AuthenticatorsPage:
    """A member's own authenticators, what waits about them, and the form for a new one.

    *fingerprint* is of the one just registered, *waiting* path and words of each proposal; *known* the ids that a new one must not have.
    """

    template: ClassVar[str] = "guard/authenticators.html"
    own: tuple[ShownAuthenticator, ...]
    fingerprint: str
    waiting: tuple[tuple[str, str], ...]
    origin: str
    challenge: str
    user: str
    display: str
    known: str
    label: str
    integrity: str
    trouble: Trouble


@dataclass(frozen=True, slots=True)
class ConfirmPage:
    """What somebody with an authenticator has written down in an emergency, before they sign it.

    *fields* is what the form carries on, as it was typed.
    """

    template: ClassVar[str] = "guard/confirm.html"
    title: str
    path: str
    lines: tuple[tuple[str, str], ...]
    fields: tuple[tuple[str, str], ...]
    ask: Ask | None
    back: str
    trouble: Trouble


@dataclass(frozen=True, slots=True)
class EmergencyRow:
    """One emergency disclosure as a line: who told it, where it stands, and what is still owed on it."""

    path: str
    reference: str
    told_by: str
    told_at: str
    state: str
    owed: tuple[tuple[str, bool], ...]  # a sentence, and whether its time has passed


@dataclass(frozen=True, slots=True)
class EmergenciesPage:
    """Every disclosure, and the form for a new one; *typed* is kept when something is missing, with the fault by field."""

    template: ClassVar[str] = "guard/emergencies.html"
    rows: tuple[EmergencyRow, ...]
    may_tell: bool
    asks_next: bool  # whether an authenticator is asked on the page that follows
    threats: tuple[tuple[str, str], ...]
    warned: tuple[tuple[str, str], ...]
    others: tuple[tuple[str, str, bool], ...]  # name, shown name, ticked as not to learn of it
    typed: Mapping[str, str]
    faults: Mapping[str, str]
    trouble: Trouble


@dataclass(frozen=True, slots=True)
class EmergencyPage:
    """One disclosure; *lines* are empty while it is sealed."""

    template: ClassVar[str] = "guard/emergency.html"
    at: EmergencyRow
    lines: tuple[tuple[str, str], ...]
    seen: str
    may_second: bool
    may_review: bool
    asks_next: bool
    unanswered: str
    given: str
    trouble: Trouble


@dataclass(frozen=True, slots=True)
class HomePage:
    """All that waits."""

    template: ClassVar[str] = "guard/home.html"
    queues: tuple[Queue, ...]
    changes: tuple[ProposalRow, ...]
    cannot: tuple[str, ...]
    emergencies: tuple[EmergencyRow, ...]
    agreements: int  # that wait for the unit's signature


@dataclass(frozen=True, slots=True)
class ShownPerson:
    """One member, with what is compared by voice."""

    name: str
    display: str
    duties: str
    since: int
    fingerprint: str
    keys: tuple[tuple[str, str], ...]
    authenticators: tuple[tuple[str, str], ...]  # label and fingerprint of each


@dataclass(frozen=True, slots=True)
class ShownAct:
    """One act of the staffing table: by whom, or why not."""

    words: str
    possible: bool
    by: str
    outside: str
    why_not: str


@dataclass(frozen=True, slots=True)
class MembersPage:
    """Who belongs to the unit; *ends_in* is a number of days when the list ends soon."""

    template: ClassVar[str] = "guard/members.html"
    version: int
    valid_until: str
    ends_in: int | None
    fingerprint: str
    first_readers: str
    people: tuple[ShownPerson, ...]
    acts: tuple[ShownAct, ...]
    two_keys: str
    unit_keys: tuple[tuple[str, str], ...]
    rows: tuple[ProposalRow, ...]


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Signing one request away from the guard: who may take it along, who from outside may be asked, and who was.

    *outside* is name and shown name of each; *asked* is a sentence each.
    """

    may_take: bool
    may_hand_in: bool
    outside: tuple[tuple[str, str], ...]
    asked: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ElsewherePage:
    """How to sign on one's own machine, with the form for the key file."""

    template: ClassVar[str] = "guard/elsewhere.html"
    trouble: Trouble


@dataclass(frozen=True, slots=True)
class LockedPage:
    """A sealed request before its signer has typed the passphrase, or when it is not their turn."""

    template: ClassVar[str] = "guard/locked.html"
    at: Standing
    signed: bool
    elsewhere: Elsewhere
    trouble: Trouble


@dataclass(frozen=True, slots=True)
class ShownItem:
    """One fact with its grade in words and code."""

    text: str
    code: str
    source: str
    information: str


@dataclass(frozen=True, slots=True)
class ShownReport:
    """A report's exact texts, with whatever cannot be seen written out."""

    urn: str
    title: str
    summary: str
    items: tuple[ShownItem, ...]
    marking: tuple[str, ...]
    subjects: tuple[str, ...]
    date: str
    sha256: str
    source: str
    unseen: int


@dataclass(frozen=True, slots=True)
class ShownMember:
    """One file that leaves: as exact text, HTML also as what a person reads in it, an attachment as its pixels and words."""

    name: str
    size: str
    sha256: str
    text: str | None
    source: str
    unseen: int
    pictures: tuple[str, ...] = ()
    is_video: bool = False


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """An opened review, with the form to sign or refuse."""

    template: ClassVar[str] = "guard/review.html"
    at: Standing
    report: ShownReport
    author: str
    facts: tuple[tuple[str, str], ...]
    agencies: tuple[tuple[str, str], ...]
    kept: tuple[tuple[str, str, str], ...]
    earlier: tuple[tuple[str, int], ...]
    why_together: str
    attachments: tuple[ShownMember, ...]
    risk: tuple[tuple[str, str, str], ...]  # question, level, why
    immunity: bool
    claims: tuple[tuple[int, str], ...]  # number of an item, why immunity is claimed for it
    version_of: tuple[str, ...]  # references of the reports that it is a new version of, first one first
    alike: bool
    seen: str
    ask: Ask | None
    trouble: Trouble = NO_TROUBLE


@dataclass(frozen=True, slots=True)
class ReleasePage:
    """An opened release: what leaves, to whom, under which agreement, what they may do, by when it is deleted."""

    template: ClassVar[str] = "guard/release.html"
    at: Standing
    report: ShownReport
    agency: str
    agency_id: str
    channel: str
    fingerprint: str
    agreement: str
    agreement_sha256: str
    purpose: str
    conditions: tuple[str, ...]
    acknowledge_by: str
    feedback_due: str
    delete_by: str
    verdicts: tuple[tuple[str, str, str, bool], ...]  # clause, sentence, rule, warning
    members: tuple[ShownMember, ...]
    archive_sha256: str
    reviewer: str
    author: str
    immunity: bool
    alike: bool
    deconfliction: str
    consents: tuple[tuple[str, str, str], ...]  # whose, until when, SHA-256 of the token
    residue: tuple[tuple[str, str, str, str], ...]  # class, text, why it matters, why it is there
    seen: str
    ask: Ask | None
    trouble: Trouble = NO_TROUBLE


@dataclass(frozen=True, slots=True)
class NoticePage:
    """An opened notice: to whom, and every word that leaves."""

    template: ClassVar[str] = "guard/notice.html"
    at: Standing
    title: str
    agency: str
    agency_id: str
    channel: str
    fingerprint: str
    lines: tuple[tuple[str, str], ...]
    text: str
    unseen: int
    seen: str
    ask: Ask | None
    is_list: bool
    trouble: Trouble = NO_TROUBLE


@dataclass(frozen=True, slots=True)
class AgreementRow:
    """One version that the unit has not signed, as a line."""

    path: str
    id: str
    version: int
    agency: str
    signers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AgreementsPage:
    """Every version that the unit has not signed."""

    template: ClassVar[str] = "guard/agreements.html"
    rows: tuple[AgreementRow, ...]
    trouble: Trouble


@dataclass(frozen=True, slots=True)
class AgreementPage:
    """One version, all its terms and what it changes, with the form to sign; *against* None where nothing was signed before."""

    template: ClassVar[str] = "guard/agreement.html"
    path: str
    title: str
    id: str
    version: int
    agency: str
    terms: tuple[tuple[str, str], ...]
    against: int | None
    changes: tuple[str, ...]
    signed_by: str
    done: bool
    why_not: str
    seen: str
    ask: Ask | None
    trouble: Trouble


@dataclass(frozen=True, slots=True)
class PhrasePage:
    """A phrase, with the form to sign or refuse."""

    template: ClassVar[str] = "guard/phrase.html"
    at: Standing
    code: str
    text: str
    kind: str
    signed: bool
    elsewhere: Elsewhere
    ask: Ask | None
    trouble: Trouble


@dataclass(frozen=True, slots=True)
class ProposalPage:
    """One proposed change: in words, with what to compare, every difference, and the form to sign or refuse."""

    template: ClassVar[str] = "guard/proposal.html"
    at: ProposalRow
    version: int
    signed_by: str
    lines: tuple[str, ...]
    compare: str
    fingerprint: str
    differences: tuple[tuple[str, str, str], ...]
    hashes: tuple[tuple[str, str, str], ...]
    seen: str
    signed: bool
    fault: str
    void: tuple[str, ...]
    reason: str
    may_sign: bool
    may_refuse: bool
    may_repeat: bool
    ask: Ask | None
    trouble: Trouble
