"""pure: what an agency can tell us of the copies it holds: what became of them, or that one was lost or seen by others."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any, Final

TEXT_MAX: Final = 4_000  # characters of an officer's own words; they stay at the desk
_MINUTE: Final = "%Y-%m-%dT%H:%MZ"


class Fate(Enum):
    """What became of the copies of one package."""

    DESTROYED = "destroyed"
    RETURNED = "returned"
    EXCEPTED = "excepted"


FATE_LABELS: Final[Mapping[Fate, str]] = {
    Fate.DESTROYED: "Every copy is destroyed",
    Fate.RETURNED: "Every copy is given back to the unit",
    Fate.EXCEPTED: "Every copy but the ones named below",
}


class Loss(Enum):
    """In which way a package got out of the agency's hands."""

    LOST = "lost"
    SEEN = "seen"
    SENT = "sent"
    INTRUSION = "intrusion"
    MISUSE = "misuse"


LOSS_LABELS: Final[Mapping[Loss, str]] = {
    Loss.LOST: "A copy was lost or stolen",
    Loss.SEEN: "Somebody saw it who must not",
    Loss.SENT: "It was sent to somebody else by mistake",
    Loss.INTRUSION: "Somebody broke into a system or account that holds it",
    Loss.MISUSE: "It was used or passed on against the conditions",
}


class CopiesError(ValueError):
    """The document is not what an agency can tell of its copies."""

    def __init__(self) -> None:
        super().__init__("this tells nothing of an agency's copies")


@dataclass(frozen=True, slots=True)
class Destruction:
    """What became of the copies of one package.

    Raises:
        CopiesError: copies stay and nobody says which and why, or the text is too long.
    """

    fate: Fate
    done_on: date  # by the agency's own word
    text: str = ""  # which copies stay, and why; else empty or a remark

    def __post_init__(self) -> None:
        if len(self.text) > TEXT_MAX or (self.fate is Fate.EXCEPTED and not self.text.strip()):
            raise CopiesError

    def to_body(self) -> dict[str, Any]:
        """Return it as a JSON value, every key present."""
        return {"fate": self.fate.value, "done_on": self.done_on.isoformat(), "text": self.text}

    @classmethod
    def from_body(cls, body: object) -> "Destruction":
        """Read it from a JSON value with exactly these keys, or raise `CopiesError`."""
        fate, done_on, text = _strings(body, "fate", "done_on", "text")
        try:
            day = date.fromisoformat(done_on)
            if day.isoformat() != done_on:
                raise CopiesError
            return cls(Fate(fate), day, text)
        except ValueError:
            raise CopiesError from None


@dataclass(frozen=True, slots=True)
class Breach:
    """A package was lost or seen by others.

    Raises:
        CopiesError: nobody says what happened, or the text is too long.
    """

    loss: Loss
    noticed: datetime  # UTC, to the minute: when somebody of the agency first knew
    text: str  # what happened, and what was done about it

    def __post_init__(self) -> None:
        if not self.text.strip() or len(self.text) > TEXT_MAX:
            raise CopiesError

    def to_body(self) -> dict[str, Any]:
        """Return it as a JSON value, every key present."""
        return {"loss": self.loss.value, "noticed": minute_text(self.noticed), "text": self.text}

    @classmethod
    def from_body(cls, body: object) -> "Breach":
        """Read it from a JSON value with exactly these keys, or raise `CopiesError`."""
        loss, noticed, text = _strings(body, "loss", "noticed", "text")
        try:
            return cls(Loss(loss), read_minute(noticed), text)
        except ValueError:
            raise CopiesError from None


def minute_text(at: datetime) -> str:
    """A minute as it is written in documents: ``2026-11-26T18:05Z``."""
    return at.astimezone(UTC).strftime(_MINUTE)


def read_minute(text: str) -> datetime:
    """Read a minute as `minute_text` writes it, or raise `ValueError`."""
    at = datetime.strptime(text, _MINUTE).replace(tzinfo=UTC)
    if minute_text(at) != text:
        raise ValueError
    return at


def _strings(body: object, *names: str) -> tuple[str, ...]:
    if not isinstance(body, Mapping) or body.keys() != set(names):
        raise CopiesError
    if not all(isinstance(body[name], str) for name in names):
        raise CopiesError
    return tuple(body[name] for name in names)
