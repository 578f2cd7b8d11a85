"""Passphrases that are made, not chosen: words from a list, so that guessing costs what it should."""

import secrets
import unicodedata

from crypto.secret import Secret
from crypto.wordlist import english


def generate(words: int = 7) -> Secret:
    """Return *words* random words of 11 bits each, joined by single spaces."""
    if words < 1:
        raise ValueError("a passphrase has at least one word")
    return Secret(" ".join(secrets.choice(english().wordlist) for _ in range(words)).encode("ascii"))


def normalise(typed: str) -> Secret:
    """Return what was meant by a typed passphrase: lower case, single spaces, compatibility forms folded."""
    return Secret(" ".join(unicodedata.normalize("NFKD", typed).lower().split()).encode("utf-8", "surrogatepass"))
