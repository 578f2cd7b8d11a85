"""Runs inside the sandbox by the system's Python, from its text: draws one original anew. Nothing of a file is passed on.

Pictures, pages and frames are rendered as pixels; of a DOCX come its words, tables and pictures. Standard output is one line of
JSON, then the bytes that it names. What mat2 read in the original goes to the report pipe. Exits with a code of `CODES`.
"""

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

PIXELS_MAX = 50_000_000  # of one picture or page, before it is drawn
PAGES_MAX = 100
EDGE_MAX = 6_000  # pixels of a derived picture's longer side
DPI = 150  # of a rendered page
PARTS_MAX = 500  # members of a DOCX
OPENED_MAX = 64 * 1024 * 1024  # bytes of a DOCX's members together, unpacked
BLOCKS_MAX = 20_000  # paragraphs and cells of a DOCX
TEXT_MAX = 200_000  # characters of a DOCX or a PDF
VIDEO_SECONDS_MAX = 300
SAID_MAX = 30_000  # bytes of the report

CODES = {
    "damaged": 3,
    "too-many-pixels": 4,
    "too-many-pages": 5,
    "bomb": 6,
    "too-long": 7,
    "no-tool": 8,
    "too-much-text": 9,
    "crop": 10,
}

FONTS = "<?xml version='1.0'?><fontconfig><dir>/usr/share/fonts</dir><cachedir>/home/fonts</cachedir></fontconfig>"

_OPAQUE = False
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_WP = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
_PASSED_OVER = frozenset(
    _W + name for name in ("del", "moveFrom", "instrText", "delText", "delInstrText", "pPr", "rPr", "sectPr", "tblPr")
)


class _StopError(Exception):
    """No copy; *why* is a name of `CODES`."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def _put(head: dict[str, Any], pieces: list[bytes]) -> None:
    head["sizes"] = [len(piece) for piece in pieces]
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + b"".join(pieces))
    sys.stdout.buffer.flush()


# Pictures


def _pixbuf(path: str) -> Any:
    """Decode a picture, upright and of bounded size."""
    from gi.repository import GdkPixbuf

    info = GdkPixbuf.Pixbuf.get_file_info(path)
    if info[0] is None:
        raise _StopError("damaged")
    if info[1] * info[2] > PIXELS_MAX:
        raise _StopError("too-many-pixels")
    picture = GdkPixbuf.Pixbuf.new_from_file(path).apply_embedded_orientation()
    longer = max(picture.get_width(), picture.get_height())
    if longer > EDGE_MAX:
        width = max(1, picture.get_width() * EDGE_MAX // longer)
        height = max(1, picture.get_height() * EDGE_MAX // longer)
        picture = picture.scale_simple(width, height, GdkPixbuf.InterpType.BILINEAR)
    return picture


def _encoded(picture: Any, to: str) -> bytes:
    """Encode pixels alone: a new picture that never had anything else."""
    if to == "png":
        done, data = picture.save_to_bufferv("png", [], [])
    else:
        done, data = _flat(picture).save_to_bufferv("jpeg", ["quality"], ["88"])
    if not done:
        raise _StopError("damaged")
    return bytes(data)


def _flat(picture: Any) -> Any:
    """Put a picture with transparency on white, as JPEG has none."""
    from gi.repository import GdkPixbuf

    if not picture.get_has_alpha():
        return picture
    width, height = picture.get_width(), picture.get_height()
    return picture.composite_color_simple(width, height, GdkPixbuf.InterpType.NEAREST, 255, 8, 0xFFFFFF, 0xFFFFFF)


def _do_picture(path: str, to: str) -> None:
    _put({}, [_encoded(_pixbuf(path), to)])


def _do_heic(path: str, to: str) -> None:
    _tool("heif-convert", path, "converted.png")
    _do_picture("converted.png", to)


def _do_webp(path: str, to: str) -> None:
    _tool("ffmpeg", "-nostdin", "-loglevel", "quiet", "-f", "webp_pipe", "-i", path, "-frames:v", "1", "converted.png")
    _do_picture("converted.png", to)


def _tool(*words: str) -> bytes:
    """Run a program; Debian's ffmpeg finds two of its libraries by links in /etc, which is not here."""
    linked = ":".join(str(path) for path in Path("/usr/lib").glob("*/*") if path.name in ("blas", "lapack"))
    try:
        done = subprocess.run(  # noqa: S603 - fixed words, and a name that we gave
            words,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "LD_LIBRARY_PATH": linked},
        )
    except FileNotFoundError:
        raise _StopError("no-tool") from None
    if done.returncode:
        raise _StopError("damaged")
    return done.stdout


