"""`tipline migrate`: make the roles and apply the numbered files that are not applied yet."""

import argparse
import asyncio

from tipline.base.settings import Settings
from tipline.cli import databases


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    subparsers.add_parser("migrate", help="bring the databases up to date")


def run(_: argparse.Namespace, settings: Settings) -> int:
    """Migrate every database of this machine and say what was done."""
    done = asyncio.run(_migrate(settings))
    print("\n".join(done) if done else "The databases are up to date.")
    return 0


async def _migrate(settings: Settings) -> tuple[str, ...]:
    embedded = databases.clusters(settings)
    try:
        for cluster in embedded:
            cluster.start()
        return await databases.migrate(settings, databases.owner_dsns(settings, embedded))
    finally:
        for cluster in embedded:
            cluster.stop()
