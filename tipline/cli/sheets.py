"""Printable share sheets of root key and recovery identity: one HTML page for each share. Writes no whole key."""

import argparse
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, Literal

from crypto import age, shares
from crypto.secret import Guarded, Secret
from crypto.signing import SigningKey
from handling.rules.member_words import groups
from tipline.base.files import write_private
from tipline.base.settings import Settings
from tipline.base.web import Site, render_text

Key = Literal["root", "recovery"]

_SHAPE = re.compile(r"([0-9]{1,2})of([0-9]{1,2})")
_TITLES: Mapping[Key, str] = MappingProxyType({"root": "Root key", "recovery": "Recovery key"})
_OPENS: Mapping[Key, str] = MappingProxyType(
    {
        "root": "The root key signs the list of who belongs to the unit. It opens no tip and no report. Whoever joins "
        "enough shares decides who is a member.",
        "recovery": "The recovery key opens everything that the unit keeps, when nobody of the unit can any more. "
        "Whoever joins enough shares and holds a copy of the unit's data can read every tip.",
    }
)
_ADVICE = (
    "Print this page, compare the words on paper with the screen, then delete the file. Send it to nobody.",
    "Put the paper into an envelope, sign across the flap, and keep it where only you can reach it.",
    "Look once a year whether it is there and unopened, and say so when the unit asks. Read the words out to nobody.",
    "When the unit needs it, bring the paper yourself, to the unit's own machine.",
    "Somebody who asks for the words by telephone, by mail or on a web page is not the unit.",
    "If it is lost or was seen, tell the unit on the same day. When shares of a new set come, destroy this one.",
)
_NEXT = (
    "Most holders of the root key should stand outside the unit: a court, an auditor, an oversight body.",
    "Nobody holds two sheets of one key, and where you can nobody holds a sheet of each.",
    "Print each sheet, compare it, hand it over in person, then delete the files and take the folder off this machine.",
    "Nothing here needs them again. docs/recovery.md says what they are for.",
)


@dataclass(frozen=True, slots=True)
class Shape:
    """How many shares there are of each key, and how many of them open it."""

    needed: int
    count: int

    @classmethod
    def parse(cls, text: str) -> "Shape":
        """Read ``2of3``."""
        found = _SHAPE.fullmatch(text)
        needed, count = (int(found[1]), int(found[2])) if found else (0, 0)
        if not 2 <= needed <= count <= shares.MOST:  # noqa: PLR2004 - a share that opens alone is the key itself
            raise argparse.ArgumentTypeError(f'write it as "2of3": at least 2 open a key, of at most {shares.MOST}')
        return cls(needed, count)

    def __str__(self) -> str:
        return f"{self.needed}of{self.count}"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SheetPage(Guarded):
    """One sheet; it holds the words of a share, so it is never printed by accident."""

    template: ClassVar[str] = "documents/share.html"
    key: str
    unit: str
    unit_name: str
    day: str
    number: int
    count: int
    needed: int
    set: int
    words: tuple[str, ...]
    fingerprint: str
    opens: str
    advice: tuple[str, ...]


def fingerprint(key: SigningKey | age.Identity) -> str:
    """Return what both keys are compared by: the root's public key itself, the recovery recipient's SHA-256."""
    digest = key.public.hex() if isinstance(key, SigningKey) else key.recipient.fingerprint()
    return groups(digest)


def write(
    folder: Path, settings: Settings, root: SigningKey, recovery: age.Identity, *, shape: Shape, today: date
) -> Mapping[Key, tuple[str, ...]]:
    """Split both keys and write their sheets; return the names of the files by key. Blocking: every file is fsynced."""
    names: dict[Key, tuple[str, ...]] = {"root": (), "recovery": ()}
    made: tuple[tuple[Key, Secret, str], ...] = (
        ("root", root.seed, fingerprint(root)),
        ("recovery", recovery.seed, fingerprint(recovery)),
    )
    for key, secret, digest in made:
        for number, words in enumerate(shares.split(secret, shape.needed, shape.count), 1):
            page = SheetPage(
                key=_TITLES[key],
                unit=settings.unit,
                unit_name=settings.name,
                day=today.isoformat(),
                number=number,
                count=shape.count,
                needed=shape.needed,
                set=shares.check(words).set,
                words=tuple(words.split()),
                fingerprint=digest,
                opens=_OPENS[key],
                advice=_ADVICE,
            )
            name = f"{key}-share-{number}-of-{shape.count}.html"
            write_private(folder / name, render_text(_site(settings), page).encode())
            names[key] = (*names[key], name)
    return names


def instructions(folder: Path, sheets: Mapping[Key, tuple[str, ...]], shape: Shape) -> str:
    """Say who gets what, and what is left to do."""
    said = f"Share sheets are in {folder}. Any {shape.needed} of {shape.count} are a key; neither key is written whole."
    gets = [f"  {_TITLES[key]}, a holder each: {', '.join(names)}" for key, names in sheets.items()]
    return "\n".join([said, *gets, *_NEXT])


def _site(settings: Settings) -> Site:
    return Site("share", settings.name, practice=settings.practice, style="inside")
