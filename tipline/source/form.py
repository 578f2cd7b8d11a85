"""Reads a form as it arrives: fields first, then files in pieces. Nothing here touches a disk."""

import asyncio
import re
import time
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle
from threading import BoundedSemaphore
from typing import Final

from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from crypto.codename import TOKEN_BYTES
from tipline.base.forms import FormError
from tipline.limits import DETAIL_MAX, MESSAGE_MAX
from tipline.text import Text

STALLED_SECONDS: Final = 120
"""How long a line may be silent in the middle of a form."""

_KEPT_MAX: Final = 1 << 20  # bytes of one field that are given back when it is too long
_PIECE: Final = 256 * 1024  # bytes asked of the line at once; it has no more ready
_NARROW: Final = 32 * 1024  # bytes of one piece of a slow line
_QUICK_SECONDS: Final = 0.1  # in which a quick line fills a piece of a slow one
_SLOW_SECONDS: Final = 2.0  # after which a piece of a quick line says that it is slow now
_WIDE_MAX: Final = 2  # files at once, in one process, that are read in large pieces
_WIDE: Final = BoundedSemaphore(_WIDE_MAX)
_NAME_MAX: Final = 255
_LIMITS: Final[Mapping[str, int]] = {
    "token": 64,
    "ticket": 128,
    "involved": 16,
    "urgent": 16,
    "message": MESSAGE_MAX,
    "how_known": DETAIL_MAX,
    "must_not_learn": DETAIL_MAX,
    "csrf": 64,
}
_FILES: Final = "files"
_PLAIN: Final = re.compile(r'form-data; name="([a-z_]+)"')
_TOO_LONG: Final = Text("This is too long to send in one piece. Shorten it, or send it as a file on the next page.")


class DamagedError(FormError):
    """The form is not one that our page sends, or the line broke in the middle."""

    def __init__(self) -> None:
        super().__init__(
            Text(
                "The form arrived damaged and nothing of it was kept. Reload this page. If your browser asks whether "
                "to send again, say yes: it then sends what you wrote."
            )
        )


class StalledError(FormError):
    """The line was silent for too long."""

    def __init__(self) -> None:
        super().__init__(
            Text(
                "The connection stood still for too long and nothing was kept. Reload this page. If your browser asks "
                "whether to send again, say yes: it then sends what you wrote."
            )
        )


@dataclass(frozen=True, slots=True)
class Report:
    """A filled form that can be sent."""

    token: bytes
    involved: bool
    urgent: bool
    message: str
    how_known: str
    must_not_learn: str


@dataclass(frozen=True, slots=True)
class Answers:
    """What was typed, as it stands; shown again when something is missing."""

    token: str = ""
    ticket: str = ""
    involved: str = ""
    urgent: bool = False
    message: str = ""
    how_known: str = ""
    must_not_learn: str = ""

    @classmethod
    def of(cls, fields: Mapping[str, str]) -> "Answers":
        """Take the fields of the form."""
        return cls(
            token=fields.get("token", ""),
            ticket=fields.get("ticket", ""),
            involved=fields.get("involved", ""),
            urgent="urgent" in fields,
            message=fields.get("message", ""),
            how_known=fields.get("how_known", ""),
            must_not_learn=fields.get("must_not_learn", ""),
        )


@dataclass(frozen=True, slots=True)
class Incomplete:
    """Why a form cannot be sent yet: by field, words for the person."""

    problems: Mapping[str, str]


def parse(answers: Answers) -> Report | Incomplete:
    """Turn what was typed into a report, or say at which fields it is not one; a bad token raises `DamagedError`."""
    problems = {
        name: _TOO_LONG
        for name in ("message", "how_known", "must_not_learn")
        if len(getattr(answers, name).encode()) > _LIMITS[name]
    }
    if not answers.message.strip():
        problems["message"] = Text("Write what happened first. One line is enough.")
    if answers.involved not in ("no", "yes"):
        problems["involved"] = Text("Choose one of the two. It decides who receives your report.")
    if problems:
        return Incomplete(problems)
    return Report(
        token=parse_token(answers.token),
        involved=answers.involved == "yes",
        urgent=answers.urgent,
        message=answers.message,
        how_known=answers.how_known,
        must_not_learn=answers.must_not_learn,
    )


def parse_token(text: str) -> bytes:
    """Read the form's hidden token; raises `DamagedError`."""
    try:
        token = urlsafe_b64decode(text.encode("ascii") + b"=")
    except ValueError:
        raise DamagedError from None
    if len(token) != TOKEN_BYTES:
        raise DamagedError
    return token


