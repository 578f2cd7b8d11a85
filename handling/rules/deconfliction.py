"""pure: is this somebody's source or live operation? Until somebody was asked and the answer is no, nothing is proposed."""

from collections.abc import Mapping, Sequence
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

    def to_body(self) -> dict[str, str]:
        """Return it as a JSON value."""
        return {"asked": self.asked, "answer": self.answer.value, "by": self.by, "on": self.on.isoformat()}

    @classmethod
    def from_body(cls, body: object) -> "Deconfliction":
        """Read it from a JSON value.

        Raises:
            ValueError: it is of another shape.
        """
        if not isinstance(body, Mapping) or body.keys() != {"asked", "answer", "by", "on"}:
            raise ValueError("this is no answer about sources and operations")
        if not all(isinstance(value, str) and value for value in body.values()):
            raise ValueError("this is no answer about sources and operations")
        return cls(body["asked"], Answer(body["answer"]), body["by"], date.fromisoformat(body["on"]))


def is_clear(answers: Sequence[Deconfliction]) -> bool:
    """Whether agencies may be proposed: the newest answer counts, the last one here; none at all is no."""
    return bool(answers) and answers[-1].answer is Answer.CLEAR
