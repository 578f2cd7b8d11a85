"""BIP39 lists in which codenames are written: 2048 words each, read with any case and accents, and by four letters that tell."""

import unicodedata
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final

from mnemonic import Mnemonic

ENGLISH: Final = "english"
LISTS: Final = (ENGLISH, "french", "spanish", "portuguese", "chinese_simplified")
"""Names of the lists, as BIP39 has them."""

_PREFIX: Final = 4  # letters that are enough where no other word of the list begins with them


@dataclass(frozen=True, slots=True, eq=False)
class WordList:
    """One list with its encoder.

    Attributes:
        encoder: turns bytes into words and back.
        folded: each word without case and accents, in order.
        meanings: the same words as the encoder has them, each at its folded word's place.
    """

    encoder: Mnemonic
    folded: tuple[str, ...]
    meanings: tuple[str, ...]

    def meant(self, typed: str) -> str | None:
        """Return the word that a folded word stands for, or None: the word itself, or at least four letters of only one."""
        at = bisect_left(self.folded, typed)
        begun = [word for word in self.folded[at : at + 2] if word.startswith(typed)]
        whole = begun[:1] == [typed]
        return self.meanings[at] if whole or (len(begun) == 1 and len(typed) >= _PREFIX) else None

    def words(self, entropy: bytes) -> tuple[str, ...]:
        """Write bytes as words with their accents, the checksum in the last one."""
        return tuple(unicodedata.normalize("NFC", word) for word in self.encoder.to_mnemonic(entropy).split(" "))

    def entropy(self, words: Sequence[str]) -> bytes | None:
        """Read words that `meant` returned; None when their checksum is wrong."""
        joined = " ".join(words)
        return bytes(self.encoder.to_entropy(joined)) if self.encoder.check(joined) else None


def fold(text: str) -> str:
    """Return the text in small letters, without accents, wide and other forms of letters as the plain ones."""
    plain = unicodedata.normalize("NFKD", text).lower()
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


@cache
def english() -> Mnemonic:
    """Return the English list with its encoder; read from the package once."""
    return Mnemonic(ENGLISH)


@cache
def lists() -> Mapping[str, WordList]:
    """Return every list by its name; read from the package once."""
    return MappingProxyType({name: _list(english() if name == ENGLISH else Mnemonic(name)) for name in LISTS})


def _list(encoder: Mnemonic) -> WordList:
    pairs = sorted((_shared(fold(word), word), word) for word in encoder.wordlist)
    return WordList(encoder, tuple(folded for folded, _ in pairs), tuple(word for _, word in pairs))


def _shared(folded: str, word: str) -> str:
    """Return the very same text where folding changes nothing: five lists of two thousand words are held in memory."""
    return word if folded == word else folded
