"""How the guard's pages write days, states and texts. Pure. What cannot be seen is written out, so that no one signs it unseen."""

import unicodedata
from datetime import date

from handling.rules.clocks import MONTHS
from tipline.base.accounts import SignInError

_WRONG = "This did not open. The passphrase is wrong, or this account is closed for 15 minutes after five wrong tries."
_PLAIN = frozenset("\n\t ")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})


def day(when: date) -> str:
    """A day as every page writes it: 23 November 2026."""
    return f"{when.day} {MONTHS[when.month - 1]} {when.year}"


def stopped(error: Exception | None) -> str:
    """Say what stopped an act. At the guard only a passphrase is asked after sign-in, so nothing else can be wrong."""
    if isinstance(error, SignInError):
        return _WRONG
    return str(error) if error else ""


def visible(text: str) -> str:
    """Return *text* with each character that shows nothing, or turns the writing round, as ``[U+200B]``."""
    return "".join(_shown(character) for character in text)


def unseen(text: str) -> int:
    """How many characters of *text* show nothing or turn the writing round."""
    return sum(_hides(character) for character in text)


def _shown(character: str) -> str:
    return f"[U+{ord(character):04X}]" if _hides(character) else character


def _hides(character: str) -> bool:
    return character not in _PLAIN and unicodedata.category(character) in _UNSEEN
