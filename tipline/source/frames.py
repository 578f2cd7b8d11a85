"""Frames of JSON and bytes over a socket pair: the lengths of its two halves, four bytes each, then JSON, then bytes.

The bytes stand in the order in which the JSON speaks of them: a bundle travels as it is, and nothing spells it out.
"""

import asyncio
import json
import socket
from collections.abc import Mapping
from typing import Any, Final, TypeVar
from uuid import UUID

MAX_FRAME: Final = 1 << 20  # bytes; the largest is a submission of a thousand envelopes with its first bundle

_LENGTH: Final = 4
_BYTES: Final = "bytes"  # the only key of an object that stands for bytes; its value is their number

_T = TypeVar("_T")


class ChannelError(Exception):
    """The other end sent something that is not a frame."""

    def __init__(self) -> None:
        super().__init__("a frame between worker and keep is malformed")


async def read_frame(reader: asyncio.StreamReader) -> dict[str, Any] | None:
    """Return the next frame; None when the other end has gone."""
    try:
        lengths = await reader.readexactly(2 * _LENGTH)
        spoken, behind = int.from_bytes(lengths[:_LENGTH], "big"), int.from_bytes(lengths[_LENGTH:], "big")
        if spoken + behind > MAX_FRAME:
            raise ChannelError
        data = await reader.readexactly(spoken + behind)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    return _parsed(data[:spoken], memoryview(data)[spoken:])


def _parsed(spoken: bytes, behind: memoryview) -> dict[str, Any]:
    """Put the bytes where the JSON speaks of them: its objects end in the order in which they were written."""
    at = 0

    def restored(value: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON, or bytes
        nonlocal at
        if value.keys() != {_BYTES}:
            return value
        start, at = at, at + exactly(value[_BYTES], int)
        if not start <= at <= len(behind):
            raise ChannelError
        return bytes(behind[start:at])

    try:
        value = json.loads(spoken, object_hook=restored)
    except (ValueError, RecursionError):
        raise ChannelError from None
    if not isinstance(value, dict) or at != len(behind):
        raise ChannelError
    return value


async def write_frame(writer: asyncio.StreamWriter, frame: Mapping[str, Any]) -> None:
    """Send one frame."""
    behind: list[bytes] = []

    def moved(value: object) -> dict[str, int]:
        behind.append(exactly(value, bytes))
        return {_BYTES: len(behind[-1])}

    spoken = json.dumps(frame, default=moved).encode()
    data = b"".join(behind)
    if len(spoken) + len(data) > MAX_FRAME:
        raise ChannelError
    writer.write(b"".join((len(spoken).to_bytes(_LENGTH, "big"), len(data).to_bytes(_LENGTH, "big"), spoken, data)))
    await writer.drain()


def exactly(value: object, kind: type[_T]) -> _T:
    """Return what must be of this kind and no other; anything else is a `ChannelError`."""
    if type(value) is not kind:
        raise ChannelError
    return value


def an_id(value: object) -> UUID:
    """Return an id that came as text; anything else is a `ChannelError`."""
    try:
        return UUID(exactly(value, str))
    except ValueError:
        raise ChannelError from None


async def streams(end: socket.socket) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Return one end of a pair as streams."""
    return await asyncio.open_unix_connection(sock=end, limit=MAX_FRAME)
