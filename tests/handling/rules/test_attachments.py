"""What a derived copy may be, kind by kind: a clean one passes, and every way to carry more is seen."""

import io
import struct
import time
import tracemalloc
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handling.rules import attachments, docx, imagepdf, jpeg, png
from handling.rules.attachments import AttachmentsError, Kind, Listed
from tests.handling.rules.test_mp4 import MP4


def segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(content) + 2) + content


JFIF = segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")
FRAME = segment(0xC0, struct.pack(">BHHB", 8, 24, 32, 1) + b"\1\x11\0")
STEPS = segment(0xDB, b"\0" + b"\1" * 64)
CODES = segment(0xC4, b"".join(bytes((table, 1)) + bytes(15) + b"\7" for table in (0x00, 0x10)))
SCAN = segment(0xDA, b"\1\1\0\0\x3f\0") + b"pixels\xff\0more"
JPEG = b"\xff\xd8" + JFIF + STEPS + FRAME + CODES + SCAN + b"\xff\xd9"


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_of(*middle: bytes, rows: bytes = bytes(3 * 13), width: int = 4, height: int = 3, tail: bytes = b"") -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(rows) + tail)
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(middle) + pixels + chunk(b"IEND", b"")


PNG = png_of()
PDF = imagepdf.write([imagepdf.Page(300, 200, JPEG), imagepdf.Page(10, 20, JPEG)])
WORDS = docx.Document(
    (
        docx.Paragraph((docx.Run("A & B <c>", "bu"), docx.Run("\n"), docx.Run("\t")), "Heading1"),
        docx.Table((((docx.Paragraph((docx.Run("cell"),)),), (docx.Paragraph(()),)),)),
        docx.Paragraph((docx.Picture(1, 9_525, 9_525), docx.Picture(2, 1, 2))),
    ),
    (JPEG, PNG),
)
DOCX = docx.write(WORDS)
CLEAN = {Kind.JPEG: JPEG, Kind.PNG: PNG, Kind.PDF: PDF, Kind.DOCX: DOCX, Kind.MP4: MP4}


@pytest.mark.parametrize("kind", CLEAN, ids=lambda kind: kind.value)
def test_a_clean_copy_passes_and_is_of_no_other_kind(kind):
    assert [other for other in Kind if attachments.is_clean(other, CLEAN[kind])] == [kind]


@pytest.mark.parametrize("kind", CLEAN, ids=lambda kind: kind.value)
def test_bytes_before_and_behind_and_every_cut_are_seen(kind):
    data = CLEAN[kind]

    assert not attachments.is_clean(kind, b"\0" + data)
    assert not attachments.is_clean(kind, data + b"\0")
    assert not any(attachments.is_clean(kind, data[:end]) for end in range(0, len(data), 7))


@pytest.mark.parametrize("kind", CLEAN, ids=lambda kind: kind.value)
def test_a_copy_past_its_limit_is_none(kind, monkeypatch):
    monkeypatch.setattr(attachments, "EACH_MAX", len(CLEAN[kind]))
    assert attachments.is_clean(kind, CLEAN[kind])

    monkeypatch.setattr(attachments, "EACH_MAX", len(CLEAN[kind]) - 1)
    assert not attachments.is_clean(kind, CLEAN[kind])