# PDF


def _do_pdf(path: str, _: str) -> None:
    import cairo
    import gi

    gi.require_version("Poppler", "0.18")
    from gi.repository import GdkPixbuf, GLib, Poppler

    document = Poppler.Document.new_from_file(Path(path).absolute().as_uri(), None)
    count = document.get_n_pages()
    if count < 1:
        raise _StopError("damaged")
    if count > PAGES_MAX:
        raise _StopError("too-many-pages")
    pages, pieces, texts = [], [], []
    for number in range(count):
        page = document.get_page(number)
        points = page.get_size()
        width, height = (max(1, round(side * DPI / 72)) for side in points)
        if width * height > PIXELS_MAX // 2:
            raise _StopError("too-many-pixels")
        surface = cairo.ImageSurface(cairo.FORMAT_RGB24, width, height)
        context = cairo.Context(surface)
        context.set_source_rgb(1, 1, 1)
        context.paint()
        context.scale(width / points[0], height / points[1])
        page.render_for_printing(context)
        surface.flush()
        rows = bytes(surface.get_data())
        if sys.byteorder != "little":
            raise _StopError("no-tool")
        rgb = bytearray(width * height * 3)
        rgb[0::3], rgb[1::3], rgb[2::3] = rows[2::4], rows[1::4], rows[0::4]
        drawn, colours = GLib.Bytes.new(bytes(rgb)), GdkPixbuf.Colorspace.RGB
        picture = GdkPixbuf.Pixbuf.new_from_bytes(drawn, colours, _OPAQUE, 8, width, height, width * 3)
        pieces.append(_encoded(picture, "jpg"))
        pages.append([max(1, round(points[0])), max(1, round(points[1]))])
        texts.append((page.get_text() or "")[:20_000])
    _put({"pages": pages, "text": "\n".join(texts)[:TEXT_MAX]}, pieces)


# DOCX


