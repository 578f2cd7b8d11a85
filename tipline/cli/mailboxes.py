"""`tipline mailboxes`: replace every mailbox's bundle now, news or not, without waiting for the fixed time."""

import argparse

from tipline.base.settings import Settings
from tipline.cli.collect import at_the_drop, replace_bundles


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    subparsers.add_parser("mailboxes", help="replace the mailboxes' bundles now")


def run(_: argparse.Namespace, settings: Settings) -> int:
    """Replace them; 1 when the drop does not answer."""
    return at_the_drop(settings, replace_bundles)
