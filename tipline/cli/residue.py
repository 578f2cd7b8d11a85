"""`tipline residue`: what in a text could lead back to a source. Needs no installation, and keeps and sends nothing."""

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from handling.residue import findings
from handling.rules.residue import Finding
from tipline.base.settings import Settings

BAD_INPUT = 2
LIMIT = 4 * 1024 * 1024
"""Bytes of one text."""


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("residue", help="find what in a text could lead back to a source")
    parser.add_argument("file", metavar="FILE", help="the draft, UTF-8; - for standard input")
    parser.add_argument(
        "--tip",
        action="append",
        default=[],
        metavar="FILE",
        help="what the source wrote, or a translation; may be repeated",
    )
    parser.add_argument("--json", action="store_true", help="one object a finding, for a program")


def run(args: argparse.Namespace, settings: Settings | None) -> int:  # noqa: ARG001 - every command's signature
    """Print the findings; 0 whatever is found, 2 when a file cannot be read."""
    try:
        text, originals = _read(args.file), [_read(name) for name in args.tip]
    except (OSError, ValueError) as error:
        print(f"tipline: {_why(error)}", file=sys.stderr)
        return BAD_INPUT
    found = findings(text, originals)
    if args.json:
        print(json.dumps([_json(one) for one in found], ensure_ascii=False))
    else:
        print("\n".join(_lines(text, found)))
    return 0


def _read(name: str) -> str:
    data = sys.stdin.buffer.read(LIMIT + 1) if name == "-" else _file(Path(name))
    if len(data) > LIMIT:
        raise ValueError("a text may have 4 MiB")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise ValueError(f"{name} is not UTF-8 text") from None


def _file(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LIMIT + 1)


def _why(error: OSError | ValueError) -> str:
    return f"{error.filename} cannot be read" if isinstance(error, OSError) else str(error)


def _json(one: Finding) -> dict[str, Any]:
    return {
        "class": one.residue.value,
        "start": one.start,
        "end": one.end,
        "text": one.text,
        "act": one.act.value,
        "proposal": one.proposal,
        "reason": one.reason,
    }


def _lines(text: str, found: Sequence[Finding]) -> Iterable[str]:
    if not found:
        yield "Nothing was found. That is no proof: read it once more as somebody who knows the source."
    for one in found:
        line = text.count("\n", 0, one.start) + 1
        proposal = f": {one.proposal}" if one.proposal else ""
        yield f"line {line}, {one.start}-{one.end}  {one.residue.value}  {one.text!r}"
        yield f"    {one.reason} {one.act.value.capitalize()}{proposal}"
