"""Key files of one zone, outside every database. Holds only sealed or public bytes; opens nothing.

Layout: docs/format.md, "Keyring".
"""

import fcntl
import os
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from tipline.base import files

Kind = Literal[
    "vault",
    "pending-vault",
    "vault-history",
    "intake",
    "intake-statement",
    "record",
    "restricted",
    "signer",
    "package",
    "pgp-intake",
    "pgp-intake-statement",
]
Stamp = tuple[int, int, int]  # inode, modification time in nanoseconds, size: differs after every `put`

_NAME = re.compile(r"[0-9a-z-]{1,64}")
_LOCK = ".lock"


class MissingKeyError(Exception):
    """The keyring holds no such key for this reader: destroyed, never made, on another host, or not theirs.

    These are one error on purpose: telling them apart would tell who must not read what.
    """

    def __init__(self) -> None:
        super().__init__("the keyring holds no such key")


class Keyring:
    """A folder with one file per key. A key is on the disk, fsynced, before `put` returns. Every call is blocking.

    Order: key first, then the row that names it; `sweep` removes record keys that no row names.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other thread and process from changing which file a record has. Does not nest."""
        files.private_folder(self._folder)
        descriptor = os.open(self._folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)  # and with it the lock, also when this process is killed

    def put(self, kind: Kind, name: str, data: bytes) -> None:
        """Write one key file whole or not at all, and fsync it and its folder."""
        files.write_private(self._path(kind, name), data)

    def put_all(self, kind: Kind, several: Mapping[str, bytes]) -> None:
        """Write several key files, each whole or not at all, with one fsync of their folder for all of them."""
        for name, data in several.items():
            files.replace_private(self._path(kind, name), data)
        if several:
            files.sync_folder(self._folder / kind)

    def get(self, kind: Kind, name: str) -> bytes:
        """Return the sealed bytes of one key, or raise `MissingKeyError`."""
        try:
            return self._path(kind, name).read_bytes()
        except FileNotFoundError:
            raise MissingKeyError from None

    def names(self, kind: Kind) -> frozenset[str]:
        """Names of all keys of *kind*."""
        return frozenset(self.stamps(kind))

    def stamps(self, kind: Kind) -> dict[str, Stamp]:
        """Name and stamp of every key of *kind*."""
        return {path.stem: stamp for path in self._files(kind) if (stamp := _stamp(path)) is not None}

    def stamp(self, kind: Kind, name: str) -> Stamp | None:
        """Return what changes with the key's file, or None when there is no such key."""
        return _stamp(self._path(kind, name))

    def folder_stamp(self, kind: Kind) -> Stamp | None:
        """Return what changes when a key of *kind* is put or deleted."""
        return _stamp(self._folder / kind)

    def modified(self, kind: Kind, name: str) -> float | None:
        """When the key was last written, in Unix seconds; None when there is no such key."""
        stamp = self.stamp(kind, name)
        return None if stamp is None else stamp[1] / 1e9

    def delete(self, kind: Kind, name: str) -> None:
        """Remove one key for good, on the disk before this returns; a repeat is harmless.

        Nothing is overwritten: a disk may keep old blocks, and the keyring's backups keep the key for their window.
        """
        path = self._path(kind, name)
        path.unlink(missing_ok=True)
        if path.parent.is_dir():  # also where the file has gone: whoever removed it may have been killed before this
            files.sync_folder(path.parent)

    def settle(self) -> int:
        """Finish what a crash left half done: a restricted record has no second key under the vault. Returns how many.

        Of the two files the restricted one is kept, so that a crash never lets anybody in.
        """
        with self.locked():
            doubled = self.names("restricted") & self.names("record")
            for name in doubled:
                self.delete("record", name)
        return len(doubled)

    def unnamed(self, *, before: float) -> frozenset[str]:
        """Record keys, by name, that were last written before *before* (Unix time): what `sweep` may be asked to remove."""
        found = self.stamps("record") | self.stamps("restricted")
        return frozenset(name for name, stamp in found.items() if stamp[1] / 1e9 < before)

    def sweep(self, names: Collection[str], *, before: float) -> int:
        """Remove these record keys and unfinished files, all last written before *before*; return how many keys.

        Args:
            names: from `unnamed`, less what a row names, the rows having been read after that call.
            before: Unix time. A younger key may be of a row that is about to come.
        """
        removed = 0
        with self.locked():
            for name in self.unnamed(before=before) & frozenset(names):
                self.delete("record", name)
                self.delete("restricted", name)
                removed += 1
            for path in self._folder.glob("*/.*"):
                stamp = _stamp(path)
                if stamp is not None and stamp[1] / 1e9 < before:
                    path.unlink(missing_ok=True)
        return removed

    def _files(self, kind: Kind) -> list[Path]:
        try:
            return [path for path in (self._folder / kind).iterdir() if not path.name.startswith(".")]
        except FileNotFoundError:
            return []

    def _path(self, kind: Kind, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise MissingKeyError
        return self._folder / kind / f"{name}.age"


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
