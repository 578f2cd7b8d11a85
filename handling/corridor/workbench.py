"""Sanitising a draft: what in it could lead back to the source, and what its author decided about each. Pure but for time spent.

A finding is gone when the words are; what stays in is kept with a reason, which the reviewer reads.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from handling.corridor.document import Draft, Kept
from handling.residue import findings
from handling.rules.residue import Act, Finding, Residue
from tipline.questionnaire.wording import written

REASON_LIMIT = 500  # characters
_TWO_BLANKS = re.compile(r" {2,}")


@dataclass(frozen=True, slots=True)
class Noted:
    """One finding in one field of a draft; *kept* says why it stays, None while nobody has decided."""

    field: str
    finding: Finding
    kept: Kept | None


@dataclass(frozen=True, slots=True)
class Decided:
    """What somebody chose about one finding, named by its field, class and words."""

    field: str
    residue: str
    text: str
    instead: str | None
    """Put in its place; None where the words stay as they were typed."""
    reason: str
    """Why it stays; without one it waits for a decision again."""


def look(draft: Draft, originals: Sequence[str]) -> tuple[Noted, ...]:
    """Find everything in a draft, field by field. Blocks for some milliseconds a page.

    Args:
        draft: as it is written now.
        originals: what the source wrote, and translations of it.
    """
    kept = {(one.residue, one.text): one for one in draft.kept}
    found = [(field, finding) for field, text in draft.fields().items() for finding in findings(text, originals)]
    for entry, listed in zip(draft.attached, draft.listed(), strict=True):
        seen = Finding(Residue.ATTACHMENT, 0, len(listed.to_decide), listed.to_decide, Act.REMOVE, "")
        found += [(listed.name, one) for one in (seen, *findings(entry.text, originals))]
    return tuple(Noted(field, one, kept.get((one.residue.value, one.text))) for field, one in found)


def undecided(noted: Sequence[Noted]) -> int:
    """Return how many findings nobody has decided about."""
    return sum(one.kept is None for one in noted)


def decide(draft: Draft, decided: Sequence[Decided]) -> Draft:
    """Put proposals in their places and note what stays, with its reason.

    A proposal goes in wherever the same words stand in that field, so that the second time is not overlooked.
    """
    texts = dict(draft.fields())
    for one in decided:
        if one.instead is not None and one.field in texts:
            texts[one.field] = _TWO_BLANKS.sub(" ", texts[one.field].replace(one.text, one.instead)).strip()
    keeps = {(one.residue, one.text): one for one in draft.kept}
    for one in decided:
        if one.instead is None:
            keeps.pop((one.residue, one.text), None)
        if one.instead is None and one.reason.strip():
            keeps[one.residue, one.text] = Kept(one.residue, one.text, one.reason.strip()[:REASON_LIMIT])
    return replace(draft.with_fields(texts), kept=tuple(keeps.values()))


def tidy(draft: Draft, noted: Sequence[Noted]) -> Draft:
    """Forget reasons for words that are not in the draft any more."""
    still = {(one.finding.residue.value, one.finding.text) for one in noted}
    return replace(draft, kept=tuple(one for one in draft.kept if (one.residue, one.text) in still))


def originals(tip_text: str | None, said: Sequence[Mapping[str, object]]) -> tuple[str, ...]:
    """Return everything the source wrote: the tip, and the bodies of further messages."""
    texts = [tip_text or "", *(str(body.get("text") or written(body)) for body in said)]
    return tuple(text for text in texts if text)
