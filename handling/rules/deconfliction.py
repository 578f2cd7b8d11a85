"""pure: is this somebody's source or live operation? Until somebody was asked and the answer is no, nothing is proposed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Final

ASKED_CHARS: Final = 200
"""Of what an analyst writes about who was asked: an office, not a story."""


class Answer(Enum):
    """What came back."""

    CLEAR = "clear"
    CONFLICT = "conflict"
    WAITING = "waiting"


ANSWER_LABELS: Final = {
    Answer.CLEAR: "Nobody's source and no live operation",
    Answer.CONFLICT: "It is somebody's source or live operation",
    Answer.WAITING: "Asked, and no answer yet",
}


@dataclass(frozen=True, slots=True)
class Deconfliction:
    """One answer, with who was asked, and who wrote it down when."""

    asked: str
    answer: Answer
    by: str
    on: date


def is_clear(answers: Sequence[Deconfliction]) -> bool:
    """Whether agencies may be proposed: the newest answer counts, the last one here; none at all is no."""
    return bool(answers) and answers[-1].answer is Answer.CLEAR
