"""`tipline open-page`: write open.html, with which an agency opens packages offline. Needs no installation."""

import argparse
import sys
from pathlib import Path

from crypto.digest import sha256
from tipline import openpage
from tipline.onefile import OneFileError


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("open-page", help="write the page with which an agency opens packages offline")
    parser.add_argument("-o", "--output", dest="out", type=Path, required=True, metavar="OUT", help="a new file")


def run(args: argparse.Namespace, _: object) -> int:
    """Write the page and print its hash; 1 when it cannot be written, 2 when it is not built."""
    try:
        page = openpage.build()
        with args.out.open("xb") as file:
            file.write(page)
    except OneFileError as error:
        return _say(str(error), 2)
    except OSError as error:
        return _say(f"{args.out}: {error.strerror}", 1)
    print(f"{args.out}: {len(page):,} bytes, SHA-256 {sha256(page).hex()}")
    return 0


def _say(text: str, code: int) -> int:
    print(f"tipline: {text}", file=sys.stderr)
    return code
