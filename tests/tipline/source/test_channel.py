"""Frames between a worker and `keep`: bytes come out where they went in, and nothing else is a frame."""

import asyncio
import json
from typing import Any

import pytest

from tipline.source import channel
from tipline.source.channel import ChannelError


class Line(asyncio.StreamReader):
    """Both ends of a line: what is written is read again."""

    def write(self, data: bytes) -> None:
        self.feed_data(data)

    async def drain(self) -> None:
        """Nothing waits."""


async def read(*halves: bytes) -> dict[str, Any] | None:
    line = Line()
    line.feed_data(b"".join(len(half).to_bytes(4, "big") for half in halves) + b"".join(halves))
    line.feed_eof()
    return await channel.read_frame(line)


@pytest.mark.parametrize(
    "frame",
    [
        {},
        {"do": "submit", "mac": b"\x00\xff", "was": None, "new": {"recipient": "age1pq1", "bundle": bytes(67_195)}},
        {"answer": [b"first", b"", b"third"], "size": 3},
        {"envelopes": [["id", "part", 1, b"a"], ["id", "part", 2, b"b"]], "last": b"c"},
    ],
)
async def test_a_frame_comes_out_as_it_went_in(frame: dict[str, Any]) -> None:
    line = Line()

    await channel.write_frame(line, frame)  # type: ignore[arg-type]  # it writes as a StreamWriter does
    await channel.write_frame(line, {"next": True})  # type: ignore[arg-type]

    assert await channel.read_frame(line) == frame
    assert await channel.read_frame(line) == {"next": True}


@pytest.mark.parametrize(
    ("spoken", "behind"),
    [
        (b"", b""),
        (b"[]", b""),
        (b"{", b""),
        (b"[" * 100_000, b""),
        (b'{"a":{"bytes":2}}', b"x"),
        (b'{"a":{"bytes":1}}', b"xy"),
        (b'{"a":{"bytes":-1},"b":{"bytes":2}}', b"x"),
        (b'{"a":{"bytes":true}}', b"x"),
        (b'{"a":{"bytes":"1"}}', b"x"),
        (b"{}", bytes(channel.MAX_FRAME)),
    ],
)
async def test_what_does_not_add_up_is_no_frame(spoken: bytes, behind: bytes) -> None:
    with pytest.raises(ChannelError):
        await read(spoken, behind)


async def test_a_line_that_ends_in_a_frame_has_ended() -> None:
    line = Line()
    line.feed_data((2).to_bytes(4, "big") + (0).to_bytes(4, "big") + b"{")
    line.feed_eof()

    assert await channel.read_frame(line) is None


async def test_a_frame_past_the_limit_is_not_sent() -> None:
    with pytest.raises(ChannelError):
        await channel.write_frame(Line(), {"bundle": bytes(channel.MAX_FRAME)})  # type: ignore[arg-type]


@pytest.mark.parametrize("value", ["text", 1, None, [b"x"]])
def test_text_where_bytes_belong_makes_no_submission(value: object) -> None:
    frame = json.loads(
        '{"unit":"unit","serial":1,"urgent":false,"day":"2026-11-23","was":null,"new":null,"envelopes":[]}'
    )
    frame |= {"mailbox": b"x", "now": b"x", "mac": value}

    with pytest.raises(ChannelError):
        channel.unpack_submission(frame)
