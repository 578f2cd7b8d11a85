"""An MP4 holds frames and sound, and no byte that is neither; what it claims costs nothing before it is held against what is there."""

import struct
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handling.rules import mp4

MEDIA = 40  # where the bytes of samples begin
TEXT = b"Amina saw it at the third gate on Monday"


def box(kind: bytes, *content: bytes) -> bytes:
    return struct.pack(">I", 8 + sum(map(len, content))) + kind + b"".join(content)


def numbers(*values: int) -> bytes:
    return struct.pack(f">{len(values)}I", *values)


def table(*rows: tuple[int, ...]) -> bytes:
    return numbers(0, len(rows), *(value for row in rows for value in row))


def frame(pixels: bytes, kind: bytes = b"\x65") -> bytes:
    return numbers(1 + len(pixels)) + kind + pixels


def avc1(setup: bytes = box(b"avcC", b"\1")) -> bytes:
    fixed = bytes(7) + b"\1" + bytes(16) + numbers(0x00400030) + bytes.fromhex("0048000000480000000000000001")
    return numbers(0, 1) + box(b"avc1", fixed, b"\x0cLavc libx264", bytes(19), b"\0\x18\xff\xff", setup)


MP4A = numbers(0, 1) + box(b"mp4a", bytes(7), b"\1", bytes(20), box(b"esds", bytes(4)))
HANDLERS = {b"vide": b"VideoHandler\0", b"soun": b"SoundHandler\0"}


def track(kind: bytes, *samples: tuple[int, int], without: bytes = b"", **instead: bytes) -> bytes:
    """A track of samples, each by its place and size and in a chunk of its own; *instead* are other contents of boxes."""
    tables = {
        "stsd": avc1() if kind == b"vide" else MP4A,
        "stts": table((len(samples), 1)) if samples else table(),
        "stsc": table((1, 1, 1)) if samples else table(),
        "stsz": numbers(0, 0, len(samples), *(size for _, size in samples)),
        "stco": table(*((place,) for place, _ in samples)),
    } | instead
    inside = [box(name.encode(), content) for name, content in tables.items() if name.encode() != without]
    handler = box(b"hdlr", bytes(8), kind, bytes(12), HANDLERS[kind])
    language = box(b"mdhd", bytes(20), b"\x55\xc4\0\0")
    return box(b"trak", box(b"tkhd", bytes(84)), box(b"mdia", language, handler, box(b"minf", box(b"stbl", *inside))))


HEAD = box(b"mvhd", bytes(100))


def movie(media: bytes, *tracks: bytes, heads: bytes = HEAD) -> bytes:
    kind = box(b"ftyp", b"isom\0\0\2\0isomiso2avc1mp41")
    return kind + box(b"mdat", media) + box(b"moov", heads, *tracks)


ONE, TWO, SOUND = frame(b"pixels"), frame(b"more", b"\x41"), b"a sound"
VIDEO = ((MEDIA, len(ONE)), (MEDIA + len(ONE) + len(SOUND), len(TWO)))
HEARD = (MEDIA + len(ONE), len(SOUND))
ALL = ONE + SOUND + TWO
MP4 = movie(ALL, track(b"vide", *VIDEO), track(b"soun", HEARD))
ROLLING = b"\0\0\0\0roll"


def silent(media: bytes, *samples: tuple[int, int], **instead: bytes) -> bytes:
    return movie(media, track(b"vide", *samples, **instead))


