"""The two documents in a package that a person reads: one printed page, and the whole report. Pure but for its templates.

Self-contained static HTML: no script, no address, nothing of the inside; equal values give equal bytes.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

import jinja2

from handling.desk.reports import Item, Report
from handling.rules.agreements import PURPOSE_LABELS, Agreement, Purpose
from handling.rules.grading import Scheme
from handling.rules.package import READ_FIRST, REPORT_HTML
from handling.rules.policy import Obligations
from handling.rules.subjects import Subjects
from tipline.base.web import templates

# An A4 page at the print size of the first document holds so many lines of so many Latin characters; what is not text
# (marking, headings, gaps) takes its share. Measured in a browser; tests/handling/desk prints the longest page.
_PAGE_LINES = 51
_LINE = 100
_COLUMN = 46
_SUMMARY_LINES = 10


@dataclass(frozen=True, slots=True)
class GradedItem:
    """One fact as a recipient reads it: grade in words, then scheme and code."""

    text: str
    grade: str
    code: str
    suspected_false: bool


@dataclass(frozen=True, slots=True)
class Document:
    """All that the two documents say, in words. A time finer than the day, an internal id or a member's name has no place."""

    urn: str
    title: str
    summary: str
    date: str
    marking: str
    items: tuple[GradedItem, ...]
    subjects: tuple[str, ...]
    unit: str
    agency: str
    purpose: str
    agreement: str
    contact: str
    handling: tuple[str, ...]
    may: tuple[str, ...]
    may_not: tuple[str, ...]
    conditions: tuple[str, ...]
    acknowledge_by: str
    feedback_due: str
    delete_by: str


def document_of(
    report: Report,
    agreement: Agreement,
    due: Obligations,
    *,
    purpose: Purpose,
    unit: str,
    scheme: Scheme,
    subjects: Subjects,
) -> Document:
    """Put a report and what binds its recipient into words. Every sentence of the manifest's conditions is among them."""
    return Document(
        urn=report.urn,
        title=report.title,
        summary=report.summary,
        date=day_in_words(report.date),
        marking=f"Handling {scheme.name} {report.handling}",
        items=tuple(_graded(item, scheme) for item in report.items),
        subjects=tuple(subjects.label(code) for code in report.subjects),
        unit=unit,
        agency=agreement.agency.name,
        purpose=PURPOSE_LABELS[purpose],
        agreement=f"{agreement.title} ({agreement.id}, version {agreement.version})",
        contact=agreement.unit.contact,
        handling=scheme.conditions(report.handling),
        may=(f"Use it for this purpose only. {PURPOSE_LABELS[purpose]}.",),
        may_not=(
            "Use it for another purpose, or as evidence in court, without asking us first.",
            "Keep any copy after the day below.",
            str(due.onward),
        ),
        conditions=agreement.conditions,
        acknowledge_by=day_in_words(due.acknowledge_by),
        feedback_due=day_in_words(due.feedback_due),
        delete_by=day_in_words(due.delete_by),
    )


def read_first(document: Document) -> bytes:
    """Return the page that is read first: one A4 sheet, which says so where it had to leave something out."""
    summary, cut = _shorten(document.summary, _SUMMARY_LINES)
    shown = _fitting(document.items, _PAGE_LINES - _furniture(document) - _lines(summary))
    return _render(
        READ_FIRST,
        document,
        summary=summary,
        summary_cut=cut,
        shown=shown,
        left_out=_left_out(document.items[len(shown) :], len(document.items)),
    )


def whole_report(document: Document) -> bytes:
    """Return the whole report, with the marking on every sheet."""
    return _render(REPORT_HTML, document)


def day_in_words(day: date) -> str:
    """A day as it is written everywhere: 23 November 2026, whatever the machine's language is."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def month_in_words(month: str) -> str:
    """A month ``YYYY-MM`` as November 2026."""
    year, number = month.split("-")
    return f"{_MONTHS[int(number) - 1]} {year}"


_MONTHS: Sequence[str] = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def grade_in_words(item: Item, scheme: Scheme) -> str:
    """What the two codes of a grade mean."""
    source, information = scheme.codes(item.grade)
    return f"Source: {source.label.lower()}. Information: {information.label.lower()}."


def _graded(item: Item, scheme: Scheme) -> GradedItem:
    return GradedItem(
        text=item.text,
        grade=grade_in_words(item, scheme),
        code=str(item.grade),
        suspected_false=scheme.is_suspected_false(item.grade),
    )


def _fitting(items: Sequence[GradedItem], lines: int) -> tuple[GradedItem, ...]:
    """The first items that fit into *lines*; the first one always, since a page that knows nothing is no use."""
    shown: list[GradedItem] = []
    used = 0.0
    for item in items:
        used += _lines(item.text) + _lines(f"{item.grade} ({item.code})") + 0.3
        if shown and used > lines:
            break
        shown.append(item)
    return tuple(shown)


def _furniture(document: Document) -> int:
    """Lines taken by everything but summary and items: headings and gaps, and the texts whose length varies."""
    fixed = 22
    full = (document.agency, document.agreement, document.contact, document.purpose, *document.handling)
    columns = max(_column(document.may), _column(document.may_not))
    return fixed + 2 * _lines(document.title) + sum(_lines(text) for text in (*full, *document.conditions)) + columns


def _column(texts: Sequence[str]) -> int:
    return sum(_lines(text, _COLUMN) for text in texts)


def _left_out(items: Sequence[GradedItem], total: int) -> str:
    if not items:
        return ""
    words = f"This page holds {total - len(items)} of {total} facts; the others are in report.html."
    doubtful = sum(item.suspected_false for item in items)
    return f"{words} {doubtful} of those are suspected to be false." if doubtful else words


def _shorten(text: str, lines: int) -> tuple[str, bool]:
    """Return the words of *text* that fit into *lines*, and whether any were left out."""
    if _lines(text) <= lines:
        return text, False
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _lines(text[:middle]) <= lines else (low, middle - 1)
    cut = text[:low]
    return (cut.rsplit(maxsplit=1)[0] if " " in cut else cut), True


def _lines(text: str, length: int = _LINE) -> int:
    return sum(-(-max(_width(line), 1) // length) for line in text.split("\n"))


def _width(text: str) -> int:
    """Width in Latin characters: wide scripts take two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _render(name: str, document: Document, **values: object) -> bytes:
    text = _environment().get_template(f"documents/{name}").render(document=document, **values)
    return text.encode()


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates()),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
