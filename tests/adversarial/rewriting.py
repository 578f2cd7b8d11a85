"""Rewrites a zone again and again until it is killed, in a process of its own."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from tipline.base import database
from tipline.base.blobstore import BlobStore
from tipline.source.forget import Door, Zone, rewrite


async def again(public: Path, dsn: str) -> None:
    """Say that it begins, then never end."""
    pool = await database.pool(dsn)
    zone = Zone(pool, BlobStore(public / "blobs"), public, Door())
    sys.stdout.write("r")
    sys.stdout.flush()
    while True:
        await rewrite(zone, datetime.now(UTC))
