"""Derived copies: what is seen and heard comes through, and nothing else does. Every file here is a real one, drawn by the real programs."""

import io
import os
import struct
import subprocess
import time
import zipfile
import zlib
from pathlib import Path

import pytest

from crypto import sandbox
from handling import derive as deriving
from handling.derive import NotDerivedError, Why, derive
from handling.rules import attachments, docx, imagepdf, jpeg, png
from handling.rules.attachments import Kind
from tests import originals
from tests.originals import CANARY

PACKING = {
    "jpg": "JFIFVersion ResolutionUnit XResolution YResolution",
    "png": "ImageWidth ImageHeight BitDepth ColorType Compression Filter Interlace SignificantBits",
    "pdf": "PDFVersion Linearized PageCount",
    "mp4": """MajorBrand MinorVersion CompatibleBrands MediaDataSize MediaDataOffset MovieHeaderVersion CreateDate ModifyDate
        TimeScale Duration PreferredRate PreferredVolume MatrixStructure PreviewTime PreviewDuration PosterTime SelectionTime
        SelectionDuration CurrentTime NextTrackID HandlerType HandlerVendorID TrackHeaderVersion TrackCreateDate
        TrackModifyDate TrackID TrackDuration TrackLayer TrackVolume MatrixStructure ImageWidth ImageHeight
        MediaHeaderVersion MediaCreateDate MediaModifyDate MediaTimeScale MediaDuration MediaLanguageCode
        HandlerDescription GraphicsMode OpColor CompressorID SourceImageWidth SourceImageHeight XResolution YResolution
        CompressorName BitDepth PixelAspectRatio BufferSize MaxBitrate AverageBitrate VideoFrameRate Balance AudioFormat
        AudioChannels AudioBitsPerSample AudioSampleRate""",
}
"""Tags that say how a copy is packed, and nothing about where it comes from."""
OF_EVERY_FILE = ("ExifTool:ExifToolVersion", "System:", "File:", "Composite:")


@pytest.fixture(scope="module")
def tmp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("originals")


@pytest.fixture(scope="module")
def photo(tmp: Path) -> bytes:
    return originals.picture(tmp, "jpg")


@pytest.fixture(scope="module")
def planted(tmp: Path, photo: bytes) -> dict[str, bytes]:
    made = {
        "jpg": photo,
        "png": originals.picture(tmp, "png"),
        "pdf": originals.pdf(),
        "mp4": originals.picture(tmp, "mp4"),
    }
    return originals.planted(tmp, made)


def refused(data: bytes) -> Why:
    with pytest.raises(NotDerivedError) as error:
        derive(data)
    return error.value.why


def unpacked(data: bytes) -> bytes:
    """All bytes of a file, and all that its packed streams unpack to."""
    found = [data]
    for at in range(len(data) - 2):
        if data[at] == 0x78 and data[at + 1] in (0x01, 0x5E, 0x9C, 0xDA):
            try:
                found.append(zlib.decompressobj().decompress(data[at:], 1_000_000))
            except zlib.error:
                continue
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            found += [archive.read(name) for name in archive.namelist()] + [archive.comment]
    return b"".join(found)


def holds_the_canary(data: bytes) -> bool:
    seen = unpacked(data)
    return any(CANARY.encode(form) in seen for form in ("ascii", "utf-16-le", "utf-16-be"))


@pytest.mark.parametrize("end", ["jpg", "png", "pdf", "mp4"])
def test_a_canary_in_every_field_that_exiftool_can_write_is_gone_from_the_copy(end, planted, tmp):
    assert sum(CANARY in value for value in originals.tags(tmp, end, planted[end]).values()) > 500

    copy = derive(planted[end])

    assert copy.kind.value == end
    assert attachments.is_clean(copy.kind, copy.data)
    assert not holds_the_canary(copy.data)
    left = [tag for tag in originals.tags(tmp, end, copy.data) if not tag.startswith(OF_EVERY_FILE)]
    assert {tag.partition(":")[2] for tag in left} <= set(PACKING[end].split())
    assert "File:Comment" not in left
    assert CANARY in str(copy.carried), "the handler is told what the original carried"


def test_the_thumbnail_of_a_photograph_was_there_and_is_gone(planted):
    assert planted["jpg"].count(b"\xff\xd8\xff") == 2
    assert derive(planted["jpg"]).data.count(b"\xff\xd8\xff") == 1


def test_of_a_docx_words_tables_and_pictures_come_through_and_nothing_about_people_does(planted):
    original = originals.docx(planted["jpg"])
    assert holds_the_canary(original)

    copy = derive(original)

    assert copy.kind is Kind.DOCX
    assert not holds_the_canary(copy.data)
    document = docx.read(copy.data)
    assert document.text().split("\n") == [
        "Ivory in the cold room",
        "Bold & inserted linked smart",
        "controlled",
        "",
        "first cell",
        "",
    ]
    assert document.blocks[0].style == "Heading2"
    assert document.blocks[1].runs[0] == docx.Run("Bold & ", "b")
    assert jpeg.size(document.pictures[0]) == (320, 240)
    assert copy.text == document.text()


