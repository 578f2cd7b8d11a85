"""What in a text could lead back to a source, with this unit's words and every identifier. Blocking: some milliseconds for a page."""

from collections.abc import Sequence

from handling import data
from handling.rules import marks
from handling.rules.folded import fold
from handling.rules.residue import Finding, scan
from handling.rules.shared import shared_with

_AS_WRITTEN = (marks.invisible, marks.lookalikes, marks.spacing)


def findings(text: str, originals: Sequence[str] = ()) -> tuple[Finding, ...]:
    """Return every finding in *text*, in its order.

    Args:
        text: a draft, or any text that is to leave.
        originals: what the source wrote, and translations of it: words that stand there in the same order are found.
    """
    lexicon = data.lexicon()
    shared = shared_with(fold(original, lexicon.lookalikes) for original in originals)
    detectors = (shared, *data.identifiers().detectors(), *lexicon.detectors())
    return scan(text, lookalikes=lexicon.lookalikes, detectors=detectors, whole=_AS_WRITTEN)
