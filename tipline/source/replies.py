"""pure: what a unit wrote to one source, opened and checked; whatever is forged, changed or missing is said in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from types import MappingProxyType
from typing import Final

from crypto import age
from crypto.codename import SourceKeys
from crypto.digest import sha256
from crypto.errors import AgeError
from tipline.envelope import EnvelopeError, Reply, open_bundle

_MONTHS: Final = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905 - twelve names in one line
)
PHRASES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "received": "We have received it.",
        "understood": "We read it and understood it.",
        "question": "Please see our question.",
        "known": "We knew part of this; it still helps.",
        "outside": "This is outside our work; these bodies take it: "
        "the police, customs, the parks or wildlife authority.",
        "helped": "It helped.",
        "no-action": "There is no further action for now.",
        "never-say": "We may never be able to say what happened; that does not mean nothing did.",
        "stop": "Please collect no more; do not take risks.",
        **{f"look-after-{n:02}": f"Look here again after {name}." for n, name in enumerate(_MONTHS, 1)},
        "safety": "Safety advice for you has changed: read this page.",
        "closed": "This is closed; you may open it again with the same code.",
    }
)
"""The fixed sentences of a unit by their code; only the code travels. The same list stands in `handling.rules.phrases`."""

_UNKNOWN_PHRASE: Final = "There is news about your report that this page has no words for yet."


@dataclass(frozen=True, slots=True)
class Shown:
    """One reply that is the unit's for certain."""

    number: int
    day: date
    text: str


@dataclass(frozen=True, slots=True)
class Replies:
    """What the mailbox holds: genuine replies, oldest first, and sentences about what is wrong with the rest."""

    shown: tuple[Shown, ...]
    troubles: tuple[str, ...]


def read(bundle: bytes, keys: SourceKeys) -> Replies:
    """Open a mailbox's bundle with the source's keys. Blocks some milliseconds."""
    try:
        inner = open_bundle(bundle, keys.identity)
    except EnvelopeError:
        return Replies((), ("Your mailbox has been damaged or changed, and nothing in it can be trusted.",))
    genuine: list[tuple[Reply, bytes]] = []
    forged = 0
    for sealed in inner:
        try:
            padded = age.open_(sealed, [keys.identity])
            reply = Reply.parse(padded, keys.to_source)
        except (AgeError, EnvelopeError):
            forged += 1
            continue
        if reply.mailbox != keys.mailbox:
            forged += 1
            continue
        genuine.append((reply, sha256(padded.rstrip(b" "))))
    genuine.sort(key=lambda pair: pair[0].counter)
    shown = tuple(Shown(reply.counter, reply.day, _words(reply)) for reply, _ in genuine)
    return Replies(shown, tuple(_forged(forged) + _gaps(genuine)))


def _forged(count: int) -> list[str]:
    if not count:
        return []
    what = "One reply was" if count == 1 else f"{count} replies were"
    return [
        f"{what} not written by the unit, or changed on the way, and is not shown. Trust nothing that refers to it."
    ]


def _gaps(genuine: list[tuple[Reply, bytes]]) -> list[str]:
    troubles = []
    for (before, digest), (after, _) in pairwise(genuine):
        if after.counter != before.counter + 1:
            troubles.append(f"Between reply {before.counter} and reply {after.counter} something is missing.")
        elif after.previous != digest:
            troubles.append(f"Reply {after.counter} does not follow reply {before.counter}: one was exchanged.")
    return troubles


def _words(reply: Reply) -> str:
    if reply.kind == "phrase":
        return PHRASES.get(reply.text, _UNKNOWN_PHRASE)
    return reply.text
