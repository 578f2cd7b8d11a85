"""pure: runs of words that a draft shares with what a source wrote, or with its working translation."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from handling.rules.folded import Folded
from handling.rules.residue import Act, Detector, Found, Residue

RUN_WORDS: Final = 6
"""Words in a row; shorter runs are ordinary language."""
RUN_LETTERS: Final = 12
"""Letters in a row where a script has no blanks between words: some six words of Chinese, Japanese or Thai."""

_SCRIPTLESS: Final = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\u1780-\u17ff"  # Burmese, Khmer
    "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # Japanese, Chinese
)
_TOKEN: Final = re.compile(rf"[{_SCRIPTLESS}]|(?:(?![{_SCRIPTLESS}])\w)+")
_LETTER: Final = re.compile(rf"[{_SCRIPTLESS}]")
_SEED: Final = 6


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    start: int
    end: int

    @property
    def weight(self) -> float:
        """How much of a whole run it is."""
        return 1 / RUN_LETTERS if _LETTER.match(self.text) else 1 / RUN_WORDS


def shared_with(originals: Iterable[Folded]) -> Detector:
    """Return a detector of what stands in any of the *originals*, whatever case, accents and punctuation."""
    seeds: set[tuple[str, ...]] = set()
    for original in originals:
        words = [token.text for token in _tokens(original.plain)]
        seeds.update(tuple(words[at : at + _SEED]) for at in range(len(words) - _SEED + 1))

    def detect(folded: Folded) -> Iterator[Found]:
        tokens = list(_tokens(folded.plain))
        for start, end in _runs([token.text for token in tokens], seeds):
            if sum(token.weight for token in tokens[start:end]) >= 1 - 1e-9:
                yield Found(Residue.SHARED, tokens[start].start, tokens[end - 1].end, Act.REPHRASE)

    return detect


def _tokens(text: str) -> Iterator[_Token]:
    for match in _TOKEN.finditer(text):
        yield _Token(match[0].casefold(), match.start(), match.end())


def _runs(words: Sequence[str], seeds: set[tuple[str, ...]]) -> Iterator[tuple[int, int]]:
    """Yield the longest stretches whose every six neighbours are seeds."""
    start = 0
    while start <= len(words) - _SEED:
        if tuple(words[start : start + _SEED]) not in seeds:
            start += 1
            continue
        end = start + _SEED
        while end < len(words) and tuple(words[end - _SEED + 1 : end + 1]) in seeds:
            end += 1
        yield start, end
        start = end - _SEED + 1
