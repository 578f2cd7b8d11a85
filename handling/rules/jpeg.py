"""pure: is a JPEG nothing but pixels? Lists the segments that may stand in one; whatever is not on the list is a fault."""

from typing import Final

_JFIF: Final = b"JFIF\x00\x01"
_START, _END, _APP0, _SCAN = 0xD8, 0xD9, 0xE0, 0xDA
_ALLOWED: Final = frozenset({0xC0, 0xC1, 0xC2, 0xC4, 0xDB, 0xDD})
"""Frames, Huffman tables, quantisation tables, restart interval. No application data, comment or thumbnail."""
_FRAMES: Final = frozenset({0xC0, 0xC1, 0xC2})
_RESTARTS: Final = range(0xD0, 0xD8)


class JpegError(ValueError):
    """It carries something beside its pixels, or is no JPEG."""

    def __init__(self) -> None:
        super().__init__("this JPEG holds more than pixels, or is none")


def size(data: bytes) -> tuple[int, int]:
    """Return width and height of a JPEG that carries pixels alone.

    Raises:
        JpegError: another segment, a thumbnail, a comment, or bytes after the end.
    """
    if data[:2] != bytes((0xFF, _START)):
        raise JpegError
    at, found = 2, None
    while True:
        marker, begin, end = _segment(data, at)
        if marker == _END:
            if begin != len(data) or found is None:
                raise JpegError
            return found
        if marker == _SCAN:
            end = _after_scan(data, end)
        elif not (marker in _ALLOWED or (at == 2 and _is_bare(marker, data[begin:end]))):
            raise JpegError
        if marker in _FRAMES:
            if found is not None or end - begin < 5:
                raise JpegError
            found = (int.from_bytes(data[begin + 3 : begin + 5]), int.from_bytes(data[begin + 1 : begin + 3]))
        at = end


def _is_bare(marker: int, content: bytes) -> bool:
    """Whether a first segment says that this is JFIF, and brings no thumbnail."""
    return marker == _APP0 and content.startswith(_JFIF) and len(content) == 14 and content.endswith(b"\0\0")


def _segment(data: bytes, at: int) -> tuple[int, int, int]:
    """Marker, and where its content begins and ends."""
    if at + 2 > len(data) or data[at] != 0xFF:
        raise JpegError
    marker = data[at + 1]
    if marker == _END:
        return marker, at + 2, at + 2
    length = int.from_bytes(data[at + 2 : at + 4])
    if length < 2 or at + 2 + length > len(data):
        raise JpegError
    return marker, at + 4, at + 2 + length


def _after_scan(data: bytes, at: int) -> int:
    """Where the next marker stands after a scan's pixels."""
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 >= len(data):
            raise JpegError
        if data[at + 1] != 0 and data[at + 1] not in _RESTARTS:
            return at
        at += 2
