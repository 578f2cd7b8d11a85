"""`make bench`: figures of this machine beside its own raw limits, in one table. It asserts nothing: machines differ."""

import asyncio
import os
import platform
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmarks import (
    agreements,
    away,
    device,
    handing,
    keys,
    kit,
    load,
    mailboxes,
    owed,
    page,
    raw,
    residue,
    sealing,
    starting,
    zone,
)
from tests.benchmarks.table import Row, as_text
from tests.journeys.installation import installed


async def _measured(folder: Path) -> list[Row]:
    rows: list[Row] = []
    limits = await raw.limits(folder)
    rows += limits.rows()
    # First, on a disk from which nothing was just removed: ext4 looks at each inode that was freed in the last minutes.
    with installed(folder / "whole", file_megabytes="2200") as installation:  # 2 GiB are more than 2 GB
        rows += zone.journey(installation)
        rows += await zone.small_tips(installation, limits)
        rows += await zone.returning(installation)
        rows += await zone.uploads(installation, limits)
        rows += await load.slow_lines(installation, folder / "slow")
        rows += await load.flood(installation, folder / "flood")
        rows += await handing.speeds(installation, limits)
        rows += await page.large_files(installation, folder)
        rows += await mailboxes.replaced(installation, limits)
    rows += sealing.figures(folder)
    rows += device.figures(folder)
    rows += keys.figures(folder, limits)
    rows += residue.figures()
    rows += agreements.figures()
    rows += owed.figures(folder / "owed")
    rows += away.figures()
    rows += kit.figures(folder)
    rows += await starting.public_zone(folder / "start")
    return rows


def main() -> int:
    """Measure and print; takes two or three minutes."""
    with tempfile.TemporaryDirectory(prefix="tl-") as folder:
        for name in ("start", "whole", "slow", "flood"):
            (Path(folder) / name).mkdir()
        rows = asyncio.run(_measured(Path(folder)))
    machine = f"{os.cpu_count()} cores · {platform.machine()} · Python {platform.python_version()}"
    sys.stdout.write(f"{datetime.now(UTC):%d %B %Y} · {machine}\n{as_text(rows)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
