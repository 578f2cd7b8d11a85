"""Answers beside their questions, in words, for whoever reads them. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tipline.questionnaire.answers import Filled, Listed, Value, When, codes_of
from tipline.questionnaire.model import ENGLISH, Question, Questionnaire, say


@dataclass(frozen=True, slots=True)
class Coded:
    """A code and its name; the name is empty where the list does not have it."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Line:
    """One answer.

    Attributes:
        asked: the question in words, or its key where the questionnaire is not known.
        codes: what was chosen.
        words: what was written.
        personal: it is about people, or may be: its question is not known.
    """

    key: str
    asked: str
    codes: tuple[Coded, ...]
    words: str
    personal: bool

    @property
    def text(self) -> str:
        """The answer on one line, for a fact that begins with it."""
        chosen = ", ".join(one.name or one.code for one in self.codes)
        return "; ".join(part for part in (chosen, self.words) if part)


def lines(filled: Filled, asked: Questionnaire | None, language: str = ENGLISH) -> tuple[Line, ...]:
    """Return the answers in the order of their questions; without the questionnaire as raw keys and codes."""
    return tuple(_lines(filled, asked.questions if asked is not None else (), language))


def written(body: Mapping[str, object]) -> str:
    """Return all that a message's JSON body says in answers, as it stands; nothing where it holds none.

    Whoever looks for names or for what is sealed once more reads this: also the words of a code could be somebody's own.
    """
    answers = body.get("answers")
    return "\n".join(_texts(answers)) if isinstance(answers, Mapping) else ""


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, Sequence):
        for inner in value:
            yield from _texts(inner)


def _lines(filled: Filled, questions: Sequence[Question], language: str) -> Iterator[Line]:
    for question in questions:
        if question.key in filled.values:
            value = filled.values[question.key]
            names = {choice.code: choice.shown(language) for choice in question.choices}
            coded = codes_of(value) if names else ()
            codes = tuple(Coded(code, names.get(code, "")) for code in coded)
            words = "" if names and isinstance(value, str) else _words(value)
            yield Line(question.key, say(question.ask, language), codes, words, question.personal)
    known = {question.key for question in questions}
    for key, value in filled.values.items():
        if key not in known:
            codes = () if isinstance(value, str) else tuple(Coded(code, "") for code in codes_of(value))
            yield Line(key, key, codes, _words(value), personal=True)  # nobody knows what was asked


def _words(value: Value) -> str:
    match value:
        case When(day, about):
            return ", ".join(part for part in (day, about) if part)
        case Listed(_, words):
            return words
        case str():
            return value
        case _:
            return ""
