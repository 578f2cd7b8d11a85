"""pure: what an agency can tell us about a release, and which of it may be proposed to the source. Sends nothing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any, Final

_TEXT_LIMIT: Final = 10_000  # characters of an officer's own words; they stay at the desk


class Stage(Enum):
    """How far a release has come at the agency."""

    RECEIVED = "received"
    ASSESSED = "assessed"
    ACTIONED = "actioned"
    OUTCOME = "outcome"
    CLOSURE = "closure"


ASKABLE: Final = (Stage.ASSESSED, Stage.ACTIONED, Stage.OUTCOME, Stage.CLOSURE)  # the receipt is owed by every agency


@dataclass(frozen=True, slots=True)
class Code:
    """One answer at one stage, with the phrases it lets a handler propose to the source."""

    stage: Stage
    code: str
    label: str
    phrases: tuple[str, ...]  # codes of handling.rules.phrases, best first; empty: nothing of it is for the source


CODES: Final = (
    Code(Stage.RECEIVED, "opened", "We opened the package", ("received",)),
    Code(Stage.ASSESSED, "new", "New to us", ("understood", "helped")),
    Code(Stage.ASSESSED, "known", "We knew part of this", ("known",)),
    Code(Stage.ASSESSED, "duplicate", "We had this already", ("known",)),
    Code(Stage.ASSESSED, "out-of-scope", "Not our work", ("outside",)),
    Code(Stage.ASSESSED, "insufficient", "Too little to assess", ("question", "understood")),
    Code(Stage.ACTIONED, "none", "No further action for now", ("no-action", "never-say")),
    Code(Stage.ACTIONED, "background", "Kept as background", ("helped", "never-say")),
    Code(Stage.ACTIONED, "tasked", "Tasked to someone", ("understood",)),
    Code(Stage.ACTIONED, "operation", "Used in an operation", ("understood",)),
    Code(Stage.ACTIONED, "passed-on", "Passed on with your consent", ("understood",)),
    Code(Stage.OUTCOME, "none", "No outcome", ("never-say",)),
    Code(Stage.OUTCOME, "seizure", "Seizure", ("helped",)),
    Code(Stage.OUTCOME, "arrest", "Arrest", ("helped",)),
    Code(Stage.OUTCOME, "charge", "Charge", ("helped",)),
    Code(Stage.OUTCOME, "conviction", "Conviction", ("helped",)),
    Code(Stage.OUTCOME, "disruption", "Disruption", ("helped",)),
    Code(Stage.OUTCOME, "rescue", "Rescue of people or animals", ("helped",)),
    Code(Stage.OUTCOME, "forfeiture", "Forfeiture", ("helped",)),
    Code(Stage.OUTCOME, "policy-change", "Change of policy or practice", ("helped",)),
    Code(Stage.OUTCOME, "wrong", "The information was wrong", ("never-say",)),
    Code(Stage.CLOSURE, "finished", "Our work on it has ended", ("closed", "helped")),
    Code(Stage.CLOSURE, "no-capacity", "We cannot work on it", ("closed", "never-say")),
    Code(Stage.CLOSURE, "other-body", "Another body has taken it over", ("closed", "never-say")),
)
_BY_KEY: Final[Mapping[tuple[str, str], Code]] = {(code.stage.value, code.code): code for code in CODES}
AXES: Final[Mapping[str, str]] = {
    "accuracy": "Accuracy",
    "timeliness": "Timeliness",
    "completeness": "Completeness",
    "novelty": "Novelty",
    "actionability": "Actionability",
}
LOWEST, HIGHEST = 1, 5


class FeedbackError(ValueError):
    """The document is not feedback that an agency can give."""

    def __init__(self) -> None:
        super().__init__("this is not feedback on a release")


def code(stage: str, code: str) -> Code:
    """Return the answer with this stage and code, or raise `FeedbackError`."""
    try:
        return _BY_KEY[stage, code]
    except KeyError:
        raise FeedbackError from None


def at(stage: Stage) -> tuple[Code, ...]:
    """Return the answers of one stage in the order a form shows them."""
    return tuple(entry for entry in CODES if entry.stage is stage)


@dataclass(frozen=True, slots=True)
class Usefulness:
    """Five judgements from 1 (not at all) to 5 (fully).

    Raises:
        FeedbackError: a number outside 1-5.
    """

    accuracy: int
    timeliness: int
    completeness: int
    novelty: int
    actionability: int

    def __post_init__(self) -> None:
        values = (getattr(self, axis) for axis in AXES)
        if any(type(value) is not int or not LOWEST <= value <= HIGHEST for value in values):
            raise FeedbackError


@dataclass(frozen=True, slots=True)
class Feedback:
    """One answer of one agency to one release.

    Raises:
        FeedbackError: a code of another stage, text that is too long, or a month that is none.
    """

    stage: str
    code: str
    text: str  # the officer's words, for the desk only
    month: str  # YYYY-MM in which it took effect; nothing finer is taken
    tell_source: bool  # the agency does not object to a phrase; two of our members still decide
    usefulness: Usefulness | None = None

    def __post_init__(self) -> None:
        code(self.stage, self.code)
        if not isinstance(self.text, str) or len(self.text) > _TEXT_LIMIT or not isinstance(self.tell_source, bool):
            raise FeedbackError
        if not isinstance(self.month, str) or not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", self.month):
            raise FeedbackError

    def to_body(self) -> dict[str, Any]:
        """Return the answer as a JSON value, every key present."""
        scores = None if self.usefulness is None else {axis: getattr(self.usefulness, axis) for axis in AXES}
        return {
            "stage": self.stage,
            "code": self.code,
            "text": self.text,
            "month": self.month,
            "tell_source": self.tell_source,
            "usefulness": scores,
        }

    @classmethod
    def from_body(cls, body: object) -> "Feedback":
        """Read an answer from a JSON value with exactly these keys, or raise `FeedbackError`."""
        if not isinstance(body, Mapping) or set(body) != {field.name for field in fields(cls)}:
            raise FeedbackError
        scores = body["usefulness"]
        if scores is not None and (not isinstance(scores, Mapping) or set(scores) != set(AXES)):
            raise FeedbackError
        usefulness = None if scores is None else Usefulness(**scores)
        try:
            return cls(**{**body, "usefulness": usefulness})
        except TypeError:  # an unhashable stage or code
            raise FeedbackError from None


def may_propose(stage: str, code_: str, *, tell_source: bool) -> tuple[str, ...]:
    """Return the codes of the phrases a handler may propose, best first; none when the agency objects."""
    return code(stage, code_).phrases if tell_source else ()
