"""May this notice go to that agency, in these words? Decided from values the guard loaded itself; default is no. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final
from uuid import UUID

from crypto.canonical import canonical, parse
from crypto.digest import sha256
from crypto.errors import CryptoError
from crypto.statement import Statement
from handling.guard import counts
from handling.guard.asked import FormatError, Review
from handling.guard.listed import said
from handling.guard.refusal import Refused
from handling.guard.scan import named
from handling.guard.store import Signature
from handling.guard.verify import duties, is_analyst, reviewed
from handling.notices import STATEMENT, encode, subject
from handling.rules import dissemination, notices, resting
from handling.rules.agreements import Agreement
from handling.rules.dissemination import Left, ListError, Said
from handling.rules.manifest import ManifestError
from handling.rules.notices import Notice, NoticeError, NoticeKind
from handling.rules.policy import HANDLER_RESTRICTION
from handling.rules.release import Kind, is_complete
from handling.store.agencies import Agency
from handling.store.members import MemberList


@dataclass(frozen=True, slots=True)
class NoticeAsked:
    """A notice as the desk asks for it, and the review that it rests on; nothing of it is believed yet."""

    notice: Notice
    review: Statement | None  # None of a list, which rests on no report
    opened: bytes
    released: Mapping[bytes, Said] = field(default_factory=dict)  # of a list: what left, as the desk says, by its hash

    @classmethod
    def read(cls, opened: bytes) -> "NoticeAsked":
        """Read what the desk sealed for a notice, or raise `FormatError`."""
        try:
            value = parse(opened.rstrip(b" "))
            if not isinstance(value, dict) or "notice" not in value:
                raise FormatError
            notice = Notice.from_body(value["notice"])
            listing = notice.kind is NoticeKind.DISSEMINATION_LIST
            if value.keys() != {"notice", "released" if listing else "review"}:
                raise FormatError
            if listing:
                return cls(notice, None, opened, said(value["released"]))
            return cls(notice, Statement.from_json(value["review"]), opened)
        except (NoticeError, ManifestError, CryptoError):
            raise FormatError from None


@dataclass(frozen=True, slots=True)
class HeldForNotice:
    """What the guard itself read about one notice.

    Attributes:
        agency: as enrolled under the notice's id.
        agreement: the newest version that both sides have signed, which pins the agency's key.
        names: of every enrolled agency, by id.
        inside: names of people and machines that no notice may hold.
        unit: this unit's own name, as agencies know it.
        packages: of a recall, the package that it names, where that lies at the exchange for this agency.
        review_answer: what the reviewer's authenticator answered to the review; None where nothing is kept.
        left: of a list, every package that left to this agency.
        asked_for: of a list, whether the agency's request for it stands.
    """

    notice: UUID
    requested_by: str
    members: MemberList
    agency: Agency | None
    agreement: Agreement | None
    names: Mapping[str, str]
    inside: frozenset[str]
    unit: str
    packages: frozenset[UUID]
    review_answer: bytes | None
    left: tuple[Left, ...] = ()
    asked_for: bool = False


@dataclass(frozen=True, slots=True)
class ExaminedNotice:
    """A notice that lacks nothing but a signature. Only `examine` makes one."""

    notice: Notice
    agency: Agency
    agreement: Agreement
    lines: tuple[tuple[str, str], ...]
    text: bytes  # the exact bytes that the agency opens
    subject: bytes
    requested_by: str
    review_sha256: str | None
    members_sha256: str
    seen: str

    @property
    def body(self) -> dict[str, Any]:
        """What an officer signs: the notice, the bytes that leave, and by their hashes the review and today's member list."""
        return {
            "notice": self.notice.to_body(),
            "text_sha256": sha256(self.text).hex(),
            "review_sha256": self.review_sha256,
            "members_sha256": self.members_sha256,
        }


@dataclass(frozen=True, slots=True)
class SignedNotice:
    """A notice that may leave: examined, and signed by an officer who did not ask for it. Only `verify` makes one."""

    examined: ExaminedNotice
    signer: str


