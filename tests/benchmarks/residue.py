"""How long 10 kB are searched for residue: a plain report, and one that is full of it."""

import time

from handling.residue import findings
from tests.benchmarks.table import Row
from tests.handling.residue.scoring import labelled

SIZE = 10_000
TIP = 3_000
_PLAIN = (
    "The report says that ivory was moved from the region by road in a refrigerated truck, and that payment was made "
    "later in another country through a company that exists on paper alone. "
)


def figures() -> list[Row]:
    """Best of seven in processor time, each beside a tip of 3 kB."""
    full = "\n".join(one.text for one in labelled("tune"))
    return [
        Row("residue: a report of 10 kB searched", f"{_seconds(_PLAIN * 100) * 1000:.0f} ms"),
        Row("residue: the same, full of findings", f"{_seconds(full) * 1000:.0f} ms"),
    ]


def _seconds(text: str) -> float:
    taken = []
    for _ in range(7):
        begun = time.process_time()
        findings(text[:SIZE], [text[:TIP]])
        taken.append(time.process_time() - begun)
    return min(taken)
