"""A questionnaire as a frozen value, its canonical bytes and their hash, by which answers name what was asked. Pure.

Layout: docs/format.md, "Questionnaires and answers".
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, ClassVar, Final, Self, TypeAlias, TypeVar

from crypto import canonical
from crypto.digest import sha256
from tipline import strict
from tipline.strict import EnvelopeError

ENGLISH: Final = "en"
"""What every questionnaire is written in; other languages stand beside it."""

Texts: TypeAlias = Mapping[str, str]
"""One text by language code; English is always there."""

_T = TypeVar("_T")


class Kind(Enum):
    """What an answer is."""

    TEXT = "text"
    LONG = "long"
    PLACE = "place"
    WHEN = "when"
    NUMBER = "number"
    ONE = "one"
    SEVERAL = "several"
    LISTED = "listed"


CODED: Final = frozenset({Kind.ONE, Kind.SEVERAL, Kind.LISTED})
"""Kinds that are answered with codes of a list."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One code of a list. A name may hold several, with ``;`` between them: the first is shown, all can be typed."""

    code: str
    name: Texts

    def shown(self, language: str) -> str:
        """Return the name by which it is shown."""
        return _names(say(self.name, language))[0]

    def names(self) -> tuple[str, ...]:
        """Every name in every language."""
        return tuple(name for texts in self.name.values() for name in _names(texts))


@dataclass(frozen=True, slots=True)
class Group:
    """Choices that stand together; the only group of a short list has no key and no name."""

    key: str
    name: Texts
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """One question.

    Attributes:
        maximum: of characters, or of a number; 0 for kinds that have none.
        personal: whether answers are about people and are to be treated so.
        when: earlier questions, each with the codes of which one must have been chosen; no codes: any answer will do.
            All of them must hold, or this is not asked.
        source: where a coded list comes from, and of which day.
    """

    key: str
    kind: Kind
    ask: Texts
    help: Texts
    required: bool
    maximum: int
    personal: bool
    when: Mapping[str, tuple[str, ...]]
    groups: tuple[Group, ...]
    source: str

    @property
    def choices(self) -> tuple[Choice, ...]:
        """All choices, in order."""
        return tuple(choice for group in self.groups for choice in group.choices)

    @property
    def codes(self) -> tuple[str, ...]:
        """All codes, in order."""
        return tuple(choice.code for choice in self.choices)


@dataclass(frozen=True, slots=True)
class Section:
    """Questions that are asked on one page."""

    key: str
    title: Texts
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """All of it."""

    name: str
    languages: tuple[str, ...]
    sections: tuple[Section, ...]

    FORMAT: ClassVar[str] = "tipline/questionnaire/v1"

    @property
    def questions(self) -> tuple[Question, ...]:
        """All questions, in order."""
        return tuple(question for section in self.sections for question in section.questions)

    @property
    def sha256(self) -> bytes:
        """What answers call this questionnaire by, 32 bytes."""
        return sha256(self.encode())

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return canonical.canonical(
            {
                "format": self.FORMAT,
                "name": self.name,
                "languages": list(self.languages),
                "sections": [_section(section) for section in self.sections],
            }
        )

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read what `encode` returned; raises `tipline.strict.EnvelopeError`."""
        value = strict.of_format(data, cls.FORMAT, frozenset({"format", "name", "languages", "sections"}))
        return cls(
            strict.text(value["name"]),
            _list(value["languages"], strict.text),
            _list(value["sections"], _read_section),
        )


def say(texts: Texts, language: str) -> str:
    """Return a text in *language*, or in English."""
    return texts.get(language) or texts.get(ENGLISH, "")


def _names(text: str) -> list[str]:
    return [name.strip() for name in re.split(r"[;\uff1b]", text)]


def _section(section: Section) -> dict[str, Any]:
    return {
        "key": section.key,
        "title": dict(section.title),
        "questions": [_question(question) for question in section.questions],
    }


def _question(question: Question) -> dict[str, Any]:
    return {
        "key": question.key,
        "kind": question.kind.value,
        "ask": dict(question.ask),
        "help": dict(question.help),
        "required": question.required,
        "maximum": question.maximum,
        "personal": question.personal,
        "when": {key: list(codes) for key, codes in question.when.items()},
        "groups": [
            {
                "key": group.key,
                "name": dict(group.name),
                "choices": [{"code": choice.code, "name": dict(choice.name)} for choice in group.choices],
            }
            for group in question.groups
        ],
        "source": question.source,
    }


_QUESTION_KEYS: Final = frozenset(
    ["key", "kind", "ask", "help", "required", "maximum", "personal", "when", "groups", "source"]
)


def _read_section(value: object) -> Section:
    section = strict.fields(value, frozenset({"key", "title", "questions"}))
    questions = _list(section["questions"], _read_question)
    return Section(strict.text(section["key"]), _texts(section["title"]), questions)


def _read_question(value: object) -> Question:
    question = strict.fields(value, _QUESTION_KEYS)
    kinds = {kind.value: kind for kind in Kind}
    kind, when = kinds.get(strict.text(question["kind"])), question["when"]
    if kind is None or not isinstance(when, dict):
        raise EnvelopeError
    return Question(
        key=strict.text(question["key"]),
        kind=kind,
        ask=_texts(question["ask"]),
        help=_texts(question["help"]),
        required=strict.flag(question["required"]),
        maximum=strict.number(question["maximum"], least=0),
        personal=strict.flag(question["personal"]),
        when={key: _list(codes, strict.text) for key, codes in when.items()},
        groups=_list(question["groups"], _read_group),
        source=strict.text(question["source"]),
    )


def _read_group(value: object) -> Group:
    group = strict.fields(value, frozenset({"key", "name", "choices"}))
    return Group(strict.text(group["key"]), _texts(group["name"]), _list(group["choices"], _read_choice))


def _read_choice(value: object) -> Choice:
    choice = strict.fields(value, frozenset({"code", "name"}))
    return Choice(strict.text(choice["code"]), _texts(choice["name"]))


def _texts(value: object) -> Texts:
    if not isinstance(value, dict):
        raise EnvelopeError
    return {language: strict.text(text) for language, text in value.items()}


def _list(value: object, read: Callable[[object], _T]) -> tuple[_T, ...]:
    if not isinstance(value, list):
        raise EnvelopeError
    return tuple(read(one) for one in value)