def examine(asked: NoticeAsked, held: HeldForNotice, today: date) -> ExaminedNotice | Refused:
    """Hold a notice against the review it rests on and against the lists; all reasons at once, or none."""
    notice = asked.notice
    reasons = _frame(notice, held, today)
    if asked.review is None:
        notice, lacks = _list(asked, held, today)
        reasons += lacks
    else:
        review = reviewed(asked.review, held.members, held.review_answer)
        reasons += _GROUNDS[notice.kind](notice, review if isinstance(review, str) else review[1], held)
    agency, agreement = held.agency, held.agreement
    if agency is None or agreement is None:
        reasons.append("No agreement that both sides have signed names the key of this agency.")
        return Refused(tuple(reasons))
    text = encode(notice, unit=held.unit, names=held.names)
    examined = ExaminedNotice(
        notice=notice,
        agency=agency,
        agreement=agreement,
        lines=notices.lines(notice, held.names),
        text=text,
        subject=subject(notice),
        requested_by=held.requested_by,
        review_sha256=None if asked.review is None else sha256(asked.review.encode()).hex(),
        members_sha256=held.members.sha256.hex(),
        seen=sha256(canonical([sha256(asked.opened).hex(), sha256(text).hex()])).hex(),
    )
    return Refused(tuple(reasons)) if reasons else examined


def verify(examined: ExaminedNotice, signature: Signature, members: MemberList) -> SignedNotice | Refused:
    """Check the one signature: by somebody who may, over exactly this."""
    if counts.signed(members, STATEMENT, examined.body, signature) is None:
        return Refused(("The signature is not its signer's over exactly this notice.",))
    if not is_complete(Kind.NOTICE, examined.requested_by, [signature.signer], duties(members)):
        return Refused(("A releasing officer must sign a notice, and not whoever asked for it.",))
    return SignedNotice(examined, signature.signer)


def _frame(notice: Notice, held: HeldForNotice, today: date) -> list[str]:
    """What holds for a notice of any kind."""
    reasons = []
    if notice.id != held.notice:
        reasons.append("The notice belongs to another request.")
    if not is_analyst(held.requested_by, held.members):
        reasons.append("It was not asked for by an analyst of this unit.")
    if notice.on > today:
        reasons.append("The notice is dated after today.")
    if notice.day < today:
        reasons.append("The last day to answer has passed already. Ask for the notice again.")
    reasons += [f"Its line names the inside: “{found}”." for found in named([notice.words], held.inside)]
    return reasons


def _list(asked: NoticeAsked, held: HeldForNotice, today: date) -> tuple[Notice, list[str]]:
    """Write the list: of today, of every package that left to this agency. What the desk wrote into the notice counts for nothing."""
    reasons = []
    if not held.asked_for:
        reasons.append("No request of this agency for the list of all that it was sent stands.")
    if held.agreement is not None and not held.agreement.accountability.dissemination_list:
        reasons.append("The agreement with this agency gives it no list of all that it was sent.")
    try:
        about = dissemination.to_about(dissemination.lines(held.left, asked.released))
    except ListError as error:
        return asked.notice, [*reasons, str(error)]
    return replace(asked.notice, on=today, about=about), reasons


def _recall(notice: Notice, _: Review | str, held: HeldForNotice) -> list[str]:
    """The package lies at the exchange for this agency. Whether its review still counts does not matter: nothing leaves by it."""
    if notices.recalled(notice).release not in held.packages:
        return ["No package with this number was released to this agency."]
    return []


def _consent(notice: Notice, review: Review | str, held: HeldForNotice) -> list[str]:
    """The agency's material is in the report, and neither it nor the recipient is one that must not learn of the report."""
    if isinstance(review, str):
        return [review]
    asked = notices.asked(notice)
    reasons = []
    if (asked.report, asked.report_sha256) != (review.urn, review.report_sha256):
        reasons.append("The request names another report than the review, or another version of it.")
    if asked.originator not in (review.facts.originators or frozenset()):
        reasons.append("The report does not rest on material of this agency.")
    if set(asked.material) != resting.known(review.facts).get(asked.originator, frozenset()):
        reasons.append("It does not name exactly the material of this agency that the report rests on.")
    if not {asked.originator, asked.recipient} <= review.agencies:
        reasons.append(HANDLER_RESTRICTION)
    if asked.recipient not in held.names:
        reasons.append("The agency that it would go to is not enrolled.")
    return reasons


_GROUNDS: Final[Mapping[NoticeKind, Callable[[Notice, Review | str, HeldForNotice], list[str]]]] = {
    NoticeKind.CONSENT_REQUEST: _consent,
    NoticeKind.RECALL: _recall,
}
