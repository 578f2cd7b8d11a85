"""pure: what a reader does not see: invisible characters, lookalike letters, odd blanks. Each can mark a copy of a text."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from handling.rules.folded import BEYOND_ASCII, is_invisible, mixed_words
from handling.rules.residue import Act, Found, Residue

_ODD_SPACES: Final = re.compile(
    r"[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+|(?<=\S) {2,}(?=\S)|[ \t]+(?=\n)|(?<=\S)\t+(?=\S)|[ \t]+\Z"
)
_JOINERS: Final = "\u200c\u200d"


def invisible(text: str) -> Iterator[Found]:
    """Find characters that nobody sees. Joiners inside words of scripts that need them are none."""
    start = end = 0
    for match in BEYOND_ASCII.finditer(text):
        at = match.start()
        if not is_invisible(match[0]) or _joins(text, at):
            continue
        if at != end and end > start:
            yield Found(Residue.INVISIBLE, start, end, Act.REMOVE)
        start, end = (start if at == end and end > start else at), at + 1
    if end > start:
        yield Found(Residue.INVISIBLE, start, end, Act.REMOVE)


def lookalikes(text: str) -> Iterator[Found]:
    """Find words whose letters come from scripts that no language mixes."""
    if text.isascii():
        return
    for start, end in mixed_words(text):
        yield Found(Residue.LOOKALIKE, start, end, Act.REPHRASE, "Type the word again.")


def spacing(text: str) -> Iterator[Found]:
    """Find blanks of an unusual kind or number, also those at the end of a line."""
    for match in _ODD_SPACES.finditer(text):
        yield Found(Residue.SPACING, match.start(), match.end(), Act.REMOVE, " ")


def _joins(text: str, at: int) -> bool:
    """Say whether a joiner stands where writing needs it: between Arabic or Indic letters, or inside an emoji."""
    if text[at : at + 1] not in _JOINERS or not 0 < at < len(text) - 1:
        return False
    return all(_needs_joiners(letter) for letter in (text[at - 1], text[at + 1]))


def _needs_joiners(letter: str) -> bool:
    name = unicodedata.name(letter, "")
    scripts = ("ARABIC", "DEVANAGARI", "BENGALI", "MALAYALAM", "SINHALA", "TAMIL", "TELUGU", "KANNADA", "KHMER")
    return name.startswith(scripts) or unicodedata.category(letter) == "So" or letter == "\ufe0f"
