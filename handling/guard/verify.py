"""Is this release exactly what was reviewed, agreed and signed? Decided from values the guard loaded itself; default is no. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from crypto import webauthn
from crypto.canonical import canonical, parse
from crypto.digest import sha256
from crypto.errors import CryptoError
from crypto.statement import Statement
from handling.guard import counts, finished, words
from handling.guard.asked import REVIEW, FormatError, ReleaseAsked, Report, Review, contradictions
from handling.guard.refusal import Refused
from handling.guard.scan import Scanned
from handling.guard.store import Signature
from handling.rules import attachments, policy, resting
from handling.rules import manifest as manifests
from handling.rules.agreements import Agreement
from handling.rules.consent import Consented, Given, consented
from handling.rules.deconfliction import Deconfliction, is_clear
from handling.rules.facts import ReportFacts
from handling.rules.grading import Scheme
from handling.rules.manifest import Manifest
from handling.rules.package import MANIFEST, REPORT_HTML, REPORT_JSON
from handling.rules.policy import HANDLER_RESTRICTION
from handling.rules.recipient import Recipient
from handling.rules.release import Kind, is_complete
from handling.rules.terms import Attribution
from handling.signing import TYPES
from handling.store.agencies import Agency
from handling.store.members import Duty, Member, MemberList, NotAMemberError

_NOT_REVIEWED = "The review is not signed by one handler of this unit, or by an outside second in a handler's place."
_NOT_ANSWERED = (
    "The reviewer has an authenticator on today's member list, and none of theirs has answered to this review: it was signed"
    " before, or by somebody who had their passphrase alone. The report has to be written and reviewed anew."
)
_ANSWER_MISSING = (
    "An agency has answered whether it consents, and the answer is not with the request. Ask for the release again."
)
STATEMENT = TYPES[Kind.MANIFEST]


@dataclass(frozen=True, slots=True)
class Held:
    """What the guard itself read about one release: nothing here comes out of the sealed request.

    Attributes:
        agency: as enrolled under the manifest's id.
        recipient: the agency's id and key, computed from the enrolled key and not read beside it.
        agreement: the version that decides today for that agency.
        rolled_back: whether this guard has seen a newer one, begun and signed by both sides.
        consents: agencies' answers about this report, recipient and purpose, judged under their own keys; None where the
            desk did not hand over all that there are.
        unit: this unit's own name, as its pages and documents say it.
        review_answer: what the reviewer's authenticator answered to the review; None where nothing is kept.
    """

    release: UUID
    requested_by: str
    members: MemberList
    agency: Agency | None
    recipient: Recipient
    agreement: Agreement | None
    rolled_back: bool
    consents: tuple[Given, ...] | None
    scheme: Scheme
    unit: str
    review_answer: bytes | None


@dataclass(frozen=True, slots=True)
class Examined:
    """A release that lacks nothing but signatures. Only `examine` makes one."""

    requested_by: str
    scanned: Scanned
    manifest: Manifest
    report: Report
    review: Review
    review_sha256: str
    deconfliction: Deconfliction
    members_sha256: str
    reviewer: Member
    agency: Agency
    agreement: Agreement
    decision: policy.Decision
    residue: tuple[finished.Explained, ...]
    consents: tuple[Consented, ...]  # those that the manifest names

    @property
    def body(self) -> dict[str, Any]:
        """What is signed: the manifest, and by their hashes review, deconfliction and the member list of today.

        So whatever of them changes between two signatures, the first one is over something else, and void.
        """
        return {
            "manifest": self.manifest.to_body(),
            "review_sha256": self.review_sha256,
            "deconfliction_sha256": sha256(canonical(self.deconfliction.to_body())).hex(),
            "members_sha256": self.members_sha256,
            "immunity_claimed": self.review.facts.immunity is not False,
        }


@dataclass(frozen=True, slots=True)
class Verified:
    """A release that may leave: examined, and signed by two who may. Only `verify` makes one."""

    examined: Examined
    signers: tuple[str, str]


def examine(scanned: Scanned, manifest: Manifest, asked: ReleaseAsked, held: Held, today: date) -> Examined | Refused:
    """Hold a scanned package against the review, the agreement and the lists; all reasons at once, or none."""
    report = _report(scanned)
    said_in_review = reviewed(asked.review, held.members, held.review_answer)
    agreement = _agreement(manifest, held)
    reasons = [*_package_reasons(scanned, manifest, report, held), *_requester(held), *_dates(manifest, today)]
    reasons += _deconfliction(asked.deconfliction, held.members, today)
    reasons += [found for found in (report, said_in_review, agreement) if isinstance(found, str)]
    if held.agency is None:
        reasons.append("The agency of the manifest is not enrolled.")
    if isinstance(said_in_review, tuple) and isinstance(report, Report):
        reasons += _review_reasons(said_in_review[1], report, manifest, today)
    if isinstance(report, str) or isinstance(said_in_review, str) or isinstance(agreement, str) or held.agency is None:
        return Refused(tuple(reasons))
    reviewer, said = said_in_review
    reasons += _origin_reasons(scanned, agreement, held.unit)
    if held.consents is None:
        reasons.append(_ANSWER_MISSING)
    agreed = consented(
        held.consents or (),
        report=manifest.report,
        report_sha256=manifest.report_sha256,
        version_of=said.version_of,
        material=resting.known(said.facts),
    )
    facts = replace(said.facts.as_reviewed(), agencies=said.agencies, consents=agreed)
    looked = finished.look(scanned, report, manifest, agreement, held.unit)
    reasons += looked.unexplained
    recipient = replace(held.recipient, agency=manifest.agency)
    decision = policy.evaluate(facts, agreement, recipient, manifest.purpose, today)
    reasons += [f"Agreement: {verdict.text} ({verdict.rule})" for verdict in decision.failing]
    examined = Examined(
        requested_by=held.requested_by,
        scanned=scanned,
        manifest=manifest,
        report=report,
        review=said,
        review_sha256=sha256(asked.review.encode()).hex(),
        deconfliction=asked.deconfliction,
        members_sha256=held.members.sha256.hex(),
        reviewer=reviewer,
        agency=held.agency,
        agreement=agreement,
        decision=decision,
        residue=looked.explained,
        consents=tuple(sorted(one for one in agreed if one.sha256 in manifest.consents)),
    )
    if decision.permits and not _follows(examined, facts, held):
        reasons.append("The rules, conditions or days in the manifest are not those that follow from the agreement.")
    return Refused(tuple(reasons)) if reasons else examined


def verify(examined: Examined, signatures: Sequence[Signature], members: MemberList) -> Verified | Refused:
    """Check both signatures over the release, in the order in which they were given."""
    void = _void(examined, signatures, members)
    if void:
        return Refused(void)
    names = tuple(signature.signer for signature in signatures)
    if len(names) != 2 or not is_complete(Kind.MANIFEST, examined.requested_by, names, duties(members)):  # noqa: PLR2004 - two people
        return Refused(("Two different people must sign: a handler, then an officer, and neither asked for it.",))
    return Verified(examined, (names[0], names[1]))


def check_signed(examined: Examined, signatures: Sequence[Signature], members: MemberList) -> Refused | None:
    """Check the signatures that are there before another is added; None when nothing is wrong with them."""
    void = _void(examined, signatures, members)
    return Refused(void) if void else None


def duties(members: MemberList) -> Mapping[str, AbstractSet[str]]:
    """Duties by member, as the rules of signing take them."""
    return {member.name: frozenset(duty.value for duty in member.duties) for member in members.members}


def _void(examined: Examined, signatures: Iterable[Signature], members: MemberList) -> tuple[str, ...]:
    """Each signature that is not by its signer over exactly this release, as a reason."""
    return tuple(
        f"The signature of {entry.signer} is not over what stands here now: the manifest, the review with its list"
        " of agencies, the answer about sources and operations, or the member list was changed after signing, or their"
        " authenticator has not answered to it. So every signature on it is void."
        for entry in signatures
        if counts.signed(members, STATEMENT, examined.body, entry) is None
    )


def _report(scanned: Scanned) -> Report | str:
    try:
        return Report.read(parse(scanned.data[REPORT_JSON]))
    except (FormatError, CryptoError):
        return "report.json is not a report in the agreed format."


def reviewed(review: Statement, members: MemberList, answer: bytes | None) -> tuple[Member, Review] | str:
    """Return the reviewer and what they signed, or why it does not count: one signature, by who may review on today's list and is not the author.

    *answer* is what the reviewer's authenticator answered, where they have one.
    """
    reviewer = members.by_signing(review.signatures[0].public) if len(review.signatures) == 1 else None
    if reviewer is None:
        return _NOT_REVIEWED
    try:
        said = Review.read(review.verify(REVIEW, [reviewer.signing]))
        author = members.member(said.author)
    except CryptoError:
        return "The signature on the review is wrong."
    except FormatError:
        return "The review is not in the agreed format."
    except NotAMemberError:
        return "The author named in the review is not a member of this unit."
    if author.name == reviewer.name:
        fault = "The review is signed by the report's own author."
    elif not is_complete(Kind.REVIEW, author.name, [reviewer.name], duties(members)):
        fault = _NOT_REVIEWED
    elif not webauthn.answered(reviewer.authenticators, REVIEW, review.payload(), answer):
        fault = _NOT_ANSWERED
    else:
        return reviewer, said
    return fault


def _deconfliction(said: Deconfliction, members: MemberList, today: date) -> list[str]:
    """An analyst of this unit wrote down, no later than today, that it is nobody's source and no live operation."""
    reasons = []
    if not is_clear((said,)):
        reasons.append("Nobody has answered that it is neither somebody's source nor a live operation.")
    if not is_analyst(said.by, members):
        reasons.append("Whoever wrote down whose source or operation it is, is no analyst of this unit.")
    if said.on > today:
        reasons.append("The answer about sources and operations is of a day that has not come.")
    return reasons


