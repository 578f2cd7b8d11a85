"""From a source's file to a copy that may leave, or a named refusal. The original never passes; what it is, its content says.

Drawn anew in `crypto.sandbox` by `handling/derivechild.py`; what comes back is put together and checked here by
`handling.rules.attachments`. Blocking: a picture takes a part of a second, a video its own length.
"""

import json
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from io import BytesIO
from pathlib import Path
from typing import Any

from crypto import sandbox
from crypto.errors import SandboxError
from crypto.sandbox import Limits
from handling import derivechild
from handling.rules import attachments, docx, imagepdf
from handling.rules.attachments import EACH_MAX, Kind

ORIGINAL_MAX = 64 * 1024 * 1024  # bytes

_HOME = 256 * 1024 * 1024  # bytes of the sandbox's memory for files
_MEMORY = 2 * 1024 * 1024 * 1024  # bytes of each program
_OUTPUT = EACH_MAX + 2 * 1024 * 1024  # bytes, with the line of JSON
_SECONDS, _VIDEO_SECONDS = 60, 600
_NO_PROGRAM = 127  # what a shell says
_SIDE = 9_525 * 6_000  # the longest side of a picture in a DOCX, in units of Office
_HEIC = re.compile(rb"....ftyp(heic|heix|hevc|mif1|msf1|avif)", re.DOTALL)
_VIDEO = re.compile(rb"....ftyp(isom|iso[2-6]|mp4[12]|avc1|M4V |MSNV|3gp[4-7]|qt  |mp42|dash|f4v )", re.DOTALL)


class Why(Enum):
    """Why there is no copy, for people."""

    KIND = "It is none of the kinds that can leave: pictures, PDF, DOCX, MP4. Put what it says into words instead."
    ORIGINAL_TOO_LARGE = f"It is larger than {ORIGINAL_MAX // 1024**2} MiB, too large to be drawn anew."
    TOO_LARGE = f"Its copy would be larger than {EACH_MAX // 1024**2} MiB."
    TOO_MANY_PIXELS = "It would unfold to more pixels than can be drawn here."
    TOO_MANY_PAGES = f"It has more than {derivechild.PAGES_MAX} pages."
    BOMB = "It unfolds to far more than it seems to hold, as a file does that is meant to harm."
    TOO_LONG = f"It takes too long; a video may last {derivechild.VIDEO_SECONDS_MAX // 60} minutes."
    TOO_MUCH_TEXT = (
        f"It has more than {derivechild.TEXT_MAX:,} characters. Ask for the pages that matter, or put them into words."
    )
    CROP = (
        "It shows only a part of a picture, and which part cannot be told for certain: more than the part could leave."
    )
    DAMAGED = "It is damaged, locked with a password, or made to harm: it could not be drawn."
    NOT_CLEAN = "Its copy held more than it may. Nothing of it was kept."
    NO_TOOL = (
        "This machine lacks the programs that draw it anew: mat2, ffmpeg and libheif-examples. Ask your administrator."
    )
    NO_SANDBOX = "This machine has no sandbox (bubblewrap), and files from strangers are opened nowhere else. Ask your administrator."


class NotDerivedError(Exception):
    """There is no copy."""

    def __init__(self, why: Why) -> None:
        super().__init__("no copy of this file can leave")
        self.why = why


@dataclass(frozen=True, slots=True)
class Derived:
    """A copy that holds nothing but what is seen and heard.

    Attributes:
        kind: of the copy.
        data: its bytes.
        text: words that the original holds as text, for whoever looks for residue in them.
        carried: what metadata was read in the original and is gone, by name; for people.
    """

    kind: Kind
    data: bytes
    text: str
    carried: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Way:
    """How one kind of original is drawn: the child's verb, the name's end that mat2 goes by, and the copy's kind."""

    how: str
    end: str
    kind: Kind


_MAGIC: Sequence[tuple[Callable[[bytes], object], _Way]] = (
    (lambda data: data.startswith(b"\xff\xd8\xff"), _Way("picture", "jpg", Kind.JPEG)),
    (lambda data: data.startswith(b"\x89PNG\r\n\x1a\n"), _Way("picture", "png", Kind.PNG)),
    (lambda data: data.startswith((b"GIF87a", b"GIF89a")), _Way("picture", "gif", Kind.PNG)),
    (lambda data: data.startswith((b"II*\0", b"MM\0*")), _Way("picture", "tiff", Kind.JPEG)),
    (lambda data: data.startswith(b"BM"), _Way("picture", "bmp", Kind.PNG)),
    (lambda data: data.startswith(b"RIFF") and data[8:12] == b"WEBP", _Way("webp", "webp", Kind.JPEG)),
    (_HEIC.match, _Way("heic", "heic", Kind.JPEG)),
    (_VIDEO.match, _Way("video", "mp4", Kind.MP4)),
    (lambda data: data.startswith(b"%PDF-"), _Way("pdf", "pdf", Kind.PDF)),
    (lambda data: data.startswith(b"PK\x03\x04") and _is_docx(data), _Way("docx", "docx", Kind.DOCX)),
)


