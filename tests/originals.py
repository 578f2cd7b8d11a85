"""What sources attach, made here: real files of each kind, with a canary wherever something can be hidden."""

import io
import re
import subprocess
import zipfile
from functools import cache
from pathlib import Path

CANARY = "CANARY-7f3a"

# Maker notes are not among them: exiftool changes those of a camera and cannot make any.
_GROUPS = {
    "jpg": ("EXIF", "IPTC", "XMP", "Photoshop", "JFIF", "Ducky"),
    "png": ("PNG", "EXIF", "XMP", "IPTC"),
    "pdf": ("PDF", "XMP"),
    "mp4": ("QuickTime", "Keys", "ItemList", "UserData", "XMP"),
}
_OF_THE_FILE_SYSTEM = {"FileName", "Directory", "TestName", "HardLink", "SymLink"}


def picture(tmp: Path, end: str, size: str = "320x240") -> bytes:
    """A picture or video of ffmpeg's test pattern, by how its name ends."""
    path = tmp / f"pattern.{end}"
    video = (
        ("-f", "lavfi", "-i", "sine=frequency=440:duration=1", "-pix_fmt", "yuv420p") if end in ("mp4", "mov") else ()
    )
    frames = () if video else ("-frames:v", "1")
    pattern = ("-f", "lavfi", "-i", f"testsrc=size={size}:rate=15:duration=1")
    subprocess.run(["ffmpeg", "-loglevel", "error", "-y", *pattern, *video, *frames, path], check=True)
    return path.read_bytes()


@cache
def _writable() -> dict[str, tuple[str, ...]]:
    """Every tag that exiftool can write, by group; asked in one run of it."""
    groups = sorted({group for groups in _GROUPS.values() for group in groups})
    asked = [word for group in groups for word in ("-listw", f"-{group}:All", "-execute")]
    told = subprocess.run(["exiftool", *asked], check=True, capture_output=True, text=True).stdout
    lists = re.split(r"^Writable .* tags:$", told, flags=re.MULTILINE)[1:]
    names = {group: words.replace("{ready}", "").split() for group, words in zip(groups, lists, strict=True)}
    return {
        group: tuple(f"{group}:{name}" for name in found if name not in _OF_THE_FILE_SYSTEM)
        for group, found in names.items()
    }


def writable(end: str) -> tuple[str, ...]:
    """Every tag that exiftool can write in this kind of file, with its group."""
    return ("Comment", *(tag for group in _GROUPS[end] for tag in _writable()[group]))


def planted(tmp: Path, clean: dict[str, bytes]) -> dict[str, bytes]:
    """The same files, by how their names end, with the canary in every field that exiftool could write; one has a thumbnail of its own."""
    words: list[str] = []
    for end, data in clean.items():
        (tmp / f"planted.{end}").write_bytes(data)
        words += [*(f"-{tag}={CANARY}" for tag in writable(end)), str(tmp / f"planted.{end}"), "-execute"]
    thumbnail = tmp / "thumbnail.jpg"
    inside = clean["jpg"]
    thumbnail.write_bytes(inside[:2] + b"\xff\xfe" + (len(CANARY) + 2).to_bytes(2) + CANARY.encode() + inside[2:])
    words += [f"-ThumbnailImage<={thumbnail}", str(tmp / "planted.jpg")]
    (tmp / "words").write_text("\n".join(words))
    common = ("-common_args", "-q", "-q", "-m", "-overwrite_original")
    subprocess.run(["exiftool", "-@", tmp / "words", *common], check=False)
    return {end: (tmp / f"planted.{end}").read_bytes() for end in clean}


def tags(tmp: Path, end: str, data: bytes) -> dict[str, str]:
    """What exiftool reads in a file."""
    path = tmp / f"read.{end}"
    path.write_bytes(data)
    told = subprocess.run(["exiftool", "-a", "-G1", "-s", path], check=False, capture_output=True, text=True)
    found = re.findall(r"^\[(\S+)\s*\]\s+(\S+)\s*: (.*)$", told.stdout, re.MULTILINE)
    return {f"{group}:{name}": value for group, name, value in found}


def pdf(*objects: str, pages: int = 1, box: str = "300 200", words: str = "Ivory in the cold room") -> bytes:
    """A PDF with words on every page, and whatever else is hung into its catalogue as object 4 and so on."""
    drawn = f"BT /F 12 Tf 20 100 Td ({words}) Tj ET"
    extra = " ".join(f"/X{number} {number} 0 R" for number, _ in enumerate(objects, 4))
    action = " /OpenAction 4 0 R /Names << /EmbeddedFiles << /Names [(a) 5 0 R] >> >>" if objects else ""
    first = 4 + len(objects)
    kids = " ".join(f"{first + number} 0 R" for number in range(pages))
    sheet = (
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {box}] /Contents 3 0 R "
        "/Resources << /Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>"
    )
    contents = [
        f"<< /Type /Catalog /Pages 2 0 R {extra}{action} >>",
        f"<< /Type /Pages /Count {pages} /Kids [{kids}] >>",
        f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream",
        *objects,
        *[sheet] * pages,
    ]
    data, places = b"%PDF-1.4\n", []
    for number, content in enumerate(contents, 1):
        places.append(len(data))
        data += f"{number} 0 obj\n{content}\nendobj\n".encode()
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    end = f"xref\n0 {len(places) + 1}\n0000000000 65535 f \n{table}trailer\n<< /Size {len(places) + 1} /Root 1 0 R >>\n"
    return data + f"{end}startxref\n{len(data)}\n%%EOF\n".encode()


