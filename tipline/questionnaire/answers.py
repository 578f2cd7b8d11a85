"""From the fields of a form to answers: what the questionnaire asks, checked, and nothing else. Pure.

What is not asked, because no question has this name or a condition does not hold, is left out; so are codes that are in no
list. `tipline/away/src/questionnaire.js` does the same in a browser, and both are held to the same examples.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any, ClassVar, Final, Self, TypeAlias

from crypto import canonical
from tipline import strict
from tipline.questionnaire.model import Kind, Question, Questionnaire
from tipline.strict import EnvelopeError

ANSWERS_MAX: Final = 64 * 1024
"""Bytes of all answers of one questionnaire together, as they travel."""
WORDS_MAX: Final = 300
"""Characters of "about when", and of words beside a coded list."""
ANSWERS_COUNT: Final = 100
"""The most questions that a questionnaire may have."""

_KEY: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?")
_BLANKS: Final = " \t\n\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u3000"
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBER: Final = re.compile(r"0*([0-9]{1,12})(?:[.,]([0-9]{1,2}))?")
_DIGITS: Final = {  # of Arabic and Persian, with their decimal sign
    **{first + digit: str(digit) for first in (0x660, 0x6F0) for digit in range(10)},
    0x66B: ".",
}

Fields: TypeAlias = Mapping[str, Sequence[str]]
"""A form's fields, each with every value it was given."""


class Wrong(Enum):
    """Why an answer cannot stand."""

    MISSING = "missing"
    TOO_LONG = "too long"
    NO_DAY = "no day"
    NO_NUMBER = "no number"
    TOO_GREAT = "too great"
    TOO_MUCH = "too much"
    """All answers together; it stands at the longest."""


@dataclass(frozen=True, slots=True)
class When:
    """A day as 2026-11-23, words such as "last week", or both; what is missing is empty."""

    day: str
    about: str


@dataclass(frozen=True, slots=True)
class Listed:
    """Codes of a long list, in its order, and words for what was not found in it."""

    codes: tuple[str, ...]
    words: str


Value: TypeAlias = str | tuple[str, ...] | When | Listed


@dataclass(frozen=True, slots=True)
class Filled:
    """Answers as they travel, sealed: by the key of each question, under the hash of the questionnaire that asked."""

    schema: bytes
    language: str
    values: Mapping[str, Value]

    KIND: ClassVar[str] = "questionnaire"
    _KEYS: ClassVar[frozenset[str]] = frozenset({"schema", "language", "answers"})

    def body(self) -> dict[str, Any]:
        """Return the JSON body."""
        answers = {key: _json(value) for key, value in self.values.items()}
        return {"schema": self.schema.hex(), "language": self.language, "answers": answers}

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read a JSON body, whatever questionnaire it belongs to; raises `tipline.strict.EnvelopeError`."""
        body = strict.fields(value, cls._KEYS)
        answers, language = body["answers"], strict.text(body["language"])
        if not isinstance(answers, dict) or len(answers) > ANSWERS_COUNT or not _LANGUAGE.fullmatch(language):
            raise EnvelopeError
        if not all(_KEY.fullmatch(key) for key in answers):
            raise EnvelopeError
        return cls(
            strict.hash32(body["schema"]), language, {key: _read_value(answer) for key, answer in answers.items()}
        )


@dataclass(frozen=True, slots=True)
class Read:
    """What a form's fields say: answers that can stand, and by question what is wrong with the others."""

    values: Mapping[str, Value]
    problems: Mapping[str, Wrong]


def read(questionnaire: Questionnaire, fields: Fields) -> Read:
    """Take the answers out of a form's fields; a question whose condition does not hold is not asked."""
    values: dict[str, Value] = {}
    problems: dict[str, Wrong] = {}
    for question in questionnaire.questions:
        if not is_asked(question, values):
            continue
        found = _answer(question, fields)
        if isinstance(found, Wrong):
            problems[question.key] = found
        elif found is not None:
            values[question.key] = found
        elif question.required:
            problems[question.key] = Wrong.MISSING
    sizes = {key: len(canonical.canonical(_json(value))) for key, value in values.items()}
    if sum(sizes.values()) > ANSWERS_MAX:
        problems[max(sizes, key=sizes.__getitem__)] = Wrong.TOO_MUCH
    return Read(values, problems)


def is_asked(question: Question, values: Mapping[str, Value]) -> bool:
    """Whether its conditions hold, after the answers to earlier questions."""
    return all(_holds(values.get(key), codes) for key, codes in question.when.items())


