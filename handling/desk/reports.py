"""A reviewed report as the desk holds it: the document that was reviewed and the statement over it. Reads strictly."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from crypto import columns
from crypto.canonical import canonical, parse
from crypto.digest import sha256
from crypto.errors import CryptoError
from crypto.statement import Statement
from handling.desk.store import ReportRow
from handling.rules import attachments, consent, material
from handling.rules.attachments import Listed
from handling.rules.facts import FactsError, ReportFacts
from handling.rules.grading import Grade, Handling
from handling.store.vault import OpenVault

FORMAT = "tipline/report/v1"
REVIEW = "tipline/review/v1"

_TABLE, _COLUMN = "desk.report", "sealed"
_COPIES = "desk.attachment"
_FIELDS = {"format", "urn", "title", "summary", "items", "handling", "action", "sanitisation", "subject", "date"}
_ITEM_FIELDS = {"text", "scheme", "source", "information"}
_REVIEW_FIELDS = {"report_sha256", "urn", "facts", "agencies", "author", "residue_kept", "risk_sha256", "day"}
_URN = re.compile(r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class ReportFormatError(Exception):
    """The bytes are not a report document or not a review of one."""

    def __init__(self) -> None:
        super().__init__("this is not a report in the agreed format")


@dataclass(frozen=True, slots=True)
class Item:
    """One fact and its grade."""

    text: str
    grade: Grade


@dataclass(frozen=True, slots=True)
class Report:
    """The sanitised, graded product. `data` is the exact bytes that were hashed, reviewed and may be released."""

    id: UUID
    urn: str
    title: str
    summary: str
    items: tuple[Item, ...]
    handling: Handling
    subjects: tuple[str, ...]
    date: date
    attachments: tuple[Listed, ...]
    material: tuple[Mapping[str, Any], ...]  # that it rests on, as the document lists it
    data: bytes

    @property
    def sha256(self) -> bytes:
        """SHA-256 of the document, 32 bytes: what a review and a manifest name."""
        return sha256(self.data)

    @classmethod
    def parse(cls, value: Mapping[str, Any]) -> "Report":
        """Read a report document, or raise `ReportFormatError`. An unknown or missing field is refused."""
        try:
            return cls._parse(value)
        except (AttributeError, KeyError, TypeError, ValueError, CryptoError):
            raise ReportFormatError from None

    @classmethod
    def _parse(cls, value: Mapping[str, Any]) -> "Report":
        if (
            value.keys() - {"attachments", "material"} != _FIELDS
            or value["format"] != FORMAT
            or not _URN.fullmatch(value["urn"])
        ):
            raise ReportFormatError
        items = tuple(_item(entry) for entry in value["items"])
        if not items:
            raise ReportFormatError
        return cls(
            id=UUID(value["urn"]),
            urn=value["urn"],
            title=_text(value["title"]),
            summary=_text(value["summary"]),
            items=items,
            handling=Handling.of(value["handling"], value["action"], value["sanitisation"]),
            subjects=tuple(_text(code) for code in value["subject"]),
            date=date.fromisoformat(value["date"]),
            attachments=_attachments(value),
            material=material.listed(value["material"]) if "material" in value else (),
            data=canonical(dict(value)),
        )


@dataclass(frozen=True, slots=True)
class Review:
    """What the second handler signed about one report. The signature was verified before this was made.

    `facts` hold the positive list that was signed beside them, and count as reviewed.
    """

    report_sha256: bytes
    urn: str
    facts: ReportFacts
    author: str
    day: date
    reviewer: str
    statement: Statement
    version_of: tuple[str, ...] = ()  # URNs of the reports that it is a new version of, first one first

    @classmethod
    def parse(cls, body: Mapping[str, Any], *, reviewer: str, statement: Statement) -> "Review":
        """Read the body of a verified review statement, or raise `ReportFormatError`."""
        try:
            if body.keys() - {"alike", "version_of"} != _REVIEW_FIELDS:
                raise ReportFormatError
            agencies = frozenset(_text(agency) for agency in body["agencies"])
            return cls(
                report_sha256=bytes.fromhex(body["report_sha256"]),
                urn=(urn := _text(body["urn"])),
                facts=replace(ReportFacts.from_body(body["facts"]), agencies=agencies).as_reviewed(),
                author=_text(body["author"]),
                day=date.fromisoformat(body["day"]),
                reviewer=reviewer,
                statement=statement,
                version_of=consent.versions(body["version_of"], urn) if "version_of" in body else (),
            )
        except (AttributeError, KeyError, TypeError, ValueError, FactsError):
            raise ReportFormatError from None

    def is_of(self, report: Report) -> bool:
        """Whether this review is of exactly *report*."""
        return self.report_sha256 == report.sha256 and self.urn == report.urn

    def states(self, report: Report) -> bool:
        """Whether the signed facts are those of *report*, as far as the report itself shows them."""
        return (
            self.facts.subjects == frozenset(report.subjects)
            and self.facts.grades == tuple(item.grade for item in report.items)
            and self.facts.handling == report.handling
            and self.facts.date == report.date
            and tuple(piece.listed() for piece in self.facts.material or ()) == report.material
        )


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A report with its review and the day on which it reached the desk."""

    report: Report
    review: Review
    received_on: date