def shown(edges: str) -> str:
    """A paragraph with the picture of a DOCX, of which only a part is shown."""
    fill = f'<pic:blipFill><a:blip r:embed="rId7"/><a:srcRect {edges}/><a:stretch/></pic:blipFill>'
    return f"<w:p><w:r><w:drawing><wp:inline>{fill}</wp:inline></w:drawing></w:r></w:p>"


def test_of_a_picture_that_a_docx_shows_a_part_of_only_the_part_comes_through(photo):
    part = originals.docx(photo, body=shown('l="25000" t="50000" r="25000" b="-500"') + shown(""))

    cut, whole = docx.read(derive(part).data).pictures

    assert jpeg.size(cut) == (160, 120)
    assert jpeg.size(whole) == (320, 240)


def test_a_part_of_a_picture_that_cannot_be_told_is_refused(photo, tmp):
    turned = tmp / "turned-inside.jpg"
    turned.write_bytes(photo)
    subprocess.run(["exiftool", "-q", "-overwrite_original", "-n", "-Orientation=6", turned], check=True)

    assert refused(originals.docx(photo, body=shown('l="60000" r="60000"'))) is Why.CROP
    assert refused(originals.docx(photo, body=shown('l="a quarter"'))) is Why.CROP
    assert refused(originals.docx(turned.read_bytes(), body=shown('l="25000"'))) is Why.CROP


def test_a_docx_with_more_text_than_the_search_for_residue_can_take_is_refused_by_that_reason(photo):
    def of(letters: int) -> bytes:
        return originals.docx(photo, body=f"<w:p><w:r><w:t>{'x' * letters}</w:t></w:r></w:p>")

    assert len(derive(of(199_999)).text) == 199_999
    assert refused(of(200_000)) is Why.TOO_MUCH_TEXT


def test_the_words_of_a_pdf_are_looked_through_though_its_pages_leave_as_pixels():
    copy = derive(originals.pdf(words="Ivory at the third gate", pages=3))

    assert copy.text.split("\n") == ["Ivory at the third gate"] * 3
    pages = imagepdf.read(copy.data)
    assert [(page.width, page.height) for page in pages] == [(300, 200)] * 3
    assert jpeg.size(pages[0].picture) == (625, 417)
    assert b"third gate" not in unpacked(copy.data)


def test_scripts_and_files_inside_a_pdf_stay_behind():
    script = f"<< /S /JavaScript /JS (app.alert\\('{CANARY}'\\)) >>"
    inside = f"<< /Type /EmbeddedFile /Length {len(CANARY)} >>\nstream\n{CANARY}\nendstream"
    original = originals.pdf(script, "<< /Type /Filespec /F (a.exe) /EF << /F 6 0 R >> >>", inside)

    copy = derive(original).data

    assert not any(word in unpacked(copy) for word in (CANARY.encode(), b"JavaScript", b"EmbeddedFile", b"OpenAction"))


def test_a_photograph_taken_upright_stays_upright(tmp, photo):
    turned = tmp / "turned.jpg"
    turned.write_bytes(photo)
    subprocess.run(["exiftool", "-q", "-overwrite_original", "-n", "-Orientation=6", turned], check=True)

    assert jpeg.size(derive(turned.read_bytes()).data) == (240, 320)


@pytest.mark.parametrize(
    ("end", "kind"), [("gif", Kind.PNG), ("bmp", Kind.PNG), ("tiff", Kind.JPEG), ("mov", Kind.MP4)]
)
def test_other_pictures_and_videos_leave_as_pixels(end, kind, tmp):
    copy = derive(originals.picture(tmp, end))

    assert copy.kind is kind
    assert attachments.is_clean(kind, copy.data)


def test_what_stands_behind_a_picture_stays_behind(photo):
    behind = io.BytesIO()
    with zipfile.ZipFile(behind, "w") as archive:
        archive.writestr("canary", CANARY)

    assert not holds_the_canary(derive(photo + behind.getvalue()).data)


def test_content_decides_and_not_a_name():
    for data in (b"hello", b"<html><script>1</script>", b"PK\x03\x04 not a docx", b"MZ\x90", b"ID3\x04", b""):
        assert refused(data) is Why.KIND


def test_a_zip_bomb_is_refused_within_its_bounds():
    bomb = originals.docx(b"", **{"word/media/image2.jpeg": bytes(80 * 1024 * 1024)})
    assert len(bomb) < 200_000
    began = time.monotonic()

    assert refused(bomb) is Why.BOMB
    assert time.monotonic() - began < 20


def test_a_zip_that_lies_about_what_it_unfolds_to_is_refused():
    bomb = bytearray(originals.docx(b"", body="<w:p/>" + " " * (80 * 1024 * 1024)))
    where = bomb.rindex(b"word/document.xml") - 46
    assert bomb[where : where + 4] == b"PK\x01\x02"
    bomb[where + 24 : where + 28] = struct.pack("<I", 100)

    assert refused(bytes(bomb)) in (Why.BOMB, Why.DAMAGED)


