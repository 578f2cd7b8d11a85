"""Reading a form that carries no file, in bounded memory. It never calls `request.post()`, which spools to disk."""

from urllib.parse import parse_qsl

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from tipline.text import Text

LIMIT = 1 << 20  # bytes of a whole form
MAX_FIELDS = 500
_MAX_NAME = 200  # characters
_CHUNK = 1 << 16

FORM = web.RequestKey("form", dict)  # what was read already: a body can be streamed once
SMALL_FILES: web.AppKey[frozenset[str]] = web.AppKey("small_files")  # fields in which a small text file may stand


class FormError(Exception):
    """A form cannot be used; the text is fixed and shown to the person."""


async def read_form(request: web.Request, *, limit: int = LIMIT) -> dict[str, str]:
    """Return the form's fields; raises `FormError` when it is too large, damaged, or repeats a field."""
    lists = await read_form_lists(request, limit=limit)
    if any(len(values) > 1 for values in lists.values()):
        raise FormError(Text("This form holds one of its fields twice. Open the page anew and try again."))
    return {name: values[0] for name, values in lists.items()}


async def read_form_lists(request: web.Request, *, limit: int = LIMIT) -> dict[str, list[str]]:
    """Return the form's fields, each with every value it was given, in order; raises `FormError`."""
    read: dict[str, list[str]] | None = request.get(FORM)
    if read is None:
        read = {}
        for name, value in await _fields(request, limit):
            if "\0" in value:  # no person types one, and PostgreSQL's text cannot hold one
                raise _damaged()
            read.setdefault(name, []).append(value)
        request[FORM] = read
    return read


async def _fields(request: web.Request, limit: int) -> list[tuple[str, str]]:
    if request.content_length is not None and request.content_length > limit:
        raise _too_large()
    if request.content_type == "application/x-www-form-urlencoded":
        return await _urlencoded(request, limit)
    if request.content_type == "multipart/form-data":
        return await _multipart(request, limit)
    raise FormError(Text("This is not a form."))


async def _urlencoded(request: web.Request, limit: int) -> list[tuple[str, str]]:
    body = bytearray()
    async for chunk in request.content.iter_chunked(_CHUNK):
        body += chunk
        if len(body) > limit:
            raise _too_large()
    try:
        return parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError:  # also of characters that are not UTF-8
        raise _damaged() from None


async def _multipart(request: web.Request, limit: int) -> list[tuple[str, str]]:
    fields: list[tuple[str, str]] = []
    left = limit
    taken: frozenset[str] = request.app.get(SMALL_FILES, frozenset())
    try:
        reader = await request.multipart()
        while (part := await reader.next()) is not None:
            if not isinstance(part, BodyPartReader) or part.name is None:
                raise FormError(Text("This form takes no files."))
            if part.filename is not None and part.name not in taken:
                raise FormError(Text("This form takes no files."))
            if len(fields) >= MAX_FIELDS or len(part.name) > _MAX_NAME or "Content-Transfer-Encoding" in part.headers:
                raise _damaged()
            value = bytearray()
            while chunk := await part.read_chunk(_CHUNK):
                left -= len(chunk)
                if left < 0:
                    raise _too_large()
                value += chunk
            if part.filename is None:
                fields.append((part.name, value.decode("utf-8")))
            else:  # whatever a person chose: what reads it says what it is not
                fields.append((part.name, value.decode("utf-8", "replace").replace("\0", "\ufffd")))
    except (ValueError, AssertionError, HttpProcessingError, web.HTTPException):  # aiohttp, over a damaged body
        raise _damaged() from None
    return fields


def _too_large() -> FormError:
    return FormError(Text("This form is too long. Shorten it and send it again."))


def _damaged() -> FormError:
    return FormError(
        Text(
            "This form arrived damaged. Reload this page. If your browser asks whether to send again, say yes: "
            "it then sends what you wrote."
        )
    )
