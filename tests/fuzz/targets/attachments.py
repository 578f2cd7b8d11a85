"""Derived copies, as guard and desk look at them: by its first byte the kind that it is said to be."""

from handling.rules import attachments, docx, imagepdf, jpeg, mp4, png
from handling.rules.attachments import Kind
from tests.fuzz.target import Target, these
from tests.handling.rules.test_attachments import CLEAN

KINDS = tuple(Kind)
READERS = (jpeg.size, png.size, imagepdf.read, docx.read, mp4.tracks)


def copy(data: bytes) -> None:
    which = data[0] % len(KINDS) if data else 0
    READERS[which](data[1:])
    assert attachments.is_clean(KINDS[which], data[1:])
    attachments.words(KINDS[which], data[1:])


TARGETS = {
    "attachment": Target(
        copy,
        (jpeg.JpegError, png.PngError, imagepdf.PdfError, docx.DocxError, mp4.Mp4Error),
        these(*(bytes((KINDS.index(kind),)) + data for kind, data in CLEAN.items())),
        most=8192,
    ),
}