def derive(data: bytes) -> Derived:
    """Return the copy of a file that may leave.

    Raises:
        NotDerivedError: there is none, and why.
    """
    if len(data) > ORIGINAL_MAX:
        raise NotDerivedError(Why.ORIGINAL_TOO_LARGE)
    way = next((way for is_one, way in _MAGIC if is_one(data)), None)
    if way is None:
        raise NotDerivedError(Why.KIND)
    head, pieces, carried = _drawn(data, way)
    try:
        made, text = _JOIN[way.kind](head, pieces)
    except (KeyError, TypeError, ValueError, RecursionError):
        raise NotDerivedError(Why.NOT_CLEAN) from None
    if len(made) > EACH_MAX:
        raise NotDerivedError(Why.TOO_LARGE)
    if not attachments.is_clean(way.kind, made):
        raise NotDerivedError(Why.NOT_CLEAN)
    return Derived(way.kind, made, text, carried)


def _is_docx(data: bytes) -> bool:
    """Whether a ZIP's list of members is that of a DOCX; none of them is unpacked here."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            return {"[Content_Types].xml", "word/document.xml"} <= set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, OSError, EOFError, NotImplementedError):
        return False


def _drawn(data: bytes, way: _Way) -> tuple[dict[str, Any], list[bytes], Mapping[str, str]]:
    """Run the child over the original, and return what it drew."""
    source = Path(derivechild.__file__).read_text(encoding="utf-8")
    seconds = _VIDEO_SECONDS if way.kind is Kind.MP4 else _SECONDS
    try:
        ended = sandbox.run(
            lambda _, report: f'cat >"original.$2"; exec python3 -I -c "$1" "$3" "original.$2" "$4" {report}',
            data=data,
            arguments=(source, way.end, way.how, way.kind.value),
            limits=Limits(seconds=seconds, memory=_MEMORY, output=_OUTPUT, home=_HOME),
        )
    except SandboxError:
        raise NotDerivedError(Why.NO_SANDBOX) from None
    if ended.overtime:
        raise NotDerivedError(Why.TOO_LONG)
    if len(ended.output) > _OUTPUT:
        raise NotDerivedError(Why.TOO_LARGE)
    if ended.code:
        raise NotDerivedError(_ENDED.get(ended.code, Why.DAMAGED))
    try:
        head, pieces = _read(ended.output)
        carried = json.loads(ended.said)
        return head, pieces, {str(name): str(value) for name, value in carried.items()}
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        raise NotDerivedError(Why.NOT_CLEAN) from None


_ENDED: Mapping[int, Why] = {
    _NO_PROGRAM: Why.NO_TOOL,
    **{code: Why[name.replace("-", "_").upper()] for name, code in derivechild.CODES.items()},
}


def _read(output: bytes) -> tuple[dict[str, Any], list[bytes]]:
    line, _, rest = output.partition(b"\n")
    head, pieces, at = json.loads(line), [], 0
    for size in head["sizes"]:
        pieces.append(rest[at : at + size])
        at += size
    if at != len(rest):
        raise ValueError("more or fewer bytes than it says")
    return head, pieces


def _one(_: dict[str, Any], pieces: list[bytes]) -> tuple[bytes, str]:
    (data,) = pieces
    return data, ""


def _pdf(head: dict[str, Any], pieces: list[bytes]) -> tuple[bytes, str]:
    sizes = zip(head["pages"], pieces, strict=True)
    pages = [imagepdf.Page(int(width), int(height), picture) for (width, height), picture in sizes]
    return imagepdf.write(pages), str(head["text"])


def _docx(head: dict[str, Any], pieces: list[bytes]) -> tuple[bytes, str]:
    document = docx.Document(tuple(_block(block) for block in head["blocks"]), tuple(pieces))
    return docx.write(document), document.text()


def _block(value: Any) -> docx.Paragraph | docx.Table:  # noqa: ANN401 - a JSON value
    if "table" in value:
        return docx.Table(tuple(tuple(_cell(cell) for cell in row) for row in value["table"]))
    return docx.Paragraph(tuple(run for part in value["runs"] for run in _runs(part)), value["style"])


def _cell(blocks: list[Any]) -> tuple[docx.Paragraph | docx.Table, ...]:
    """A cell ends with a paragraph, also where it was empty."""
    cell = tuple(_block(block) for block in blocks)
    return cell if cell and isinstance(cell[-1], docx.Paragraph) else (*cell, docx.Paragraph(()))


def _runs(value: dict[str, Any]) -> list[docx.Run | docx.Picture]:
    if "picture" in value:
        width, height = (min(max(int(side), 9_525), _SIDE) for side in value["size"])
        return [docx.Picture(value["picture"] + 1, width, height)]
    text = docx.plain(value["text"])
    return [docx.Run(text, value["marks"])] if text else []


_JOIN: Mapping[Kind, Callable[[dict[str, Any], list[bytes]], tuple[bytes, str]]] = {
    Kind.JPEG: _one,
    Kind.PNG: _one,
    Kind.MP4: _one,
    Kind.PDF: _pdf,
    Kind.DOCX: _docx,
}
