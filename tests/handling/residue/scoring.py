"""How much of the labelled set is found: recall and precision of identifiers, recall of what only words give away."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from handling.residue import findings
from handling.rules.residue import STRUCTURED, Finding

SET = Path(__file__).parent / "leaky.jsonl"
_FORMS = {residue.value for residue in STRUCTURED}
_MARKS = {"invisible", "lookalike", "spacing", "shared"}


@dataclass(frozen=True, slots=True)
class Span:
    """One labelled stretch."""

    residue: str
    start: int
    end: int
    text: str

    @property
    def structured(self) -> bool:
        return self.residue in _FORMS


@dataclass(frozen=True, slots=True)
class Labelled:
    """One text with its labels."""

    id: str
    half: str
    lang: str
    text: str
    spans: tuple[Span, ...]


@dataclass(slots=True)
class Score:
    """Labels found and missed by class, and identifiers that were found where none stands."""

    found: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    missed: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    wrong: list[str] = field(default_factory=list)
    right: int = 0

    def recall(self, *, structured: bool) -> float:
        found = sum(n for residue, n in self.found.items() if (residue in _FORMS) is structured)
        missed = sum(len(texts) for residue, texts in self.missed.items() if (residue in _FORMS) is structured)
        return found / (found + missed)

    def recall_of(self, residue: str) -> float:
        return self.found[residue] / (self.found[residue] + len(self.missed[residue]))

    @property
    def precision(self) -> float:
        return self.right / (self.right + len(self.wrong))


def labelled(half: str) -> Iterator[Labelled]:
    """Read one half of the set; a label stands where its text stands first."""
    for line in SET.read_text("utf-8").splitlines():
        row = json.loads(line)
        if row["half"] == half:
            text = row["text"]
            spans = tuple(_span(text, span["class"], span["text"]) for span in row["spans"])
            yield Labelled(row["id"], half, row["lang"], text, spans)


def _span(text: str, residue: str, words: str) -> Span:
    start = text.index(words)
    return Span(residue, start, start + len(words), words)


def score(half: str) -> Score:
    """Search every text of one half.

    An identifier counts as found when identifiers cover all of it but blanks and marks; something that words give away when
    a finding of such a class points into it, which is where its author looks. An identifier is wrong when no label lies under it.
    """
    total = Score()
    for one in labelled(half):
        found = [finding for finding in findings(one.text) if finding.residue.value not in _MARKS]
        for span in one.spans:
            if _is_found(span, found, one.text):
                total.found[span.residue] += 1
            else:
                total.missed[span.residue].append(f"{one.id}: {span.text}")
        for finding in found:
            if finding.residue in STRUCTURED:
                if any(span.start < finding.end and finding.start < span.end for span in one.spans):
                    total.right += 1
                else:
                    total.wrong.append(f"{one.id}: {finding.residue.value} {finding.text}")
    return total


def _is_found(span: Span, found: list[Finding], text: str) -> bool:
    alike = [finding for finding in found if (finding.residue in STRUCTURED) is span.structured]
    covered = {at for finding in alike for at in range(max(finding.start, span.start), min(finding.end, span.end))}
    counted = {at for at in range(span.start, span.end) if text[at].isalnum()}
    return counted <= covered if span.structured else bool(counted & covered)
