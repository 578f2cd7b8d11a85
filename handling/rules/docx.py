"""pure: a DOCX of words, tables and pictures, and no other DOCX. What it reads it writes again: bytes that differ are not one."""

import io
import re
import struct
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from handling.rules import jpeg, png

STYLES: Final = ("", *(f"Heading{level}" for level in range(1, 7)))
MARKS: Final = "biu"
TEXT_MAX: Final = 200_000  # characters

_TIME: Final = (1980, 1, 1, 0, 0, 0)
_DEEP: Final = 20  # tables inside tables
_EDGE_MAX: Final = 50_000_000  # length of a picture's side in the units of Office, 360,000 to a centimetre
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_WORD: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_DRAWING: Final = "http://schemas.openxmlformats.org/drawingml/2006"
_MAIN: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_W: Final = f"{{{_MAIN}}}"
_DOCUMENT: Final = "word/document.xml"
_RELATIONS: Final = "word/_rels/document.xml.rels"
_MEDIA: Final = re.compile(r"word/media/picture([1-9][0-9]{0,3})\.(jpg|png)")
_OPEN: Final = (
    f'{_HEAD}<w:document xmlns:w="{_MAIN}" xmlns:r="{_OFFICE}" xmlns:wp="{_DRAWING}/wordprocessingDrawing" '
    f'xmlns:a="{_DRAWING}/main" xmlns:pic="{_DRAWING}/picture"><w:body>'
)
_CLOSE: Final = "</w:body></w:document>\n"
_CONTROL: Final = re.compile("[\\x00-\\x1f\\x7f\ud800-\udfff\ufffe\uffff]+")
_FIXED: Final = {
    "[Content_Types].xml": (
        f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
        'ContentType="application/xml"/><Default Extension="jpg" ContentType="image/jpeg"/><Default Extension="png" '
        f'ContentType="image/png"/><Override PartName="/word/document.xml" ContentType="{_WORD}.document.main+xml"/>'
        f'<Override PartName="/word/styles.xml" ContentType="{_WORD}.styles+xml"/></Types>\n'
    ),
    "_rels/.rels": (
        f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/officeDocument" Target="word/document.xml"/></Relationships>\n'
    ),
    "word/styles.xml": (
        f'{_HEAD}<w:styles xmlns:w="{_MAIN}"><w:style w:type="paragraph" w:default="1" w:styleId="Normal">'
        '<w:name w:val="Normal"/><w:pPr><w:spacing w:after="120"/></w:pPr></w:style>'
        + "".join(
            f'<w:style w:type="paragraph" w:styleId="Heading{level}"><w:name w:val="heading {level}"/><w:basedOn '
            f'w:val="Normal"/><w:rPr><w:b/><w:sz w:val="{40 - 3 * level}"/></w:rPr></w:style>'
            for level in range(1, 7)
        )
        + "</w:styles>\n"
    ),
}


# What the libraries raise over hostile bytes; a value that is none of a DOCX raises a ValueError.
_UNREADABLE: Final = (
    *(zipfile.BadZipFile, ET.ParseError, KeyError, IndexError, StopIteration, ValueError, OSError, EOFError),
    *(struct.error, OverflowError, NotImplementedError, RuntimeError),
)


class DocxError(ValueError):
    """It is not a DOCX as written here."""

    def __init__(self) -> None:
        super().__init__("this DOCX holds more than words, tables and pictures")


@dataclass(frozen=True, slots=True)
class Run:
    """Words in one look: *marks* are of `MARKS`. A line's end and a tab each are a run of their own."""

    text: str
    marks: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture in the line: which of the document's, from 1, and how large it is shown."""

    number: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph; *style* is one of `STYLES`."""

    runs: tuple[Run | Picture, ...]
    style: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells of paragraphs and tables."""

    rows: tuple[tuple[tuple["Paragraph | Table", ...], ...], ...]


