"""pure: has a JPEG nothing beside pixels? One baseline frame and one scan, with the tables that they use; anything else is a fault.

What the pixels are packed as is not unpacked here: in place of a picture, the bytes of its scan could say anything.
"""

from typing import Final

_JFIF: Final = b"JFIF\x00\x01"
_START, _END, _APP0, _SCAN = 0xD8, 0xD9, 0xE0, 0xDA
_FRAME, _HUFFMAN, _QUANTISATION = 0xC0, 0xC4, 0xDB
_PIXELS_MAX: Final = 60_000_000
_COMPONENTS: Final = (1, 3)
_ALL_OF_IT: Final = b"\x00\x3f\x00"  # a scan's ends of its spectrum, and no approximation


class JpegError(ValueError):
    """It carries something beside its pixels, or is no JPEG."""

    def __init__(self) -> None:
        super().__init__("this JPEG holds more than pixels, or is none")


def size(data: bytes) -> tuple[int, int]:
    """Return width and height of a JPEG that carries pixels alone.

    Raises:
        JpegError: another segment, a thumbnail, a comment, a table that is too long or unused, or bytes after the end.
    """
    if data[:2] != bytes((0xFF, _START)):
        raise JpegError
    at, frame = 2, b""
    tables: dict[int, set[int]] = {_HUFFMAN: set(), _QUANTISATION: set()}
    while True:
        marker, begin, end = _segment(data, at)
        content = data[begin:end]
        if marker == _SCAN:
            _check(frame, content, tables)
            if _after_scan(data, end) != len(data):
                raise JpegError
            return int.from_bytes(frame[3:5]), int.from_bytes(frame[1:3])
        if marker in tables:
            found = _huffman(content) if marker == _HUFFMAN else _quantisation(content)
            if not found or len(set(found)) != len(found) or tables[marker] & set(found):
                raise JpegError
            tables[marker] |= set(found)
        elif marker == _FRAME and not frame:
            frame = content
        elif not (at == 2 and _is_bare(marker, content)):
            raise JpegError
        at = end


def _is_bare(marker: int, content: bytes) -> bool:
    """Whether a first segment says that this is JFIF, and brings no thumbnail."""
    return marker == _APP0 and content.startswith(_JFIF) and len(content) == 14 and content.endswith(b"\0\0")


def _segment(data: bytes, at: int) -> tuple[int, int, int]:
    """Marker, and where its content begins and ends."""
    length = int.from_bytes(data[at + 2 : at + 4])
    if data[at : at + 1] != b"\xff" or length < 2 or at + 2 + length > len(data):
        raise JpegError
    return data[at + 1], at + 4, at + 2 + length


def _quantisation(content: bytes) -> list[int]:
    """Numbers of the tables in one segment: 64 bytes each, none of them zero."""
    if len(content) % 65 or any(0 in content[at + 1 : at + 65] for at in range(0, len(content), 65)):
        raise JpegError
    return list(content[::65])


def _huffman(content: bytes) -> list[int]:
    """Classes and numbers of the tables in one segment: as many symbols as counted, each once, and no more than codes reach."""
    found, at = [], 0
    while at < len(content):
        counts = content[at + 1 : at + 17]
        symbols = content[at + 17 : at + 17 + sum(counts)]
        codes = sum(count << (16 - bits) for bits, count in enumerate(counts, 1))
        if len(counts) < 16 or not 0 < len(symbols) == sum(counts) == len(set(symbols)) or codes > 1 << 16:
            raise JpegError
        found.append(content[at])
        at += 17 + len(symbols)
    return found


def _check(frame: bytes, scan: bytes, tables: dict[int, set[int]]) -> None:
    """Frame and scan are of the same components, and use every table that is there and no other."""
    parts = [frame[at : at + 3] for at in range(6, len(frame), 3)]
    if len(parts) not in _COMPONENTS or frame[0] != 8 or len(frame) != 6 + 3 * frame[5] or frame[5] != len(parts):
        raise JpegError
    if not 0 < int.from_bytes(frame[1:3]) * int.from_bytes(frame[3:5]) <= _PIXELS_MAX:
        raise JpegError
    if any(not (1 <= side <= 4) for part in parts for side in (part[1] >> 4, part[1] & 15)):
        raise JpegError
    names = [part[0] for part in parts]
    if len(set(names)) != len(names) or {part[2] for part in parts} != tables[_QUANTISATION]:
        raise JpegError
    chosen = scan[2:-3:2]
    if scan != bytes((len(parts), *(one for pair in zip(names, chosen, strict=False) for one in pair))) + _ALL_OF_IT:
        raise JpegError
    used = {choice >> 4 for choice in chosen} | {0x10 | choice & 15 for choice in chosen}
    if used != tables[_HUFFMAN] or any(number & 15 > 1 for number in used):
        raise JpegError


def _after_scan(data: bytes, at: int) -> int:
    """Where the picture ends: at the first marker after its pixels, which has to say so."""
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 >= len(data):
            raise JpegError
        if data[at + 1] == _END:
            return at + 2
        if data[at + 1] != 0:
            raise JpegError
        at += 2
