"""What comes near a ceiling in the public zone, by the names of the settings: `keep` writes it, the drop tells each unit."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tipline.base import files

MOST: Final = 8
"""Names that are told at once."""

_FILE: Final = "nearing"
_NAME: Final = re.compile(r"[a-z_]{1,32}")


def write(folder: Path, names: Iterable[str]) -> None:
    """Put *names* in the place of those told so far; *folder* is the public zone's."""
    files.write_private(folder / _FILE, "".join(f"{name}\n" for name in names).encode("ascii"))


def read(folder: Path) -> tuple[str, ...]:
    """Return what was written last, nothing at first."""
    try:
        return checked((folder / _FILE).read_text("ascii").split())
    except FileNotFoundError:
        return ()


def checked(names: object) -> tuple[str, ...]:
    """Return names as they may be shown; raises `ValueError` for anything else."""
    if not isinstance(names, list) or len(names) > MOST:
        raise ValueError
    if not all(isinstance(name, str) and _NAME.fullmatch(name) for name in names):
        raise ValueError
    return tuple(names)
