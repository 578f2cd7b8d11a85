"""pure: is an MP4 nothing but frames and sound? Lists the boxes that may stand in one, and counts that they describe every byte."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_TYPE: Final = b"isom\x00\x00\x02\x00isomiso2avc1mp41"
_EMPTY_META: Final = bytes.fromhex(
    "000000356d657461000000000000002168646c7200000000000000006d6469726170706c00000000000000000000000008696c7374"
)
"""What ffmpeg writes where metadata would stand: a place for it, with nothing inside."""
_INSIDE: Final = {
    b"": {b"ftyp", b"free", b"mdat", b"moov"},
    b"moov": {b"mvhd", b"trak", b"udta"},
    b"trak": {b"tkhd", b"edts", b"mdia"},
    b"edts": {b"elst"},
    b"mdia": {b"mdhd", b"hdlr", b"minf"},
    b"minf": {b"vmhd", b"smhd", b"dinf", b"stbl"},
    b"dinf": {b"dref"},
    b"stbl": {b"stsd", b"stts", b"stss", b"ctts", b"stsc", b"stsz", b"stco", b"co64", b"sgpd", b"sbgp"},
}
_EXACT: Final = {
    b"ftyp": {_TYPE},
    b"free": {b""},
    b"udta": {_EMPTY_META},
    b"vmhd": {bytes.fromhex("000000010000000000000000")},
    b"smhd": {bytes(8)},
    b"dref": {bytes.fromhex("00000000000000010000000c75726c2000000001")},
    b"sgpd": {bytes.fromhex("01000000726f6c6c0000000200000001ffff")},
    b"hdlr": {
        bytes(8) + b"vide" + bytes(12) + b"VideoHandler\x00",
        bytes(8) + b"soun" + bytes(12) + b"SoundHandler\x00",
    },
}
_TIMES: Final = {b"mvhd": 8, b"tkhd": 8, b"mdhd": 8}  # bytes of creation and change, after version and flags
_UND: Final = b"\x55\xc4\x00\x00"  # the language that says none, and no quality
_TABLES: Final = {b"stts": 8, b"stss": 4, b"ctts": 8, b"stsc": 12, b"stsz": 4, b"stco": 4, b"co64": 8, b"elst": 12}
_COMPRESSOR: Final = b"\x0cLavc libx264" + bytes(19)
_SLICES: Final = frozenset({1, 5, 7, 8, 9})  # pieces of a frame, and what a decoder sets itself up with


class Mp4Error(ValueError):
    """It carries something beside frames and sound, or is no MP4."""

    def __init__(self) -> None:
        super().__init__("this MP4 holds more than frames and sound, or is none")


@dataclass(frozen=True, slots=True)
class Box:
    """One box: its kind, the kinds around it, and its content."""

    way: tuple[bytes, ...]
    kind: bytes
    content: bytes


def tracks(data: bytes) -> int:
    """Return how many tracks an MP4 has that carries frames and sound alone.

    Raises:
        Mp4Error: another box, a time, a name, a remark in the stream, or bytes that no track describes.
    """
    boxes = list(_boxes(data, (b"",)))
    kinds = [box.kind for box in boxes if len(box.way) == 1]
    if sorted(kinds) not in ([b"ftyp", b"mdat", b"moov"], [b"free", b"ftyp", b"mdat", b"moov"]) or kinds[0] != b"ftyp":
        raise Mp4Error
    for box in boxes:
        _look(box)
    found = _samples(boxes)
    at = {box.kind: box.content for box in boxes if len(box.way) == 1}
    if sum(sum(sizes) for _, sizes, _ in found) != len(at[b"mdat"]):
        raise Mp4Error
    for handler, sizes, places in found:
        if handler[8:12] == b"vide":
            _frames(data, sizes, places)
    return len(found)


def _boxes(data: bytes, way: tuple[bytes, ...]) -> Iterator[Box]:
    at = 0
    while at < len(data):
        length, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        if length < 8 or at + length > len(data) or kind not in _INSIDE[way[-1]]:
            raise Mp4Error
        content = data[at + 8 : at + length]
        yield Box(way, kind, content)
        if kind in _INSIDE:
            yield from _boxes(content, (*way, kind))
        at += length


def _look(box: Box) -> None:
    kind, content = box.kind, box.content
    if kind in _EXACT and content not in _EXACT[kind]:
        raise Mp4Error
    if kind in _TIMES and (content[0] != 0 or any(content[4:12])):
        raise Mp4Error
    if kind == b"mdhd" and (len(content) != 24 or content[20:] != _UND):
        raise Mp4Error
    if kind == b"mvhd" and (len(content) != 100 or any(content[26:36]) or any(content[72:96])):
        raise Mp4Error
    if kind == b"tkhd" and (len(content) != 84 or any(content[16:20]) or any(content[24:32])):
        raise Mp4Error
    if kind in _TABLES and len(content) != 8 + 4 * (kind == b"stsz") + _TABLES[kind] * _count(box):
        raise Mp4Error
    if kind == b"sbgp" and (content[:8] != b"\0\0\0\0roll" or len(content) != 12 + 8 * int.from_bytes(content[8:12])):
        raise Mp4Error
    if kind == b"stsd":
        _description(content)


def _count(box: Box) -> int:
    content = box.content
    if box.kind != b"stsz":
        return int.from_bytes(content[4:8])
    return 0 if any(content[4:8]) else int.from_bytes(content[8:12])


def _description(content: bytes) -> None:
    """How the samples are packed: H.264 or AAC, set up for nothing else."""
    length, kind = int.from_bytes(content[8:12]), content[12:16]
    if content[:8] != bytes.fromhex("0000000000000001") or length != len(content) - 8:
        raise Mp4Error
    entry = content[16:]
    if kind == b"avc1":
        if any(entry[:6]) or any(entry[8:24]) or entry[42:74] != _COMPRESSOR:
            raise Mp4Error
        _setup(entry[78:], {b"avcC", b"pasp", b"btrt", b"colr"})
    elif kind == b"mp4a":
        _setup(entry[28:], {b"esds", b"btrt"})
    else:
        raise Mp4Error


def _setup(data: bytes, allowed: set[bytes]) -> None:
    at = 0
    while at < len(data):
        length, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        if not 8 <= length <= 256 or at + length > len(data) or kind not in allowed:
            raise Mp4Error
        at += length


def _samples(boxes: list[Box]) -> list[tuple[bytes, list[int], list[int]]]:
    """Handler, sizes and places of the samples of each track, in its order."""
    found: list[dict[bytes, bytes]] = []
    for box in boxes:
        if box.kind == b"trak":
            found.append({})
        elif found and box.kind not in found[-1]:
            found[-1][box.kind] = box.content
        elif found and b"trak" in box.way:
            raise Mp4Error
    result = []
    for track in found:
        try:
            sizes, places = _placed(track)
            result.append((track[b"hdlr"], sizes, places))
        except (KeyError, struct.error):
            raise Mp4Error from None
    if not result:
        raise Mp4Error
    return result


def _placed(track: dict[bytes, bytes]) -> tuple[list[int], list[int]]:
    table = track[b"stsz"]
    same, count = struct.unpack(">II", table[4:12])
    if same and count * same > 2**32:
        raise Mp4Error
    sizes = [same] * count if same else list(struct.unpack(f">{count}I", table[12:]))
    wide = b"co64" in track
    offsets = track[b"co64" if wide else b"stco"]
    chunks = struct.unpack(f">{int.from_bytes(offsets[4:8])}{'Q' if wide else 'I'}", offsets[8:])
    runs = list(struct.iter_unpack(">III", track[b"stsc"][8:]))
    places: list[int] = []
    for number, chunk in enumerate(chunks, 1):
        while len(runs) > 1 and runs[1][0] <= number:
            runs.pop(0)
        if not runs or runs[0][1] > count:
            raise Mp4Error
        place = chunk
        for _ in range(runs[0][1]):
            if len(places) == count:
                raise Mp4Error
            places.append(place)
            place += sizes[len(places) - 1]
    if len(places) != count:
        raise Mp4Error
    return sizes, places


def _frames(data: bytes, sizes: list[int], places: list[int]) -> None:
    """Every frame is made of slices alone: a remark in the stream could hold a time, a place or a camera's number."""
    for size, place in zip(sizes, places, strict=True):
        at, end = place, place + size
        if end > len(data):
            raise Mp4Error
        while at < end:
            length = int.from_bytes(data[at : at + 4])
            if not 0 < length <= end - at - 4 or data[at + 4] & 31 not in _SLICES:
                raise Mp4Error
            at += 4 + length
