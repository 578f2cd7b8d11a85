"""Answers as a TOML file that somebody fills in with an editor: one to fill in is written here, and a filled one is read. Pure.

What is asked and what can stand is decided by `tipline.questionnaire.answers`, as on a form's page. Where a form cannot go
wrong a file can, so a key that asks nothing and a code that is in no list are refused, and no answer is left out unsaid.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Final, NamedTuple

from tipline.questionnaire import answers
from tipline.questionnaire.answers import WORDS_MAX, Filled, Value, Wrong
from tipline.questionnaire.carried import Carried
from tipline.questionnaire.lines import Lines, Path, spelt
from tipline.questionnaire.model import ENGLISH, Kind, Question, Questionnaire, say
from tipline.questionnaire.reading import Problem, QuestionnaireError

FILE_MAX: Final = 1 << 20
"""Bytes of a file to fill in: its answers are far shorter, its lists of codes are not."""

_BEYOND: Final = 10**11
"""Greater than any number that a question takes. A longer one is not written out: Python refuses that from some length on."""
_CODES: Final = "must be a list of codes in quotes"
_NO_TEXT: Final = '""'
_EMPTY: Final[Mapping[Kind, str]] = {
    Kind.SEVERAL: "[]",
    Kind.WHEN: '{ day = "", about = "" }',
    Kind.LISTED: '{ codes = [], words = "" }',
}
_HOW: Final[Mapping[Kind, str]] = {
    Kind.LONG: 'several lines go between """ and """',
    Kind.WHEN: "a day such as 2026-11-23, words in about, or both",
    Kind.NUMBER: "one number in digits, with no sign between thousands",
    Kind.ONE: "one of these codes",
    Kind.SEVERAL: 'any of these codes, such as ["one", "other"]',
    Kind.LISTED: "any of these codes, and words for what is not among them",
}
_HEAD: Final = (
    "Answer what you like between the quotes and brackets; leave the rest as it is. Nobody has to answer.",
    "Seal it with your message: tipline tip seal --answers FILE … Then delete this file: it is in clear.",
)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


class Answered(NamedTuple):
    """Answers that can be sealed, and the keys of those left out: what they answer is not asked after the other answers."""

    filled: Filled
    left_out: tuple[str, ...]


def blank(asked: Questionnaire) -> str:
    """Return a file with every question and no answer; `read` takes it as it is."""
    lines = [*map(_comment, _HEAD)]
    for section in asked.sections:
        lines += ["", _comment(f"-- {say(section.title, ENGLISH)} --")]
        for question in section.questions:
            lines += ["", *map(_comment, _about(question)), f"{question.key} = {_EMPTY.get(question.kind, _NO_TEXT)}"]
    return "\n".join(lines) + "\n"


def read(toml: bytes, carried: Carried) -> Answered:
    """Read a file of answers; raises `QuestionnaireError` with everything that is wrong with it, and no answer in it."""
    text, values = _parsed(toml)
    lines, problems = Lines(text), dict[Path, str]()
    fields: dict[str, list[str]] = {}
    questions = {question.key: question for question in carried.asked.questions}
    for key, value in values.items():
        if key in questions:
            fields |= _fields(questions[key], value, problems.setdefault)
        else:
            problems[key,] = "is no question of this kit"
    said = answers.read(carried.asked, fields)
    for key, wrong in said.problems.items():
        problems.setdefault((key,), _words(wrong, questions[key]))
    if problems:
        found = [Problem(lines.of(path), spelt(path), says) for path, says in problems.items()]
        raise QuestionnaireError(sorted(found, key=lambda problem: problem.line))
    return Answered(Filled(carried.schema, ENGLISH, said.values), _left_out(questions, fields, said.values))


def _parsed(toml: bytes) -> tuple[str, dict[str, object]]:
    """The text and what TOML makes of it."""
    if len(toml) > FILE_MAX:
        raise QuestionnaireError([Problem(1, "the file", "is too long for a file of answers")])
    try:
        text = toml.decode().replace("\r\n", "\n")
        return text, tomllib.loads(text)
    except UnicodeDecodeError:
        raise QuestionnaireError([Problem(1, "the file", "is not UTF-8")]) from None
    except (ValueError, RecursionError) as error:  # the first also of a number with thousands of digits
        line = re.search(r"line (\d+)", str(error))
        says = "is not TOML: put each answer between quotes, and lists between brackets"
        raise QuestionnaireError([Problem(int(line[1]) if line else 1, "the file", says)]) from None


Note = Callable[[Path, str], object]


def _fields(question: Question, value: object, note: Note) -> dict[str, list[str]]:
    """The fields of a form that would say the same."""
    key = question.key
    match question.kind:
        case Kind.WHEN:
            table = _table(key, value, ("day", "about"), note)
            texts = {name: _text((key, name), table.get(name, ""), note) for name in ("day", "about")}
            return {f"{key}.{name}": [text] for name, text in texts.items()}
        case Kind.LISTED:
            table = _table(key, value, ("codes", "words"), note)
            codes = _codes(question, (key, "codes"), table.get("codes", []), note)
            return {key: codes, f"{key}.words": [_text((key, "words"), table.get("words", ""), note)]}
        case Kind.SEVERAL:
            return {key: _codes(question, (key,), value, note)}
        case Kind.ONE:
            code = _text((key,), value, note)
            return {key: _codes(question, (key,), [code], note) if code else []}
        case Kind.NUMBER if isinstance(value, int | float) and not isinstance(value, bool):
            return {key: [str(min(value, _BEYOND) if isinstance(value, int) else value)]}
        case _:
            return {key: [_text((key,), value, note)]}


def _table(key: str, value: object, names: tuple[str, str], note: Note) -> Mapping[str, object]:
    if not isinstance(value, dict):
        note((key,), f"must be written as {{ {names[0]} = …, {names[1]} = … }}")
        return {}
    for name in value.keys() - set(names):
        note((key, name), f"is not known here: only {names[0]} and {names[1]} are")
    return value


def _text(path: Path, value: object, note: Note) -> str:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    if not isinstance(value, str):
        note(path, "must be text in quotes")
        return ""
    return value


def _codes(question: Question, path: Path, value: object, note: Note) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(code, str) for code in value):
        note(path, _CODES)
        return []
    known = set(question.codes)
    for at, code in enumerate(value, 1):
        if code not in known:
            note(path, f"holds a code that this question does not have: the {at}. is not in its list")
    return value


def _left_out(
    questions: Mapping[str, Question], fields: Mapping[str, list[str]], values: Mapping[str, Value]
) -> tuple[str, ...]:
    said = {key for key, question in questions.items() for name in answers.names(question) if any(fields.get(name, []))}
    return tuple(key for key in questions if key in said and not answers.is_asked(questions[key], values))


def _words(wrong: Wrong, question: Question) -> str:
    most = question.maximum if question.kind in (Kind.TEXT, Kind.PLACE, Kind.LONG) else WORDS_MAX
    return {
        Wrong.MISSING: "must be answered",
        Wrong.TOO_LONG: f"is too long: shorten it to {most} letters",
        Wrong.NO_DAY: "must have a day such as 2026-11-23, or none, and your own words in about",
        Wrong.NO_NUMBER: "must be one number in digits, such as 1500 or 2.5, with no sign between thousands",
        Wrong.TOO_GREAT: "is too great a number",
        Wrong.TOO_MUCH: "is the longest of answers that are too long together: shorten it",
    }[wrong]


def _about(question: Question) -> Iterator[str]:
    """What stands above a question: what it asks, how it is answered, and its codes with their names."""
    yield say(question.ask, ENGLISH)
    if question.help:
        yield say(question.help, ENGLISH)
    for key, codes in question.when.items():
        yield f"(asked only after {key} = {' or '.join(codes) or 'anything'})"
    if question.kind in _HOW:
        yield f"({_HOW[question.kind]})"
    if question.required:
        yield "(must be answered)"
    for choice in question.choices:
        yield f'    "{choice.code}"  {choice.shown(ENGLISH)}'


def _comment(text: str) -> str:
    """One line that TOML passes over, whatever the kit says: a kit's words are not ours."""
    return "# " + _CONTROL.sub(" ", text)
