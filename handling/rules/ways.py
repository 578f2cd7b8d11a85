"""pure: the ways in which a tip can have been sealed, told apart for whoever weighs it. A way is the sender's own word."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final


class Way(Enum):
    """Where the sealing was done; the names stand in messages and in the database."""

    ARRIVAL = "arrival"
    KIT = "kit"
    PGP = "pgp"
    BROWSER = "browser"


@dataclass(frozen=True, slots=True)
class Words:
    """What a handler reads about one way.

    Attributes:
        label: the tag beside each tip and message.
        seen_by: who else had the text in clear.
        protects: against what it helps.
        not_against: against what it does not.
        same: what a right MAC proves, and no more.
    """

    label: str
    seen_by: str
    protects: str
    not_against: str
    same: str


WORDS: Final[Mapping[Way, Words]] = MappingProxyType(
    {
        Way.ARRIVAL: Words(
            label="Sealed on arrival",
            seen_by="Our web process, in its memory, for that one request.",
            protects="Our web process sealed the message before anything was written to a disk. A stolen disk or database "
            "does not hold it in clear.",
            not_against="It was not sealed on the source's own device. Whoever controlled our public server while it was "
            "sent, or forced a change of its program, could have read it.",
            same="Same codename",
        ),
        Way.KIT: Words(
            label="Sealed before it reached us",
            seen_by="Nobody on the way to us.",
            protects="It was sealed on the source's own device, with a program that our server did not choose. Our public "
            "server never had the text.",
            not_against="Whoever controls the source's device, or gave the source a false kit, could have read it.",
            same="Same person's device",
        ),
        Way.PGP: Words(
            label="PGP",
            seen_by="Nobody on the way to us.",
            protects="It was sealed to our OpenPGP key on the source's own device.",
            not_against="It is not post-quantum: who keeps a copy may read it one day. It carries no codename of its own, so "
            "nothing in it ties it to another message. Its length and the key that it is for show from outside.",
            same="No codename",
        ),
        Way.BROWSER: Words(
            label="Sealed in your browser",
            seen_by="Nobody on the way to us, if the page that we served was honest.",
            protects="A script in the source's browser sealed it. Our public server never had the text.",
            not_against="The script came from our public server. Whoever controlled it could have served another one, and "
            "a browser that runs scripts is easier to attack.",
            same="Same codename",
        ),
    }
)

MIXED: Final = (
    "This thread began as “{began}”; this message says “{says}”. The source may have changed its way of writing. If it "
    "says that it was sealed with less protection than before, take what is in it as seen by those whom that way does "
    "not keep out."
)


MIXTURE: Final = "Messages of this thread were sealed in more than one way: {labels}. Each says below how."
TYPED: Final = (
    "Its codename has been in a kit, and also on our public server: whoever controlled that server then may have kept it. "
    "They could read what we reply, and write in this source's name. Do not put into a reply what they must not know."
)
SCRIPTED: Final = (
    "Its codename has been in a kit, and also in a page that our public server sent: whoever controlled that server then "
    "may have kept it, as far as they could make the page tell it."
)


def same(says: Way, before: Collection[Way]) -> str:
    """Return what a right MAC proves of a message that says *says*, after messages of the ways *before*.

    A codename that has been anywhere else than on its source's device stands for a codename from then on, and no more.
    """
    if says is Way.KIT and any(way is not Way.KIT for way in before):
        return WORDS[Way.ARRIVAL].same
    return WORDS[says].same


def mixture(ways: Collection[Way]) -> str:
    """Return what it means that one thread has messages of all these *ways*; nothing for a single one."""
    if len(ways) < 2:  # noqa: PLR2004 - one is no mixture
        return ""
    words = [MIXTURE.format(labels=", ".join(f"“{WORDS[way].label}”" for way in ways))]
    if Way.KIT in ways:
        words.append(TYPED if Way.ARRIVAL in ways else SCRIPTED)
    return " ".join(words)


def contradiction(began: Way, says: Way) -> str:
    """Return the words for a message whose way is not that of its thread's beginning; nothing when they agree."""
    if began is says:
        return ""
    return MIXED.format(began=WORDS[began].label, says=WORDS[says].label)