@pytest.mark.parametrize(
    "data",
    [
        JPEG.replace(JFIF, JFIF + segment(0xE1, b"Exif\0\0MM")),
        JPEG.replace(JFIF, segment(0xE1, b"Exif\0\0MM")),
        JPEG.replace(JFIF, segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\1\1abc")),
        JPEG.replace(JFIF, JFIF + JFIF),
        JPEG.replace(FRAME, FRAME + FRAME),
        JPEG.replace(FRAME, b""),
        JPEG.replace(FRAME, FRAME + segment(0xFE, b"a remark")),
        JPEG.replace(b"\xff\xd9", segment(0xED, b"Photoshop") + b"\xff\xd9"),
        JPEG + JPEG,
        JPEG.replace(STEPS, STEPS + STEPS),
        JPEG.replace(STEPS, STEPS + segment(0xDB, b"\1" + b"where it was".ljust(64, b"."))),
        JPEG.replace(STEPS, segment(0xDB, b"\0" + b"\1" * 64 + b"where it was")),
        JPEG.replace(STEPS, segment(0xDB, bytes(65))),
        JPEG.replace(STEPS, b""),
        JPEG.replace(CODES, CODES + CODES),
        JPEG.replace(CODES, CODES + segment(0xC4, b"\x11\1" + bytes(15) + b"x")),
        JPEG.replace(CODES, segment(0xC4, CODES[4:] + b"where it was")),
        JPEG.replace(CODES, segment(0xC4, b"\0" + bytes(15) + b"\x0cwhere it was" + CODES[22:])),
        JPEG.replace(FRAME, FRAME.replace(b"\1\x11\0", b"\1\x11\1")),
        JPEG.replace(FRAME, segment(0xC0, FRAME[4:] + b"where it was")),
        JPEG.replace(FRAME, segment(0xC2, FRAME[4:])),
        JPEG.replace(FRAME, FRAME.replace(struct.pack(">HH", 24, 32), b"\xff\xff\xff\xff")),
        JPEG.replace(SCAN, segment(0xDA, b"\1\1\0\0\x3f\0where it was") + b"pixels"),
        JPEG.replace(SCAN, SCAN + SCAN),
        JPEG.replace(SCAN, segment(0xDD, b"where it was") + SCAN),
        JPEG.replace(SCAN, SCAN + b"\xff\xd0where it was"),
    ],
)
def test_a_jpeg_with_anything_but_pixels_is_seen(data):
    assert not attachments.is_clean(Kind.JPEG, data)


def test_a_jpeg_and_a_png_tell_their_size():
    assert jpeg.size(JPEG) == (32, 24)
    assert png.size(PNG) == (4, 3)


@pytest.mark.parametrize(
    "data",
    [
        *(png_of(chunk(kind, b"x\0y")) for kind in (b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"iCCP", b"tIME", b"prVt")),
        png_of(chunk(b"sBIT", b"abc")),
        png_of(rows=bytes(3 * 13 + 1)),
        png_of(rows=bytes(3 * 13 - 1)),
        png_of(tail=b"behind the pixels"),
        png_of(width=60_000, height=60_000),
        PNG[:-4] + b"\0\0\0\0",
    ],
)
def test_a_png_with_anything_but_pixels_is_seen(data):
    assert not attachments.is_clean(Kind.PNG, data)


def test_a_png_is_unpacked_no_further_than_it_announces():
    packer = zlib.compressobj()
    megabyte = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    bomb = PNG.replace(chunk(b"IDAT", zlib.compress(bytes(3 * 13))), chunk(b"IDAT", megabyte + again * 4_000))
    assert zlib.decompressobj().decompress(megabyte + again * 3) == bytes(2**22), "it unfolds to four gigabytes"
    began = time.process_time()

    assert not attachments.is_clean(Kind.PNG, bomb)
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    "data",
    [
        PDF.replace(b"/Type /Catalog", b"/Type /Catalog /OpenAction 9 0 R"),
        PDF.replace(b"%PDF-1.4\n", b"%PDF-1.4\n%a remark\n"),
        PDF.replace(b"/Root 1 0 R", b"/Root 1 0 R /Info 9 0 R"),
        PDF.replace(JPEG, JPEG.replace(JFIF, JFIF + segment(0xE1, b"Exif")), 1),
        PDF + b"9 0 obj\n<<>>\nendobj\n",
    ],
)
def test_a_pdf_with_anything_but_pictures_is_seen(data):
    assert data != PDF
    assert not attachments.is_clean(Kind.PDF, data)


