"""pure: the fixed sentences that a source may be told without a second reader. They name nobody, no place and no count."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from handling.rules.clocks import MONTHS


class Kind(Enum):
    """A status is never held back; an outcome waits for two members and for the operation to close."""

    STATUS = "status"
    OUTCOME = "outcome"


@dataclass(frozen=True, slots=True)
class Phrase:
    """One sentence; only its code travels."""

    code: str
    text: str
    kind: Kind


PHRASES: Final = (
    Phrase("received", "We have received it.", Kind.STATUS),
    Phrase("understood", "We read it and understood it.", Kind.STATUS),
    Phrase("question", "Please see our question.", Kind.STATUS),
    Phrase("known", "We knew part of this; it still helps.", Kind.OUTCOME),
    Phrase(
        "outside",
        "This is outside our work; these bodies take it: the police, customs, the parks or wildlife authority.",
        Kind.STATUS,
    ),
    Phrase("helped", "It helped.", Kind.OUTCOME),
    Phrase("no-action", "There is no further action for now.", Kind.OUTCOME),
    Phrase(
        "never-say",
        "We may never be able to say what happened; that does not mean nothing did.",
        Kind.STATUS,
    ),
    Phrase("stop", "Please collect no more; do not take risks.", Kind.STATUS),
    *(Phrase(f"look-after-{n:02}", f"Look here again after {name}.", Kind.STATUS) for n, name in enumerate(MONTHS, 1)),
    Phrase("safety", "Safety advice for you has changed: read this page.", Kind.STATUS),
    Phrase("closed", "This is closed; you may open it again with the same code.", Kind.STATUS),
)
_BY_CODE: Final[Mapping[str, Phrase]] = {phrase.code: phrase for phrase in PHRASES}


class NoSuchPhraseError(ValueError):
    """The code is not on the fixed list."""

    def __init__(self) -> None:
        super().__init__("this phrase is not on the list")


def phrase(code: str) -> Phrase:
    """Return the phrase with this code, or raise `NoSuchPhraseError`."""
    try:
        return _BY_CODE[code]
    except KeyError:
        raise NoSuchPhraseError from None
