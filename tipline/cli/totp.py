"""`tipline totp`: the one-time code of this moment, for people without an authenticator. The key is read from the terminal or a pipe."""

import argparse
import base64
import getpass
import sys
import time

from crypto import totp
from crypto.secret import Secret


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("totp", help="print the one-time code of a second-factor key")
    parser.add_argument(
        "key", nargs="?", help="the key; left out, it is asked for and stays out of the shell's history"
    )


def run(args: argparse.Namespace, _: object) -> int:
    """Print the code; 2 when the key is not one."""
    typed = args.key or (getpass.getpass("Second-factor key: ") if sys.stdin.isatty() else sys.stdin.readline())
    try:
        secret = Secret(base64.b32decode("".join(typed.split()).upper(), casefold=True))
    except ValueError:
        print("tipline: this is not a second-factor key (32 letters and digits 2 to 7)", file=sys.stderr)
        return 2
    if not len(secret):
        print("tipline: no key was given", file=sys.stderr)
        return 2
    print(totp.code(secret, int(time.time())))
    return 0