def zipped(members: dict[str, bytes], comment: bytes = b"", packed: int = zipfile.ZIP_STORED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", packed) as archive:
        archive.comment = comment
        for name, data in members.items():
            info = zipfile.ZipInfo(name)
            info.create_system, info.external_attr, info.compress_type = 3, 0o644 << 16, packed
            archive.writestr(info, data)
    return target.getvalue()


def docx_members() -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(DOCX)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_same_members_zipped_alike_are_the_same_docx():
    assert zipped(docx_members()) == DOCX


@pytest.mark.parametrize(
    "data",
    [
        zipped(docx_members(), comment=b"a remark"),
        zipped(docx_members(), packed=zipfile.ZIP_DEFLATED),
        zipped({**docx_members(), "docProps/core.xml": b"<x/>"}),
        zipped({**docx_members(), "word/comments.xml": b"<x/>"}),
        *(
            zipped({**docx_members(), "word/document.xml": docx_members()["word/document.xml"].replace(*change)})
            for change in (
                (b"<w:p>", b'<w:p w:rsidR="00AB12CD">'),
                (b"<w:b/>", b'<w:b/><w:lang w:val="sw-KE"/>'),
                (b"<w:tab/>", b"<w:tab/><!-- a remark -->"),
                (b'name="Picture 1"', b'name="IMG_2034.jpg"'),
                (b"<w:body>", b'<w:body><w:ins w:author="x"/>'),
                (b"standalone", b"  standalone"),
            )
        ),
        zipped({**docx_members(), "word/media/picture1.jpg": JPEG.replace(JFIF, JFIF + segment(0xE1, b"Exif"))}),
        zipped({**docx_members(), "word/document.xml": b"<a>" * 100_000}),
    ],
)
def test_a_docx_with_anything_but_words_tables_and_pictures_is_seen(data):
    assert data != DOCX
    assert not attachments.is_clean(Kind.DOCX, data)


def test_members_of_a_docx_that_lie_over_each_other_are_not_unfolded():
    """A thousand pictures, each of which holds all that follow it."""
    data, listed = bytes(100_000), []
    for number in range(1_000, 0, -1):
        member = (f"word/media/picture{number}.png".encode(), len(data), zlib.crc32(data))
        data = _local(*member) + data
        listed.append((*member, len(data)))
    directory = b"".join(_central(name, size, crc, len(data) - back) for name, size, crc, back in listed)
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, len(listed), len(listed), len(directory), len(data), 0)
    bomb = data + directory + end
    with zipfile.ZipFile(io.BytesIO(bomb)) as archive:
        assert len(archive.read("word/media/picture1.png")) > 100_000
    tracemalloc.start()
    try:
        assert not attachments.is_clean(Kind.DOCX, bomb)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def _local(name: bytes, size: int, crc: int) -> bytes:
    return struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, 0, 0, 0, 33, crc, size, size, len(name), 0) + name


def _central(name: bytes, size: int, crc: int, at: int) -> bytes:
    head = struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\1\2", 20, 20, 0, 0, 0, 33, crc, size, size, len(name), *[0] * 5, at)
    return head + name


def test_a_docx_holds_no_more_text_than_people_and_the_search_for_residue_can_take(monkeypatch):
    def of(letters: int) -> docx.Document:
        return docx.Document((docx.Paragraph((docx.Run("x" * letters),)), docx.Paragraph(())))

    most = docx.write(of(docx.TEXT_MAX - 1))
    assert docx.read(most).text() == "x" * (docx.TEXT_MAX - 1) + "\n"
    with pytest.raises(docx.DocxError):
        docx.write(of(docx.TEXT_MAX))

    monkeypatch.setattr(docx, "TEXT_MAX", docx.TEXT_MAX - 1)
    assert not attachments.is_clean(Kind.DOCX, most)


def test_the_words_of_a_docx_can_be_looked_through():
    assert attachments.words(Kind.DOCX, DOCX) == "A & B <c>\n\t\ncell\n\n"
    assert attachments.words(Kind.JPEG, JPEG) == ""


