"""Handing in what was sealed before: how fast the server takes it, by the form and part by part as the page that seals sends it."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime

from tests.benchmarks.client import Client
from tests.benchmarks.raw import UPLOAD, Limits
from tests.benchmarks.table import Row
from tests.handins import Device, attached
from tests.journeys.installation import Installation
from tipline.envelope import IntakeKey
from tipline.pins import Keys

_ROUNDS = 3


async def speeds(installation: Installation, limits: Limits) -> list[Row]:
    """Hand in 100 MiB with one client, best of three; sealing is done before and does not count."""
    return await asyncio.to_thread(_speeds, installation, limits)


def _speeds(installation: Installation, limits: Limits) -> list[Row]:
    with Client(installation.ports["source"]) as client:
        keys = Keys.parse(client.get("/keys").encode())
    intake = keys.choose(keys.root, "unit", datetime.now(UTC).date())
    rows = []
    for words, hand_in in (("by the form, in one go", _in_one_go), ("part by part, the slip last", _part_by_part)):
        speed = UPLOAD / min(_seconds(installation, intake, hand_in) for _ in range(_ROUNDS))
        beside = f"{speed / limits.upload:.0%} of the bare loop, which enciphers as well"
        rows.append(Row(f"hand in 100 MiB, sealed before: {words}", f"{speed / 1e6:.0f} MB/s", beside))
    return rows


def _seconds(
    installation: Installation, intake: IntakeKey, hand_in: Callable[[Client, tuple[bytes, ...]], str]
) -> float:
    files = Device().tip(intake, "Two men, a white van.", attached("film.mp4", bytes(UPLOAD)))
    with Client(installation.ports["source"]) as client:
        started = time.perf_counter()
        said = hand_in(client, files)
        took = time.perf_counter() - started
    if "It has arrived" not in said:
        raise RuntimeError("the hand-in was not taken whole")
    return took


def _in_one_go(client: Client, files: tuple[bytes, ...]) -> str:
    return client.hand_in(*files)


def _part_by_part(client: Client, files: tuple[bytes, ...]) -> str:
    for part in files[1:]:
        client.hand_in(part)
    return client.hand_in(files[0])
