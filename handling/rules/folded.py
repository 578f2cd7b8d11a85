"""pure: text as a reader sees it, for searching: without what is invisible, lookalike letters as what they look like.

Every place in the folded text leads back to the text as it was written, so that what is found can be shown where it stands.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

_SPACES = frozenset("\u00a0\u1680\u2007\u202f\u3000") | {chr(code) for code in range(0x2000, 0x200B)}
_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")
_FULL_WIDTH = "FULLWIDTH "
_APOSTROPHES = "'‘ʼ´`’"  # noqa: RUF001 - what people type for one

_HYPHENS = "\u2010\u2011\u2012\u2013\u2212"


class _Letters(dict[int, str]):
    """A table for `str.translate` that works out each letter once; letters alone are kept, never a text."""

    def __init__(self, of: Callable[[str], str]) -> None:
        super().__init__()
        self._of = of

    def __missing__(self, code: int) -> str:
        found = self[code] = self._of(chr(code))
        return found


def _bare(letter: str) -> str:
    """Return the letter without its accents, where one letter is left of it."""
    if letter in _APOSTROPHES:
        return "’"  # noqa: RUF001
    if letter in _HYPHENS:
        return "-"
    base = unicodedata.normalize("NFD", letter)
    return base[0] if all(unicodedata.combining(mark) for mark in base[1:]) else letter


def _small(letter: str) -> str:
    small = letter.lower()
    return small if len(small) == 1 else letter


def _as_seen(letter: str) -> str:
    """Return what a reader sees of the letter: nothing, a plain space, or its plain form."""
    if is_invisible(letter):
        return ""
    return " " if letter in _SPACES else unicodedata.normalize("NFKC", letter)


BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_WORD = re.compile(r"[^\W\d_]+")
_SEEN = _Letters(_as_seen)
_BARE = _Letters(_bare)
_LOWER = _Letters(_small)


@dataclass(frozen=True, slots=True)
class Folded:
    """Folded *text*; letter *n* of it stands at ``places[n]`` of *original*.

    Attributes:
        plain: the text without accents and with one kind of apostrophe and hyphen, letter for letter as long as it.
        lower: *plain* in small letters, as long as it.
    """

    original: str
    text: str
    plain: str
    lower: str
    places: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return where a stretch of the folded text stands in the original; *end* is behind its last letter."""
        if start >= end:
            raise ValueError("a stretch has at least one letter")
        return self.places[start], self.places[end - 1] + 1


def fold(original: str, lookalikes: Mapping[str, str]) -> Folded:
    """Fold *original*: format characters go, spaces become one kind, compatibility forms their plain ones.

    Args:
        original: as it was written.
        lookalikes: Latin letters by the foreign letter that looks the same. Only words that mix scripts are changed by it:
            a word wholly in Cyrillic is Russian, not a disguise.
    """
    if original.isascii():
        plain = unaccented(original)
        return Folded(original, original, plain, plain.lower(), range(len(original)))
    pieces: list[str] = []
    places: list[int] = []
    done = 0
    for match in BEYOND_ASCII.finditer(original):
        at, letter = match.start(), match[0]
        seen = _SEEN[ord(letter)]
        pieces += (original[done:at], seen)
        places += range(done, at)
        places += [at] * len(seen)
        done = at + 1
    pieces.append(original[done:])
    places += range(done, len(original))
    text = "".join(pieces)
    for start, end in mixed_words(text):
        text = text[:start] + "".join(lookalikes.get(letter, letter) for letter in text[start:end]) + text[end:]
    plain = unaccented(text)
    return Folded(original, text, plain, plain.translate(_LOWER), places)


def unaccented(text: str) -> str:
    """Return *text* without accents and with one kind of apostrophe and hyphen, letter for letter as long as before."""
    return text.translate(_BARE)


def is_invisible(letter: str) -> bool:
    """Say whether a reader sees nothing where this character stands: format characters, fillers, tags."""
    return unicodedata.category(letter) == "Cf" or letter in "\u115f\u1160\u3164\uffa0\u034f\u17b4\u17b5"


def mixed_words(text: str) -> list[tuple[int, int]]:
    """Return the words in which letters of scripts stand together that no language mixes, as (start, end)."""
    return [match.span() for match in _WORD.finditer(text) if not match[0].isascii() and _mixed(match[0])]


def _mixed(word: str) -> bool:
    return len({script for script in map(_script, word) if script}) > 1


def _script(letter: str) -> str | None:
    if letter.isascii():
        return "LATIN"
    name = unicodedata.name(letter, "").removeprefix(_FULL_WIDTH)
    return next((script for script in _SCRIPTS if name.startswith(script)), None)
