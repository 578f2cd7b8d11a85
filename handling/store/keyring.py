"""Key files of one zone, outside every database. Holds only sealed or public bytes; opens nothing."""

import os
import re
from pathlib import Path
from typing import Literal

Kind = Literal["vault", "intake", "intake-statement", "record", "signer", "package"]

_NAME = re.compile(r"[0-9a-z-]{1,64}")


class MissingKeyError(Exception):
    """The keyring holds no such key: destroyed, never made, or on another host."""

    def __init__(self) -> None:
        super().__init__("the keyring holds no such key")


class Keyring:
    """A folder with one file per key. A key is on the disk, fsynced, before `put` returns.

    Order (docs/format.md): key first, then the row that names it; a sweep removes keys that no row names.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, kind: Kind, name: str, data: bytes) -> None:
        """Write one key file whole or not at all, and fsync it and its folder. Blocking."""
        path = self._path(kind, name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def get(self, kind: Kind, name: str) -> bytes:
        """Return the sealed bytes of one key, or raise `MissingKeyError`. Blocking."""
        try:
            return self._path(kind, name).read_bytes()
        except FileNotFoundError:
            raise MissingKeyError from None

    def names(self, kind: Kind) -> frozenset[str]:
        """Names of all keys of *kind*."""
        folder = self._folder / kind
        if not folder.is_dir():
            return frozenset()
        return frozenset(path.stem for path in folder.iterdir() if not path.name.startswith("."))

    def delete(self, kind: Kind, name: str) -> None:
        """Remove one key; what it sealed is unreadable once the keyring's backups are gone too."""
        self._path(kind, name).unlink(missing_ok=True)

    def _path(self, kind: Kind, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise MissingKeyError
        return self._folder / kind / f"{name}.age"
