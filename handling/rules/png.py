"""pure: is a PNG nothing but pixels? Eight bits a colour, and exactly the rows that it announces."""

import struct
import zlib
from collections.abc import Iterator
from typing import Final

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_CHANNELS: Final = {2: 3, 6: 4}  # by colour type: RGB, RGB with transparency
_PIECE: Final = 1024 * 1024
_PIXELS_MAX: Final = 60_000_000


class PngError(ValueError):
    """It carries something beside its pixels, or is no PNG."""

    def __init__(self) -> None:
        super().__init__("this PNG holds more than pixels, or is none")


def size(data: bytes) -> tuple[int, int]:
    """Return width and height of a PNG that carries pixels alone.

    Raises:
        PngError: another chunk, a wrong checksum, more or fewer pixels than announced, or bytes after the end.
    """
    chunks = list(_chunks(data))
    kinds = [kind for kind, _ in chunks]
    depths = kinds[1:2] == [b"sBIT"]
    if kinds != [b"IHDR", *[b"sBIT"] * depths, *[b"IDAT"] * (len(kinds) - 2 - depths), b"IEND"] or chunks[-1][1]:
        raise PngError
    if len(chunks[0][1]) != 13:
        raise PngError
    width, height, depth, colours, *ways = struct.unpack(">IIBBBBB", chunks[0][1])
    if depths and chunks[1][1] != bytes([8]) * _CHANNELS.get(colours, 0):
        raise PngError
    if depth != 8 or colours not in _CHANNELS or any(ways) or not 0 < width * height <= _PIXELS_MAX:
        raise PngError
    _unpack([content for kind, content in chunks if kind == b"IDAT"], height * (1 + width * _CHANNELS[colours]))
    return width, height


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    if not data.startswith(_SIGNATURE):
        raise PngError
    at = len(_SIGNATURE)
    while at < len(data):
        length = int.from_bytes(data[at : at + 4])
        kind, content = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        check = data[at + 8 + length : at + 12 + length]
        if len(check) != 4 or int.from_bytes(check) != zlib.crc32(kind + content):
            raise PngError
        yield kind, content
        at += 12 + length


def _unpack(packed: list[bytes], announced: int) -> None:
    """Unpack the pixels without keeping them, and no further than announced; nothing may follow them."""
    missing, unpacker = announced, zlib.decompressobj()
    try:
        for piece in packed:
            left = piece
            while left:
                if unpacker.eof:
                    raise PngError
                missing -= len(unpacker.decompress(left, _PIECE))
                if missing < 0:
                    raise PngError
                left = unpacker.unconsumed_tail
    except zlib.error:
        raise PngError from None
    if missing or not unpacker.eof or unpacker.unused_data:
        raise PngError
