"""pure: has an MP4 nothing beside frames and sound? Lists the boxes that may stand in one; its samples must be all of its bytes.

What frames and sounds are packed as is not unpacked here: in place of a picture or a sound, their bytes could say anything.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, pairwise
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
_SLICES: Final = frozenset({1, 5})  # pieces of a frame
_MOVIES: Final = ([b"mvhd"], [b"mvhd", b"udta"])
_BOXES_MAX: Final = 64
_EDITS_MAX: Final = 2
_SAMPLES_MAX: Final = 100_000  # of one track: five minutes at 240 frames a second are 72,000
_FRAME: Final = bytes.fromhex("0048000000480000000000000001")  # resolution, and one frame a sample
_VIDEO, _SOUND = b"vide", b"soun"
_KINDS: Final = {_VIDEO: b"avc1", _SOUND: b"mp4a"}


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
    boxes = list(islice(_boxes(data, (b"",)), _BOXES_MAX + 1))
    if len(boxes) > _BOXES_MAX:
        raise Mp4Error
    kinds = [box.kind for box in boxes if len(box.way) == 1]
    if sorted(kinds) not in ([b"ftyp", b"mdat", b"moov"], [b"free", b"ftyp", b"mdat", b"moov"]) or kinds[0] != b"ftyp":
        raise Mp4Error
    if sorted(box.kind for box in boxes if box.way[-1] == b"moov" and box.kind != b"trak") not in _MOVIES:
        raise Mp4Error
    for box in boxes:
        _look(box)
    found = _samples(boxes)
    if [track.handler for track in found] not in ([_VIDEO], [_VIDEO, _SOUND]):
        raise Mp4Error
    _tile(boxes, sorted(sample for track in found for sample in track.samples))
    _frames(data, found[0].samples)
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
    if kind in _TIMES and (content[:1] != b"\0" or any(content[4:12])):
        raise Mp4Error
    if kind == b"mdhd" and (len(content) != 24 or content[20:] != _UND):
        raise Mp4Error
    if kind == b"mvhd" and (len(content) != 100 or any(content[26:36]) or any(content[72:96])):
        raise Mp4Error
    if kind == b"tkhd" and (len(content) != 84 or any(content[16:20]) or any(content[24:32])):
        raise Mp4Error
    if kind in _TABLES or kind == b"sbgp":
        _look_at_table(box)
    if kind == b"stsd":
        _description(content)


def _look_at_table(box: Box) -> None:
    """As many rows as it counts, and no flags."""
    kind, content = box.kind, box.content
    if kind == b"sbgp":
        if content[:8] != b"\0\0\0\0roll" or len(content) != 12 + 8 * int.from_bytes(content[8:12]):
            raise Mp4Error
        return
    count = _count(box)
    if any(content[:4]) or len(content) != 8 + 4 * (kind == b"stsz") + _TABLES[kind] * count:
        raise Mp4Error
    if kind == b"elst" and count > _EDITS_MAX:
        raise Mp4Error


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
        if any(entry[:6]) or any(entry[8:24]) or entry[28:42] != _FRAME or entry[42:74] != _COMPRESSOR:
            raise Mp4Error
        _setup(entry[78:], [b"avcC", b"pasp", b"btrt", b"colr"])
    elif kind == b"mp4a":
        if any(entry[:6]) or any(entry[8:16]):
            raise Mp4Error
        _setup(entry[28:], [b"esds", b"btrt"])
    else:
        raise Mp4Error


def _setup(data: bytes, allowed: list[bytes]) -> None:
    """Boxes that a decoder sets itself up with, each of them once."""
    at = 0
    while at < len(data):
        length, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        if not 8 <= length <= 256 or at + length > len(data) or kind not in allowed:
            raise Mp4Error
        allowed.remove(kind)
        at += length


@dataclass(frozen=True, slots=True)
class _Track:
    """What it is handled as, and where each of its samples begins and ends, in its order."""

    handler: bytes
    samples: list[tuple[int, int]]


def _samples(boxes: list[Box]) -> list[_Track]:
    found: list[dict[bytes, bytes]] = []
    for box in boxes:
        if box.way[-1] == b"moov" and box.kind == b"trak":
            found.append({})
        elif b"trak" in box.way:
            if box.kind in found[-1]:
                raise Mp4Error
            found[-1][box.kind] = box.content
    try:
        return [_track(track) for track in found]
    except (KeyError, struct.error):
        raise Mp4Error from None


def _track(track: dict[bytes, bytes]) -> _Track:
    handler = track[b"hdlr"][8:12]
    if track[b"stsd"][12:16] != _KINDS[handler]:
        raise Mp4Error
    sizes = _sizes(track[b"stsz"])
    _runs(track[b"stts"][8:], len(sizes))
    if b"ctts" in track:
        _runs(track[b"ctts"][8:], len(sizes))
    if b"sbgp" in track and max(_runs(track[b"sbgp"][12:], len(sizes)), default=0) > 1:
        raise Mp4Error
    keys = _column(track.get(b"stss", bytes(8))[8:], 0, 1)
    if any(one >= other for one, other in pairwise((0, *keys, len(sizes) + 1))):
        raise Mp4Error
    return _Track(handler, _placed(track, sizes))


def _sizes(table: bytes) -> list[int]:
    """Bytes of each sample; its count is held against what there is before a list of it is made."""
    same, count = struct.unpack(">II", table[4:12])
    if count > _SAMPLES_MAX:
        raise Mp4Error
    sizes = [same] * count if same else list(struct.unpack(f">{count}I", table[12:]))
    if not all(sizes):
        raise Mp4Error
    return sizes


def _column(table: bytes, which: int, wide: int) -> list[int]:
    """One column of a table of *wide* numbers a row."""
    return [row[which] for row in struct.iter_unpack(f">{wide}I", table)]


def _runs(table: bytes, count: int) -> list[int]:
    """Values of a table whose rows each stand for so many samples: for at least one, and together for all."""
    lengths = _column(table, 0, 2)
    if not all(lengths) or sum(lengths) != count:
        raise Mp4Error
    return _column(table, 1, 2)


def _placed(track: dict[bytes, bytes], sizes: list[int]) -> list[tuple[int, int]]:
    """Where each sample begins and ends: chunk by chunk, as many as the run says in which a chunk stands."""
    wide = b"co64" in track
    if wide and b"stco" in track:
        raise Mp4Error
    chunks = [chunk for (chunk,) in struct.iter_unpack(">Q" if wide else ">I", track[b"co64" if wide else b"stco"][8:])]
    runs = track[b"stsc"][8:]
    firsts, lengths = [first - 1 for first in _column(runs, 0, 3)], _column(runs, 1, 3)
    bounds = [*firsts, len(chunks)]
    if (firsts[:1] or [0]) != [0] or any(one >= other for one, other in pairwise(bounds)) or not all(lengths):
        raise Mp4Error
    samples: list[tuple[int, int]] = []
    for (begin, end), length in zip(pairwise(bounds), lengths, strict=True):
        for place in chunks[begin:end]:
            at = place
            if length > len(sizes) - len(samples):
                raise Mp4Error
            for size in sizes[len(samples) : len(samples) + length]:
                samples.append((at, at + size))
                at += size
    if len(samples) != len(sizes) or set(_column(runs, 2, 3)) - {1}:
        raise Mp4Error
    return samples


def _tile(boxes: list[Box], samples: list[tuple[int, int]]) -> None:
    """Each byte of the media is of one sample: side by side, none over another, none left between."""
    at = 0
    for box in boxes:
        if len(box.way) == 1:
            at += 8
            if box.kind == b"mdat":
                ends = [at, *(end for _, end in samples)]
                if [*(begin for begin, _ in samples), at + len(box.content)] != ends:
                    raise Mp4Error
            at += len(box.content)


def _frames(data: bytes, samples: list[tuple[int, int]]) -> None:
    """Every frame is made of slices alone: a remark in the stream could hold a time, a place or a camera's number."""
    for begin, end in samples:
        at = begin
        while at < end:
            length = int.from_bytes(data[at : at + 4])
            if not 0 < length <= end - at - 4 or data[at + 4] & 0x9F not in _SLICES:
                raise Mp4Error
            at += 4 + length