def test_frames_and_sound_beside_each_other_pass():
    assert mp4.tracks(MP4) == 2
    assert mp4.tracks(silent(ONE, (MEDIA, len(ONE)))) == 1
    assert mp4.tracks(silent(ONE * 3, (MEDIA, len(ONE)), stts=table((3, 1)), stsc=table((1, 3, 1)),
                             stsz=numbers(0, len(ONE), 3))) == 1  # fmt: skip
    assert mp4.tracks(movie(ONE, track(b"vide", (MEDIA, len(ONE))), track(b"soun"))) == 2


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(
            movie(ONE + TEXT, track(b"vide", VIDEO[0]), track(b"soun", (MEDIA + len(ONE), len(TEXT)), without=b"stsd")),
            id="a sound that is described as nothing",
        ),
        pytest.param(
            movie(ALL, track(b"vide", *VIDEO), track(b"soun", HEARD, stsd=avc1())), id="a sound described as a picture"
        ),
        pytest.param(
            movie(ALL, track(b"vide", *VIDEO, stsd=MP4A), track(b"soun", HEARD)), id="a picture described as a sound"
        ),
        pytest.param(movie(TEXT, track(b"soun", (MEDIA, len(TEXT)))), id="sound alone"),
        pytest.param(movie(ALL, track(b"vide", *VIDEO), *[track(b"soun", HEARD)] * 2), id="the same sound twice"),
        pytest.param(movie(ALL, track(b"vide", *VIDEO), track(b"soun", HEARD), track(b"soun")), id="a third track"),
        pytest.param(
            silent(ONE + TEXT[: len(ONE)], *[(MEDIA, len(ONE))] * 2), id="a frame over a frame, text in its place"
        ),
        pytest.param(silent(ONE + TEXT, (MEDIA, len(ONE))), id="text behind the frames"),
        pytest.param(silent(TEXT + ONE, (MEDIA + len(TEXT), len(ONE))), id="text before the frames"),
        pytest.param(silent(b"", (MEDIA + 16, len(ONE))), id="a frame elsewhere"),
        pytest.param(silent(frame(TEXT, b"\x06"), (MEDIA, len(TEXT) + 5)), id="a remark in the stream"),
        pytest.param(silent(frame(TEXT, b"\x09"), (MEDIA, len(TEXT) + 5)), id="text as a delimiter"),
        pytest.param(silent(frame(TEXT, b"\x67"), (MEDIA, len(TEXT) + 5)), id="text as a parameter set"),
        pytest.param(silent(ONE, VIDEO[0], stts=table((1, 1), (0, 0x416D696E))), id="times of no sample"),
        pytest.param(silent(ONE, VIDEO[0], ctts=table((1, 1), (1, 1))), id="more times than samples"),
        pytest.param(silent(ONE, VIDEO[0], stss=table((1,), (2,))), id="a key frame that is none of them"),
        pytest.param(silent(ONE, VIDEO[0], stss=table((1,), (1,))), id="a key frame twice"),
        pytest.param(silent(ONE, VIDEO[0], stsc=table((1, 1, 1), (2, 1, 1))), id="a run of no chunk"),
        pytest.param(silent(ONE, VIDEO[0], stsc=table((1, 1, 0x416D696E))), id="a run described elsewhere"),
        pytest.param(silent(ONE, VIDEO[0], stco=table((MEDIA,), (MEDIA,))), id="a chunk of no sample"),
        pytest.param(silent(ONE, VIDEO[0], co64=table((0, MEDIA))), id="places twice"),
        pytest.param(silent(ONE, VIDEO[0], sbgp=ROLLING + numbers(1, 1, 0x416D696E)), id="a group that is none"),
        pytest.param(silent(ONE, VIDEO[0], sbgp=ROLLING + numbers(2, 1, 1, 1, 1)), id="more groups than samples"),
        pytest.param(silent(ONE, VIDEO[0], stsd=avc1(box(b"avcC", TEXT) * 2)), id="two setups"),
        pytest.param(silent(ONE, VIDEO[0], stts=b"Amin" + table((1, 1))[4:]), id="a table with flags"),
        pytest.param(movie(ONE, track(b"vide", VIDEO[0]), heads=HEAD * 2), id="two heads"),
        pytest.param(movie(ONE, track(b"vide", VIDEO[0]), heads=box(b"mvhd")), id="an empty head"),
    ],
)
def test_what_is_no_frame_and_no_sound_has_no_place(data):
    with pytest.raises(mp4.Mp4Error):
        mp4.tracks(data)


@pytest.mark.parametrize("count", [10**6, 2**31, 2**32 - 1])
@pytest.mark.parametrize(
    "claim",
    [
        lambda count: {"stsz": numbers(0, 1, count)},
        lambda count: {"stsz": numbers(0, 1, count), "stsc": table((1, count, 1)), "stts": table((count, 1))},
        lambda count: {"stsc": table((1, count, 1))},
        lambda count: {"stco": numbers(0, count, MEDIA)},
        lambda count: {"ctts": numbers(0, count)},
        lambda count: {"stss": numbers(0, count)},
    ],
)
def test_a_count_that_is_not_there_costs_nothing(count, claim):
    data = silent(ONE, VIDEO[0], **claim(count))
    tracemalloc.start()
    try:
        with pytest.raises(mp4.Mp4Error):
            mp4.tracks(data)
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


def test_boxes_without_end_are_not_gathered():
    data = movie(ONE, track(b"vide", VIDEO[0]), heads=HEAD + box(b"udta") * 100_000)
    tracemalloc.start()
    try:
        with pytest.raises(mp4.Mp4Error):
            mp4.tracks(data)
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


@given(st.integers(MEDIA + len(ALL), len(MP4) - 4), st.one_of(st.integers(0, 9), st.integers(0, 2**32 - 1)))
def test_any_number_can_be_hostile_and_no_error_comes_of_it(at, number):
    data = MP4[:at] + numbers(number) + MP4[at + 4 :]

    try:
        assert mp4.tracks(data) == 2
    except mp4.Mp4Error:
        assert data != MP4