def _agreement(manifest: Manifest, held: Held) -> Agreement | str:
    """The agreement that decides today, if it is the one that the manifest names by id, version and hash."""
    named, agreement = manifest.agreement, held.agreement
    if agreement is None:
        return "There is no agreement with this agency."
    if held.rolled_back:
        return (
            "Agreement: The guard has seen a newer version, begun and signed by both sides, that is not stored any more."
            " Store it again with its signatures. (version/rolled-back)"
        )
    if (agreement.id, agreement.version, agreement.sha256) != (named.id, named.version, named.sha256):
        return (
            f"The agreement that decides today is {agreement.id}, version {agreement.version};"
            " the manifest names another, or other bytes. Ask for the release again."
        )
    if agreement.unit.id != held.members.unit:
        return "The agreement is of another unit."
    return agreement


def _package_reasons(scanned: Scanned, manifest: Manifest, report: Report | str, held: Held) -> list[str]:
    data = scanned.data
    reasons = []
    if data[MANIFEST] != canonical(manifest.to_body()):
        reasons.append("The manifest in the package is not the manifest to be signed.")
    if manifest.release != held.release:
        reasons.append("The manifest belongs to another release.")
    if not manifest.describes(data):
        reasons.append("A file of the package does not have the SHA-256 that the manifest lists.")
    if isinstance(report, Report):
        if report.urn != manifest.report or report.sha256 != manifest.report_sha256:
            reasons.append("The report in the package is not the report of the manifest.")
        if not attachments.match(report.attachments, _attached(scanned)):
            reasons.append("The attachments in the package are not those that the report lists.")
        if not _said(scanned, report, manifest):
            reasons.append("report.html does not say what report.json and the manifest say.")
    return reasons