@dataclass(frozen=True, slots=True)
class Document:
    """All that a DOCX holds; *pictures* by number from 1, each a JPEG or PNG that carries pixels alone."""

    blocks: tuple[Paragraph | Table, ...]
    pictures: tuple[bytes, ...] = field(default=())

    def text(self) -> str:
        """Return every word in its order, a paragraph to a line."""
        return "\n".join(_words(self.blocks))


def plain(text: str) -> str:
    """Return *text* as a run may hold it: without control characters."""
    return text if text in ("\n", "\t") else _CONTROL.sub(" ", text)


def write(document: Document) -> bytes:
    """Return the one DOCX of this document.

    Raises:
        DocxError: a value that it cannot hold, more than `TEXT_MAX` characters, or a picture that carries more than pixels.
    """
    if len(document.text()) > TEXT_MAX:
        raise DocxError
    names = [f"word/media/picture{number}.{_kind(data)}" for number, data in enumerate(document.pictures, 1)]
    related = "".join(
        f'<Relationship Id="rId{number + 1}" Type="{_OFFICE}/image" Target="{name.removeprefix("word/")}"/>'
        for number, name in enumerate(names, 1)
    )
    relations = (
        f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" Type="{_OFFICE}/styles" '
        f'Target="styles.xml"/>{related}</Relationships>\n'
    )
    body = "".join(_block(block, len(names), 0) for block in document.blocks)
    texts = {**_FIXED, _RELATIONS: relations, _DOCUMENT: f"{_OPEN}{body}{_CLOSE}"}
    members = {name: text.encode() for name, text in texts.items()} | dict(zip(names, document.pictures, strict=True))
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED, allowZip64=False) as archive:
        for name in ("[Content_Types].xml", *sorted(members.keys() - {"[Content_Types].xml"})):
            info = zipfile.ZipInfo(name, _TIME)
            info.create_system, info.external_attr = 3, 0o644 << 16
            archive.writestr(info, members[name])
    return target.getvalue()