def test_entities_that_unfold_are_refused():
    lol = '<!DOCTYPE x [<!ENTITY a "' + "a" * 1000 + '"><!ENTITY b "' + "&a;" * 1000 + '">]>'
    with zipfile.ZipFile(io.BytesIO(originals.docx(b"")), "r") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["word/document.xml"] = lol.encode() + members["word/document.xml"]
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)

    assert refused(target.getvalue()) is Why.DAMAGED


def test_huge_dimensions_are_refused_before_anything_is_drawn(photo):
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    crc = zlib.crc32(b"IHDR" + head)
    huge = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + head + struct.pack(">I", crc)
    huge += struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))
    assert refused(huge) in (Why.TOO_MANY_PIXELS, Why.DAMAGED)

    frame = photo.index(b"\xff\xc0") + 5
    assert refused(photo[:frame] + struct.pack(">HH", 60_000, 60_000) + photo[frame + 4 :]) is Why.TOO_MANY_PIXELS
    assert refused(originals.pdf(box="14000 14000")) is Why.TOO_MANY_PIXELS


def test_more_pages_than_a_hundred_are_refused():
    assert refused(originals.pdf(pages=101)) is Why.TOO_MANY_PAGES


def test_what_is_cut_or_torn_is_refused(photo, planted):
    assert refused(photo[:300]) is Why.DAMAGED
    assert refused(planted["mp4"][:3_000]) is Why.DAMAGED
    assert refused(b"%PDF-1.4 and nothing else") is Why.DAMAGED


def test_an_original_past_its_limit_is_not_even_read(monkeypatch):
    monkeypatch.setattr(deriving, "ORIGINAL_MAX", 10)

    assert refused(b"\xff\xd8\xff" + bytes(10)) is Why.ORIGINAL_TOO_LARGE


def test_a_copy_that_would_be_too_large_is_refused():
    noise = os.urandom(3_000 * 2_000 * 3)
    bmp = b"BM" + struct.pack("<IHHI", 54 + len(noise), 0, 0, 54)
    bmp += struct.pack("<IiiHHIIiiII", 40, 3_000, 2_000, 1, 24, 0, len(noise), 0, 0, 0, 0)

    assert refused(bmp + noise) is Why.TOO_LARGE


def test_without_a_sandbox_nothing_is_opened(monkeypatch, photo):
    monkeypatch.setattr(sandbox, "_WHERE", "/nowhere")

    assert refused(photo) is Why.NO_SANDBOX


def test_without_the_programs_a_file_is_refused_by_that_reason(monkeypatch, photo):
    hidden = (*sandbox._WALLS, "--tmpfs", "/usr/lib/python3/dist-packages/libmat2")
    monkeypatch.setattr(sandbox, "_WALLS", hidden)

    assert refused(photo) is Why.NO_TOOL


def test_pictures_with_transparency_keep_it(tmp):
    path = tmp / "clear.png"
    clear = ("-f", "lavfi", "-i", "color=c=red@0.3:size=8x8,format=rgba")
    subprocess.run(["ffmpeg", "-loglevel", "error", "-y", *clear, "-frames:v", "1", path], check=True)

    copy = derive(path.read_bytes()).data

    assert png.size(copy) == (8, 8)
    assert copy[25] == 6, "RGB with transparency"


@pytest.fixture(scope="module")
def video(planted) -> bytes:
    return derive(planted["mp4"]).data


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content) + 8) + kind + content


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data + box(b"uuid", bytes(16) + b"where it was"),
        lambda data: data + box(b"free", b"where it was"),
        lambda data: data + b"\0",
        lambda data: data.replace(b"VideoHandler", b"Amina'sPhone"),
        lambda data: data.replace(b"Lavc libx264", b"Amina'sPhone"),
        lambda data: data.replace(b"mvhd" + bytes(12), b"mvhd" + bytes(4) + b"\0\0\0\1" + bytes(4)),
        lambda data: data.replace(b"isomiso2", b"isomqt  "),
        lambda data: data.replace(b"\x55\xc4", b"\x4b\x2b"),
        lambda data: data[:-1],
        lambda data: data.replace(
            b"mdat" + data[data.index(b"mdat") + 4 :][:5], b"mdat" + data[data.index(b"mdat") + 4 :][:4] + b"\x06"
        ),
    ],
)
def test_a_video_with_anything_but_frames_and_sound_is_seen(change, video):
    assert attachments.is_clean(Kind.MP4, video)
    changed = change(video)

    assert changed != video
    assert not attachments.is_clean(Kind.MP4, changed)


def test_bytes_in_a_video_that_no_track_describes_are_seen(video):
    at = video.index(b"mdat") - 4
    length = int.from_bytes(video[at : at + 4])
    more = struct.pack(">I", length + 12) + video[at + 4 : at + length] + b"where it was" + video[at + length :]

    assert not attachments.is_clean(Kind.MP4, more)
