"""How long the public zone takes from start to first reply with its database up, and what it holds when idle."""

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import aiohttp

from tests.benchmarks.memory import in_mib, pss
from tests.benchmarks.raw import answering
from tests.benchmarks.table import Row
from tests.factories import free_ports
from tipline.base import settings as settings_
from tipline.cli import databases

_TIPLINE = (sys.executable, "-m", "tipline.cli.main")
_IDLE_SECONDS = 3


async def public_zone(folder: Path) -> list[Row]:
    """Start source and drop over a practice unit's database."""
    ports = free_ports()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TIPLINE_")}
    environment = {
        **kept,
        "TIPLINE_DATA": str(folder / "data"),
        **{f"TIPLINE_PORT_{name.upper()}": str(port) for name, port in ports.items()},
    }
    made = await asyncio.create_subprocess_exec(
        *_TIPLINE, "practice", "--json", env=environment, stdout=asyncio.subprocess.PIPE
    )
    cards, _ = await made.communicate()
    json.loads(cards)
    async with databases.migrated(settings_.load(folder / "data", {})):
        started = time.perf_counter()
        processes = [
            subprocess.Popen([*_TIPLINE, "serve", name], env=environment)  # noqa: ASYNC220 - a start only
            for name in ("source", "drop")
        ]
        try:
            await answering(ports["drop"])
            await answering(ports["source"])
            async with aiohttp.ClientSession() as client, client.get(f"http://127.0.0.1:{ports['source']}/") as answer:
                answer.raise_for_status()
            first = time.perf_counter() - started
            await asyncio.sleep(_IDLE_SECONDS)
            held = [pss(process.pid) for process in processes]
        finally:
            for process in processes:
                process.terminate()
                process.wait()
    total = None if None in held else sum(size or 0 for size in held)
    return [
        Row("public zone: start to first reply, database up", f"{first:.2f} s"),
        Row("public zone: idle, source with one worker and drop (PSS)", in_mib(total)),
    ]