def fields_of(values: Mapping[str, Value]) -> dict[str, list[str]]:
    """Return the fields of a form that say the same: what travels hidden from step to step."""
    fields: dict[str, list[str]] = {}
    for key, value in values.items():
        match value:
            case When(day, about):
                fields |= {f"{key}.day": [day], f"{key}.about": [about]}
            case Listed(codes, words):
                fields |= {key: list(codes), f"{key}.words": [words]}
            case str():
                fields[key] = [value]
            case _:
                fields[key] = list(value)
    return {key: texts for key, texts in fields.items() if texts not in ([], [""])}


def names(question: Question) -> tuple[str, ...]:
    """The names of the fields in which a question is answered."""
    parts = {Kind.WHEN: (".day", ".about"), Kind.LISTED: ("", ".words")}.get(question.kind, ("",))
    return tuple(question.key + part for part in parts)


def codes_of(value: Value | None) -> tuple[str, ...]:
    """The codes that an answer chose; none of an answer in words."""
    match value:
        case Listed(codes, _):
            return codes
        case str():
            return (value,)
        case None | When():
            return ()
        case _:
            return value


def _holds(value: Value | None, codes: Sequence[str]) -> bool:
    return value is not None and (not codes or not set(codes).isdisjoint(codes_of(value)))


def _answer(question: Question, fields: Fields) -> Value | Wrong | None:
    """Read one answer; None where there is none."""
    given = fields.get(question.key, ())
    match question.kind:
        case Kind.ONE:
            found: Value | Wrong | None = next((code for code in given[:1] if code in question.codes), None)
        case Kind.SEVERAL:
            found = _chosen(question, given) or None
        case Kind.LISTED:
            found = _listed(_chosen(question, given), _line(fields.get(f"{question.key}.words", ())))
        case Kind.WHEN:
            found = _when(_line(fields.get(f"{question.key}.day", ())), _line(fields.get(f"{question.key}.about", ())))
        case Kind.NUMBER:
            found = _number(_line(given), question.maximum)
        case Kind.TEXT | Kind.PLACE | Kind.LONG:
            text = _clean(given) if question.kind is Kind.LONG else _line(given)
            found = Wrong.TOO_LONG if len(text) > question.maximum else text or None
    return found


def _chosen(question: Question, given: Iterable[str]) -> tuple[str, ...]:
    chosen = set(given)
    return tuple(code for code in question.codes if code in chosen)


def _listed(codes: tuple[str, ...], words: str) -> Listed | Wrong | None:
    if len(words) > WORDS_MAX:
        return Wrong.TOO_LONG
    return Listed(codes, words) if codes or words else None


def _when(day: str, about: str) -> When | Wrong | None:
    if not day and not about:
        return None
    if day:
        try:
            good = bool(_DAY.fullmatch(day)) and date.fromisoformat(day).isoformat() == day
        except ValueError:
            good = False
        if not good:
            return Wrong.NO_DAY
    return Wrong.TOO_LONG if len(about) > WORDS_MAX else When(day, about)


def _number(text: str, maximum: int) -> str | Wrong | None:
    if not text:
        return None
    found = _NUMBER.fullmatch(text.translate(_DIGITS))
    if found is None:
        return Wrong.NO_NUMBER
    whole, cents = int(found[1]), found[2]
    if whole > maximum or (whole == maximum and cents is not None and int(cents)):
        return Wrong.TOO_GREAT
    return f"{whole}.{cents}" if cents else str(whole)


def _clean(given: Sequence[str]) -> str:
    """Return the first value without what nobody types, and without blanks around it."""
    text = given[0].replace("\r\n", "\n") if given else ""
    return _CONTROLS.sub("", text).strip(_BLANKS)


def _line(given: Sequence[str]) -> str:
    return re.sub(r"[\n\t]", " ", _clean(given))


def _json(value: Value) -> str | list[str] | dict[str, Any]:
    match value:
        case When(day, about):
            return {"day": day, "about": about}
        case Listed(codes, words):
            return {"codes": list(codes), "words": words}
        case str():
            return value
        case _:
            return list(value)


def _read_value(value: object) -> Value:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return _read_codes(value)
    if isinstance(value, dict) and "day" in value:
        body = strict.fields(value, frozenset({"day", "about"}))
        return When(strict.text(body["day"]), strict.text(body["about"]))
    body = strict.fields(value, frozenset({"codes", "words"}))
    return Listed(_read_codes(body["codes"]), strict.text(body["words"]))


def _read_codes(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise EnvelopeError
    return tuple(strict.text(code) for code in value)
