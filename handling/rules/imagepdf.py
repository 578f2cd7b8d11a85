"""pure: a PDF of pictures, one a page, and no other PDF. What it reads it writes again: bytes that differ are not one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from handling.rules import jpeg

_EDGE: Final = 100_000  # points
_HEADER: Final = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
_PICTURE: Final = re.compile(
    rb"/MediaBox \[0 0 ([1-9][0-9]{0,4}) ([1-9][0-9]{0,4})\] /Contents [0-9]+ 0 R "
    rb"/Resources << /XObject << /P [0-9]+ 0 R >> >> >>\nendobj\n"
    rb"[0-9]+ 0 obj\n<< /Length [0-9]+ >>\nstream\nq [0-9]+ 0 0 [0-9]+ 0 0 cm /P Do Q\nendstream\nendobj\n"
    rb"[0-9]+ 0 obj\n<< [^>]{1,160} /Length ([1-9][0-9]{0,7}) >>\nstream\n"
)


class PdfError(ValueError):
    """It is not a PDF of pictures as written here."""

    def __init__(self) -> None:
        super().__init__("this PDF holds more than pictures of its pages")


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its size in points, and what is seen on it."""

    width: int
    height: int
    picture: bytes
    """A JPEG that carries pixels alone."""


def write(pages: Sequence[Page]) -> bytes:
    """Return the one PDF of these pages.

    Raises:
        PdfError: no page, a size that is none, or a picture that carries more than pixels.
    """
    kids = " ".join(f"{3 + 3 * number} 0 R" for number in range(len(pages)))
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", f"<< /Type /Pages /Count {len(pages)} /Kids [{kids}] >>".encode()]
    for number, page in enumerate(pages):
        objects += _objects(3 + 3 * number, page)
    if not pages:
        raise PdfError
    return _file(objects)


def read(data: bytes) -> tuple[Page, ...]:
    """Return the pages of a PDF that `write` made.

    Raises:
        PdfError: any other bytes.
    """
    pages, at = [], 0
    while found := _PICTURE.search(data, at):
        begin, length = found.end(), int(found[3])
        pages.append(Page(int(found[1]), int(found[2]), data[begin : begin + length]))
        at = begin + length
    if write(pages) != data:
        raise PdfError
    return tuple(pages)


def _objects(number: int, page: Page) -> list[bytes]:
    try:
        width, height = jpeg.size(page.picture)
    except jpeg.JpegError:
        raise PdfError from None
    if not (0 < page.width < _EDGE and 0 < page.height < _EDGE):
        raise PdfError
    drawn = f"q {page.width} 0 0 {page.height} 0 0 cm /P Do Q\n".encode()
    sheet = (
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {page.width} {page.height}] "
        f"/Contents {number + 1} 0 R /Resources << /XObject << /P {number + 2} 0 R >> >> >>"
    )
    picture = (
        f"<< /Type /XObject /Subtype /Image /Width {width} /Height {height} /ColorSpace /DeviceRGB "
        f"/BitsPerComponent 8 /Filter /DCTDecode /Length {len(page.picture)} >>"
    )
    return [
        sheet.encode(),
        _stream(f"<< /Length {len(drawn)} >>", drawn),
        _stream(picture, page.picture + b"\n"),
    ]


def _stream(head: str, content: bytes) -> bytes:
    return head.encode() + b"\nstream\n" + content + b"endstream"


def _file(objects: Sequence[bytes]) -> bytes:
    parts, places, at = [_HEADER], [], len(_HEADER)
    for number, content in enumerate(objects, 1):
        places.append(at)
        parts.append(b"%d 0 obj\n%b\nendobj\n" % (number, content))
        at += len(parts[-1])
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count = len(objects) + 1
    parts.append(b"xref\n0 %d\n0000000000 65535 f \n%b" % (count, table))
    parts.append(b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count, at))
    return b"".join(parts)
