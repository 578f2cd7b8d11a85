"""The English BIP39 list: 2048 words, each known by its first four letters."""

from functools import cache

from mnemonic import Mnemonic


@cache
def english() -> Mnemonic:
    """Return the list with its encoder; read from the package once."""
    return Mnemonic("english")
