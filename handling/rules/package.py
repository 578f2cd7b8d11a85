"""pure: the bytes that leave, one stored ZIP. The same members give the same bytes, and no other bytes are a package."""

import hashlib
import io
import struct
import zipfile
from collections.abc import Collection, Mapping
from typing import Final

from handling.rules import attachments

READ_FIRST: Final = "1-read-first.html"
REPORT_HTML: Final = "report.html"
REPORT_JSON: Final = "report.json"
MANIFEST: Final = "manifest.json"
NAMES: Final = frozenset({READ_FIRST, REPORT_HTML, REPORT_JSON, MANIFEST})
SIZE_MAX: Final = 32 * 1024 * 1024  # bytes of the whole ZIP; attachments together take at most 25 MiB of them

_TIME: Final = (1980, 1, 1, 0, 0, 0)  # the first time a ZIP can hold
_MODE: Final = 0o644 << 16
# What zipfile raises over hostile bytes; a fault of ours is none of these.
_UNREADABLE: Final = (
    zipfile.BadZipFile,
    struct.error,
    ValueError,
    OverflowError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OSError,
)


class PackageError(ValueError):
    """The members or the bytes are not exactly a package."""

    def __init__(self) -> None:
        super().__init__("this is not a package as the guard releases it")


def are_names(names: Collection[str]) -> bool:
    """Whether a package may have exactly these members: the four that each one has, and attachments by their neutral names."""
    more = set(names) - NAMES
    return set(names) >= NAMES and all(map(attachments.is_member, more)) and len(more) <= attachments.COUNT_MAX


def pack(members: Mapping[str, bytes]) -> bytes:
    """Build the ZIP: members stored, sorted by name, with one fixed time and mode.

    Raises:
        PackageError: a member missing or of another name, or more than `SIZE_MAX` bytes.
    """
    if not are_names(members) or sum(map(len, members.values())) > SIZE_MAX:
        raise PackageError
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED, allowZip64=False) as archive:
        for name in sorted(members):
            archive.writestr(_info(name), members[name])
    data = target.getvalue()
    if len(data) > SIZE_MAX:
        raise PackageError
    return data


def unpack(data: bytes) -> dict[str, bytes]:
    """Open a package.

    The members are read leniently and packed again: only bytes that come out the same are a package. That refuses every
    other name, order, time, mode, compression, comment, extra field, duplicate, and byte before, between or after.

    Raises:
        PackageError: anything else than what `pack` makes.
    """
    if len(data) > SIZE_MAX:
        raise PackageError
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            stored = all(info.compress_type == zipfile.ZIP_STORED and not info.flag_bits for info in infos)
            names = {info.filename for info in infos}
            if not are_names(names) or len(infos) != len(names) or not stored:
                raise PackageError
            members = {info.filename: archive.read(info) for info in infos}
    except _UNREADABLE:
        raise PackageError from None
    if pack(members) != data:
        raise PackageError
    return members


def hashes(members: Mapping[str, bytes]) -> dict[str, str]:
    """Return the SHA-256 of every member but the manifest, as hex: what a manifest lists."""
    return {name: hashlib.sha256(data).hexdigest() for name, data in members.items() if name != MANIFEST}


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _TIME)
    info.create_system = 3  # Unix, on whatever system it is built
    info.external_attr = _MODE
    return info
