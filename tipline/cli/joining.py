"""Joining a key from its shares at a terminal, one by one, each checked as it is typed. The shares are never echoed or kept."""

import argparse
import getpass
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from crypto import age, shares
from crypto.errors import CryptoError, ShareError, ShareFault
from crypto.secret import Secret
from crypto.signing import SigningKey
from tipline.base.settings import SettingsError
from tipline.cli.sheets import Key

T = TypeVar("T")

_EXPLAIN = MappingProxyType(
    {
        ShareFault.UNREADABLE: "share {places} cannot be read: {what}",
        ShareFault.MIXED: "not all are of one set; at fault: share {shares}",
        ShareFault.TWICE: "given twice: share {shares}",
        ShareFault.TOO_FEW: "{needed} shares are needed to open this key",
        ShareFault.FORGED: "each share reads well by itself, and together they are no key; at fault: share {shares}",
    }
)
_ALL = MappingProxyType({"root": "root key", "recovery": "recovery key"})


def add_arguments(parser: argparse.ArgumentParser, key: Key, *, prefix: str = "") -> None:
    """Add the two ways to give *key* without typing it: share files, and for a practice unit the plain key file."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        f"--{prefix}share",
        dest=f"{key}_share",
        action="append",
        type=Path,
        default=[],
        metavar="FILE",
        help=f"a file with the words of one share of the {_ALL[key]}; left out, they are typed and not shown",
    )
    group.add_argument(
        f"--{prefix}key",
        dest=f"{key}_key",
        type=Path,
        metavar="FILE",
        help=f"the plain {_ALL[key]} of a practice unit",
    )


def root_key(args: argparse.Namespace, public: bytes) -> SigningKey:
    """Return the root key whose public half is *public*; raises `SettingsError` in plain words otherwise."""
    if args.root_key:
        key = _whole(lambda text: SigningKey.from_seed(Secret(bytes.fromhex(text))), args.root_key)
    else:
        key = SigningKey.from_seed(_joined("root", args.root_share))
    if key.public != public:
        raise SettingsError("this is another root key than the one this unit has pinned in inside/root.pub")
    return key


def recovery_identity(args: argparse.Namespace) -> age.Identity:
    """Return the recovery identity that shares or file give; whether it is the unit's, the signed list says."""
    if args.recovery_key:
        return _whole(age.Identity.parse, args.recovery_key)
    return age.Identity.from_seed(_joined("recovery", args.recovery_share))


def explain(error: ShareError) -> str:
    """Say in plain words what is wrong with shares; no word of a share stands in it."""
    if error.words:
        what = f"word {_numbers(error.words)} is not one of the list"
    elif error.count != shares.WORDS:
        what = f"it has {error.count} words, and a share has {shares.WORDS}"
    else:
        what = "its checksum does not fit, so a word is wrong or two are exchanged"
    return _EXPLAIN[error.fault].format(
        places=_numbers(error.places), shares=_numbers(error.shares) or "unknown", needed=error.needed, what=what
    )


def _joined(key: Key, files: Sequence[Path]) -> Secret:
    try:
        return shares.join([_text(path) for path in files] if files else _typed(key))
    except ShareError as error:
        raise SettingsError(f"{_ALL[key]}: {explain(error)}") from None


def _typed(key: Key) -> list[str]:
    """Ask for one share after the other until there are enough; a share that cannot be read is asked for again."""
    if not sys.stdin.isatty():
        raise SettingsError(f"shares of the {_ALL[key]} are typed at a terminal, and there is none; or give files")
    given: dict[shares.Label, str] = {}
    while not given or len(given) < next(iter(given)).needed:
        typed = getpass.getpass(_prompt(key, tuple(given)))
        if given and not typed.strip():
            given.clear()
            print("  what was typed is dropped; from the first share again", file=sys.stderr)
            continue
        try:
            label = shares.check(typed)
        except ShareError as error:
            print(f"  {explain(error)}; once more", file=sys.stderr)
            continue
        wrong = _unfit(key, label, tuple(given))
        if wrong:
            print(f"  {wrong}", file=sys.stderr)
            continue
        given[label] = typed
        print(f"  share {label.number} reads well; {label.needed - len(given)} more", file=sys.stderr)
    return list(given.values())


def _prompt(key: Key, given: Sequence[shares.Label]) -> str:
    again = " (an empty line drops what was typed so far)" if given else ""
    return f"Share of the {_ALL[key]}{again}, all {shares.WORDS} words: "


def _unfit(key: Key, label: shares.Label, given: Sequence[shares.Label]) -> str:
    """Say why a share that reads well does not go with those *given*. The set comes first: each key has a share 1."""
    if given and (label.set, label.needed) != (given[0].set, given[0].needed):
        return (
            f"share {label.number} is of another set than share {given[0].number}, typed first; look whether both sheets"
            f" say “{_ALL[key]}” and are of the same day. Another one; or, if the first sheet was the wrong one,"
            " an empty line to start over"
        )
    if any(label.number == other.number for other in given):
        return f"share {label.number} was given already; another one"
    return ""


def _whole(read: Callable[[str], T], path: Path) -> T:
    try:
        return read(_text(path).strip())
    except (CryptoError, ValueError):
        raise SettingsError(f"{path} holds no such key") from None


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii")
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"{path} cannot be read") from None


def _numbers(numbers: Sequence[int]) -> str:
    return " and ".join(str(number) for number in numbers)
