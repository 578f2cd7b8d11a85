"""What a request to sign says, in words for a terminal, once every hash in it was checked. Decides and signs nothing."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from crypto.canonical import canonical, parse
from crypto.digest import sha256
from crypto.errors import CryptoError
from crypto.statement import Statement
from handling import data
from handling.consents import SignedAnswer
from handling.guard import fact_words, finished, words
from handling.guard.asked import FormatError, Report, Review, attached, contradictions, copies
from handling.guard.refusal import Refused
from handling.guard.scan import Scanned, scan
from handling.rules import agreement_document, attachments, consent, phrases
from handling.rules.agreements import PURPOSE_LABELS, Purpose
from handling.rules.deconfliction import ANSWER_LABELS, Deconfliction
from handling.rules.manifest import Manifest, ManifestError
from handling.rules.package import MANIFEST, REPORT_JSON
from handling.rules.phrases import NoSuchPhraseError
from handling.rules.release import Kind
from handling.rules.risk import QUESTIONS, Assessment
from handling.signing import SigningRequest

_LOOK = "(look at all of this file in the folder that you named)"
_ALIKE = "Their author nearly always grades both axes alike: one was probably judged by the other"
_LEADS = "Could lead back to a source"
_UNSEEN = "Nothing that you are shown explains this, so ask before you sign:"
_KEPT_INSIDE = "Its words stay inside the unit that asks; its guard holds it against the hash"
_Read = Callable[[Any], tuple[bytes, tuple[str, ...]]]
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
    agreement, hidden = manifest.agreement, request.shown
    review, answer, listed = body["review_sha256"], body["deconfliction_sha256"], body["members_sha256"]
    if "agreement" in hidden:
        _inside("Agreement", hidden["agreement"], agreement.sha256, _text)
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
        *_leading_back(scanned, manifest, hidden.get("agreement")),
        *_inside("Review", hidden.get("review"), review, _reviewed),
        *_inside("Somebody's source or operation?", hidden.get("deconfliction"), answer, _answered),
        *_inside("Member list", hidden.get("members"), listed, _listed),
        *(
            line
            for digest in manifest.consents
            for line in _inside("Consent", hidden.get("consents", {}).get(digest), digest, _consented(manifest.report))
        ),
        ("Package", f"SHA-256 {scanned.sha256}"),
    )
    pixels = tuple(filter(attachments.is_member, scanned.members))
    documents = _documents(scanned)
    if "agreement" in hidden:
        documents = (*documents, ("the agreement", agreement.sha256, hidden["agreement"]))
    return Shown(f"RELEASE asked of you by {request.unit}", lines, documents, scanned.data, pixels)


def _leading_back(scanned: Scanned, manifest: Manifest, agreement: str | None) -> tuple[tuple[str, str], ...]:
    """What in the finished pages could lead back to a source beside the reviewed report, with what explains it here."""
    report = Report.read(parse(scanned.data[REPORT_JSON]))
    agreed = None if agreement is None else agreement_document.parse(agreement.encode(), data.codes())
    found = finished.look(scanned, report, manifest, agreed, "")
    said = [f"{one.residue.value}: “{one.text}”. {one.reason} {one.because}" for one in found.explained]
    return tuple((_LEADS, one) for one in (*said, *(f"{_UNSEEN} {one}" for one in found.unexplained)))


def _inside(name: str, value: object, digest: str, read: _Read) -> tuple[tuple[str, str], ...]:
    """One thing whose hash is signed, in words and then by its hash; nobody outside the unit is shown the words.

    Raises:
        NotSignableError: its hash is another.
    """
    if value is None:
        return ((name, f"{_KEPT_INSIDE}. SHA-256 {digest}"),)
    data, said = read(value)
    if sha256(data).hex() != digest:
        raise NotSignableError(f"{name}: what is shown does not have the SHA-256 that would be signed.")
    return (*((name, text) for text in said), (name, f"SHA-256 {digest}"))


def _consented(report: str) -> _Read:
    """Read a token whose hash stands in the manifest of *report*."""

    def read(value: Any) -> tuple[bytes, tuple[str, ...]]:  # noqa: ANN401 - JSON of a request
        signed = SignedAnswer(str(value).encode(), b"")
        token = signed.token()
        until = "" if token.until is None else f", until {words.day(token.until)}"
        purpose = PURPOSE_LABELS[token.asked.purpose]
        said = f"{token.asked.originator} agreed that it goes to {token.asked.recipient}, for {purpose}{until}"
        return consent.named(report, signed.sha256.hex()), (said,)

    return read


def _reviewed(value: Any) -> tuple[bytes, tuple[str, ...]]:  # noqa: ANN401 - JSON of a request
    statement = Statement.from_json(value)
    said = Review.read(statement.body)
    return statement.encode(), (
        f"Written by {said.author}, reviewed on {words.day(said.day)}; findings left in: {said.kept}",
        f"May go to {', '.join(sorted(said.agencies)) or 'nobody'}",
        *((_ALIKE,) if said.alike else ()),
        *(f"A new version of {urn}" for urn in said.version_of),
        *(f"{name}: {fact}" for name, fact in fact_words.lines(said.facts)),
    )


def _answered(value: Any) -> tuple[bytes, tuple[str, ...]]:  # noqa: ANN401 - JSON of a request
    said = Deconfliction.from_body(value)
    text = f"{ANSWER_LABELS[said.answer]}. Asked: {said.asked}. Written down by {said.by}, {words.day(said.on)}"
    return canonical(said.to_body()), (text,)


def _listed(value: Any) -> tuple[bytes, tuple[str, ...]]:  # noqa: ANN401 - JSON of a request
    body = Statement.parse(value.encode()).body
    people = (f"{one['display']} ({one['name']}): {', '.join(one['duties'])}" for one in body["members"])
    return value.encode(), (f"Version {body['version']}, in force until {body['valid_until']}", *people)


def _text(value: Any) -> tuple[bytes, tuple[str, ...]]:  # noqa: ANN401 - JSON of a request
    return value.encode(), ()


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
    if request.shown.keys() - {"attachments", "risk"} != {"report"}:
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
        *(("A new version of", urn) for urn in review.version_of),
        ("Findings left in", str(review.kept)),
        *(("Attachment", f"{one.name}, {one.size:,} bytes, SHA-256 {one.sha256}") for one in report.attachments),
        *_risk(request.shown.get("risk"), review.risk_sha256),
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


def _risk(value: object, digest: str | None) -> tuple[tuple[str, str], ...]:
    if digest is None:
        return (("Risk assessment", "None"),)
    return _inside("Risk assessment", value, digest, _assessed)


def _assessed(value: Any) -> tuple[bytes, tuple[str, ...]]:  # noqa: ANN401 - JSON of a request
    axes = Assessment.from_body(value).axes
    told = (f"{QUESTIONS[axis]} {axes[axis].level.value.capitalize()}. {axes[axis].words}" for axis in QUESTIONS)
    return canonical(value), tuple(told)


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
