"""The command `tipline`. A subcommand's module, and with it a zone, is imported only when that subcommand is asked for."""

import argparse
import asyncio
import importlib
import importlib.util
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, ModuleType

from tipline.base import settings as settings_
from tipline.base.database import MigrationError, StoreError
from tipline.base.postgres import ClusterError
from tipline.base.settings import Settings, SettingsError

USAGE = 2  # exit code: the command cannot be carried out as given


@dataclass(frozen=True, slots=True)
class _Command:
    """One subcommand, in ``tipline.cli.<name>``, hyphens as underlines: ``add(subparsers)`` and ``run(args, settings) -> exit code``."""

    words: str
    settings: Callable[[argparse.Namespace], Settings | None]


def _load(args: argparse.Namespace) -> Settings:
    return settings_.load(args.data, os.environ)


def _practice(args: argparse.Namespace) -> Settings:
    settings_.create_practice(args.data, os.environ)
    return _load(args)


def _run(args: argparse.Namespace) -> Settings:
    return _practice(args) if args.practice else _load(args)


def _agreement(args: argparse.Namespace) -> Settings | None:
    """Give nothing to `agreement check`: both sides try a file out before either has an installation."""
    return None if args.act == "check" else _load(args)


def _questionnaire(args: argparse.Namespace) -> Settings | None:
    """Give nothing to `questionnaire check`: a file is tried out before there is an installation."""
    return None if args.act == "check" else _load(args)


def _kit(args: argparse.Namespace) -> Settings | None:
    """Give nothing to `kit check`: whoever checks a copy has no installation."""
    return None if args.act == "check" else _load(args)


def _none(_: argparse.Namespace) -> None:
    """Give nothing: the command works without an installation."""


COMMANDS = MappingProxyType(
    {
        "run": _Command("start everything and keep it running", _run),
        "init": _Command("set up a unit in an empty data folder", _none),
        "practice": _Command("make a practice unit in an empty data folder", _practice),
        "serve": _Command("run one process", _load),
        "migrate": _Command("bring the databases up to date", _load),
        "collect": _Command("fetch from the drop now", _load),
        "mailboxes": _Command("replace the mailboxes' bundles now", _load),
        "rewrite": _Command("let the public zone forget hours and order now", _load),
        "agreement": _Command("add or check an agreement", _agreement),
        "questionnaire": _Command("check or keep a file of questions for sources", _questionnaire),
        "grade": _Command("say what a grade is in another scheme", _none),
        "residue": _Command("find what in a text could lead back to a source", _none),
        "member": _Command("propose who joins, leaves or gets new keys", _load),
        "agency": _Command("enrol an agency or its officer", _load),
        "doctor": _Command("say which lawful acts today's members can do, and which not", _load),
        "account": _Command("replace a lost second factor", _load),
        "keys": _Command("list every key and what is overdue", _load),
        "kit": _Command("make or check the file with which a source seals on their own device", _kit),
        "poster": _Command("write sheets and pages that say how a source comes to the unit", _load),
        "root": _Command("sign a change of the member list, or the pins, with the root key", _load),
        "recover": _Command("start anew with other people when everybody's keys are lost", _load),
        "seal": _Command("seal a file to recipients or with a passphrase", _none),
        "open": _Command("open a sealed file", _none),
        "open-page": _Command("write the page with which an agency opens packages offline", _none),
        "identity": _Command("make an identity to open files with", _none),
        "sign": _Command("sign away from the guard, on your own machine", _none),
        "tip": _Command("seal a tip on this device, pick up and open replies, answer", _none),
        "unit": _Command("show this unit's public keys, or pin another unit's as oversight", _load),
        "totp": _Command("print the one-time code of a second-factor key", _none),
    }
)


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out one command; returns the exit code."""
    given = list(sys.argv[1:] if argv is None else argv)
    name = _subcommand(given)
    try:
        module = _module(name) if name else None
        args = _parser(name, module).parse_args(given)
        if name is None or module is None:
            return USAGE
        return int(module.run(args, COMMANDS[name].settings(args)))
    except (SettingsError, ClusterError, MigrationError) as error:
        print(f"tipline: {error}", file=sys.stderr)
        return USAGE
    except StoreError:
        print(
            "tipline: the database does not answer or refused; is it running, and was `tipline migrate` run?",
            file=sys.stderr,
        )
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 130  # as a shell reports Ctrl-C


def _parser(name: str | None, module: ModuleType | None) -> argparse.ArgumentParser:
    """Build the parser; only the subcommand in use brings its own arguments, of the others the words are enough."""
    parser = argparse.ArgumentParser(prog="tipline", description="Anonymous tips, graded intelligence, agreements.")
    parser.add_argument("--data", type=Path, metavar="DIR", help="data folder (else TIPLINE_DATA, else ./data)")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for other, command in COMMANDS.items():
        if module is not None and other == name:
            module.add(subparsers)
        elif name is None and _installed(other):
            subparsers.add_parser(other, help=command.words)
    return parser


def _subcommand(given: Sequence[str]) -> str | None:
    """Return the first word that is a subcommand; the value of --data is not."""
    words = iter(given)
    for word in words:
        if word == "--data":
            next(words, None)
        elif not word.startswith("-"):
            return word if word in COMMANDS and _installed(word) else None
    return None


def _path(name: str) -> str:
    return f"tipline.cli.{name.replace('-', '_')}"


def _installed(name: str) -> bool:
    return importlib.util.find_spec(_path(name)) is not None


def _module(name: str) -> ModuleType:
    try:
        return importlib.import_module(_path(name))
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "handling":
            raise
        raise SettingsError(f"`tipline {name}` needs the inside zone, which is not installed on this machine") from None


if __name__ == "__main__":
    sys.exit(main())
