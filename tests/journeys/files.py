"""Files such as sources attach, made here: a photograph with a position, a document with an author, and bulk."""

import hashlib
import struct

_ONE_CODE = b"\x01" + bytes(15) + b"\x00"  # a Huffman table with a single code, for the value 0


def photograph(comment: str) -> bytes:
    """Return a JPEG with a GPS position (4°03'12" S, 39°40'05" E) and *comment* as its description."""
    grey_pixel = (
        _segment(0xDB, b"\x00" + b"\x01" * 64)  # quantisation
        + _segment(0xC0, struct.pack(">BHHBBBB", 8, 1, 1, 1, 1, 0x11, 0))  # baseline, 1 x 1, one component
        + _segment(0xC4, b"\x00" + _ONE_CODE)
        + _segment(0xC4, b"\x10" + _ONE_CODE)
        + _segment(0xDA, b"\x01\x01\x00\x00\x3f\x00")
        + b"\x3f"  # two codes of one bit, then fill
    )
    return b"\xff\xd8" + _segment(0xE1, _exif(comment.encode())) + grey_pixel + b"\xff\xd9"


def document(author: str) -> bytes:
    """Return a one-page PDF whose metadata names *author*."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>",
        b"<< /Author (" + author.encode() + b") /Producer (a source's phone) >>",
    ]
    out = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer << /Size %d /Root 1 0 R /Info 4 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def bulk(size: int, canary: str) -> bytes:
    """Return *size* bytes that do not compress, the same each time, with *canary* in the middle."""
    half = hashlib.shake_256(canary.encode()).digest(size // 2)
    return (half + canary.encode() + half)[:size]


def _exif(description: bytes) -> bytes:
    """Exif in little-endian TIFF: header, IFD0 with description and GPS pointer, the GPS directory, then the values."""
    gps_at = 8 + 2 + 2 * 12 + 4
    values_at = gps_at + 2 + 4 * 12 + 4
    south = struct.pack("<6I", 4, 1, 3, 1, 12, 1)
    east = struct.pack("<6I", 39, 1, 40, 1, 5, 1)
    text = description + b"\0"
    first = struct.pack("<H", 2)
    first += struct.pack("<HHII", 0x010E, 2, len(text), values_at + len(south + east))
    first += struct.pack("<HHII", 0x8825, 4, 1, gps_at) + bytes(4)
    gps = struct.pack("<H", 4)
    gps += struct.pack("<HHI4s", 1, 2, 2, b"S") + struct.pack("<HHII", 2, 5, 3, values_at)
    gps += struct.pack("<HHI4s", 3, 2, 2, b"E") + struct.pack("<HHII", 4, 5, 3, values_at + len(south))
    gps += bytes(4)
    tiff = b"II*\0" + struct.pack("<I", 8) + first + gps + south + east + text
    return b"Exif\0\0" + tiff


def _segment(marker: int, body: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body