def seal(vault: OpenVault, report: Report, review: Review, received_on: date) -> ReportRow:
    """Make the report's record key and seal the report under it. Blocking: the key is fsynced before this returns."""
    key = vault.new_record(report.id)
    content = {
        "report": parse(report.data),
        "statement": review.statement.to_json(),
        "reviewer": review.reviewer,
    }
    sealed = columns.seal(key, canonical(content), table=_TABLE, column=_COLUMN, row=str(report.id))
    return ReportRow(report.id, received_on, sealed)


def open_(vault: OpenVault, row: ReportRow) -> Reviewed:
    """Open a stored report. Its review was verified before it was sealed; releasing verifies it again."""
    data = columns.open_(vault.record(row.id), row.sealed, table=_TABLE, column=_COLUMN, row=str(row.id))
    content = parse(data)
    statement = Statement.from_json(content["statement"])
    review = Review.parse(statement.body, reviewer=content["reviewer"], statement=statement)
    return Reviewed(Report.parse(content["report"]), review, row.received_on)


def seal_copy(vault: OpenVault, report: UUID, number: int, copy: bytes) -> bytes:
    """Seal one attachment of a report that is sealed already. Blocking."""
    return columns.seal(vault.record(report), copy, table=_COPIES, column=_COLUMN, row=f"{report}/{number}")


def open_copies(vault: OpenVault, report: Report, sealed: Sequence[bytes]) -> dict[str, bytes]:
    """Open a report's attachments, in their order, by the names that it gives them. Blocking.

    Raises:
        ReportFormatError: they are not those that it lists.
    """
    key = vault.record(report.id)
    copies = {
        one.name: columns.open_(key, data, table=_COPIES, column=_COLUMN, row=f"{report.id}/{number}")
        for number, (one, data) in enumerate(zip(report.attachments, sealed, strict=False), 1)
    }
    if not attachments.match(report.attachments, copies):
        raise ReportFormatError
    return copies


def _attachments(value: Mapping[str, Any]) -> tuple[Listed, ...]:
    """What a report lists; the field stands only where there are some."""
    if "attachments" not in value:
        return ()
    listed = attachments.read(value["attachments"])
    if not listed:
        raise ReportFormatError
    return listed


def _item(entry: Mapping[str, Any]) -> Item:
    if entry.keys() != _ITEM_FIELDS:
        raise ReportFormatError
    return Item(
        _text(entry["text"]), Grade(_text(entry["scheme"]), _text(entry["source"]), _text(entry["information"]))
    )


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ReportFormatError
    return value
