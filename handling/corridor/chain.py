"""Does this message follow the ones we hold? Pure: counters and hashes in, a verdict out."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

START = "0" * 64


class Verdict(Enum):
    """What the check of one message found; the names stand in the database."""

    GOOD = "good"
    FORGED = "forged"
    REPLAYED = "replayed"
    GAP = "gap"


MEANING: Mapping[Verdict, str] = {
    Verdict.GOOD: "It was written with the same codename as the rest of this thread, and nothing before it is missing.",
    Verdict.FORGED: "It was not written with this thread's codename. Do not act on it as if this source had sent it.",
    Verdict.REPLAYED: "Its place in the thread was taken already: somebody sent an old message again, or two at once.",
    Verdict.GAP: "It was written with this codename, but an earlier message is missing or has not come yet.",
}


@dataclass(frozen=True, slots=True)
class Link:
    """One accepted message: its own hash and the hash it names as its predecessor's, both hex."""

    digest: str
    previous: str


def judge(seen: Mapping[int, Link], link: Link, *, counter: int, authentic: bool) -> Verdict:
    """Judge one message against the messages of its direction that were accepted before.

    Args:
        seen: the accepted message at each counter, from 1.
        link: hash and predecessor of this one.
        counter: place that the message claims.
        authentic: whether its MAC is right under the thread's key.
    """
    if not authentic:
        return Verdict.FORGED
    if counter in seen:
        return Verdict.REPLAYED
    before = START if counter == 1 else _digest(seen, counter - 1)
    return Verdict.GOOD if link.previous == before else Verdict.GAP


def closes_gap(seen: Mapping[int, Link], link: Link, *, counter: int) -> bool:
    """Whether the message at *counter* is the predecessor that an accepted later one has been missing."""
    after = seen.get(counter + 1)
    return after is not None and after.previous == link.digest


def _digest(seen: Mapping[int, Link], counter: int) -> str | None:
    link = seen.get(counter)
    return None if link is None else link.digest