def read(data: bytes) -> Document:
    """Return the document of a DOCX that `write` made.

    Raises:
        DocxError: any other bytes.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = [info for info in archive.infolist() if info.compress_type == zipfile.ZIP_STORED]
            if sum(info.file_size + info.compress_size for info in infos) > 2 * len(data):
                raise DocxError  # members that lie over each other unfold to more than there is
            found = {int(match[1]): info for info in infos if (match := _MEDIA.fullmatch(info.filename))}
            pictures = tuple(archive.read(found[number]) for number in sorted(found))
            text = archive.read(next(info for info in infos if info.filename == _DOCUMENT)).decode()
        document = Document(tuple(_read_blocks(_body(text))), pictures)
        again = write(document)
    except _UNREADABLE:
        raise DocxError from None
    if again != data:
        raise DocxError
    return document


def _body(text: str) -> ET.Element:
    if not text.startswith(_OPEN) or "<!" in text:
        raise DocxError
    return ET.fromstring(text)[0]  # noqa: S314 - without a declaration there is nothing that it could expand


def _words(blocks: Sequence[Paragraph | Table]) -> Iterator[str]:
    for block in blocks:
        if isinstance(block, Table):
            for row in block.rows:
                for cell in row:
                    yield from _words(cell)
        else:
            yield "".join(run.text for run in block.runs if isinstance(run, Run))


def _kind(picture: bytes) -> str:
    try:
        if picture.startswith(b"\x89PNG"):
            png.size(picture)
            return "png"
        jpeg.size(picture)
    except (jpeg.JpegError, png.PngError):
        raise DocxError from None
    return "jpg"


def _block(block: Paragraph | Table, pictures: int, deep: int) -> str:
    if isinstance(block, Paragraph):
        if block.style not in STYLES:
            raise DocxError
        style = f'<w:pPr><w:pStyle w:val="{block.style}"/></w:pPr>' if block.style else ""
        return f"<w:p>{style}{''.join(_run(run, pictures) for run in block.runs)}</w:p>"
    if deep > _DEEP or not block.rows or not all(block.rows):
        raise DocxError
    rows = "".join(
        "<w:tr>" + "".join(f"<w:tc>{_cell(cell, pictures, deep)}</w:tc>" for cell in row) + "</w:tr>"
        for row in block.rows
    )
    grid = '<w:gridCol w:w="2000"/>' * max(map(len, block.rows))
    return f'<w:tbl><w:tblPr><w:tblW w:w="0" w:type="auto"/></w:tblPr><w:tblGrid>{grid}</w:tblGrid>{rows}</w:tbl>'


def _cell(cell: Sequence[Paragraph | Table], pictures: int, deep: int) -> str:
    if not cell or not isinstance(cell[-1], Paragraph):
        raise DocxError
    return "".join(_block(block, pictures, deep + 1) for block in cell)


def _run(run: Run | Picture, pictures: int) -> str:
    if isinstance(run, Picture):
        return _picture(run, pictures)
    if run.text in ("\n", "\t"):
        return "<w:r><w:br/></w:r>" if run.text == "\n" else "<w:r><w:tab/></w:r>"
    if not run.text or run.text != plain(run.text) or run.marks not in _MARKED:
        raise DocxError
    marks = "".join(_MARKED[run.marks])
    look = f"<w:rPr>{marks}</w:rPr>" if marks else ""
    return f'<w:r>{look}<w:t xml:space="preserve">{escape(run.text)}</w:t></w:r>'


_ELEMENTS: Final = {"b": "<w:b/>", "i": "<w:i/>", "u": '<w:u w:val="single"/>'}
_MARKED: Final = {marks: [_ELEMENTS[mark] for mark in marks] for marks in ("", "b", "i", "u", "bi", "bu", "iu", "biu")}


def _picture(picture: Picture, pictures: int) -> str:
    number, size = picture.number, f'cx="{picture.width}" cy="{picture.height}"'
    inside = 0 < picture.width <= _EDGE_MAX and 0 < picture.height <= _EDGE_MAX
    if not 0 < number <= pictures or not inside:
        raise DocxError
    return (
        f'<w:r><w:drawing><wp:inline><wp:extent {size}/><wp:docPr id="{number}" name="Picture {number}"/><a:graphic>'
        f'<a:graphicData uri="{_DRAWING}/picture"><pic:pic><pic:nvPicPr><pic:cNvPr id="{number}" '
        f'name="Picture {number}"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:embed="rId{number + 1}"/>'
        f'<a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext {size}/>'
        '</a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic>'
        "</wp:inline></w:drawing></w:r>"
    )


def _read_blocks(parent: ET.Element) -> Iterator[Paragraph | Table]:
    for element in parent:
        if element.tag == f"{_W}tbl":
            rows = element.findall(f"{_W}tr")
            yield Table(tuple(tuple(tuple(_read_blocks(cell)) for cell in row) for row in rows))
        elif element.tag == f"{_W}p":
            style = element.find(f"{_W}pPr/{_W}pStyle")
            runs = tuple(_read_run(run) for run in element.findall(f"{_W}r"))
            yield Paragraph(runs, "" if style is None else style.get(f"{_W}val", ""))
        else:
            raise DocxError


def _read_run(element: ET.Element) -> Run | Picture:
    last = element[-1]
    if last.tag == f"{_W}br":
        return Run("\n")
    if last.tag == f"{_W}tab":
        return Run("\t")
    if last.tag == f"{_W}drawing":
        extent, named = last[0][0], last[0][1]
        return Picture(int(named.get("id", "")), int(extent.get("cx", "")), int(extent.get("cy", "")))
    looks = element.find(f"{_W}rPr")
    marks = "" if looks is None else "".join(mark.tag.removeprefix(_W) for mark in looks)
    return Run(last.text or "", marks)
