"""`tipline collect`: fetch from the drop now, without waiting for a tick. Opens nothing."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from handling.corridor.collect import BusyError, Collector
from handling.corridor.dropclient import CollectorKeyError, DropError
from handling.corridor.dropway import drop_session
from handling.corridor.main import make_collector
from tipline.base import database, log
from tipline.base.settings import Settings

_TRIES = 30  # seconds that a collection under way is waited for


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("collect", help="fetch from the drop now")
    parser.add_argument("--mailboxes", action="store_true", help="replace every mailbox's bundle as well")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Collect once; 1 when the drop does not answer."""
    return at_the_drop(settings, collect, *([replace_bundles] if args.mailboxes else []))


def at_the_drop(settings: Settings, *acts: Callable[[Collector], Awaitable[str]]) -> int:
    """Do *acts* with the unit's collector one after the other and print what each says; returns the exit code."""
    log.setup("collect")
    try:
        asyncio.run(_act(settings, acts))
    except (DropError, BusyError, CollectorKeyError) as error:
        print(f"tipline: {error}", file=sys.stderr)
        return 1
    return 0


async def collect(collector: Collector) -> str:
    """Publish the intake keys and fetch everything that waits."""
    await collector.publish_intake_keys()
    await collector.publish_pgp_keys()
    done = await collector.collect()
    left = f" {done.left} stay at the drop: they are not what it lists." if done.left else ""
    return f"{done.fetched} new, {done.known} had come before.{left}"


async def replace_bundles(collector: Collector) -> str:
    """Replace the bundle of every mailbox."""
    return f"{await collector.replace_bundles()} mailboxes replaced."


async def _act(settings: Settings, acts: tuple[Callable[[Collector], Awaitable[str]], ...]) -> None:
    async with AsyncExitStack() as stack:
        pool = await database.pool(database.dsn_for(settings, "tipline_corridor"), size=2)
        stack.push_async_callback(pool.close)
        http = await stack.enter_async_context(drop_session(settings))
        collector = make_collector(settings, pool, http)
        for act in acts:
            print(await _when_free(act, collector))
        for notice in collector.notices():
            print(notice, file=sys.stderr)


async def _when_free(act: Callable[[Collector], Awaitable[str]], collector: Collector) -> str:
    """Do *act*; while the corridor's own collector is at work, wait for it."""
    for _ in range(_TRIES):
        try:
            return await act(collector)
        except BusyError:
            await asyncio.sleep(1)
    return await act(collector)
