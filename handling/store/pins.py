"""The newest member list, and of each agreement the newest signed version, that a process has seen. Blocking.

Kept outside every database: an older one, or another one in its place, is refused.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from crypto.canonical import canonical, parse
from crypto.errors import CryptoError
from handling.rules.agreements import Agreement
from tipline.base.files import private_folder, write_private

_FIELDS = {"version", "sha256"}


class RollbackError(Exception):
    """The chain ends before what was seen, or has another version in its place."""

    code = "rollback"

    def __init__(self) -> None:
        super().__init__("this is not, and does not follow from, the newest one seen here")


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


def hold_agreement(pin: Path, agency: str, signed: Iterable[Agreement], deciding: Agreement, today: date) -> None:
    """Note versions that both sides *signed*; hold the one that decides today against the newest begun one ever noted.

    Raises:
        RollbackError: a newer one was noted, another one in its place or another agreement, or the pin cannot be read.
    """
    private_folder(pin.parent)
    with _locked(pin):
        noted = _read_agreements(pin)
        seen = {version: (sha256, begins) for version, sha256, begins in noted.get(agency, {}).get("versions", [])}
        known = noted.get(agency, {}).get("agreement", deciding.id)
        for one in signed:
            if one.id != known or seen.setdefault(one.version, _of(one)) != _of(one):
                raise RollbackError
        begun = [version for version, (_, begins) in seen.items() if begins <= today.isoformat()]
        newest = max(begun, default=0)
        after = {"agreement": known, "versions": [[version, *seen[version]] for version in sorted(seen)]}
        if seen and noted.get(agency) != after:
            write_private(pin, canonical(noted | {agency: after}))
        if (
            deciding.id != known
            or deciding.version < newest
            or seen.get(deciding.version, _of(deciding)) != _of(deciding)
        ):
            raise RollbackError


def _of(agreement: Agreement) -> tuple[str, str]:
    return agreement.sha256, agreement.valid_from.isoformat()


def _read_agreements(pin: Path) -> dict[str, Any]:
    """What was noted, by agency; a damaged pin refuses, as below."""
    try:
        noted: dict[str, Any] = parse(pin.read_bytes())
        for one in noted.values():
            if one.keys() != {"agreement", "versions"}:
                raise RollbackError
            for version, sha256, begins in one["versions"]:
                if not isinstance(version, int) or len(bytes.fromhex(sha256)) != 32:  # noqa: PLR2004 - SHA-256
                    raise RollbackError
                date.fromisoformat(begins)
    except FileNotFoundError:
        return {}
    except (OSError, CryptoError, AttributeError, TypeError, ValueError):
        raise RollbackError from None
    return noted


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