_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_A = "http://schemas.openxmlformats.org/drawingml/2006"
_BODY = f"""
<w:p w:rsidR="00CANARY" w14:paraId="CANARY"><w:pPr><w:pStyle w:val="Heading2"/><w:pPrChange w:id="1" w:author="C!" w:date="C!">
<w:pPr/></w:pPrChange></w:pPr><w:bookmarkStart w:id="0" w:name="C!"/><w:r><w:t>Ivory in the cold room</w:t></w:r></w:p>
<w:p><w:commentRangeStart w:id="0"/><w:r><w:rPr><w:b/><w:rPrChange w:id="2" w:author="C!"><w:rPr/></w:rPrChange></w:rPr>
<w:t xml:space="preserve">Bold &amp; </w:t></w:r><w:commentRangeEnd w:id="0"/><w:r><w:commentReference w:id="0"/></w:r>
<w:ins w:id="3" w:author="C!" w:date="2026-01-01T00:00:00Z"><w:r><w:t>inserted</w:t></w:r></w:ins>
<w:del w:id="4" w:author="C!"><w:r><w:delText>deleted C!</w:delText></w:r></w:del>
<w:moveFrom w:id="5" w:author="C!"><w:r><w:t>moved C!</w:t></w:r></w:moveFrom>
<w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden C!</w:t></w:r>
<w:r><w:instrText>INCLUDEPICTURE "C:\\\\Users\\\\C!\\\\x.png"</w:instrText></w:r>
<w:hyperlink r:id="rId9" w:tooltip="C!"><w:r><w:t> linked</w:t></w:r></w:hyperlink>
<w:smartTag w:uri="C!" w:element="C!"><w:r><w:t> smart</w:t></w:r></w:smartTag></w:p>
<w:sdt><w:sdtPr><w:alias w:val="C!"/><w:tag w:val="C!"/><w:dataBinding w:xpath="C!"/></w:sdtPr><w:sdtContent>
<w:p><w:r><w:t>controlled</w:t></w:r></w:p></w:sdtContent></w:sdt>
<w:p><w:r><w:drawing><wp:inline><wp:extent cx="952500" cy="952500"/><wp:docPr id="1" name="C!" descr="C:\\Users\\C!.jpg"/>
<a:graphic><a:graphicData uri="{_A}/picture"><pic:pic><pic:blipFill><a:blip r:embed="rId7"/></pic:blipFill></pic:pic>
</a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>
<w:tbl><w:tblPr><w:tblCaption w:val="C!"/></w:tblPr><w:tr><w:tc><w:p><w:r><w:t>first cell</w:t></w:r></w:p></w:tc>
<w:tc><w:p/></w:tc></w:tr></w:tbl><w:sectPr w:rsidR="CANARY"/>
""".replace("C!", CANARY)


def docx(inside: bytes, *, body: str = _BODY, **more: bytes) -> bytes:
    """A DOCX with the canary in every place that Word keeps something about people; *inside* is a picture of it."""
    related = "".join(
        f'<Relationship Id="{id_}" Type="{_R}/{kind}" Target="{target}"{outside}/>'
        for id_, kind, target, outside in (
            ("rId7", "image", "media/image1.jpeg", ""),
            ("rId8", "comments", "comments.xml", ""),
            ("rId9", "hyperlink", f"https://{CANARY}.example/", ' TargetMode="External"'),
            ("rId10", "attachedTemplate", f"file:///C:/Users/{CANARY}/x.dotm", ' TargetMode="External"'),
        )
    )
    spaces = (
        f'xmlns:w="{_W}" xmlns:r="{_R}" xmlns:a="{_A}/main" xmlns:wp="{_A}/wordprocessingDrawing" '
        f'xmlns:pic="{_A}/picture" xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml"'
    )
    package = "http://schemas.openxmlformats.org/package/2006"
    said = f"<x>{CANARY}</x>"
    members = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
        f'<Default Extension="jpeg" ContentType="image/jpeg"/></Types>',
        "word/document.xml": f"<w:document {spaces}><w:body>{body}</w:body></w:document>",
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{package}/relationships">{related}</Relationships>',
        "docProps/core.xml": said,
        "docProps/app.xml": said,
        "docProps/custom.xml": said,
        "docProps/thumbnail.jpeg": CANARY,
        "customXml/item1.xml": said,
        "word/comments.xml": said,
        "word/people.xml": said,
        "word/settings.xml": said,
        "word/footnotes.xml": said,
        "word/header1.xml": said,
        "word/embeddings/oleObject1.bin": CANARY,
        "word/vbaProject.bin": CANARY,
    }
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.comment = CANARY.encode()
        for name, text in members.items():
            archive.writestr(name, text)
        archive.writestr("word/media/image1.jpeg", inside)
        for name, data in more.items():
            archive.writestr(name, data)
    return target.getvalue()
