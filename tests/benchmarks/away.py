"""What a source's own device does: sealing in JavaScript with and without its compiler, and what the scripts weigh.

Tor Browser's level *Safer* switches the compiler off. Times are processor time, of a process that has sealed once before.
"""

import gzip
import json
import subprocess
from pathlib import Path
from typing import Any, Final

from tests.benchmarks.table import Row
from tests.tipline.away.node import AWAY
from tests.tipline.away.unit import way

LARGE: Final = 20_000_000
BARE: Final = 1_000_000  # a twentieth, from which the whole is reckoned without the compiler


def figures() -> list[Row]:
    """Measure; takes about half a minute."""
    return [*_sealing(), _memory(), *_weights()]


def _run(*options: str, sizes: tuple[int, ...]) -> dict[str, Any]:
    script = Path(__file__).with_name("away.mjs")
    job = json.dumps(way("", sizes=sizes)).encode()
    run = subprocess.run(["node", *options, script], input=job, capture_output=True, check=True)
    return dict(json.loads(run.stdout))


def _sealing() -> list[Row]:
    _, small, large = _run(sizes=(0, 0, LARGE))["taken"]
    _, bare_small, bare = _run("--jitless", sizes=(0, 0, BARE))["taken"]
    return [
        Row("seal a tip of 2 KB in JavaScript", f"{small:.0f} ms", f"without its compiler {bare_small:.0f} ms"),
        Row(
            "seal a tip with 20 MB in JavaScript",
            f"{large:.0f} ms",
            f"without its compiler {bare_small / 1000 + (bare - bare_small) * LARGE / BARE / 1000:.0f} s, by 1 MB",
        ),
    ]


def _memory() -> Row:
    (idle, busy) = (_run(sizes=(size,))["peak"] for size in (LARGE, 6 * LARGE))
    return Row(
        "memory for 100 MB more in JavaScript", f"{(busy - idle) / 1024:.0f} MiB", "of which the file itself 95 MiB"
    )


def _weights() -> list[Row]:
    return [
        Row(
            f"script of a page: {page.stem}",
            f"{len(gzip.compress(page.read_bytes())) / 1000:.1f} kB compressed",
            f"{page.stat().st_size / 1000:.1f} kB as it is sent, or stands in its file",
        )
        for page in sorted((AWAY / "built").glob("*.js"))
    ]
