"""The words of a page that Chromium printed to a PDF: what came out of the printer, not what the page says it would print."""

import re
import zlib

_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_PAGE = re.compile(rb"/Type\s*/Page\b")
_MEANT = re.compile(r"<([0-9A-F]{4})> <([0-9A-F]{4})>\n")
_RANGE = re.compile(r"<([0-9A-F]{4})> <([0-9A-F]{4})> <([0-9A-F]{4})>\n")
_SHOWN = re.compile(r"<([0-9A-F]+)> Tj|^\S+ \S+ \S+ \S+ \S+ \S+ Tm", re.MULTILINE)


def sheets(pdf: bytes) -> int:
    """Return how many sheets it has."""
    return len(_PAGE.findall(pdf))


def text(pdf: bytes) -> str:
    """Return what stands on a PDF in one typeface; words of another one come out as other letters."""
    streams = [_inflated(found).decode("latin-1") for found in _STREAM.findall(pdf)]
    letters: dict[int, str] = {}
    for stream in streams:
        if "begincmap" not in stream:
            continue
        for first, last, meant in _RANGE.findall(stream):
            for place in range(int(last, 16) - int(first, 16) + 1):
                letters[int(first, 16) + place] = chr(int(meant, 16) + place)
        letters |= {int(glyph, 16): chr(int(meant, 16)) for glyph, meant in _MEANT.findall(_RANGE.sub("", stream))}
    pieces = []
    for stream in streams:
        for shown in _SHOWN.finditer(stream):
            glyphs = re.findall("....", shown[1] or "")
            pieces.append("".join(letters.get(int(glyph, 16), "\N{REPLACEMENT CHARACTER}") for glyph in glyphs) or "\n")
    return "".join(pieces).strip()


def _inflated(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return b""
