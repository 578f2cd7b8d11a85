"""The newest member list that a process has seen, kept outside every database: an older or another one is refused. Blocking."""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from crypto.canonical import canonical, parse
from crypto.errors import CryptoError
from tipline.base.files import private_folder, write_private

_FIELDS = {"version", "sha256"}


class RollbackError(Exception):
    """The chain ends before what was seen, or has another version in its place."""

    code = "rollback"

    def __init__(self) -> None:
        super().__init__("this is not, and does not follow from, the newest member list seen here")


def hold(pin: Path, chain: Sequence[bytes]) -> None:
    """Hold a verified chain, the hashes of its versions from 1, against *pin*; note its newest version when that is new.

    Raises:
        RollbackError: the version that the pin names is missing or another one, or the pin cannot be read.
    """
    private_folder(pin.parent)
    with _locked(pin):
        version, sha256 = _read(pin)
        if version > len(chain) or (version > 0 and chain[version - 1] != sha256):
            raise RollbackError
        if version < len(chain):
            write_private(pin, canonical({"version": len(chain), "sha256": chain[-1].hex()}))


def _read(pin: Path) -> tuple[int, bytes]:
    """What was seen; version 0 when nothing was. A damaged pin refuses: it must not let an older list in."""
    try:
        said = parse(pin.read_bytes())
        if not isinstance(said, dict) or said.keys() != _FIELDS or not isinstance(said["version"], int):
            raise RollbackError
        return max(said["version"], 1), bytes.fromhex(said["sha256"])
    except FileNotFoundError:
        return 0, b""
    except (OSError, CryptoError, TypeError, ValueError):
        raise RollbackError from None


@contextmanager
def _locked(pin: Path) -> Iterator[None]:
    """Two commands at once write the newer version last."""
    descriptor = os.open(pin.with_name(f"{pin.name}.lock"), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
