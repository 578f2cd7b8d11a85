"""`tipline identity`: a new identity for `tipline open`, or the recipient of one that is there. Needs no installation."""

import argparse
import os
import stat
import sys

from crypto import age
from tipline.cli import streams
from tipline.cli.open import identities_in
from tipline.cli.streams import RefusedError


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("identity", help="make an identity to open files with, as age-keygen does")
    parser.add_argument("--classical", action="store_true", help="X25519, for senders whose age is older than 1.3")
    parser.add_argument(
        "-o", "--output", dest="out", metavar="OUT", help="a new file, for you alone; else standard output"
    )
    parser.add_argument("-y", dest="file", metavar="FILE", help="print the recipients of this file instead")


def run(args: argparse.Namespace, _: object) -> int:
    """Print or write; 2 when asked for something that cannot be."""
    try:
        if args.file is None:
            _make(args.out, classical=args.classical)
        else:
            _show(args)
    except RefusedError as error:
        print(f"tipline: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"tipline: {streams.words(error)}", file=sys.stderr)
        return 1
    return 0


def _show(args: argparse.Namespace) -> None:
    if args.out is not None or args.classical:
        raise RefusedError("-y only prints the recipients of identities that are there")
    print(*(identity.recipient for identity in identities_in(args.file)), sep="\n")


def _make(out: str | None, *, classical: bool) -> None:
    identity = age.ClassicalIdentity.generate() if classical else age.Identity.generate()
    text = f"# public key: {identity.recipient}\n".encode() + identity.encode().expose() + b"\n"
    if out in (None, streams.STANDARD):
        found = os.fstat(sys.stdout.fileno())
        if stat.S_ISREG(found.st_mode) and found.st_mode & 0o007:
            print("tipline: everybody on this machine can read that file; use -o", file=sys.stderr)
        os.write(sys.stdout.fileno(), text)
        return
    try:
        descriptor = os.open(str(out), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise RefusedError(f"cannot make {out}: {error.strerror}") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
    print(f"Public key: {identity.recipient}", file=sys.stderr)
