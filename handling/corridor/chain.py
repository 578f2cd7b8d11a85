"""Does this message follow the ones we hold? Pure: counters and hashes in, a verdict out."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

START = "0" * 64


class Verdict(Enum):
    """What the check of one message found; the names stand in the database."""

    GOOD = "good"
    LATE = "late"
    GAP = "gap"
    FORK = "fork"
    REPLAYED = "replayed"
    CLASH = "clash"
    FORGED = "forged"


ACCEPTED = frozenset({Verdict.GOOD, Verdict.LATE, Verdict.GAP, Verdict.FORK})
"""These take their place in the thread; of a replayed or clashing one the place is taken, and a forged one has none."""

MEANING: Mapping[Verdict, str] = {
    Verdict.GOOD: "It was written with the same codename as the rest of this thread, and nothing before it is missing.",
    Verdict.LATE: "It was written with this codename, and came after messages that were written later. Urgent messages "
    "overtake others; otherwise something on the way held it back.",
    Verdict.GAP: "It was written with this codename, but an earlier message is missing or has not come yet.",
    Verdict.FORK: "It was written with this codename, but follows another message than the one we hold before it: one of "
    "the two was exchanged, or our public server forgot one of them.",
    Verdict.REPLAYED: "It is a message that we hold already, sent again by somebody. It says nothing new.",
    Verdict.CLASH: "It was written with this codename, but its place in the thread is taken by another message: two were "
    "sent at once, or our public server's memory of the thread was set back.",
    Verdict.FORGED: "It was not written with this thread's codename, or was changed. Do not act on it as if this source "
    "had sent it.",
}


@dataclass(frozen=True, slots=True)
class Link:
    """One accepted message: its own hash and the hash it names as its predecessor's, both hex.

    *late* says that messages written after it were here before it.
    """

    digest: str
    previous: str
    late: bool = False


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
    held = seen.get(counter)
    if held is not None:
        return Verdict.REPLAYED if held.digest == link.digest else Verdict.CLASH
    return _place(seen, link, counter=counter, late=is_late(seen, counter))


def is_late(seen: Mapping[int, Link], counter: int) -> bool:
    """Whether a message that was written after the one at *counter* is here already."""
    return any(later > counter for later in seen)


def closes_gap(seen: Mapping[int, Link], link: Link, *, counter: int) -> Verdict | None:
    """Return what the message after *counter*, which waited for this one, is called from now on; None if none waited."""
    after = seen.get(counter + 1)
    if after is None:
        return None
    return _place({**seen, counter: link}, after, counter=counter + 1, late=after.late)


def unbroken(seen: Mapping[int, Link]) -> int:
    """Return how many messages are held from the first on, up to one that is missing."""
    count = 0
    while count + 1 in seen:
        count += 1
    return count


def _place(seen: Mapping[int, Link], link: Link, *, counter: int, late: bool) -> Verdict:
    before = Link(START, "") if counter == 1 else seen.get(counter - 1)
    if before is None:
        return Verdict.GAP
    if link.previous != before.digest:
        return Verdict.FORK
    return Verdict.LATE if late else Verdict.GOOD
