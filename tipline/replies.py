"""pure: what a unit wrote to one source, opened and checked; whatever is forged, changed or missing is said in words."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from types import MappingProxyType
from typing import Final

from crypto import age
from crypto.codename import SourceKeys
from crypto.digest import sha256
from crypto.errors import AgeError, OpenError
from tipline.bundles import open_bundle
from tipline.envelope import Place, Reply, ThreadState
from tipline.strict import EnvelopeError
from tipline.text import MONTHS, Text

PHRASES: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "received": Text("We have received it."),
        "understood": Text("We read it and understood it."),
        "question": Text("Please see our question."),
        "known": Text("We knew part of this; it still helps."),
        "outside": Text(
            "This is outside our work; these bodies take it: the police, customs, the parks or wildlife authority."
        ),
        "helped": Text("It helped."),
        "no-action": Text("There is no further action for now."),
        "never-say": Text("We may never be able to say what happened; that does not mean nothing did."),
        "stop": Text("Please collect no more; do not take risks."),
        **{
            f"look-after-{n:02}": Text("Look here again after %(month)s.", month=name)
            for n, name in enumerate(MONTHS, 1)
        },
        "safety": Text("Safety advice for you has changed: read this page."),
        "closed": Text("This is closed; you may open it again with the same code."),
    }
)
"""The fixed sentences of a unit by their code; only the code travels. The same list stands in `handling.rules.phrases`."""

DAMAGED: Final = Text("Your mailbox has been damaged or changed, and nothing in it can be trusted.")
REORDERED: Final = Text(
    "Somebody put the replies into another order. They are shown in the order in which they were written."
)
FORGOTTEN: Final = Text(
    "The unit has more messages of yours than this server remembers: its memory of your report was set back. "
    "It cannot be said whether replies were taken away."
)
LOST: Final = Text(
    "This server's memory of your report is damaged or was exchanged. It cannot be said whether replies were taken away, "
    "and an answer cannot be sent from here: write a new report."
)
OTHER_UNIT: Final = Text(
    "This server says that another unit has your report than the one you wrote to: somebody changed that. "
    "An answer cannot be sent from here: write a new report."
)
_UNKNOWN_PHRASE: Final = Text("There is news about your report that this page has no words for yet.")


@dataclass(frozen=True, slots=True)
class Shown:
    """One reply that is the unit's for certain."""

    number: int
    day: date
    text: str


@dataclass(frozen=True, slots=True)
class Replies:
    """What the mailbox holds.

    Attributes:
        shown: genuine replies, oldest first.
        troubles: sentences about what is wrong with the rest.
        place: what the source's side remembers once this has been shown; None when what it had was damaged or exchanged.
        sent: how many messages and files the source has sent, as far as is remembered.
        had: how many of them, from the first on, the unit had when it wrote the newest reply; None without a reply.
    """

    shown: tuple[Shown, ...]
    troubles: tuple[str, ...]
    place: Place | None
    sent: int
    had: int | None


@dataclass(frozen=True, slots=True)
class _Genuine:
    """One reply whose MAC is right, and the hash that the next one names."""

    reply: Reply
    digest: bytes

    @property
    def number(self) -> int:
        return self.reply.counter


def remembered(thread_state: bytes, keys: SourceKeys) -> Place | None:
    """Open what the source's side kept; None when somebody damaged it or put another in its place."""
    try:
        return Place.open(thread_state, keys.state, mailbox=keys.mailbox)
    except OpenError:
        return None


def read(bundle: bytes, keys: SourceKeys, place: Place | None) -> Replies:
    """Open a mailbox's bundle with the source's keys and hold it against what was shown before. Blocks some milliseconds."""
    if place is None:
        shown = _read(bundle, keys, ThreadState.start(), ThreadState.start())
        troubles = (LOST, *(text for text in shown.troubles if text != FORGOTTEN))
        return Replies(shown.replies, troubles, None, sent=0, had=None)
    shown = _read(bundle, keys, place.sent, place.heard)
    return Replies(shown.replies, shown.troubles, replace(place, heard=shown.heard), place.sent.counter, shown.had)


@dataclass(frozen=True, slots=True)
class _Read:
    replies: tuple[Shown, ...]
    troubles: tuple[str, ...]
    heard: ThreadState
    had: int | None


