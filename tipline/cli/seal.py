"""`tipline seal`: an age file out of anything, to recipients or with a passphrase. Needs no installation."""

import argparse
import sys

from crypto import age
from crypto.age import keyfile
from crypto.age.pump import Machine, into_armor, pieces, pump
from crypto.errors import KeyFileError, KeyFormatError
from tipline.cli import streams, terminal
from tipline.cli.streams import RefusedError

_SEALED_MODE = 0o666  # as age has it: what is sealed may be handed on


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("seal", help="seal a file to recipients or with a passphrase, as age does")
    parser.add_argument(
        "-r", "--recipient", dest="recipients", metavar="RECIPIENT", action="append", default=[], help="may be repeated"
    )
    parser.add_argument(
        "-R",
        "--recipients-file",
        dest="files",
        metavar="FILE",
        action="append",
        default=[],
        help="recipients, one a line",
    )
    parser.add_argument("-p", "--passphrase", action="store_true", help="seal with a passphrase instead")
    parser.add_argument("-a", "--armor", action="store_true", help="write ASCII armour")
    parser.add_argument("-o", "--output", dest="out", metavar="OUT", help="else standard output")
    parser.add_argument("file", metavar="FILE", nargs="?", help="else standard input")


def run(args: argparse.Namespace, _: object) -> int:
    """Seal; 2 when asked for something that cannot be, 1 when reading or writing fails."""
    try:
        _refuse_contradictions(args)
        to_keys = None if args.passphrase else _to_keys(_recipients(args))
        with streams.unwinding(), streams.reading(args.file) as source:
            place = streams.writing(args.out, source, others=args.files, text=args.armor, mode=_SEALED_MODE)
            with place as target:
                machine = to_keys or age.PassphraseSealer(terminal.ask_new())
                (into_armor if args.armor else pump)(machine, pieces(source), target.write)
    except RefusedError as error:
        print(f"tipline: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        return 141  # as a shell reports a closed pipe
    except OSError as error:
        print(f"tipline: {streams.words(error)}", file=sys.stderr)
        return 1
    return 0


def _refuse_contradictions(args: argparse.Namespace) -> None:
    to_keys = bool(args.recipients or args.files)
    if to_keys == args.passphrase:
        raise RefusedError("say to whom with -r or -R, or seal with a passphrase by -p; the two never share a file")
    if [args.file or streams.STANDARD, *args.files].count(streams.STANDARD) > 1:
        raise RefusedError("standard input can be only one of the recipients and the file")


def _recipients(args: argparse.Namespace) -> list[keyfile.AnyRecipient]:
    found: list[keyfile.AnyRecipient] = []
    for place, text in enumerate(args.recipients, start=1):
        try:
            found.append(keyfile.parse_recipient(text))
        except KeyFormatError:
            if text.upper().startswith("AGE-SECRET-KEY-"):
                raise RefusedError(
                    f"-r number {place} is a secret key: it now stands in your shell's history"
                ) from None
            raise RefusedError(f"-r number {place} is not a recipient (age1pq1… or age1…)") from None
    for name in args.files:
        try:
            found += keyfile.parse_recipients(streams.read_all(name, keyfile.MAX_BYTES))
        except KeyFileError as error:
            where = f"line {error.line} is not a recipient" if error.line else "it is not a file of recipients"
            raise RefusedError(f"{name}: {where}") from None
    return found


def _to_keys(recipients: list[keyfile.AnyRecipient]) -> Machine:
    hybrid = [recipient for recipient in recipients if isinstance(recipient, age.Recipient)]
    classical = [recipient for recipient in recipients if isinstance(recipient, age.ClassicalRecipient)]
    if hybrid and classical:
        raise RefusedError("recipients age1pq1… and age1… never share a file: the weaker would decide for both")
    try:
        return age.Sealer(hybrid) if hybrid else age.ClassicalSealer(classical)
    except ValueError:
        raise RefusedError("too many recipients for one file") from None
