"""How a person writes down the 128 bits of a codename: twelve words of one of the lists, or forty digits. It reads all of them.

The digits are the number times 29. Every codename is then a multiple of 29 below 10⁴⁰, which one wrong digit, or two that
changed places, never leave one. Layout: docs/format.md, "Codename".
"""

import re
import unicodedata
from typing import Final

from crypto.errors import CodenameError
from crypto.wordlist import fold, lists

BYTES: Final = 16
WORDS: Final = 12
DIGITS: Final = "digits"
"""The way that is no list: eight groups of five digits."""

_HAN: Final = "\u4e00-\u9fff"
_WORD: Final = re.compile(rf"[{_HAN}]|(?:(?![{_HAN}])[^\W\d_])+")  # a Chinese word of the list is one sign
_CHECK: Final = 29  # a prime, so that no difference of one digit is a multiple of it; 29 · 2¹²⁸ has forty digits
_LENGTH: Final = 40
_GROUP: Final = 5


def written(entropy: bytes, way: str) -> tuple[str, ...]:
    """Write 16 bytes in one *way*, of `LISTS` or `DIGITS`: twelve words, or eight groups of digits."""
    if way != DIGITS:
        return lists()[way].words(entropy)
    digits = f"{int.from_bytes(entropy, 'big') * _CHECK:0{_LENGTH}}"
    return tuple(digits[start : start + _GROUP] for start in range(0, _LENGTH, _GROUP))


def read(typed: str) -> bytes:
    """Read what a person typed in any of the ways: any case, accents, separators, numbering; four letters of a word do.

    Raises:
        CodenameError: names the words that are not in the list that knows most of them; with none named, a word or digit is
            wrong, missing or too many, or the words mean something in two lists.
    """
    folded = fold(typed)
    words = _WORD.findall(folded)
    digits = _digits(folded)
    if not words and digits:
        return _from_digits(digits)
    found = [(one, [one.meant(word) for word in words]) for one in lists().values()]
    known = [(one, [word for word in meant if word is not None]) for one, meant in found]
    whole = [(one, meant) for one, meant in known if len(meant) == len(words) == WORDS]
    entropies = {entropy for one, meant in whole if (entropy := one.entropy(meant)) is not None}
    if len(entropies) == 1:
        return entropies.pop()
    _, nearest = max(found, key=lambda pair: len(words) - pair[1].count(None))
    unknown = tuple(word for word, meant in zip(words, nearest, strict=True) if meant is None)
    raise CodenameError(unknown, count=len(words), ambiguous=len(entropies) > 1)


def same(typed: str, item: str) -> bool:
    """Say whether somebody typed this word, or this group of digits, of a codename, as `read` reads it."""
    folded, right = fold(typed), fold(item)
    if right.isdigit():
        return _digits(folded) == right and not _WORD.findall(folded)
    words = _WORD.findall(folded)
    meant = (
        {fold(word) for one in lists().values() for word in [one.meant(words[0])] if word} if len(words) == 1 else set()
    )
    return right in meant


def _digits(folded: str) -> str:
    """Return the digits among the letters, of whatever script, as 0 to 9."""
    return "".join(str(unicodedata.decimal(letter)) for letter in folded if letter.isdecimal())


def _from_digits(digits: str) -> bytes:
    number, rest = divmod(int(digits) if len(digits) == _LENGTH else -1, _CHECK)
    if rest or not 0 <= number < 1 << 8 * BYTES:
        raise CodenameError((), count=len(digits), digits=True)
    return number.to_bytes(BYTES, "big")
