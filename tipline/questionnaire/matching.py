"""Finds what somebody typed among the names of a coded list, in all its languages. Pure."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tipline.questionnaire.model import Choice, Question

_PIECES: Final = re.compile(r"[,;\n\u060c\u061b\u3001\uff0c\uff1b]")
_WORDS: Final = re.compile(r"[^\W_]+")
_PIECES_MAX: Final = 24  # that are looked up; each is held against every name of the list, on the event loop
_SHORTEST: Final = 3  # letters of the Latin alphabet that a search begins with; fewer would find half of the list


@dataclass(frozen=True, slots=True)
class Found:
    """What typed words stand for.

    Attributes:
        codes: of names that were typed whole.
        words: what is left of the words.
        like: choices that what is left may mean.
    """

    codes: tuple[str, ...]
    words: str
    like: tuple[Choice, ...]


def find(question: Question, typed: str) -> Found:
    """Look each piece of *typed* (between commas) up: whole names become codes, and parts of names are proposed.

    What stands behind the first `_PIECES_MAX` pieces is left as it was typed.
    """
    named = [(choice, tuple(_names(choice))) for choice in question.choices]
    codes: list[str] = []
    left: list[str] = []
    like: dict[str, Choice] = {}
    pieces = [*filter(None, map(str.strip, _PIECES.split(typed)))]
    for piece in pieces[:_PIECES_MAX]:
        folded = _folded(piece)
        whole = [choice.code for choice, names in named if folded in names]
        if len(whole) == 1:
            codes += whole
            continue
        left.append(piece)
        like |= {choice.code: choice for choice, names in named if choice.code not in like and _begins(folded, names)}
    return Found(tuple(codes), ", ".join((*left, *pieces[_PIECES_MAX:])), tuple(like.values()))


def _names(choice: Choice) -> Iterator[str]:
    yield from map(_folded, (choice.code, *choice.names()))


def _folded(text: str) -> str:
    """Return words as they are compared: without capitals, accents and signs."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join(_WORDS.findall("".join(letter for letter in plain if not unicodedata.combining(letter))))


def _begins(piece: str, names: tuple[str, ...]) -> bool:
    """Whether each word of the piece is the beginning of a word of one name, or, as people write plurals, the reverse."""
    words = piece.split()
    if not words or (piece.isascii() and len(piece) < _SHORTEST):
        return False
    if not piece.isascii() and any(piece in name for name in names):  # scripts without blanks between words
        return True
    return any(all(any(_alike(word, other) for other in name.split()) for word in words) for name in names)


def _alike(word: str, other: str) -> bool:
    plural = len(other) > _SHORTEST and word.startswith(other) and len(word) - len(other) <= len("es")
    return other.startswith(word) or plural
