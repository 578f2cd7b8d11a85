"""What a request to sign says, in words for a terminal, once every hash in it was checked. Decides and signs nothing."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crypto.canonical import canonical
from crypto.errors import CryptoError
from handling.guard import fact_words, words
from handling.guard.asked import FormatError, Report, Review, attached, contradictions, copies
from handling.guard.refusal import Refused
from handling.guard.scan import Scanned, scan
from handling.rules import attachments, phrases
from handling.rules.agreements import PURPOSE_LABELS, Purpose
from handling.rules.manifest import Manifest, ManifestError
from handling.rules.package import MANIFEST, REPORT_JSON
from handling.rules.phrases import NoSuchPhraseError
from handling.rules.release import Kind
from handling.signing import SigningRequest

_LOOK = "(look at all of this file in the folder that you named)"
_ALIKE = "Their author nearly always grades both axes alike: one was probably judged by the other"
_RELEASE_KEYS = {"manifest", "review_sha256", "deconfliction_sha256", "members_sha256", "immunity_claimed"}
_IMMUNITY = {True: "claimed. Signing says that it leaves all the same", False: "not claimed"}


class NotSignableError(Exception):
    """What is asked for does not hold together; *reasons* say why, and nothing is signed."""

    def __init__(self, *reasons: str) -> None:
        super().__init__("this request does not hold together, so it is not signed")
        self.reasons = reasons


@dataclass(frozen=True, slots=True)
class Shown:
    """A request that holds together.

    Attributes:
        lines: what is signed, as (name, value).
        documents: each as (name, SHA-256, text).
        files: the exact bytes of all that was checked, by name.
        attached: those of them that no terminal shows; nobody signs before they were written out.
    """

    title: str
    lines: tuple[tuple[str, str], ...]
    documents: tuple[tuple[str, str, str], ...]
    files: Mapping[str, bytes]
    attached: tuple[str, ...]


def shown(request: SigningRequest) -> Shown:
    """Check every hash of *request* and return it in words, or raise `NotSignableError`."""
    try:
        return _SHOWN[request.kind](request)
    except (ManifestError, FormatError, NoSuchPhraseError, KeyError, TypeError, ValueError, CryptoError):
        raise NotSignableError("It is not in the agreed format.") from None


def as_text(found: Shown) -> str:
    """Return it as it is printed; characters that cannot be seen stand written out."""
    width = max(len(name) for name, _ in found.lines)
    lines = [found.title, "", *(f"{name.ljust(width)}  {words.visible(value)}" for name, value in found.lines)]
    for name, digest, text in found.documents:
        lines += ["", f"---- {name}, SHA-256 {digest}", words.visible(text)]
    return "\n".join(lines)


def _release(request: SigningRequest) -> Shown:
    body = request.body
    if body.keys() != _RELEASE_KEYS:
        raise FormatError
    scanned = scan(base64.b64decode(request.shown["zip"], validate=True), ())
    if isinstance(scanned, Refused):
        raise NotSignableError(*scanned.reasons)
    manifest = Manifest.from_body(body["manifest"])
    reasons = [] if manifest.release == request.subject else ["The manifest belongs to another release."]
    if scanned.data[MANIFEST] != canonical(body["manifest"]):
        reasons.append("The manifest in the package is not the manifest to be signed.")
    if not manifest.describes(scanned.data):
        reasons.append("A file of the package does not have the SHA-256 that the manifest lists.")
    if reasons:
        raise NotSignableError(*reasons)
    agreement = manifest.agreement
    lines = (
        ("Release", str(manifest.release)),
        ("Report", manifest.report),
        ("To the agency", manifest.agency),
        ("Purpose", PURPOSE_LABELS[Purpose(manifest.purpose)]),
        ("Agreement", f"{agreement.id}, version {agreement.version}, SHA-256 {agreement.sha256}"),
        *(("Condition", condition) for condition in manifest.conditions),
        ("Acknowledge by", words.day(manifest.acknowledge_by)),
        ("Feedback by", words.day(manifest.feedback_due)),
        ("Delete by", words.day(manifest.delete_by)),
        ("Asked for on", words.day(manifest.day)),
        ("Public-interest immunity", _IMMUNITY[body["immunity_claimed"]]),
        ("Review", f"SHA-256 {body['review_sha256']}"),
        ("Deconfliction", f"SHA-256 {body['deconfliction_sha256']}"),
        ("Member list", f"SHA-256 {body['members_sha256']}"),
        ("Package", f"SHA-256 {scanned.sha256}"),
    )
    pixels = tuple(filter(attachments.is_member, scanned.members))
    return Shown(f"RELEASE asked of you by {request.unit}", lines, _documents(scanned), scanned.data, pixels)


def _documents(scanned: Scanned) -> tuple[tuple[str, str, str], ...]:
    return tuple(
        (member.name, member.sha256, _attached(member.text or ""))
        if attachments.is_member(member.name)
        else (member.name, member.sha256, member.source if member.text is None else member.text)
        for member in scanned.members.values()
    )


def _attached(text: str) -> str:
    """What a terminal shows of an attachment: its words where it has some, and that there is more to see."""
    return f"{text}\n{_LOOK}" if text else _LOOK


def _review(request: SigningRequest) -> Shown:
    if request.shown.keys() - {"attachments"} != {"report"}:
        raise FormatError
    report, review, found = Report.read(request.shown["report"]), Review.read(request.body), copies(request.shown)
    reasons = [*contradictions(report, review.facts, review.agencies), *attached(report, found)]
    if (report.sha256, report.urn, report.id) != (review.report_sha256, review.urn, request.subject):
        reasons.append("The report is not the one that the review names.")
    if reasons:
        raise NotSignableError(*reasons)
    lines = (
        ("Report", report.urn),
        ("Written by", review.author),
        ("May go to", ", ".join(sorted(review.agencies)) or "nobody"),
        *fact_words.lines(review.facts),
        *((("Look at the grades", _ALIKE),) if review.alike else ()),
        ("Findings left in", str(review.kept)),
        *(("Attachment", f"{one.name}, {one.size:,} bytes, SHA-256 {one.sha256}") for one in report.attachments),
        ("Risk assessment", f"SHA-256 {review.risk_sha256}" if review.risk_sha256 else "None"),
        ("Day", words.day(review.day)),
    )
    texts = [
        report.title,
        report.summary,
        *(f"{n}. {item.text} ({item.grade})" for n, item in enumerate(report.items, 1)),
    ]
    documents = (
        (REPORT_JSON, report.sha256, "\n\n".join(texts)),
        *(
            (one.member, one.sha256, _attached(attachments.words(one.kind, found[one.name])))
            for one in report.attachments
        ),
    )
    files = {one.member: found[one.name] for one in report.attachments}
    return Shown(
        f"REVIEW asked of you by {request.unit}", lines, documents, {REPORT_JSON: report.data, **files}, tuple(files)
    )


def _phrase(request: SigningRequest) -> Shown:
    body: Mapping[str, Any] = request.body
    known = phrases.phrase(body["phrase"])
    if body.keys() != {"outcome", "phrase"} or body["outcome"] != str(request.subject):
        raise FormatError
    if known.text != request.shown["text"]:
        raise NotSignableError("The sentence shown is not the one that the code stands for.")
    lines = (("Outcome", str(request.subject)), ("A source would read", known.text), ("Code", known.code))
    return Shown(f"PHRASE asked of you by {request.unit}", lines, (), {}, ())


_SHOWN = {Kind.MANIFEST: _release, Kind.REVIEW: _review, Kind.PHRASE: _phrase}
