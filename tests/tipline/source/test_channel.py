"""Frames between a worker and `keep`: bytes come out where they went in, and nothing else is a frame."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from typing import Any

import pytest

from tipline.source import channel, frames
from tipline.source.channel import Keep
from tipline.source.frames import ChannelError
from tipline.source.store import Outcome, Submission


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
    return await frames.read_frame(line)


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

    await frames.write_frame(line, frame)  # type: ignore[arg-type]  # it writes as a StreamWriter does
    await frames.write_frame(line, {"next": True})  # type: ignore[arg-type]

    assert await frames.read_frame(line) == frame
    assert await frames.read_frame(line) == {"next": True}


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
        (b"{}", bytes(frames.MAX_FRAME)),
    ],
)
async def test_what_does_not_add_up_is_no_frame(spoken: bytes, behind: bytes) -> None:
    with pytest.raises(ChannelError):
        await read(spoken, behind)


async def test_a_line_that_ends_in_a_frame_has_ended() -> None:
    line = Line()
    line.feed_data((2).to_bytes(4, "big") + (0).to_bytes(4, "big") + b"{")
    line.feed_eof()

    assert await frames.read_frame(line) is None


async def test_a_frame_past_the_limit_is_not_sent() -> None:
    with pytest.raises(ChannelError):
        await frames.write_frame(Line(), {"bundle": bytes(frames.MAX_FRAME)})  # type: ignore[arg-type]


@pytest.mark.parametrize("value", ["text", 1, None, [b"x"]])
def test_text_where_bytes_belong_makes_no_submission(value: object) -> None:
    frame = json.loads(
        '{"unit":"unit","serial":1,"urgent":false,"day":"2026-11-23","was":null,"new":null,"envelopes":[]}'
    )
    frame |= {"mailbox": b"x", "now": b"x", "mac": value}

    with pytest.raises(ChannelError):
        channel.unpack_submission(frame)


TODAY = date(2026, 11, 26)


@asynccontextmanager
async def asked(outcome: Outcome) -> AsyncIterator[tuple[Keep, list[tuple[str, str]]]]:
    """A worker's end of a line, and of which unit and day it has asked for keys at the other; every submission ends alike."""
    ours, theirs = socket.socketpair()
    questions: list[tuple[str, str]] = []

    async def answer() -> None:
        reader, writer = await frames.streams(theirs)
        while (frame := await frames.read_frame(reader)) is not None:
            if frame["do"] == "intake_statements":
                questions.append((frame["unit"], frame["today"]))
            keys = [f"key {len(questions)}".encode()]
            await frames.write_frame(writer, {"answer": keys if frame["do"] == "intake_statements" else outcome.value})
        writer.close()

    keep = await Keep.connect(ours)
    answering = asyncio.create_task(answer())
    yield keep, questions
    keep.writer.close()
    await answering


async def test_for_a_second_a_worker_goes_by_the_keys_it_was_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async with asked(Outcome.STORED) as (keep, questions):
        first = await keep.intake_statements("unit", TODAY)
        await keep.submit(a_submission())
        second = await keep.intake_statements("unit", TODAY)
        assert len(questions) == 1

        monkeypatch.setattr(channel, "KEYS_SECONDS", 0.0)
        third = await keep.intake_statements("unit", TODAY)

    assert (first, second, third) == ([b"key 1"], [b"key 1"], [b"key 2"])


async def test_another_unit_and_another_day_are_asked_for_at_once() -> None:
    async with asked(Outcome.STORED) as (keep, questions):
        for unit, day in (("unit", TODAY), ("oversight", TODAY), ("oversight", TODAY + timedelta(days=1))):
            await keep.intake_statements(unit, day)

    assert questions == [("unit", "2026-11-26"), ("oversight", "2026-11-26"), ("oversight", "2026-11-27")]


async def test_once_a_key_was_refused_the_worker_asks_again() -> None:
    async with asked(Outcome.RETIRED) as (keep, questions):
        await keep.intake_statements("unit", TODAY)
        await keep.submit(a_submission())
        await keep.intake_statements("unit", TODAY)

    assert len(questions) == 2


def a_submission() -> Submission:
    return Submission(
        mac=b"m",
        mailbox=b"b",
        unit="unit",
        serial=1,
        urgent=False,
        day=TODAY,
        was=b"w",
        now=b"n",
        new=None,
        envelopes=(),
    )