class IncomingFile:
    """One file on its way in; its name and type are what the browser says."""

    def __init__(self, part: BodyPartReader) -> None:
        self._part = part
        self.name = _clean(part.filename or "")
        self.type = _clean(part.headers.get("Content-Type", ""))

    async def pieces(self, size: int) -> AsyncIterator[memoryview]:
        """Yield the content in pieces of at least *size* bytes, smaller ones of a slow line; the last one is shorter.

        Two buffers take turns: a piece is valid until the next but one is asked for, so that it can be worked on meanwhile.
        A line is slow until it shows otherwise, and while `_WIDE_MAX` others of this process are not: a file costs little
        memory then, however many come at once.
        """
        wide = False
        try:
            buffers, buffer, filled, least = _two(2 * _NARROW), memoryview(b""), 0, _NARROW
            while True:
                if not filled:
                    buffer, began = next(buffers), time.monotonic()
                chunk = await _next_chunk(self._part, min(least, _PIECE))
                if not chunk:
                    break
                buffer[filled : filled + len(chunk)] = chunk
                filled += len(chunk)
                if filled < least:
                    continue
                took = time.monotonic() - began
                yield buffer[:filled]
                filled = 0
                if wide and took > _SLOW_SECONDS:
                    wide, least = False, _NARROW
                    _WIDE.release()
                    buffers = _two(least + _PIECE)  # the reader has more in hand of the time when it was quick
                elif not wide and size > _NARROW and took < _QUICK_SECONDS and _WIDE.acquire(blocking=False):
                    wide, least = True, size
                    buffers = _two(least + _PIECE)
            if filled:
                yield buffer[:filled]
        finally:
            if wide:
                _WIDE.release()


class FormStream:
    """A form in the order in which our page sends it: fields, then files. Each is read once."""

    def __init__(self, reader: MultipartReader) -> None:
        self._reader = reader
        self._file: BodyPartReader | None = None

    @classmethod
    async def begin(cls, request: web.Request) -> "FormStream":
        """Start reading; raises `DamagedError` when the body is no form."""
        if request.content_type != "multipart/form-data":
            raise DamagedError
        # As plain multipart: what aiohttp does besides for a form, which is to look for a `_charset_` field, takes it as
        # long as all the rest of reading a field, and our pages are UTF-8.
        boundary = request.headers["Content-Type"].partition(";")[2]
        try:
            return cls(MultipartReader({"Content-Type": f"multipart/mixed;{boundary}"}, request.content))
        except (ValueError, AssertionError):
            raise DamagedError from None

    async def fields(self) -> dict[str, str]:
        """Read up to the first file; a repeated or unknown field, or damage, raises `DamagedError`."""
        fields: dict[str, str] = {}
        while (part := await self._next()) is not None:
            name, filename = _named(part)
            if name == _FILES:
                self._file = part
                break
            if name in fields or name not in _LIMITS or filename is not None:
                raise DamagedError
            fields[name] = await _text(part)
        return fields

    async def files(self) -> AsyncIterator[IncomingFile]:
        """Yield each file; the one before must have been read."""
        while (part := self._file or await self._next()) is not None:
            self._file = None
            if part.name != _FILES:
                raise DamagedError  # a field after the files: they would have been sealed to nobody's choice
            yield IncomingFile(part)

    async def words(self) -> dict[str, str]:
        """Read a form without files; one that brings a file raises `DamagedError`: it would be lost unsaid."""
        fields = await self.fields()
        if self._file is not None:
            raise DamagedError
        return fields

    async def _next(self) -> BodyPartReader | None:
        try:
            async with asyncio.timeout(STALLED_SECONDS):
                part = await self._reader.next()
        except TimeoutError:
            raise StalledError from None
        except (ValueError, AssertionError, HttpProcessingError, web.HTTPException):
            raise DamagedError from None
        if part is not None and (not isinstance(part, BodyPartReader) or "Content-Transfer-Encoding" in part.headers):
            raise DamagedError
        return part


def _named(part: BodyPartReader) -> tuple[str, str | None]:
    """Return the name of a part and of its file; aiohttp's own reading is slow, and a field of our page does not need it."""
    plain = _PLAIN.fullmatch(part.headers.get("Content-Disposition", ""))
    return (plain[1], None) if plain else (part.name or "", part.filename)


def _two(size: int) -> Iterator[memoryview]:
    """Return two buffers of so many bytes, in turns for ever."""
    return cycle([memoryview(bytearray(size)) for _ in range(2)])


async def _next_chunk(part: BodyPartReader, size: int = _PIECE) -> bytes:
    try:
        async with asyncio.timeout(STALLED_SECONDS):
            return await part.read_chunk(size)
    except TimeoutError:
        raise StalledError from None
    except (ValueError, AssertionError, HttpProcessingError, web.HTTPException):
        raise DamagedError from None


async def _text(part: BodyPartReader) -> str:
    """Read a field; what goes past any use is dropped, and `parse` says that it is too long."""
    value = bytearray()
    while chunk := await _next_chunk(part):
        value += chunk[: max(0, _KEPT_MAX - len(value))]
    return value.decode("utf-8", "replace").replace("\r\n", "\n")


def _clean(name: str) -> str:
    """Return the text as valid Unicode of bounded length; otherwise as it came: the reader's side shows it as text."""
    return name.encode("utf-8", "replace").decode()[:_NAME_MAX]
