"""What in the finished documents could lead back to a source, and what explains each. Pure but for time spent.

The report's own words were decided about in its review, and manifest and attachments are held against their hashes; so it is
the pages that people read, and what in them no reader sees, that could hold more than anybody decided about.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from handling.data import scheme, subjects
from handling.guard import markup, words
from handling.guard.asked import Report
from handling.guard.scan import Scanned
from handling.residue import findings
from handling.rules import attachments
from handling.rules.agreement_text import document
from handling.rules.agreements import PURPOSE_LABELS, Agreement, Purpose
from handling.rules.manifest import Manifest
from handling.rules.residue import REASONS, Finding, Residue
from handling.rules.terms import Tlp
from tipline.base.installed import templates

AGREED = "The agreement says it."
CONDITION = "It is a condition, in the words of an agency whose material it rests on."
UNIT = "It is this unit's own name."
DAY = "It is a day that follows from the agreement, or the report's."
TOGETHER = "It is words of the report, the agreement and the form side by side."
_DECIDED, _FORM = "decided about in the review", "the form of every package"
_NOT_SHOWN = frozenset({_DECIDED, _FORM})
_LEAST = 4  # characters; a shorter text, such as "id" or "we", stands inside too many others
_JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Explained:
    """One finding that stands in the finished documents beside the report, with why it is there."""

    residue: Residue
    text: str
    because: str

    @property
    def reason(self) -> str:
        """Why it matters, for the person who signs."""
        return REASONS[self.residue]


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found, once each: with what explains it, and where that is nothing, as a sentence why it may not leave."""

    explained: tuple[Explained, ...]
    unexplained: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Known:
    """Texts of one kind that may stand in a finished document, and the findings that they hold themselves."""

    because: str
    texts: tuple[str, ...]
    found: frozenset[str]

    @classmethod
    def of(cls, because: str, texts: Iterable[str]) -> "_Known":
        kept = tuple(dict.fromkeys(_squeezed(text) for text in texts if text))
        return cls(because, kept, frozenset(one.text for text in kept for one in findings(text)))

    def holds(self, text: str) -> bool:
        return text in self.found or (len(text) >= _LEAST and any(text in known for known in self.texts))


def look(scanned: Scanned, report: Report, manifest: Manifest, agreement: Agreement | None, unit: str) -> Looked:
    """Find all that could lead back to a source in the pages of a package, and hold each against what may stand there.

    That is the reviewed report, the agreement and the days that follow from it, this unit's name, and every package's form.
    Without the agreement, which nobody outside the unit is shown, its conditions in the manifest stand for it.
    """
    known = _known(report, manifest, agreement, unit)
    explained: dict[tuple[Residue, str], Explained] = {}
    unexplained: dict[str, None] = {}
    for member in scanned.members.values():
        if attachments.is_member(member.name) or not member.name.endswith(".html"):
            continue
        hidden = markup.read(member.source).hidden
        for where, one in ((text, found) for text in (member.text or "", *hidden) for found in findings(text)):
            because = _because(_squeezed(one.text), known) or _around(where, one, known)
            if not because:
                said = f"{member.name} holds what could lead back to a source, and neither report nor agreement has it"
                unexplained[f"{said}: “{words.visible(one.text)}”. {one.reason} ({one.residue.value})"] = None
            elif because not in _NOT_SHOWN:
                explained[one.residue, one.text] = Explained(one.residue, one.text, because)
    return Looked(tuple(explained.values()), tuple(unexplained))


def _because(text: str, known: Sequence[_Known]) -> str:
    """Say what explains *text*; empty when nothing does. Words side by side may stand together, numbers only as a whole."""
    for one in known:
        if one.holds(text):
            return one.because
    values = sorted({value for one in known for value in one.texts if value in text}, key=len, reverse=True)
    rest = text
    for value in values:
        rest = rest.replace(value, " ")
    left, vocabulary = (
        _WORD.findall(rest),
        {word for one in known for each in one.texts for word in _WORD.findall(each)},
    )
    side_by_side = (values or left) and all(word in vocabulary and not _numbered(word) for word in left)
    return TOGETHER if side_by_side else ""


def _around(text: str, one: Finding, known: Sequence[_Known]) -> str:
    """Say what explains a finding by where it stands: within a whole text that may stand there, as a day's number in its date.

    So a line's last word and the number that begins the next one are no finding of their own; anywhere else the number is.
    """
    for kind in known:
        for whole in (whole for whole in kind.texts if len(whole) >= _LEAST and one.text in whole):
            places = re.finditer(r"(?<!\w)" + r"\s+".join(map(re.escape, whole.split())) + r"(?!\w)", text)
            if any(place.start() <= one.start and one.end <= place.end() for place in places):
                return kind.because
    return ""


def _known(report: Report, manifest: Manifest, agreement: Agreement | None, unit: str) -> tuple[_Known, ...]:
    dates = (manifest.acknowledge_by, manifest.feedback_due, manifest.delete_by, report.date)
    agreed = [*manifest.conditions, PURPOSE_LABELS[Purpose(manifest.purpose)]]
    agreed += [f"{manifest.agreement.id}, version {manifest.agreement.version}"]
    agreed += [] if agreement is None else _strings(document(agreement, scheme()))
    return (
        _Known.of(_DECIDED, _reported(report)),
        _form(),
        _Known.of(DAY, map(words.day, dates)),
        _Known.of(CONDITION, _conditions(manifest)),
        _Known.of(AGREED, agreed),
        _Known.of(UNIT, (unit,)),
    )


def _conditions(manifest: Manifest) -> Iterable[str]:
    """Lines that other agencies wrote: nobody here chose their words, and the signer is told so."""
    sent = manifest.terms.get("material", ())
    for piece in sent if isinstance(sent, list | tuple) else ():
        yield from _strings(piece.get("conditions") if isinstance(piece, Mapping) else None)


def _reported(report: Report) -> Iterable[str]:
    """Everything that the reviewed report says, as its documents write it."""
    rules = scheme()
    yield from (report.urn, report.title, report.summary, f"Handling {rules.name} {report.handling}")
    yield from rules.conditions(report.handling)
    for item in report.items:
        source, information = (code.label.lower() for code in rules.codes(item.grade))
        yield from (item.text, str(item.grade), f"Source: {source}. Information: {information}.")
    yield from map(subjects().label, report.subjects)
    for one in report.attachments:
        yield f"{one.member}: {one.kind.label}, {-(-one.size // 1024):,} KiB. SHA-256 {one.sha256}"


@cache
def _form() -> _Known:
    """The words, values and style that every package has: those of our own templates, without what is put into them."""
    folder = templates() / "documents"
    sources = [(folder / name).read_text() for name in ("parts.html", "1-read-first.html", "report.html")]
    read = [markup.read("<!DOCTYPE html>" + _JINJA.sub("\n", source)) for source in sources]
    texts = [text for one in read for text in (*one.text.split("\n"), *one.hidden)]
    return _Known.of(_FORM, (*texts, *(f"TLP:{tlp.value}" for tlp in Tlp)))


def _strings(value: object) -> Iterable[str]:
    if isinstance(value, Mapping):
        for entry in value.values():
            yield from _strings(entry)
    elif isinstance(value, list | tuple):
        for entry in value:
            yield from _strings(entry)
    elif isinstance(value, str):
        yield value


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _numbered(word: str) -> bool:
    return any(character.isdigit() for character in word)
