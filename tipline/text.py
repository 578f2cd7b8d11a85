"""Words for a person, marked for translation where they stand. Knows no catalogue: whoever shows a page says who translates."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, Protocol, Self

from markupsafe import escape

ENGLISH: Final = "en"


class Speaker(Protocol):
    """Puts words and numbers into one language."""

    @property
    def code(self) -> str:
        """Code of the language, as `en`."""

    def gettext(self, message: str) -> str:
        """Return *message* in this language, or as it is."""

    def ngettext(self, one: str, many: str, count: int) -> str:
        """Return the form for *count*."""

    def number(self, value: int) -> str:
        """Return the digits, in groups."""


class _English:
    code = ENGLISH

    def gettext(self, message: str) -> str:
        return message

    def ngettext(self, one: str, many: str, count: int) -> str:
        return one if count == 1 else many

    def number(self, value: int) -> str:
        return f"{value:,}"


_speaker: ContextVar[Speaker] = ContextVar("speaker", default=_English())  # noqa: B039 - it cannot change


class Text(str):
    """Words that are English everywhere, and on a page in its language; there each of their values is escaped."""

    __slots__ = ("_many", "_message", "_values")
    _message: str
    _many: tuple[str, int] | None
    _values: dict[str, object]

    def __new__(cls, message: str, **values: object) -> Self:
        """Mark *message*, which has a ``%(name)s`` for each of *values*; a lone % is written %%."""
        return cls._made(message, None, values)

    @classmethod
    def many(cls, one: str, many: str, count: int, **values: object) -> Self:
        """Mark the two English forms of a message about *count* things, which is ``%(count)s`` in both."""
        return cls._made(one, (many, count), {"count": count, **values})

    @classmethod
    def _made(cls, message: str, many: tuple[str, int] | None, values: dict[str, object]) -> Self:
        text = super().__new__(cls, _filled(_English(), message, many, values))
        text._message, text._many, text._values = message, many, values
        return text

    def __str__(self) -> str:
        return _filled(_speaker.get(), self._message, self._many, self._values)

    def __html__(self) -> str:
        return str(escape(str(self)))


class Told(str):
    """Words that come with their translations, by language: English everywhere, and on a page in its language if they have it."""

    __slots__ = ("_by_language",)
    _by_language: Mapping[str, str]

    def __new__(cls, by_language: Mapping[str, str]) -> Self:
        """Take one text for each language code; English must be there."""
        told = super().__new__(cls, by_language[ENGLISH])
        told._by_language = by_language
        return told

    def __str__(self) -> str:
        return self._by_language.get(_speaker.get().code, self._by_language[ENGLISH])

    def __html__(self) -> str:
        said = self._by_language.get(_speaker.get().code)
        return str(escape(said)) if said else f'<bdi lang="{ENGLISH}">{escape(self._by_language[ENGLISH])}</bdi>'


def speaker() -> Speaker:
    """Return who translates just now."""
    return _speaker.get()


@contextmanager
def spoken_by(one: Speaker) -> Iterator[None]:
    """Let *one* translate for as long as the block runs."""
    before = _speaker.set(one)
    try:
        yield
    finally:
        _speaker.reset(before)


def _filled(by: Speaker, message: str, many: tuple[str, int] | None, values: dict[str, object]) -> str:
    words = by.ngettext(message, *many) if many else by.gettext(message)
    return words % {name: by.number(value) if isinstance(value, int) else value for name, value in values.items()}


MONTHS: Final = (
    Text("January"),
    Text("February"),
    Text("March"),
    Text("April"),
    Text("May"),
    Text("June"),
    Text("July"),
    Text("August"),
    Text("September"),
    Text("October"),
    Text("November"),
    Text("December"),
)
