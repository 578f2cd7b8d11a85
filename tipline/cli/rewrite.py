"""`tipline rewrite`: let the public zone forget the order and hours of what has arrived, now. For a timer or before a move."""

import argparse
import asyncio
import sys
from datetime import UTC, datetime

from tipline.base import database, log
from tipline.base.blobstore import BlobStore
from tipline.base.settings import Settings, SettingsError
from tipline.source.forget import Door, Zone, rewrite


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    subparsers.add_parser("rewrite", help="let the public zone forget hours and order now")


def run(_: argparse.Namespace, settings: Settings) -> int:
    """Rewrite once, while the zone runs or not; 1 when another rewrite is under way."""
    if "public" not in settings.zones:
        raise SettingsError('zones must contain "public" for this command')
    log.setup("rewrite")
    if not asyncio.run(_rewrite(settings)):
        print("tipline: the zone is being rewritten already", file=sys.stderr)
        return 1
    print("Rows and blobs are rewritten; the write-ahead log before that is gone.")
    return 0


async def _rewrite(settings: Settings) -> bool:
    """Sign in as `keep` does: the role that may ask for a rewrite, and that owns no table."""
    pool = await database.pool(database.dsn_for(settings, "tipline_keep"), size=4)
    try:
        blobs = BlobStore(settings.public / "blobs")
        return await rewrite(Zone(pool, blobs, settings.public, Door()), datetime.now(UTC))
    finally:
        await pool.close()
