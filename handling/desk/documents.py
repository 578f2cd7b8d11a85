"""The two documents in a package that a person reads: one printed page, and the whole report. Pure but for its templates.

Self-contained static HTML: no script, no address, nothing of the inside; equal values give equal bytes.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

import jinja2

from handling.desk.reports import Item, Report
from handling.rules.agreements import PURPOSE_LABELS, Agreement, Purpose
from handling.rules.attachments import Listed
from handling.rules.clocks import MONTHS
from handling.rules.grading import Scheme
from handling.rules.obligations import Obligations
from handling.rules.package import READ_FIRST, REPORT_HTML
from handling.rules.subjects import Subjects
from handling.rules.terms import Attribution, Tlp
from tipline.base.installed import templates


@dataclass(frozen=True, slots=True)
class _Layout:
    """A print size of the page that is read first, and what one A4 sheet holds at it, measured in a browser.

    Attributes:
        size: of the print style.
        lines: of text that fit, headings and gaps included.
        line, column: width of a full line and of one of the two columns, in small Latin letters.
    """

    size: str
    lines: int
    line: int
    column: int


_LAYOUTS = (_Layout("9.6pt", 55, 100, 46), _Layout("8.2pt", 65, 117, 54))  # the second where the conditions are long
_LEAST = 10  # lines for what we know; with fewer the page takes the smaller print
_FIXED = 22  # lines that marking, headings, dates and gaps take
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
    """All that the two documents say, in words; of each attachment its name, what it is, and its SHA-256. A time finer than the day, an internal id or a member's name has no place."""

    urn: str
    title: str
    summary: str
    date: str
    marking: str
    items: tuple[GradedItem, ...]
    subjects: tuple[str, ...]
    attachments: tuple[tuple[str, str, str], ...]
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
    marking: Tlp | None,
    unit: str,
    scheme: Scheme,
    subjects: Subjects,
) -> Document:
    """Put a report and what binds its recipient into words. Every sentence of the manifest's conditions is among them.

    Where the agreement says that nobody is told where it came from, neither the unit nor the agreement is named.
    """
    unnamed = agreement.use.attribution is Attribution.MUST_NOT
    number = f"{agreement.id}, version {agreement.version}"
    return Document(
        urn=report.urn,
        title=report.title,
        summary=report.summary,
        date=day_in_words(report.date),
        marking=f"Handling {scheme.name} {report.handling}" + ("" if marking is None else f", TLP:{marking.value}"),
        items=tuple(_graded(item, scheme) for item in report.items),
        subjects=tuple(subjects.label(code) for code in report.subjects),
        attachments=tuple((one.member, _kind(one), one.sha256) for one in report.attachments),
        unit="" if unnamed else unit,
        agency=agreement.agency.name,
        purpose=PURPOSE_LABELS[purpose],
        agreement=number if unnamed else f"{agreement.title} ({number})",
        contact="Through the portal" if unnamed else agreement.unit.contact,
        handling=scheme.conditions(report.handling),
        may=(f"Use it for this purpose only. {PURPOSE_LABELS[purpose]}.",),
        may_not=(
            "Use it for another purpose without asking us first, or as evidence except as agreed below.",
            "Pass it on outside your agency, except as agreed below.",
            "Keep any copy after the day below.",
        ),
        conditions=due.conditions,
        acknowledge_by=day_in_words(due.acknowledge_by),
        feedback_due=day_in_words(due.feedback_due),
        delete_by=day_in_words(due.delete_by),
    )


def read_first(document: Document) -> bytes:
    """Return the page that is read first: one A4 sheet, which says so where it had to leave something out."""
    fitting = (one for one in _LAYOUTS if one.lines - _furniture(document, one) >= _LEAST)
    layout = next(fitting, _LAYOUTS[-1])
    room = max(layout.lines - _furniture(document, layout), 2)
    summary = _shorten(document.summary, min(_SUMMARY_LINES, room // 2), layout.line)
    shown = _fitting(document.items, room - _lines(summary, layout.line), layout.line)
    return _render(
        READ_FIRST,
        document,
        size=layout.size,
        summary=summary,
        summary_cut=summary != document.summary,
        shown=shown,
        left_out=_left_out(document.items, shown),
    )


def whole_report(document: Document) -> bytes:
    """Return the whole report, with the marking on every sheet."""
    return _render(REPORT_HTML, document)


def day_in_words(day: date) -> str:
    """A day as it is written everywhere: 23 November 2026, whatever the machine's language is."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def month_in_words(month: str) -> str:
    """A month ``YYYY-MM`` as November 2026."""
    year, number = month.split("-")
    return f"{MONTHS[int(number) - 1]} {year}"


def grade_in_words(item: Item, scheme: Scheme) -> str:
    """What the two codes of a grade mean."""
    source, information = scheme.codes(item.grade)
    return f"Source: {source.label.lower()}. Information: {information.label.lower()}."


def _kind(one: Listed) -> str:
    return f"{one.kind.label}, {-(-one.size // 1024):,} KiB"


def _graded(item: Item, scheme: Scheme) -> GradedItem:
    return GradedItem(
        text=item.text,
        grade=grade_in_words(item, scheme),
        code=str(item.grade),
        suspected_false=scheme.is_suspected_false(item.grade),
    )


def _fitting(items: Sequence[GradedItem], room: int, line: int) -> tuple[GradedItem, ...]:
    """The first items that fit into *room* lines; the first one always, shortened if need be."""
    shown: list[GradedItem] = []
    used = 0.0
    for item in items:
        used += _lines(item.text, line) + _lines(f"{item.grade} ({item.code})", line) + 0.3
        if used > room:
            break
        shown.append(item)
    if shown or not items:
        return tuple(shown)
    return (replace(items[0], text=_shorten(items[0].text, max(room - 2, 1), line) + " …"),)


def _furniture(document: Document, layout: _Layout) -> int:
    """Lines taken by everything but summary and items."""
    full = (document.agency, document.agreement, document.contact, document.purpose)
    listed = (*full, *document.handling, *document.conditions)
    columns = max(sum(_lines(text, layout.column) for text in side) for side in (document.may, document.may_not))
    title = -(-_lines(document.title, layout.line * 2 // 3) * 3 // 2)
    attached = 1 if document.attachments else 0
    return _FIXED + attached + title + sum(_lines(text, layout.line) for text in listed) + columns


def _left_out(items: Sequence[GradedItem], shown: Sequence[GradedItem]) -> str:
    missing = items[len(shown) :]
    if not missing:
        return "" if tuple(items) == tuple(shown) else "The fact above is shortened; all of it is in report.html."
    words = f"This page holds {len(shown)} of {len(items)} facts; all of them are in report.html."
    doubtful = sum(item.suspected_false for item in missing)
    return (
        f"{words} {doubtful} of those left out {'is' if doubtful == 1 else 'are'} suspected to be false."
        if doubtful
        else words
    )


def _shorten(text: str, lines: int, line: int) -> str:
    """Return the words at the beginning of *text* that fit into *lines*."""
    if _lines(text, line) <= lines:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _lines(text[:middle], line) <= lines else (low, middle - 1)
    cut = text[:low]
    return cut.rsplit(maxsplit=1)[0] if " " in cut else cut


def _lines(text: str, line: int) -> int:
    return sum(-(-max(_width(part), 1) // line) for part in text.split("\n"))


def _width(text: str) -> int:
    """Width in small Latin letters, rounded up: capitals take a third more, wide scripts twice as much."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    capitals = sum(character.isupper() for character in text)
    return len(text) + wide + (capitals + 2) // 3


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