def _read(bundle: bytes, keys: SourceKeys, sent: ThreadState, heard: ThreadState) -> _Read:
    try:
        inner = open_bundle(bundle, keys.identity)
    except EnvelopeError:
        return _Read((), (DAMAGED,), heard, None)
    opened = [_genuine(sealed, keys) for sealed in inner]
    found = [one for one in opened if one is not None]
    each = list({one.digest: one for one in found}.values())  # a copy is shown once
    each.sort(key=lambda one: one.number)
    troubles = [
        *_forged(opened.count(None)),
        *_copies(found),
        *([REORDERED] if any(a.number > b.number for a, b in pairwise(found)) else []),
        *_set_back(each, heard),
        *_gaps(each, heard),
        *([FORGOTTEN] if any(one.reply.heard > sent.counter for one in each) else []),
    ]
    return _Read(
        replies=tuple(Shown(one.number, one.reply.day, _words(one.reply)) for one in each),
        troubles=tuple(troubles),
        heard=_newest(each, heard),
        had=each[-1].reply.heard if each else None,
    )


def _genuine(sealed: bytes, keys: SourceKeys) -> _Genuine | None:
    try:
        padded = age.open_(sealed, [keys.identity])
        reply = Reply.parse(padded, keys.to_source)
    except (AgeError, EnvelopeError):
        return None
    return _Genuine(reply, sha256(padded.rstrip(b" "))) if reply.mailbox == keys.mailbox else None


def _newest(each: Sequence[_Genuine], heard: ThreadState) -> ThreadState:
    """Return the newest reply ever shown; of two in one place the one that was shown first stays."""
    newest = [one for one in each if one.number > heard.counter]
    if not newest:
        return heard
    last = next(one for one in newest if one.number == newest[-1].number)
    return ThreadState(last.number, last.digest)


def _forged(count: int) -> list[str]:
    if not count:
        return []
    return [
        Text.many(
            "One reply was not written by the unit, or changed on the way, and is not shown. "
            "Trust nothing that refers to it.",
            "%(count)s replies were not written by the unit, or changed on the way, and is not shown. "
            "Trust nothing that refers to it.",
            count,
        )
    ]


def _copies(found: Sequence[_Genuine]) -> list[str]:
    times = Counter(one.digest for one in found)
    numbers = sorted({one.number for one in found if times[one.digest] > 1})
    return [
        Text("Reply %(number)s is here more than once and is shown once: somebody copied it.", number=number)
        for number in numbers
    ]


def _set_back(each: Sequence[_Genuine], heard: ThreadState) -> list[str]:
    """Say what was shown before and is not here any more, or is here as another."""
    if heard.counter == 0:
        return []
    newest = each[-1].number if each else 0
    if newest < heard.counter:
        return [
            Text(
                "Reply %(number)s was shown here before and is missing now. Somebody put back an older mailbox.",
                number=heard.counter,
            )
        ]
    again = [one for one in each if one.number == heard.counter]
    if again and all(one.digest != heard.previous for one in again):
        return [
            Text("Reply %(number)s is not the one that was shown here before: one was exchanged.", number=heard.counter)
        ]
    return []


def _gaps(each: Sequence[_Genuine], heard: ThreadState) -> list[str]:
    troubles = []
    fresh = [one for one in each if one.number > heard.counter]
    if fresh and all(one.number > heard.counter for one in each):
        first = fresh[0]
        if first.number > heard.counter + 1:
            troubles.append(_never_shown(heard.counter + 1, first.number - 1))
        elif first.reply.previous != heard.previous:
            troubles.append(
                Text(
                    "Reply %(number)s does not follow what was shown here before: one was exchanged.",
                    number=first.number,
                )
            )
    for before, after in pairwise(each):
        if after.number == before.number:
            troubles.append(
                Text("There are two different replies %(number)s: ask the unit which one holds.", number=after.number)
            )
        elif after.number != before.number + 1:
            troubles.append(
                Text(
                    "Between reply %(first)s and reply %(second)s something is missing.",
                    first=before.number,
                    second=after.number,
                )
            )
        elif all(after.reply.previous != one.digest for one in each if one.number == before.number):
            troubles.append(
                Text(
                    "Reply %(second)s does not follow reply %(first)s: one was exchanged.",
                    first=before.number,
                    second=after.number,
                )
            )
    return troubles


def _never_shown(first: int, last: int) -> str:
    if first == last:
        return Text(
            "Reply %(number)s was never shown here, and newer ones are: a mailbox holds only the newest, "
            "or somebody kept them back.",
            number=first,
        )
    return Text(
        "Replies %(first)s to %(last)s were never shown here, and newer ones are: a mailbox holds only the newest, "
        "or somebody kept them back.",
        first=first,
        last=last,
    )


def _words(reply: Reply) -> str:
    if reply.kind == "phrase":
        return PHRASES.get(reply.text, _UNKNOWN_PHRASE)
    return reply.text
