"""What a mailbox hands out: the bundle of replies in one size, and the file in which it is picked up. No I/O, no storage."""

import re
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from crypto import age
from crypto.errors import AgeError
from tipline.envelope import SEALED_PLACE_BYTES
from tipline.strict import EnvelopeError

BUNDLE_BYTES: Final = 64 * 1024
SEALED_BUNDLE_BYTES: Final = 67_195
"""An age file of one post-quantum recipient over `BUNDLE_BYTES`: 1,627 of header, 16 of nonce, one chunk and its tag."""

_BLOCK: Final = 512  # of a tar file
_SIZE: Final = slice(124, 135)
_OCTAL: Final = re.compile(rb"[0-7]{11}")
_BUNDLE: Final = "replies.age"
_PLACE: Final = "place"


def pack_bundle(inner: Sequence[bytes], recipient: age.Recipient) -> bytes:
    """Seal the newest *inner* files that fit, oldest first, into exactly `SEALED_BUNDLE_BYTES`; none is as large."""
    room = BUNDLE_BYTES - 2 * _BLOCK
    kept: list[bytes] = []
    for data in reversed(inner):
        room -= len(_member(_name(1), data))
        if room < 0:
            break
        kept.insert(0, data)
    if inner and not kept:
        raise EnvelopeError("this reply is too long to send in one piece")
    archive = b"".join(_member(_name(index), data) for index, data in enumerate(kept, 1))
    return age.seal(archive.ljust(BUNDLE_BYTES, b"\0"), [recipient])


def open_bundle(bundle: bytes, identity: age.Identity) -> list[bytes]:
    """Return the inner files in the bundle's order; raises `EnvelopeError` when it is not of its form or not ours.

    Anybody who knows the source's public key can seal a bundle, so the archive is read by hand: exactly what `pack_bundle`
    writes, in exactly its size, and nothing of what else a tar file can ask a reader to do.
    """
    if len(bundle) != SEALED_BUNDLE_BYTES:
        raise EnvelopeError
    try:
        archive = age.open_(bundle, [identity])
    except AgeError:
        raise EnvelopeError from None
    if len(archive) != BUNDLE_BYTES:
        raise EnvelopeError
    inner: list[bytes] = []
    at = 0
    while any(archive[at : at + _BLOCK]):
        size = archive[at:][_SIZE]
        if not _OCTAL.fullmatch(size):
            raise EnvelopeError
        start = at + _BLOCK
        inner.append(archive[start : start + int(size, 8)])
        member = _member(_name(len(inner)), inner[-1])
        if archive[at : at + len(member)] != member:
            raise EnvelopeError
        at += len(member)
    if any(archive[at:]) or at > BUNDLE_BYTES - 2 * _BLOCK:
        raise EnvelopeError
    return inner


@dataclass(frozen=True, slots=True)
class Pickup:
    """What a pickup code hands out: the mailbox's bundle, and the source's sealed place in the thread, to answer from."""

    bundle: bytes
    place: bytes

    def encode(self) -> bytes:
        """Return exactly `PICKUP_BYTES` bytes, a tar file; raises `EnvelopeError` for a part of another size."""
        if len(self.bundle) != SEALED_BUNDLE_BYTES or len(self.place) != SEALED_PLACE_BYTES:
            raise EnvelopeError
        return _member(_PLACE, self.place) + _member(_BUNDLE, self.bundle) + bytes(2 * _BLOCK)

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read exactly what `encode` writes; raises `EnvelopeError`."""
        place = data[_BLOCK:][:SEALED_PLACE_BYTES]
        bundle = data[_AT_BUNDLE:][:SEALED_BUNDLE_BYTES]
        found = cls(bundle=bundle, place=place)
        if found.encode() != data:
            raise EnvelopeError
        return found


def _name(index: int) -> str:
    return f"{index:03}.age"


def _member(name: str, data: bytes) -> bytes:
    """One tar member with metadata that tells nothing: POSIX ustar, time 0, nobody's."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data), 0o600
    return info.tobuf(tarfile.USTAR_FORMAT) + data + bytes(-len(data) % _BLOCK)


_AT_BUNDLE: Final = len(_member(_PLACE, bytes(SEALED_PLACE_BYTES))) + _BLOCK

PICKUP_BYTES: Final = _AT_BUNDLE + len(_member(_BUNDLE, bytes(SEALED_BUNDLE_BYTES))) - _BLOCK + 2 * _BLOCK
"""Every pickup file's length."""
