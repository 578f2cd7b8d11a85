"""A questionnaire as a page carries it for its script: in the page's language alone, under the hash of the whole. Pure."""

from dataclasses import dataclass, replace
from typing import ClassVar, Self

from crypto import canonical
from crypto.errors import CanonicalError
from tipline import strict
from tipline.questionnaire.model import ENGLISH, Group, Question, Questionnaire, Section, Texts
from tipline.strict import EnvelopeError


@dataclass(frozen=True, slots=True)
class Carried:
    """What is asked, and the name that answers have to give it."""

    asked: Questionnaire
    schema: bytes

    _KEYS: ClassVar[frozenset[str]] = frozenset({"asked", "schema"})

    @classmethod
    def of(cls, whole: Questionnaire) -> Self:
        """Take the English of a questionnaire: pages with script have no other language."""
        sections = tuple(_section(section) for section in whole.sections)
        return cls(replace(whole, languages=(ENGLISH,), sections=sections), whole.sha256)

    def encode(self) -> bytes:
        """Return canonical JSON."""
        return canonical.canonical({"asked": canonical.parse(self.asked.encode()), "schema": self.schema.hex()})

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read what `encode` returned; raises `tipline.strict.EnvelopeError`."""
        value = strict.json_object(data, cls._KEYS)
        try:
            return cls(Questionnaire.parse(canonical.canonical(value["asked"])), strict.hash32(value["schema"]))
        except CanonicalError:
            raise EnvelopeError from None


def _section(section: Section) -> Section:
    return replace(section, title=_english(section.title), questions=tuple(map(_question, section.questions)))


def _question(question: Question) -> Question:
    groups = tuple(map(_group, question.groups))
    return replace(question, ask=_english(question.ask), help=_english(question.help), groups=groups)


def _group(group: Group) -> Group:
    choices = tuple(replace(choice, name=_english(choice.name)) for choice in group.choices)
    return replace(group, name=_english(group.name), choices=choices)


def _english(texts: Texts) -> Texts:
    return {language: text for language, text in texts.items() if language == ENGLISH}
