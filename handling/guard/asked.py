"""What a signer is asked to sign, read strictly from the bytes that were opened. Pure; an unknown or missing field refuses."""

import base64
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from crypto.canonical import canonical, parse
from crypto.digest import sha256
from crypto.errors import CryptoError
from crypto.statement import Statement
from handling.consents import SignedAnswer
from handling.guard.refusal import GuardError
from handling.residue import findings
from handling.rules import attachments, consent, material
from handling.rules.attachments import AttachmentsError, Listed
from handling.rules.clauses import grounds_of
from handling.rules.deconfliction import Deconfliction
from handling.rules.facts import FactsError, ReportFacts
from handling.rules.grading import Grade, Handling
from handling.rules.release import Kind
from handling.rules.residue import Residue
from handling.rules.risk import Assessment, Ground, RiskError, RiskFact, because
from handling.signing import TYPES

REPORT = "tipline/report/v1"
REVIEW = TYPES[Kind.REVIEW]
PHRASE = TYPES[Kind.PHRASE]

_REPORT_FIELDS = {"format", "urn", "title", "summary", "items", "handling", "action", "sanitisation", "subject", "date"}
_ATTACHMENTS, _MATERIAL = "attachments", "material"  # each stands only where there is some
_ALIKE = "alike"  # stands only where it is true
_CLAIMS = "claims"  # stands only where there are some
_VERSION_OF = "version_of"  # stands only where it is a new version of another report
_ITEM_FIELDS = {"text", "scheme", "source", "information"}
_REVIEW_FIELDS = {"report_sha256", "urn", "facts", "agencies", "author", "residue_kept", "risk_sha256", "day"}
_REVIEW_ASKED = {"report", "facts", "agencies", "author", "kept", "sum_of_knowledge", "risk"}
_KEPT_FIELDS = {"class", "text", "reason"}
_URN = re.compile(r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_AGENCY = re.compile(r"[a-z0-9-]{1,32}")


class FormatError(GuardError):
    """What was sealed is not in the agreed format, so nobody can say what a signature on it would mean."""

    text = "What was sealed for you to sign is not in the agreed format."


@dataclass(frozen=True, slots=True)
class Item:
    """One fact and its grade."""

    text: str
    grade: Grade


@dataclass(frozen=True, slots=True)
class Report:
    """A report document: `data` is the exact bytes that are hashed, reviewed and released."""

    urn: str
    title: str
    summary: str
    items: tuple[Item, ...]
    handling: Handling
    subjects: tuple[str, ...]
    date: date
    attachments: tuple[Listed, ...]
    material: tuple[Mapping[str, Any], ...]  # that it rests on, as the document lists it
    document: Mapping[str, Any]
    data: bytes

    @property
    def id(self) -> UUID:
        """The report's id, from its URN."""
        return UUID(self.urn)

    @property
    def sha256(self) -> str:
        """SHA-256 of the document, in hex."""
        return sha256(self.data).hex()

    @classmethod
    def read(cls, document: object) -> "Report":
        """Read a report document, or raise `FormatError`."""
        try:
            return cls._read(_mapping(document, _REPORT_FIELDS, maybe=(_ATTACHMENTS, _MATERIAL)))
        except (TypeError, ValueError, CryptoError, AttachmentsError):
            raise FormatError from None

    @classmethod
    def _read(cls, document: Mapping[str, Any]) -> "Report":
        items = tuple(_item(entry) for entry in _list(document["items"]))
        if document["format"] != REPORT or not items:
            raise FormatError
        return cls(
            urn=_matching(document["urn"], _URN),
            title=_text(document["title"]),
            summary=_text(document["summary"]),
            items=items,
            handling=Handling.of(document["handling"], document["action"], document["sanitisation"]),
            subjects=tuple(_text(code) for code in _list(document["subject"])),
            date=_day(document["date"]),
            attachments=_attachments(document),
            material=material.listed(document[_MATERIAL]) if _MATERIAL in document else (),
            document=document,
            data=canonical(document),
        )


@dataclass(frozen=True, slots=True)
class Kept:
    """Residue that the author left in the report: its class, its words, and why."""

    residue: str
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class SumOfKnowledge:
    """Everything in a report comes from one tip: how many others from it may go to the same agencies, and why it may leave."""

    earlier: Mapping[str, int]
    reason: str


@dataclass(frozen=True, slots=True)
class ReviewAsked:
    """A report with the facts and the positive list that a reviewer is to sign; `seen` is the SHA-256 of all of it.

    *alike* says that its author nearly always grades both axes alike. *claims* are items by number for which public-interest
    immunity is claimed, with the reasons. *version_of* are URNs of the reports that it is a new version of, first one first.
    """

    report: Report
    facts: ReportFacts
    facts_body: Mapping[str, Any]
    agencies: tuple[str, ...]
    author: str
    kept: tuple[Kept, ...]
    sum_of_knowledge: SumOfKnowledge
    copies: Mapping[str, bytes]
    risk: Assessment | None
    alike: bool
    claims: tuple[tuple[int, str], ...]
    version_of: tuple[str, ...]
    seen: str

    @classmethod
    def read(cls, opened: bytes) -> "ReviewAsked":
        """Read what the corridor sealed for a review, or raise `FormatError`."""
        value = _mapping(_parse(opened), _REVIEW_ASKED, maybe=(_ATTACHMENTS, _ALIKE, _CLAIMS, _VERSION_OF))
        report = Report.read(value["report"])
        return cls(
            report=report,
            facts=_facts(value["facts"]),
            facts_body=value["facts"],
            agencies=_agencies(value["agencies"]),
            author=_text(value["author"]),
            kept=tuple(_kept(entry) for entry in _list(value["kept"])),
            sum_of_knowledge=_sum(value["sum_of_knowledge"]),
            copies=copies(value),
            risk=_risk(value["risk"]),
            alike=_alike(value),
            claims=_claims(value),
            version_of=_version_of(value, report.urn),
            seen=sha256(opened).hex(),
        )

    def shown(self) -> dict[str, Any]:
        """The report and its attachments' copies, as they stand in what is sealed for the desk or for a signer elsewhere."""
        shown: dict[str, Any] = {"report": dict(self.report.document)}
        if self.copies:
            shown[_ATTACHMENTS] = {name: base64.b64encode(copy).decode() for name, copy in self.copies.items()}
        return shown

    def body(self, day: date) -> dict[str, Any]:
        """The body of the review statement over this, signed on *day*."""
        said = {
            "report_sha256": self.report.sha256,
            "urn": self.report.urn,
            "facts": dict(self.facts_body),
            "agencies": list(self.agencies),
            "author": self.author,
            "residue_kept": len(self.kept),
            "risk_sha256": None if self.risk is None else sha256(canonical(self.risk.to_body())).hex(),
            "day": day.isoformat(),
        }
        alike: dict[str, Any] = {_ALIKE: True} if self.alike else {}
        return said | alike | ({_VERSION_OF: list(self.version_of)} if self.version_of else {})


@dataclass(frozen=True, slots=True)
class Review:
    """The body of a review statement. It means nothing until the statement's signature was verified."""

    report_sha256: str
    urn: str
    facts: ReportFacts
    agencies: frozenset[str]
    author: str
    kept: int
    risk_sha256: str | None
    alike: bool
    version_of: tuple[str, ...]
    day: date

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> "Review":
        """Read a review statement's body, or raise `FormatError`."""
        value = _mapping(body, _REVIEW_FIELDS, maybe=(_ALIKE, _VERSION_OF))
        return cls(
            report_sha256=_text(value["report_sha256"]),
            urn=(urn := _matching(value["urn"], _URN)),
            facts=_facts(value["facts"]),
            agencies=frozenset(_agencies(value["agencies"])),
            author=_text(value["author"]),
            kept=_count(value["residue_kept"]),
            risk_sha256=None if value["risk_sha256"] is None else _text(value["risk_sha256"]),
            alike=_alike(value),
            version_of=_version_of(value, urn),
            day=_day(value["day"]),
        )


@dataclass(frozen=True, slots=True)
class ReleaseAsked:
    """A package as the desk built it, the manifest to sign, and the review it rests on; nothing of it is believed yet."""

    archive: bytes
    manifest: Mapping[str, Any]
    review: Statement
    deconfliction: Deconfliction
    consents: tuple[SignedAnswer, ...]
    seen: str

    @classmethod
    def read(cls, opened: bytes) -> "ReleaseAsked":
        """Read what the desk sealed for a release, or raise `FormatError`."""
        value = _mapping(_parse(opened), {"zip", "manifest", "review", "deconfliction"}, maybe=("consents",))
        if not isinstance(value["manifest"], dict):
            raise FormatError
        try:
            archive = base64.b64decode(_text(value["zip"]), validate=True)
            review = Statement.from_json(value["review"])
            said = Deconfliction.from_body(value["deconfliction"])
            consents = tuple(SignedAnswer.from_body(one) for one in _list(value.get("consents", [])))
        except (ValueError, CryptoError):
            raise FormatError from None
        return cls(archive, value["manifest"], review, said, consents, seen=sha256(opened).hex())


def contradictions(report: Report, facts: ReportFacts, agencies: Collection[str]) -> tuple[str, ...]:
    """Where the stated facts say something else than the report and the positive list, as sentences."""
    stated = {
        "subjects": facts.subjects == frozenset(report.subjects),
        "grades": facts.grades == tuple(item.grade for item in report.items),
        "handling": facts.handling == report.handling,
        "agencies": facts.agencies in {None, frozenset(agencies)},
        "date": facts.date == report.date,
        "pieces of material": tuple(piece.listed() for piece in facts.material or ()) == report.material,
    }
    said = [f"The {name} in the facts are not those of the report." for name, same in stated.items() if not same]
    if not {piece.agency for piece in facts.material or ()} <= (facts.originators or frozenset()):
        said.append("The facts list material of an agency that they do not name among its originators.")
    return tuple(said)


def attached(report: Report, copies: Mapping[str, bytes]) -> tuple[str, ...]:
    """Where the attachments are not those that the report lists, or hold more than they may, as sentences. Takes its time."""
    if not attachments.match(report.attachments, copies):
        return ("The attachments are not those that the report lists.",)
    dirty = [one.name for one in report.attachments if not attachments.is_clean(one.kind, copies[one.name])]
    return tuple(f"{name} holds more than what is seen and heard." for name in dirty)


def copies(value: Mapping[str, Any]) -> dict[str, bytes]:
    """Read the attachments' copies that stand beside a report, by name, or raise `FormatError`."""
    found = value.get(_ATTACHMENTS, {})
    if not isinstance(found, Mapping):
        raise FormatError
    try:
        return {name: base64.b64decode(_text(copy), validate=True) for name, copy in found.items()}
    except ValueError:
        raise FormatError from None


def unclaimed(asked: ReviewAsked) -> tuple[str, ...]:
    """Say where immunity is claimed for an item of a report whose facts do not carry it, or for an item that is not there."""
    numbers = {number for number, _ in asked.claims}
    if numbers and (asked.facts.immunity is not True or not numbers <= set(range(1, len(asked.report.items) + 1))):
        return ("Public-interest immunity is claimed for an item of it, and the facts do not carry that.",)
    return ()


def unassessed(facts: ReportFacts, risk: Assessment | None) -> tuple[str, ...]:
    """Say where the facts ask for an assessment of risk that is not there, or speak of one that is not."""
    if (facts.risk is RiskFact.ASSESSED) is not (risk is not None):
        return ("The facts say something else about the risk assessment than what was sealed beside them.",)
    needed = (*grounds_of(facts), *((Ground.THREAT_TO_LIFE,) if facts.threat_to_life else ()))
    if needed and risk is None:
        return (f"The risk of sharing was not assessed, and {because(needed)}.",)
    return ()


def _risk(body: object) -> Assessment | None:
    try:
        return None if body is None else Assessment.from_body(body)
    except RiskError:
        raise FormatError from None


def _alike(value: Mapping[str, Any]) -> bool:
    if value.get(_ALIKE, True) is not True:  # one way to say no: leave it out
        raise FormatError
    return _ALIKE in value


def _version_of(value: Mapping[str, Any], urn: str) -> tuple[str, ...]:
    try:
        return consent.versions(value[_VERSION_OF], urn) if _VERSION_OF in value else ()
    except consent.ConsentError:
        raise FormatError from None


def _claims(value: Mapping[str, Any]) -> tuple[tuple[int, str], ...]:
    claims = [_mapping(entry, {"item", "reason"}) for entry in _list(value.get(_CLAIMS, []))]
    if not claims and _CLAIMS in value:
        raise FormatError
    return tuple((_count(entry["item"]), _text(entry["reason"])) for entry in claims)


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise FormatError
    return value


def _parse(opened: bytes) -> object:
    try:
        return parse(opened)
    except CryptoError:
        raise FormatError from None


def _item(entry: object) -> Item:
    value = _mapping(entry, _ITEM_FIELDS)
    grade = Grade(_text(value["scheme"]), _text(value["source"]), _text(value["information"]))
    return Item(_text(value["text"]), grade)


def _sum(entry: object) -> SumOfKnowledge:
    value = _mapping(entry, {"earlier", "reason"})
    if not isinstance(value["earlier"], Mapping):
        raise FormatError
    earlier = {_matching(agency, _AGENCY): _count(count) for agency, count in value["earlier"].items()}
    return SumOfKnowledge(earlier, _text(value["reason"]))


def _kept(entry: object) -> Kept:
    value = _mapping(entry, _KEPT_FIELDS)
    return Kept(_text(value["class"]), _text(value["text"]), _text(value["reason"]))


def undecided(asked: ReviewAsked) -> tuple[str, ...]:
    """Say which residue stands in a report that its author decided nothing about. Blocks for some milliseconds a page."""
    decided, report = {(one.residue, one.text) for one in asked.kept}, asked.report
    words = [attachments.words(one.kind, asked.copies[one.name]) for one in report.attachments]
    texts = (report.title, report.summary, *(item.text for item in report.items), *words)
    found = {
        one.residue.value for text in texts for one in findings(text) if (one.residue.value, one.text) not in decided
    }
    found |= {
        Residue.ATTACHMENT.value
        for one in report.attachments
        if (Residue.ATTACHMENT.value, one.to_decide) not in decided
    }
    if not found:
        return ()
    return (f"The report holds what could lead back to a source and nobody decided about: {', '.join(sorted(found))}.",)


def _facts(body: object) -> ReportFacts:
    try:
        return ReportFacts.from_body(body)
    except FactsError:
        raise FormatError from None


def _agencies(value: object) -> tuple[str, ...]:
    agencies = tuple(_matching(entry, _AGENCY) for entry in _list(value))
    if len(set(agencies)) != len(agencies):
        raise FormatError
    return agencies


def _mapping(value: object, keys: set[str], *, maybe: Collection[str] = ()) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or value.keys() - set(maybe) != keys:
        raise FormatError
    return value


def _attachments(document: Mapping[str, Any]) -> tuple[Listed, ...]:
    if _ATTACHMENTS not in document:
        return ()
    listed = attachments.read(document[_ATTACHMENTS])
    if not listed:
        raise FormatError
    return listed


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise FormatError
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise FormatError
    return value


def _matching(value: object, pattern: re.Pattern[str]) -> str:
    text = _text(value)
    if not pattern.fullmatch(text):
        raise FormatError
    return text


def _day(value: object) -> date:
    try:
        day = date.fromisoformat(_text(value))
    except ValueError:
        raise FormatError from None
    if day.isoformat() != value:
        raise FormatError
    return day
