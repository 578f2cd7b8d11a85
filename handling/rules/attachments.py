"""pure: what a derived copy of a source's file may be: its kind, its name, its size, and the form of its bytes.

Corridor, desk and guard each ask this module; none of them believes that another has.
"""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from handling.rules import docx, imagepdf, jpeg, mp4, png

EACH_MAX: Final = 10 * 1024 * 1024  # bytes of one derived copy
TOGETHER_MAX: Final = 25 * 1024 * 1024  # bytes of all copies of one report
COUNT_MAX: Final = 20
FOLDER: Final = "attachments/"

_NAME: Final = re.compile(r"attachment-([1-9][0-9]?)\.(jpg|png|pdf|docx|mp4)")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_FIELDS: Final = frozenset({"name", "size", "sha256"})


class Kind(Enum):
    """The five kinds in which a copy leaves, by how its name ends."""

    JPEG = "jpg"
    PNG = "png"
    PDF = "pdf"
    DOCX = "docx"
    MP4 = "mp4"

    @property
    def label(self) -> str:
        """What it is, for people."""
        return _LABELS[self]


_LABELS: Final[Mapping[Kind, str]] = {
    Kind.JPEG: "picture (JPEG)",
    Kind.PNG: "picture (PNG)",
    Kind.PDF: "pages as pictures (PDF)",
    Kind.DOCX: "words, tables and pictures (DOCX)",
    Kind.MP4: "video (MP4)",
}


class AttachmentsError(ValueError):
    """A list of attachments that is not as agreed."""

    def __init__(self) -> None:
        super().__init__("these are not attachments as a report has them")


@dataclass(frozen=True, slots=True)
class Listed:
    """One derived copy as a report's document names it."""

    name: str
    size: int
    sha256: str

    @property
    def kind(self) -> Kind:
        """Its kind, by the name that we gave it."""
        return kind_of(self.name)

    @property
    def member(self) -> str:
        """Its name in a package."""
        return FOLDER + self.name

    @property
    def to_decide(self) -> str:
        """What a decision about it is written under: it falls when the copy becomes another."""
        return f"{self.name}, SHA-256 {self.sha256[:16]}"

    def to_body(self) -> dict[str, Any]:
        """Return it as a JSON value."""
        return {"name": self.name, "size": self.size, "sha256": self.sha256}


def name_of(number: int, kind: Kind) -> str:
    """Return the neutral name of a report's attachment, numbered from 1."""
    return f"attachment-{number}.{kind.value}"


def kind_of(name: str) -> Kind:
    """Return the kind of an attachment by its neutral name, or raise `AttachmentsError`."""
    found = _NAME.fullmatch(name)
    if found is None:
        raise AttachmentsError
    return Kind(found[2])


def is_member(name: str) -> bool:
    """Whether a package's member has the name of an attachment."""
    return name.startswith(FOLDER) and _NAME.fullmatch(name.removeprefix(FOLDER)) is not None


def listed(copies: Sequence[tuple[Kind, bytes]]) -> tuple[tuple[Listed, bytes], ...]:
    """Name copies in their order, from 1."""
    named = ((name_of(number, kind), data) for number, (kind, data) in enumerate(copies, 1))
    return tuple((Listed(name, len(data), hashlib.sha256(data).hexdigest()), data) for name, data in named)


def read(value: object) -> tuple[Listed, ...]:
    """Read the list in a report's document: numbered from 1 without a gap, within every limit.

    Raises:
        AttachmentsError: anything else.
    """
    if not isinstance(value, list) or len(value) > COUNT_MAX:
        raise AttachmentsError
    found = tuple(_entry(entry, number) for number, entry in enumerate(value, 1))
    if sum(one.size for one in found) > TOGETHER_MAX:
        raise AttachmentsError
    return found


def match(entries: Sequence[Listed], copies: Mapping[str, bytes]) -> bool:
    """Whether these are exactly the copies that a document lists, byte for byte, by name."""
    return {one.name: (one.size, one.sha256) for one in entries} == {
        name: (len(data), hashlib.sha256(data).hexdigest()) for name, data in copies.items()
    }


def is_clean(kind: Kind, data: bytes) -> bool:
    """Whether a copy of this kind has the form in which it may leave: no metadata, no thumbnail, no bytes beside.

    What pictures, frames and sounds are packed as is not unpacked (a PNG's is, and counted): it can be any picture or sound.
    """
    if len(data) > EACH_MAX:
        return False
    try:
        _LOOK[kind](data)
    except (jpeg.JpegError, png.PngError, imagepdf.PdfError, docx.DocxError, mp4.Mp4Error):
        return False
    return True


def words(kind: Kind, data: bytes) -> str:
    """Return the words that stand in a clean copy as text; those in pictures are for people to read."""
    return docx.read(data).text() if kind is Kind.DOCX else ""


def pictures(kind: Kind, data: bytes) -> tuple[str, ...]:
    """Return all that is seen in a clean copy as ``data:`` addresses of JPEG and PNG, which run nothing; a video has none."""
    if kind is Kind.PDF:
        return tuple(_address(page.picture) for page in imagepdf.read(data))
    if kind is Kind.DOCX:
        return tuple(map(_address, docx.read(data).pictures))
    return (_address(data),) if kind in (Kind.JPEG, Kind.PNG) else ()


def _address(picture: bytes) -> str:
    kind = "png" if picture.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"


_LOOK: Final = {
    Kind.JPEG: jpeg.size,
    Kind.PNG: png.size,
    Kind.PDF: imagepdf.read,
    Kind.DOCX: docx.read,
    Kind.MP4: mp4.tracks,
}


def _entry(value: object, number: int) -> Listed:
    if not isinstance(value, Mapping) or set(value) != _FIELDS:
        raise AttachmentsError
    name, size, digest = value["name"], value["size"], value["sha256"]
    if not isinstance(name, str) or type(size) is not int or not isinstance(digest, str):
        raise AttachmentsError
    if name != name_of(number, kind_of(name)) or not 0 < size <= EACH_MAX or not _SHA256.fullmatch(digest):
        raise AttachmentsError
    return Listed(name, size, digest)
