"""The questionnaire as steps of a form without script: which page comes next, and what stands on it. Pure.

What was typed travels in hidden fields from page to page, as it was typed, so that going back loses nothing; what is not
asked is taken out when it is sent.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tipline.questionnaire import matching
from tipline.questionnaire.answers import WORDS_MAX, Fields, Value, Wrong, is_asked, names
from tipline.questionnaire.model import Choice, Kind, Question, Questionnaire, Section, say

_VALUES_MAX: Final = 300  # of one field; a list has no more codes
_MATCHED_MAX: Final = 2 * WORDS_MAX  # letters of words that are looked up: names that are found count no more
_OFFERED: Final = ".offered"


@dataclass(frozen=True, slots=True)
class Tick:
    """A choice that can be ticked."""

    code: str
    name: str
    ticked: bool


@dataclass(frozen=True, slots=True)
class Ticks:
    """Choices under one heading; none for a short list."""

    name: str
    ticks: tuple[Tick, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """One question as it stands on its page.

    Attributes:
        texts: what was typed, by the name of its field.
        first: of a long list, what is chosen already or may be meant by typed words; *groups* holds the rest of it.
        offers: whether *first* offers something for what was just typed.
        offered: the words for which something was offered; as long as they stand unchanged, they are kept as they are.
    """

    key: str
    kind: str
    ask: str
    help: str
    required: bool
    maximum: int
    texts: Mapping[str, str]
    first: tuple[Tick, ...]
    groups: tuple[Ticks, ...]
    offers: bool
    offered: str
    wrong: Wrong | None

    @property
    def problem(self) -> str:
        """What is wrong, as a word that the template knows."""
        return self.wrong.value if self.wrong is not None else ""

    @property
    def described(self) -> str:
        """Ids of what its page says about it."""
        said = {"help": bool(self.help), "problem": self.wrong is not None}
        return " ".join(f"{self.key}-{name}" for name, there in said.items() if there)


def typed(questionnaire: Questionnaire, lists: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return those fields of a form in which questions are answered."""
    known = [name for question in questionnaire.questions for name in _names(question)]
    return {name: [*lists[name][:_VALUES_MAX]] for name in known if name in lists}


def hidden(section: Section, fields: Fields) -> tuple[tuple[str, str], ...]:
    """Return what was typed on other pages, to travel on."""
    here = {name for question in section.questions for name in _names(question)}
    return tuple((name, text) for name, texts in fields.items() if name not in here for text in texts if text)


def asked_in(section: Section, values: Mapping[str, Value]) -> tuple[Question, ...]:
    """Return the questions of a section whose conditions hold."""
    return tuple(question for question in section.questions if is_asked(question, values))


def sections(questionnaire: Questionnaire, values: Mapping[str, Value]) -> tuple[Section, ...]:
    """Return the sections that ask something after these answers."""
    return tuple(section for section in questionnaire.sections if asked_in(section, values))


def matched(questions: Iterable[Question], fields: Fields) -> tuple[dict[str, list[str]], frozenset[str]]:
    """Look up the names that were typed for long lists.

    Returns:
        The fields with whole names turned into codes, and the keys of questions at which something is to be offered: parts
        of names, unless they were offered for the same words before. Words that are too long stay as they were typed.
    """
    found: dict[str, list[str]] = {name: [*texts] for name, texts in fields.items()}
    offer = set()
    for question in questions:
        words = f"{question.key}.words"
        if question.kind is not Kind.LISTED or not found.get(words) or len(found[words][0]) > _MATCHED_MAX:
            continue
        match = matching.find(question, found[words][0])
        found[question.key] = [*found.get(question.key, []), *match.codes]
        if match.codes:
            found[words] = [match.words]
        new = [choice for choice in match.like if choice.code not in found[question.key]]
        if new and found.get(question.key + _OFFERED) != found[words]:
            offer.add(question.key)
    return found, frozenset(offer)


def view(question: Question, fields: Fields, language: str, *, wrong: Wrong | None, offer: bool) -> Asked:
    """Return a question as it stands on its page."""
    chosen = set(fields.get(question.key, ()))
    texts = {name: (fields.get(name) or [""])[0] for name in names(question)}
    words = texts.get(f"{question.key}.words", "")
    first = _first(question, chosen, words if offer else "")
    above = {choice.code for choice in first}

    def ticks(choices: Iterable[Choice]) -> tuple[Tick, ...]:
        return tuple(Tick(choice.code, choice.shown(language), choice.code in chosen) for choice in choices)

    groups = [
        Ticks(say(group.name, language), ticks(choice for choice in group.choices if choice.code not in above))
        for group in question.groups
    ]
    return Asked(
        key=question.key,
        kind=question.kind.value,
        ask=say(question.ask, language),
        help=say(question.help, language),
        required=question.required,
        maximum=question.maximum or WORDS_MAX,
        texts=texts,
        first=ticks(first),
        groups=tuple(group for group in groups if group.ticks),
        offers=offer,
        offered=words if offer else (fields.get(question.key + _OFFERED) or [""])[0],
        wrong=wrong,
    )


def _first(question: Question, chosen: set[str], words: str) -> tuple[Choice, ...]:
    if question.kind is not Kind.LISTED:
        return ()
    like = {choice.code for choice in matching.find(question, words).like} if words else set()
    return tuple(choice for choice in question.choices if choice.code in chosen | like)


def _names(question: Question) -> tuple[str, ...]:
    """The fields of a question, with that which remembers what was offered."""
    return (*names(question), *((question.key + _OFFERED,) if question.kind is Kind.LISTED else ()))
