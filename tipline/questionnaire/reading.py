"""A unit's questionnaire file, in TOML, read into a `Questionnaire`. Every problem is told with its line and key path. Pure."""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tipline.questionnaire.answers import ANSWERS_COUNT
from tipline.questionnaire.lines import Lines, Path, spelt
from tipline.questionnaire.model import CODED, ENGLISH, Choice, Group, Kind, Question, Questionnaire, Section, Texts
from tipline.questionnaire.table import Note, Table, visible

_KEY: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")
_KEY_SAYS: Final = "must begin with a small letter and have at most 32 of a-z, 0-9 and -"
_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 .-]{0,63}")
_CODE_SAYS: Final = "as a code must have at most 64 letters, digits, blanks, dots and hyphens of ASCII"
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?")
_CHOICES_MAX: Final = 300
_RESERVED: Final = frozenset(  # the other beginnings of a text's path, and fields that the page of questions has itself
    {"list", "section", "csrf", "token", "step", "go"}
)
_MAXIMA: Final[Mapping[Kind, tuple[int, int]]] = {  # what holds unless the file says otherwise, and the most it may say
    Kind.TEXT: (300, 2_000),
    Kind.PLACE: (300, 2_000),
    Kind.LONG: (4_000, 8_000),
    Kind.NUMBER: (1_000_000_000, 1_000_000_000),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and where."""

    line: int
    path: str
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.path} {self.text}"


class QuestionnaireError(Exception):
    """A file is no questionnaire; *problems* say why, in the order of their lines."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


def read(toml: bytes) -> Questionnaire:
    """Read a questionnaire file; raises `QuestionnaireError` with everything that is wrong with it."""
    try:
        text = toml.decode("utf-8").replace("\r\n", "\n")
        values = tomllib.loads(text)
    except UnicodeDecodeError:
        raise QuestionnaireError([Problem(1, "the file", "is not UTF-8")]) from None
    except (ValueError, RecursionError) as error:  # the first also of a number with thousands of digits
        line = re.search(r"line (\d+)", str(error))
        raise QuestionnaireError([Problem(int(line[1]) if line else 1, "the file", f"is not TOML: {error}")]) from None
    lines = Lines(text)
    problems: list[Problem] = []
    found = _questionnaire(values, lambda path, says: problems.append(Problem(lines.of(path), spelt(path), says)))
    if problems:
        raise QuestionnaireError(sorted(problems, key=lambda problem: problem.line))
    return found


class _Words:
    """Puts the languages of each text together: English stands where it is used, the others in tables of their own."""

    def __init__(self, languages: Table, note: Note) -> None:
        self._note = note
        self._said: dict[str, dict[Path, str]] = {}
        for language, table in languages.items():
            path = (*languages.path, language)
            if language == ENGLISH or not _LANGUAGE.fullmatch(language):
                note(path, "is not the code of another language, such as fr or zh-Hans")
            self._said[language] = dict(_flat(table, path, (), note))

    @property
    def languages(self) -> tuple[str, ...]:
        """Every language of the file, English first."""
        return (ENGLISH, *self._said)

    def all(self, english: str, *path: str) -> Texts:
        """Return one text in all languages; note those in which it is missing."""
        for language, said in self._said.items():
            if path not in said:
                self._note(("language", language), f"lacks the text {spelt(path)}")
        return self.some(english, *path)

    def some(self, english: str, *path: str) -> Texts:
        """Return one text in the languages that have it: names in a long list may be known in one and not in another."""
        return {ENGLISH: english} | {language: said.pop(path) for language, said in self._said.items() if path in said}

    def finish(self) -> None:
        """Note translations of nothing."""
        for language, said in self._said.items():
            for path in said:
                self._note(("language", language, *path), "is the translation of no text of this questionnaire")


@dataclass(frozen=True, slots=True)
class _List:
    """A coded list, which several questions may use."""

    source: str
    groups: tuple[Group, ...]


def _questionnaire(values: object, note: Note) -> Questionnaire:
    file = Table(values, (), note)
    if file.text("format") not in ("", Questionnaire.FORMAT):
        file.note("format", f'must be "{Questionnaire.FORMAT}"')
    name = file.matching("name", _KEY, _KEY_SAYS)
    words = _Words(file.table("language"), note)
    lists = {key: _list(key, Table(value, ("list", key), note), words) for key, value in file.table("list").items()}
    sections: list[Section] = []
    before: dict[str, Question] = {}
    taken: set[str] = set(_RESERVED)
    for table in file.tables("section"):
        section = _section(table, words, lists, before, taken)
        before |= {question.key: question for question in section.questions}
        sections.append(section)
    if len(before) > ANSWERS_COUNT:
        note(("section",), f"ask {len(before)} questions; the most is {ANSWERS_COUNT}")
    file.finish()
    words.finish()
    return Questionnaire(name, words.languages, tuple(sections))


def _list(key: str, table: Table, words: _Words) -> _List:
    source = table.text("source")
    groups = []
    for group in table.tables("group"):
        name = group.matching("key", _KEY, _KEY_SAYS)
        title = words.all(group.text("name"), "list", key, "group", name)
        groups.append(Group(name, title, _choices(group.table("choices"), words.some, "list", key)))
        group.finish()
    codes = [choice.code for group in groups for choice in group.choices]
    for code in sorted({code for code in codes if codes.count(code) > 1}):
        table.note("group", f"name the code {code} twice")
    if len(codes) > _CHOICES_MAX:
        table.note("group", f"hold {len(codes)} codes; the most is {_CHOICES_MAX}")
    table.finish()
    return _List(source, tuple(groups))


def _choices(table: Table, texts: Callable[..., Texts], *path: str) -> tuple[Choice, ...]:
    choices = []
    for code in table.left():
        if not _CODE.fullmatch(code):
            table.note(code, _CODE_SAYS)
        choices.append(Choice(code, texts(table.text(code), *path, code)))
    if not choices:
        table.fault("must hold at least one code")
    return tuple(choices)


def _section(
    table: Table, words: _Words, lists: Mapping[str, _List], before: Mapping[str, Question], taken: set[str]
) -> Section:
    key = table.matching("key", _KEY, _KEY_SAYS)
    if f"section.{key}" in taken:
        table.note("key", "is used by another section")
    taken.add(f"section.{key}")
    title = words.all(table.text("title"), "section", key)
    questions = tuple(_question(one, words, lists, before, taken) for one in table.tables("question"))
    table.finish()
    return Section(key, title, questions)


def _question(
    table: Table, words: _Words, lists: Mapping[str, _List], before: Mapping[str, Question], taken: set[str]
) -> Question:
    key = table.matching("key", _KEY, _KEY_SAYS)
    if key in taken:
        table.note("key", "is used twice, or is one of: " + ", ".join(sorted(_RESERVED)))
    taken.add(key)
    kinds = {kind.value: kind for kind in Kind}
    kind = kinds.get(named := table.text("kind"))
    if kind is None and named:
        table.note("kind", f"must be one of: {', '.join(kinds)}")
    source, groups = _coded(table, kind, key, words, lists)
    help_ = table.optional_text("help")
    question = Question(
        key=key,
        kind=kind or Kind.TEXT,
        ask=words.all(table.text("ask"), key, "ask"),
        help=words.all(help_, key, "help") if help_ else {},
        required=table.take("required", bool, "true or false", default=False),
        maximum=_maximum(table, kind),
        personal=table.take("personal", bool, "true or false", default=False),
        when=_when(table.table("when"), before),
        groups=groups,
        source=source,
    )
    table.finish()
    return question


def _coded(
    table: Table, kind: Kind | None, key: str, words: _Words, lists: Mapping[str, _List]
) -> tuple[str, tuple[Group, ...]]:
    """Read the codes of a question, its own or those of a list, and where they come from; nothing for a kind without."""
    if kind not in CODED:
        return "", ()
    if kind is not Kind.LISTED and "list" not in table.left():
        return "", (Group("", {}, _choices(table.table("choices"), words.all, key, "choices")),)
    found = lists.get(name := table.text("list"))
    if found is None:
        table.note("list", f"names no list: there is no [list.{name}]")
        return "", ()
    return found.source, found.groups


def _maximum(table: Table, kind: Kind | None) -> int:
    if kind is None or kind not in _MAXIMA:
        return 0
    usual, most = _MAXIMA[kind]
    value = table.take("maximum", int, "a whole number", usual)
    if not 1 <= value <= most:
        table.note("maximum", f"must be 1 to {most}")
    return value


def _when(table: Table, before: Mapping[str, Question]) -> Mapping[str, tuple[str, ...]]:
    """Read conditions: only a question of an earlier section can be one, because its answer must be known to the page."""
    found: dict[str, tuple[str, ...]] = {}
    for key in table.left():
        codes, question = table.texts(key), before.get(key)
        if question is None:
            table.note(key, "is no question of an earlier section")
            continue
        unknown = [code for code in codes if code not in question.codes]
        if unknown:
            table.note(key, f"has no code {unknown[0]}")
        found[key] = codes
    return found


def _flat(value: object, at: Path, path: tuple[str, ...], note: Note) -> Iterator[tuple[Path, str]]:
    """Yield the texts of a table of tables by their path."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, (*at, key), (*path, key), note)
    else:
        yield path, visible(value, at, note)