class _Docx:
    """Words, tables and pictures of a DOCX, as plain values."""

    def __init__(self, path: str) -> None:
        self.pieces: list[bytes] = []
        self.kinds: list[str] = []
        self.count = self.letters = 0
        self.archive = zipfile.ZipFile(path)
        infos = self.archive.infolist()
        if len(infos) > PARTS_MAX or sum(info.file_size for info in infos) > OPENED_MAX:
            raise _StopError("bomb")
        self.left = OPENED_MAX
        self.targets = {
            entry.get("Id"): entry.get("Target", "")
            for entry in self._xml("word/_rels/document.xml.rels", missing=True)
            if entry.get("TargetMode") != "External"
        }

    def _read(self, name: str) -> bytes:
        """Read one member; one that is larger than it says stops here too."""
        with self.archive.open(name) as member:
            data = member.read(self.left + 1)
        self.left -= len(data)
        if self.left < 0:
            raise _StopError("bomb")
        return data

    def _xml(self, name: str, *, missing: bool = False) -> Any:
        if missing and name not in self.archive.namelist():
            return ()
        data = self._read(name)
        if b"<!DOCTYPE" in data or b"<!ENTITY" in data or b"\x00" in data:
            raise _StopError("damaged")
        return ET.fromstring(data)  # noqa: S314 - in the sandbox, and without declarations

    def blocks(self) -> list[Any]:
        """Return its paragraphs and tables in their order, as JSON values."""
        body = self._xml("word/document.xml").find(_W + "body")
        if body is None:
            raise _StopError("damaged")
        return list(self._inside(body))

    def _inside(self, parent: Any) -> Any:
        for element in parent:
            self.count += 1
            if self.count > BLOCKS_MAX:
                raise _StopError("bomb")
            if element.tag == _W + "p":
                yield self._paragraph(element)
            elif element.tag == _W + "tbl":
                rows = [[list(self._inside(cell)) for cell in row.iter(_W + "tc")] for row in element.iter(_W + "tr")]
                self._write(sum(map(len, rows)))
                yield {"table": [row for row in rows if row]}
            elif element.tag not in _PASSED_OVER:
                yield from self._inside(element)

    def _write(self, letters: int) -> None:
        """Count what becomes text, a line's end for each paragraph and cell with it."""
        self.letters += letters
        if self.letters > TEXT_MAX:
            raise _StopError("too-much-text")

    def _paragraph(self, element: Any) -> Any:
        properties = element.find(_W + "pPr")
        style, listed = "", False
        if properties is not None:
            named = properties.find(_W + "pStyle")
            heading = re.fullmatch(r"Heading([1-6])", named.get(_W + "val", "") if named is not None else "")
            style = "Heading" + heading.group(1) if heading else ""
            listed = properties.find(_W + "numPr") is not None
        runs: list[Any] = []
        if listed:
            runs.append({"text": "\u2022 ", "marks": ""})
        self._runs(element, runs)
        self._write(1 + sum(len(run.get("text", "")) for run in runs))
        return {"style": style, "runs": runs}

    def _runs(self, parent: Any, found: list[Any]) -> None:
        for element in parent:
            if element.tag == _W + "r":
                self._run(element, found)
            elif element.tag not in _PASSED_OVER:
                self._runs(element, found)

    def _run(self, element: Any, found: list[Any]) -> None:
        properties = element.find(_W + "rPr")
        if self._on(properties, "vanish") or self._on(properties, "webHidden"):
            return
        marks = "".join(mark for mark in "biu" if self._on(properties, mark))
        for part in element:
            if part.tag == _W + "t":
                found.append({"text": part.text or "", "marks": marks})
            elif part.tag in (_W + "br", _W + "cr"):
                found.append({"text": "\n", "marks": ""})
            elif part.tag == _W + "tab":
                found.append({"text": "\t", "marks": ""})
            elif part.tag == _W + "noBreakHyphen":
                found.append({"text": "-", "marks": marks})
            elif part.tag == _W + "drawing":
                found.extend(self._pictures(part))

    def _on(self, properties: Any, name: str) -> bool:
        mark = None if properties is None else properties.find(_W + name)
        return mark is not None and mark.get(_W + "val", "1") not in ("0", "false", "none", "off")

    def _pictures(self, drawing: Any) -> list[Any]:
        found = []
        extent = next(drawing.iter(_WP + "extent"), None)
        for filled, blip in ((parent, blip) for parent in drawing.iter() for blip in parent.findall(_A + "blip")):
            target = self.targets.get(blip.get(_R + "embed"), "")
            name = os.path.normpath("word/" + target) if not target.startswith("/") else target[1:]
            if name not in self.archive.namelist():
                continue
            path = Path("inside")
            path.write_bytes(self._read(name))
            picture = _cropped(_pixbuf(str(path)), filled.find(_A + "srcRect"), str(path))
            to = "png" if picture.get_has_alpha() else "jpg"
            self.pieces.append(_encoded(picture, to))
            self.kinds.append(to)
            size = [int(extent.get(side, "0")) for side in ("cx", "cy")] if extent is not None else [0, 0]
            found.append({"picture": len(self.pieces) - 1, "size": size})
        return found


