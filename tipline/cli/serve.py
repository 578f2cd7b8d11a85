"""`tipline serve NAME`: one process of the installation, as the supervisor or a service manager starts it."""

import argparse
import asyncio
import contextlib
import importlib
import inspect
import os
import signal
from collections.abc import Iterator
from types import MappingProxyType

from tipline.base import log, swap
from tipline.base.process import die_with_parent, harden
from tipline.base.settings import PORTS, Settings, SettingsError
from tipline.units import UnitsError

ZONES = MappingProxyType(
    {
        "source": "public",
        "drop": "public",
        "corridor": "inside",
        "desk": "inside",
        "guard": "inside",
        "exchange": "inside",
    }
)
_CERTIFICATES = "SSL_CERT_FILE"
_PACKAGES = MappingProxyType({"public": "tipline", "inside": "handling"})


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("serve", help="run one process")
    parser.add_argument("name", choices=sorted(PORTS), help="which")
    parser.add_argument("--parent", type=int, metavar="PID", help="end when this process ends (used by `tipline run`)")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Run the process named until it is told to stop."""
    if args.parent is not None:
        die_with_parent(signal.SIGTERM, args.parent)
    log.setup(args.name)
    harden()
    if args.parent is None or not settings.practice:  # a practice unit has been warned once for all, by `tipline run`
        swap.refuse(settings)
    os.environ.pop("TIPLINE_PUBLIC_DSN", None)  # read already; a child of this process needs its own role at most
    os.environ.pop("TIPLINE_INSIDE_DSN", None)
    with _no_root_certificates() if ZONES[args.name] == "public" else contextlib.nullcontext():
        module = importlib.import_module(f"{_PACKAGES[ZONES[args.name]]}.{args.name}.main")
    try:
        if inspect.iscoroutinefunction(module.main):
            asyncio.run(module.main(settings))
        else:
            module.main(settings)
    except UnitsError as error:
        raise SettingsError(str(error)) from None
    return 0


@contextlib.contextmanager
def _no_root_certificates() -> Iterator[None]:
    """Let aiohttp find none as it is imported: it reads all of them for its client, which source and drop never use.

    OpenSSL asks the environment where they are, and takes some 30 ms and a megabyte for them.
    """
    before = os.environ.get(_CERTIFICATES)
    os.environ[_CERTIFICATES] = os.devnull
    try:
        yield
    finally:
        del os.environ[_CERTIFICATES]
        if before is not None:
            os.environ[_CERTIFICATES] = before
