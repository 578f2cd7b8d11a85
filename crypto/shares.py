"""A 32-byte secret as printed shares (SLIP-39): any *k* of *n* open it, fewer tell nothing. For offline commands only.

The library underneath says itself that it is not hardened against side channels. So shares are joined by a person at a
terminal who runs one command and ends it; nothing that answers requests imports this module (pyproject.toml,
"only offline commands join shares").

Layout: docs/format.md, "Shares". The shares have no passphrase and the lowest iteration exponent: stretching an empty
passphrase protects nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from shamir_mnemonic import MnemonicError, Share, combine_mnemonics, generate_mnemonics
from shamir_mnemonic.wordlist import WORDLIST

from crypto.errors import ShareError, ShareFault
from crypto.secret import Guarded, Secret

SECRET_BYTES = 32
WORDS = 33  # of one share of a 32-byte secret
MOST = 16  # shares of one secret, by the format

_ITERATION_EXPONENT = 0  # 10,000 rounds of PBKDF2 over an empty passphrase
_PREFIX = 4  # letters that tell every word of the list apart
_LIST = {word[:_PREFIX]: word for word in WORDLIST}


@dataclass(frozen=True, slots=True)
class Label:
    """What a share says of itself before any other is there; no word of it is secret.

    Attributes:
        set: number that all shares of one splitting have in common.
        number: which share this is, from 1.
        needed: how many open the secret.
    """

    set: int
    number: int
    needed: int


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class _Read(Guarded):
    """One share that passes its checksum; *group* is what all shares of one splitting have in common."""

    label: Label
    group: tuple[object, ...]
    words: str


def split(secret: Secret, k: int, n: int) -> tuple[str, ...]:
    """Return *n* shares of 33 words each, of which any *k* open *secret*; share *i* stands at position *i* - 1.

    Raises:
        ValueError: not 32 bytes, or not 2 ≤ k ≤ n ≤ 16: a share that opens alone would be the key itself.
    """
    if len(secret) != SECRET_BYTES:
        raise ValueError("a secret of 32 bytes is split")
    if not 2 <= k <= n <= MOST:  # noqa: PLR2004 - see the docstring
        raise ValueError("at least two shares open a key, and it has at most sixteen")
    (shares,) = generate_mnemonics(1, [(k, n)], secret.expose(), iteration_exponent=_ITERATION_EXPONENT)
    return tuple(shares)


def check(typed: str) -> Label:
    """Return what one share says of itself when its checksum holds.

    Raises:
        ShareError: `UNREADABLE`, with the places of words that are not in the list.
    """
    return _read(typed, 1).label


def join(typed: Sequence[str]) -> Secret:
    """Return the secret that *typed* shares open, in any order; more of them than are needed have to agree.

    Raises:
        ShareError: with the fault and, where that can be known, the shares at fault.
    """
    read = [_read(text, place) for place, text in enumerate(typed, 1)]
    if not read:
        raise ShareError(ShareFault.TOO_FEW, needed=0)
    _of_one_set(read)
    _once_each(read)
    needed = read[0].label.needed
    if len(read) < needed:
        raise ShareError(ShareFault.TOO_FEW, needed=needed)
    return _joined(read, needed)


def _joined(read: Sequence[_Read], needed: int) -> Secret:
    """Try the shares until some open, and see whether each of the others opens the same together with them."""
    for chosen in combinations(read, needed):
        secret = _open(chosen)
        if secret is None:
            continue
        rest = [share for share in read if all(share is not other for other in chosen)]
        wrong = [share.label.number for share in rest if not _agrees(share, chosen, secret)]
        if wrong:
            raise ShareError(ShareFault.FORGED, shares=tuple(wrong), needed=needed)
        return secret
    raise ShareError(ShareFault.FORGED, needed=needed)


def _agrees(share: _Read, chosen: Sequence[_Read], secret: Secret) -> bool:
    other = _open((share, *chosen[1:]))
    return other is not None and other.matches(secret)


def _open(chosen: Sequence[_Read]) -> Secret | None:
    try:
        return Secret(combine_mnemonics([share.words for share in chosen]))
    except MnemonicError:
        return None


def _read(typed: str, place: int) -> _Read:
    """Read one share; *place* is where it was given, since the number in an unreadable one cannot be believed."""
    given = typed.lower().split()
    words = [_LIST.get(word[:_PREFIX], "") for word in given]
    unknown = tuple(
        at
        for at, (word, meant) in enumerate(zip(given, words, strict=True), 1)
        if not meant or not meant.startswith(word)
    )
    if unknown or len(words) != WORDS:
        raise ShareError(ShareFault.UNREADABLE, places=(place,), words=unknown, count=len(words))
    text = " ".join(words)
    try:
        share = Share.from_mnemonic(text)
    except MnemonicError:
        raise ShareError(ShareFault.UNREADABLE, places=(place,), count=len(words)) from None
    if len(share.value) != SECRET_BYTES or share.group_count != 1 or share.member_threshold < 2:  # noqa: PLR2004 - ours
        raise ShareError(ShareFault.UNREADABLE, places=(place,), count=len(words))
    label = Label(share.identifier, share.index + 1, share.member_threshold)
    return _Read(label, tuple(share.group_parameters()), text)


def _of_one_set(read: Sequence[_Read]) -> None:
    """Refuse shares of different splittings; when most are of one, the others are named, otherwise all of them."""
    groups = [share.group for share in read]
    most = max(groups, key=groups.count)
    others = [(place, share) for place, share in enumerate(read, 1) if share.group != most]
    if not others:
        return
    if len(others) * 2 >= len(read):
        others = list(enumerate(read, 1))
    places, numbers = tuple(place for place, _ in others), tuple(share.label.number for _, share in others)
    raise ShareError(ShareFault.MIXED, places=places, shares=numbers)


def _once_each(read: Sequence[_Read]) -> None:
    numbers = [share.label.number for share in read]
    twice = tuple(sorted({number for number in numbers if numbers.count(number) > 1}))
    if twice:
        raise ShareError(ShareFault.TWICE, shares=twice)