def _cropped(picture: Any, cut: Any, path: str) -> Any:
    """Only the part of a picture that is shown; *cut* says what to leave at each edge, in thousandths of a per cent."""
    from gi.repository import GdkPixbuf

    if cut is None:
        return picture
    edges = {}
    for name in "ltrb":
        value = cut.get(name, "0")
        if not re.fullmatch(r"-?[0-9]{1,9}", value):
            raise _StopError("crop")
        edges[name] = min(max(0, int(value)), 100_000)
    if not any(edges.values()):
        return picture
    turned = GdkPixbuf.Pixbuf.new_from_file(path).get_option("orientation") not in (None, "1")
    width, height = picture.get_width(), picture.get_height()
    left, top = -(-width * edges["l"] // 100_000), -(-height * edges["t"] // 100_000)
    right, bottom = width * (100_000 - edges["r"]) // 100_000, height * (100_000 - edges["b"]) // 100_000
    if turned or left >= right or top >= bottom:
        raise _StopError("crop")
    return picture.new_subpixbuf(left, top, right - left, bottom - top)


def _do_docx(path: str, _: str) -> None:
    docx = _Docx(path)
    blocks = docx.blocks()
    _put({"blocks": blocks, "kinds": docx.kinds}, docx.pieces)


# Video


def _do_video(path: str, _: str) -> None:
    asked = ("-show_entries", "stream=codec_type,width,height:format=duration", "-of", "json")
    told = json.loads(_tool("ffprobe", "-v", "error", "-f", "mov", *asked, path))
    pictures = [stream for stream in told.get("streams", ()) if stream.get("codec_type") == "video"]
    if not pictures:
        raise _StopError("damaged")
    if any(int(stream.get("width", 0)) * int(stream.get("height", 0)) > PIXELS_MAX // 4 for stream in pictures):
        raise _StopError("too-many-pixels")
    if float(told.get("format", {}).get("duration", "inf")) > VIDEO_SECONDS_MAX:
        raise _StopError("too-long")
    _tool(
        *("ffmpeg", "-nostdin", "-loglevel", "quiet", "-threads", "1", "-f", "mov", "-i", path),
        *("-map", "0:v:0", "-map", "0:a:0?", "-map_metadata", "-1", "-map_chapters", "-1", "-dn", "-sn"),
        *("-vf", "scale=w='min(1280,iw)':h='min(1280,ih)':force_original_aspect_ratio=decrease:force_divisible_by=2"),
        *("-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "veryfast", "-crf", "26", "-threads", "1"),
        *("-bsf:v", "filter_units=remove_types=6", "-c:a", "aac", "-b:a", "96k", "-ac", "1", "-ar", "44100"),
        *("-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact", "-f", "mp4", "derived.mp4"),
    )
    _put({}, [Path("derived.mp4").read_bytes()])


# What the original carries


def _carried(path: str) -> dict[str, str]:
    """What mat2 reads of metadata, as text; for people, and nothing that is decided by."""
    try:
        from libmat2 import parser_factory

        parser, _ = parser_factory.get_parser(path)
        if parser is None:
            return {}
        parser.sandbox = False
        found: dict[str, str] = {}
        _flatten(parser.get_meta(), "", found)
    except Exception:  # noqa: BLE001 - what it cannot read it cannot tell; the copy does not depend on it
        return {}
    return found


def _flatten(value: Any, name: str, found: dict[str, str]) -> None:
    if isinstance(value, dict):
        for key, entry in value.items():
            _flatten(entry, f"{name}: {key}" if name else str(key), found)
    elif str(value).strip():
        found[name[:120]] = str(value)[:200]


def _said(report: int, found: dict[str, str]) -> None:
    while found and len(json.dumps(found)) > SAID_MAX:
        found.popitem()
    os.write(report, json.dumps(found).encode())


DO = {"picture": _do_picture, "heic": _do_heic, "webp": _do_webp, "pdf": _do_pdf, "docx": _do_docx, "video": _do_video}


def _main(how: str, path: str, to: str, report: str) -> int:
    Path("fonts.conf").write_text(FONTS, encoding="utf-8")
    os.environ["FONTCONFIG_FILE"] = "/home/fonts.conf"
    try:
        import gi

        gi.require_version("GdkPixbuf", "2.0")
        from libmat2 import parser_factory  # noqa: F401
    except (ImportError, ValueError):
        return CODES["no-tool"]
    _said(int(report), _carried(path))
    try:
        DO[how](path, to)
    except _StopError as stop:
        return CODES[stop.why]
    except Exception:  # noqa: BLE001 - whatever a hostile file brings about, there is no copy
        return CODES["damaged"]
    return 0


if __name__ == "__main__":
    sys.exit(_main(*sys.argv[1:]))
