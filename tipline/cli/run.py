"""`tipline run`: databases, migrations, on a first practice start the practice unit, then every process of this machine."""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Mapping

from tipline.base import database, log, swap
from tipline.base.postgres import Cluster
from tipline.base.process import harden
from tipline.base.settings import ZONES, Settings
from tipline.base.supervisor import Child, Supervisor, SupervisorError
from tipline.cli import databases, serve
from tipline.questionnaire import current

_ORDER = ("source", "drop", "corridor", "desk", "guard", "exchange")
_PAGES = (
    ("source", "Report something (source)"),
    ("corridor", "Corridor (handlers)"),
    ("desk", "Desk (analysts)"),
    ("guard", "Guard (who signs)"),
    ("exchange", "Agency portal"),
)


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("run", help="start everything and keep it running")
    parser.add_argument("--practice", action="store_true", help="make a practice unit if the data folder is empty")


def run(_: argparse.Namespace, settings: Settings) -> int:
    """Run until SIGTERM, SIGINT or SIGHUP; 1 when something does not start."""
    log.setup("tipline")
    harden()
    swap.refuse(settings)
    current.load(settings.data)  # what is wrong with the unit's own questions is said once, before anything starts
    try:
        asyncio.run(_run(settings))
    except SupervisorError as error:
        print(f"tipline: {error}", file=sys.stderr)
        return 1
    return 0


async def _run(settings: Settings) -> None:
    embedded = databases.clusters(settings)
    supervisor = Supervisor(_children(settings), embedded, settings.host, _environ(os.environ))
    for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(signum, supervisor.stop)
    try:
        for cluster in embedded:
            cluster.start()
        await _prepare(settings, embedded)
        await supervisor.run(lambda: _announce(settings))
    finally:
        for cluster in reversed(embedded):
            cluster.stop()


async def _prepare(settings: Settings, embedded: tuple[Cluster, ...]) -> None:
    """Bring the databases up to date; a practice installation that is new gets its practice unit."""
    owners = databases.owner_dsns(settings, embedded)
    await databases.migrate(settings, owners)
    if settings.practice and len(owners) == len(ZONES):  # a practice unit has both halves, the other's public keys too
        from tipline.cli import practice  # noqa: PLC0415 - imports the inside zone, which a public machine does not have

        cards = await practice.enrol_if_new(settings, owners["public"], owners["inside"])
        if cards is not None:
            print(practice.cards_as_text(cards, settings), flush=True)


def _children(settings: Settings) -> tuple[Child, ...]:
    start = (
        sys.executable,
        "-m",
        "tipline.cli.main",
        "--data",
        str(settings.data),
        "serve",
        "--parent",
        str(os.getpid()),
    )
    return tuple(
        Child(name, (*start, name), settings.ports[name]) for name in _ORDER if serve.ZONES[name] in settings.zones
    )


def _environ(environ: Mapping[str, str]) -> dict[str, str]:
    """What children inherit: of the owners' DSNs they need the place, not the owner's password."""
    kept = dict(environ)
    for name in ("TIPLINE_PUBLIC_DSN", "TIPLINE_INSIDE_DSN"):
        if kept.get(name):
            kept[name] = database.without_user(kept[name])
    return kept


def _announce(settings: Settings) -> None:
    print("Tipline is running. Stop it with Ctrl-C.", flush=True)
    for name, words in _PAGES:
        if serve.ZONES[name] in settings.zones:
            print(f"  {words:<28} http://{settings.host}:{settings.ports[name]}", flush=True)