def _said(scanned: Scanned, report: Report, manifest: Manifest) -> bool:
    """Whether the page that people read holds every word of the report and every day of the manifest."""
    read = _squeezed(scanned.members[REPORT_HTML].text or "")
    days = [words.day(day) for day in (manifest.acknowledge_by, manifest.feedback_due, manifest.delete_by)]
    names = [one.member for one in report.attachments]
    texts = [report.title, report.summary, *(item.text for item in report.items), *names, *days]
    return all(_squeezed(text) in read for text in texts)


def _attached(scanned: Scanned) -> dict[str, bytes]:
    """Attachments of a package by their neutral names."""
    data = scanned.data.items()
    return {name.removeprefix(attachments.FOLDER): copy for name, copy in data if attachments.is_member(name)}


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def is_analyst(name: str, members: MemberList) -> bool:
    """Whether somebody may ask for what leaves."""
    return name in {member.name for member in members.having(Duty.ANALYST)}


def _requester(held: Held) -> list[str]:
    return [] if is_analyst(held.requested_by, held.members) else ["It was not asked for by an analyst of this unit."]


def _dates(manifest: Manifest, today: date) -> list[str]:
    if manifest.day > today:
        return ["The manifest is dated after today."]
    if manifest.acknowledge_by < today:
        return ["The day to acknowledge it by has passed already. Ask for the release again."]
    return []


def _review_reasons(said: Review, report: Report, manifest: Manifest, today: date) -> list[str]:
    reasons = []
    if said.report_sha256 != report.sha256 or said.urn != report.urn:
        reasons.append("The review is of another report, or of another version of this one.")
    reasons += contradictions(report, said.facts, said.agencies)
    if manifest.agency not in said.agencies:
        reasons.append(HANDLER_RESTRICTION)
    if said.day > today:
        reasons.append("The review is dated after today.")
    return reasons


def _origin_reasons(scanned: Scanned, agreement: Agreement, unit: str) -> list[str]:
    """Where nobody is told where a report came from, no file says it."""
    if agreement.use.attribution is not Attribution.MUST_NOT:
        return []
    name = unit.casefold()
    files = [member for member in scanned.members.values() if name in f"{member.source} {member.text}".casefold()]
    return [f"{member.name} names the unit, which the agreement forbids." for member in files]


def _follows(examined: Examined, facts: ReportFacts, held: Held) -> bool:
    """Whether the manifest is exactly what follows from the agreement on the day it was asked for."""
    manifest = examined.manifest
    decision = policy.evaluate(facts, examined.agreement, held.recipient, manifest.purpose, manifest.day)
    try:
        return manifest == manifests.manifest_of(
            decision,
            examined.agreement,
            release=manifest.release,
            report=examined.report.urn,
            purpose=manifest.purpose,
            facts=facts,
            scheme=held.scheme,
            members=examined.scanned.data,
            day=manifest.day,
        )
    except (manifests.NotPermittedError, manifests.ManifestError):
        return False
