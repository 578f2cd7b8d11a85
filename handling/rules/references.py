"""pure: numbers of some kind that no known form has: what is no amount, no date, no law and no year may be somebody's."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from handling.rules.folded import Folded
from handling.rules.residue import Found, Residue

_CANDIDATE: Final = re.compile(
    r"(?<![\w.,])(?:[A-Z][A-Z&]{0,5}[ -]?)?[A-Za-z0-9?_*\[(]*\d[\w?*\])]*"
    r"(?:(?:[./:_*#-]| ?- ?| )(?:[A-Z]{0,5}\d[\w?\])]*|[A-Z]{1,3}(?![\w\u2019])|[?_]{1,3}))*"
)
_AMOUNT: Final = re.compile(
    r"\d{1,3}(?:[ .,\u2019]\d{3})+(?:[.,]\d{1,2})?|\d+[.,]\d{1,3}|\d{1,4}(?: ?[-\u2013/] ?\d{1,4})?"
)
_YEARS: Final = re.compile(r"(?:18|19|20)\d\d(?:[-\u2013/](?:(?:18|19|20)?\d\d))?")
_WHEN: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{1,2}[:h.]\d{2}(?:[ ]?[a-zA-Z.]{1,4})?|\d{3,4} ?(?:h|hrs)"
)
_ROUND: Final = re.compile(r"[1-9]\d?0{3,}")
_DIGITS: Final = 5
_MIXED_DIGITS: Final = 2
_MIXED: Final = 5
_BEFORE: Final = 18
_BEHIND: Final = 14


@dataclass(frozen=True, slots=True)
class References:
    """Words that say of a number beside them that it counts, costs, weighs or cites."""

    amounts: re.Pattern[str]
    laws: re.Pattern[str]

    def detect(self, folded: Folded) -> Iterator[Found]:
        """Find what has digits enough to be a reference and is nothing else."""
        for match in _CANDIDATE.finditer(folded.plain):
            text = match[0].strip(" -./:_*#()[]")
            if text and _could_refer(text) and not self._counts(folded, match):
                start = match.start() + match[0].index(text)
                yield Found(Residue.REFERENCE, start, start + len(text), proposal="a number")

    def _counts(self, folded: Folded, match: re.Match[str]) -> bool:
        """Say whether words beside it make it an amount or a citation."""
        start, end = match.span()
        before, behind = folded.lower[max(0, start - _BEFORE) : start], folded.lower[end : end + _BEHIND]
        bare = self.amounts.sub("", match[0].lower()).strip(" .,:")
        plain = bare.replace(" ", "").isdigit() or _AMOUNT.fullmatch(bare) is not None
        if self.laws.search(before) or (plain and bare != match[0].lower().strip(" .,:")):
            return True
        return plain and (self.amounts.match(behind.lstrip(" ,.")) is not None or _ends(self.amounts, before))


def references_of(table: Mapping[str, Sequence[str]]) -> References:
    """Build it from its part of the data file; raises `KeyError` or `re.error`."""
    words = {name: "|".join(table[name]) for name in ("amounts", "laws")}
    return References(
        re.compile(rf"(?<!\w)(?:{words['amounts']})(?!\w)"), re.compile(rf"(?<!\w)(?:{words['laws']})(?!\w)")
    )


def _could_refer(text: str) -> bool:
    if any(form.fullmatch(text) for form in (_AMOUNT, _YEARS, _WHEN, _ROUND)):
        return False
    digits = sum(letter.isdigit() for letter in text)
    capitals = any(letter.isupper() or letter in "?_" for letter in text)
    mixed = (
        capitals and digits >= _MIXED_DIGITS and sum(letter.isalnum() or letter in "?_" for letter in text) >= _MIXED
    )
    return digits >= _DIGITS or mixed


def _ends(words: re.Pattern[str], before: str) -> bool:
    found = list(words.finditer(before))
    return bool(found) and not before[found[-1].end() :].strip(" .:~")