texts = st.text(min_size=1, max_size=20).map(docx.plain).filter(lambda text: text == docx.plain(text) and text)
runs = st.builds(docx.Run, texts.filter(lambda text: text not in ("\n", "\t")), st.sampled_from(["", "b", "iu", "biu"]))
paragraphs = st.builds(docx.Paragraph, st.lists(runs, max_size=3).map(tuple), st.sampled_from(docx.STYLES))
cells = st.lists(paragraphs, min_size=1, max_size=2).map(tuple)
tables = st.builds(
    docx.Table, st.lists(st.lists(cells, min_size=1, max_size=2).map(tuple), min_size=1, max_size=2).map(tuple)
)


@given(st.lists(paragraphs | tables, max_size=4).map(tuple))
def test_every_document_that_can_be_written_is_read_again(blocks):
    document = docx.Document(blocks)

    assert docx.read(docx.write(document)) == document


@given(
    st.lists(
        st.builds(imagepdf.Page, st.integers(1, 9_999), st.integers(1, 9_999), st.just(JPEG)), min_size=1, max_size=5
    )
)
def test_every_pdf_that_can_be_written_is_read_again(pages):
    assert imagepdf.read(imagepdf.write(pages)) == tuple(pages)


@given(st.sampled_from(sorted(CLEAN, key=str)), st.data())
def test_no_byte_of_a_structure_can_be_another(kind, data):
    """A byte of packed pixels, of words or of a table's numbers may be; then it is one still. A PNG's bytes are all checked."""
    clean = CLEAN[kind]
    at = data.draw(st.integers(0, len(clean) - 1))
    other = data.draw(st.integers(1, 255))
    changed = clean[:at] + bytes((clean[at] ^ other,)) + clean[at + 1 :]

    if attachments.is_clean(kind, changed):
        assert kind is not Kind.PNG


@given(st.binary(max_size=400))
def test_arbitrary_bytes_are_never_a_copy_and_never_an_error(data):
    assert not any(attachments.is_clean(kind, data) for kind in Kind)
    assert not any(attachments.is_clean(kind, CLEAN[kind][:40] + data) for kind in CLEAN)


ENTRY = {"name": "attachment-1.jpg", "size": 10, "sha256": "0" * 64}


def test_a_list_is_read_as_it_was_made():
    made = [one for one, _ in attachments.listed([(Kind.JPEG, JPEG), (Kind.DOCX, DOCX)])]

    assert [one.name for one in made] == ["attachment-1.jpg", "attachment-2.docx"]
    assert attachments.read([one.to_body() for one in made]) == tuple(made)
    assert attachments.match(made, {"attachment-1.jpg": JPEG, "attachment-2.docx": DOCX})
    assert not attachments.match(made, {"attachment-1.jpg": JPEG, "attachment-2.docx": JPEG})
    assert not attachments.match(made, {"attachment-1.jpg": JPEG})


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        [{**ENTRY, "more": 1}],
        [{**ENTRY, "name": "attachment-2.jpg"}],
        [{**ENTRY, "name": "IMG_2034.jpg"}],
        [{**ENTRY, "name": "attachment-1.exe"}],
        [{**ENTRY, "name": "../attachment-1.jpg"}],
        [{**ENTRY, "size": 0}],
        [{**ENTRY, "size": True}],
        [{**ENTRY, "size": attachments.EACH_MAX + 1}],
        [{**ENTRY, "sha256": "0" * 63}],
        [{**ENTRY, "name": f"attachment-{number}.jpg", "size": attachments.EACH_MAX} for number in (1, 2, 3)],
        [{**ENTRY, "name": f"attachment-{number}.jpg"} for number in range(1, attachments.COUNT_MAX + 2)],
    ],
)
def test_a_list_of_another_shape_or_past_a_limit_is_refused(value):
    with pytest.raises(AttachmentsError):
        attachments.read(value)


def test_a_name_says_nothing_but_number_and_kind():
    assert attachments.name_of(3, Kind.PDF) == "attachment-3.pdf"
    assert Listed("attachment-3.pdf", 1, "0" * 64).member == "attachments/attachment-3.pdf"
    assert attachments.is_member("attachments/attachment-3.pdf")
    assert not any(attachments.is_member(name) for name in ("attachment-3.pdf", "attachments/x.pdf", "attachments/"))
