"""pure: every rule a decision can name, with its answer and its sentence. A verdict is a rule and the values it was drawn from."""

from dataclasses import dataclass
from datetime import date
from enum import Enum, IntEnum
from typing import Final, NamedTuple

HANDLER_RESTRICTION: Final = "Handler restriction: this report is not for this agency."
"""All that anybody past the corridor reads about an agency off the list, whether it is excluded or was simply not ticked."""


class Answer(IntEnum):
    """What a clause says; the highest one decides."""

    PERMIT = 0
    PERMIT_AFTER_SANITISE = 1
    ASK_APPROVER = 2
    ASK_ORIGINATOR = 3
    DENY = 4

    @property
    def code(self) -> str:
        """The name used in documents and on pages."""
        return self.name.lower().replace("_", "-")


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One reason a clause can give. There is one object for each, so equal rules are the same rule."""

    id: str  # stable, "clause/reason": ledgers, manifests and docs/agreements.md use it
    answer: Answer
    text: str  # for people; a name in braces stands for a value of the verdict
    names: tuple[str, ...]  # of the verdict's values
    warning: bool


RULES: Final[dict[str, Rule]] = {}


class Verdict(NamedTuple):
    """The answer of one clause. Its sentence and its values are put into words only when somebody reads them."""

    said: Rule
    drawn_from: tuple[object, ...] = ()

    @property
    def clause(self) -> str:
        """The clause that spoke."""
        return self.said.id.partition("/")[0]

    @property
    def rule(self) -> str:
        """The rule by its id."""
        return self.said.id

    @property
    def answer(self) -> Answer:
        """What it says."""
        return self.said.answer

    @property
    def warning(self) -> bool:
        """Whether a person should look at it although it permits."""
        return self.said.warning

    @property
    def text(self) -> str:
        """The sentence for people."""
        text = self.said.text
        return text.format_map(dict(self.values)) if "{" in text else text

    @property
    def values(self) -> tuple[tuple[str, str], ...]:
        """What it was drawn from, each value with its name."""
        return tuple((name, shown(value)) for name, value in zip(self.said.names, self.drawn_from, strict=True))


def shown(value: object) -> str:
    """A value of a verdict as text: codes by their code, sets in order."""
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, frozenset):
        return ", ".join(sorted(map(shown, value)))
    if isinstance(value, tuple):
        return "; ".join(map(shown, value))
    return str(value)


def permit(rule: str, text: str, *names: str, warning: bool = False) -> Rule:
    """Define a rule that permits."""
    return _rule(rule, Answer.PERMIT, text, names, warning=warning)


def deny(rule: str, text: str, *names: str) -> Rule:
    """Define a rule that denies."""
    return _rule(rule, Answer.DENY, text, names)


def sanitise(rule: str, text: str, *names: str) -> Rule:
    """Define a rule that permits a stricter version only."""
    return _rule(rule, Answer.PERMIT_AFTER_SANITISE, text, names)


def ask(rule: str, whom: Answer, text: str, *names: str) -> Rule:
    """Define a rule that waits for somebody's consent."""
    return _rule(rule, whom, text, names)


def _rule(rule: str, answer: Answer, text: str, names: tuple[str, ...], *, warning: bool = False) -> Rule:
    if rule in RULES:
        raise ValueError("two rules have one id")
    RULES[rule] = Rule(rule, answer, text, names, warning)
    return RULES[rule]
