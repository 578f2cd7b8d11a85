"""`tipline open`: what is in an age file, with identities or a passphrase. Needs no installation.

Nothing comes out that is not authenticated; a file gets its name only when all of it is.
"""

import argparse
import io
import sys
from types import MappingProxyType

from crypto import age
from crypto.age import armor, keyfile
from crypto.age.pump import Machine, either, pieces, pump
from crypto.errors import (
    AgeError,
    ArmorError,
    AuthenticationError,
    HeaderError,
    KeyFileError,
    NoMatchError,
    PayloadError,
    WorkFactorError,
)
from crypto.secret import Secret
from tipline.cli import streams, terminal
from tipline.cli.streams import RefusedError

_OPENED_MODE = 0o600  # what was sealed is for its reader
_SEALED_START = b"age-encryption.org/"

_OTHER_WORDS = "no matching key: the passphrase is wrong, or the file is sealed to keys and needs -i"
_KINDS = MappingProxyType(
    {
        ArmorError: "armour: it is damaged or cut",
        HeaderError: "header: it is malformed, or this is no age file",
        WorkFactorError: "header: opening it with a passphrase takes more than 1 GiB of memory, the most that is given to a file here",
        NoMatchError: "no matching key: none of the identities opens this file; one sealed with a passphrase needs -p",
        AuthenticationError: "authentication: the header was changed after sealing",
        PayloadError: "payload: it is damaged or cut",
    }
)


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("open", help="open an age file with identities or a passphrase, as age does")
    key = parser.add_mutually_exclusive_group(required=True)
    key.add_argument(
        "-i",
        "--identity",
        dest="identities",
        metavar="IDENTITIES",
        action="append",
        default=[],
        help="a file of identities",
    )
    key.add_argument("-p", "--passphrase", action="store_true", help="open with a passphrase")
    parser.add_argument("-o", "--output", dest="out", metavar="OUT", help="else standard output")
    parser.add_argument("file", metavar="FILE", nargs="?", help="else standard input; armour is recognised")


def run(args: argparse.Namespace, _: object) -> int:
    """Open; 2 when asked for something that cannot be, 1 when the file is refused or reading or writing fails."""
    target: streams.Output | None = None
    try:
        with streams.unwinding():
            machine = _machine(args)
            with streams.reading(args.file) as source:
                place = streams.writing(args.out, source, others=args.identities, text=True, mode=_OPENED_MODE)
                with place as target:
                    pump(machine, either(pieces(source)), target.write)
    except RefusedError as error:
        return _failed(str(error), target, 2)
    except AgeError as error:
        return _failed(_words(error, passphrase=args.passphrase), target, 1)
    except BrokenPipeError:
        return 141  # as a shell reports a closed pipe
    except OSError as error:
        return _failed(streams.words(error), target, 1)
    return 0


def _failed(words: str, target: streams.Output | None, code: int) -> int:
    print(f"tipline: {words}", file=sys.stderr)
    if target is not None and target.shown:
        print("tipline: what has come out so far is incomplete: do not use it", file=sys.stderr)
    return code


def _words(error: AgeError, *, passphrase: bool) -> str:
    return _OTHER_WORDS if passphrase and isinstance(error, NoMatchError) else _KINDS[type(error)]


def _machine(args: argparse.Namespace) -> Machine:
    if args.passphrase:
        return age.PassphraseOpener(lambda: terminal.ask("Passphrase: "))
    if [args.file or streams.STANDARD, *args.identities].count(streams.STANDARD) > 1:
        raise RefusedError("standard input can be only one of the identities and the file")
    identities = [identity for name in args.identities for identity in identities_in(name)]
    return age.Opener(identities)


def identities_in(name: str) -> tuple[keyfile.AnyIdentity, ...]:
    """Read a file of identities; one sealed with a passphrase is opened first."""
    data = streams.read_all(name, keyfile.MAX_BYTES)
    sealed = data.startswith(_SEALED_START) or armor.detect(data)
    try:
        return keyfile.parse_identities(_unsealed(data, name) if sealed else Secret(data))
    except KeyFileError as error:
        where = f"line {error.line} is not an identity" if error.line else "it is not a file of identities"
        raise RefusedError(f"{name}: {where}") from None
    except AgeError as error:
        raise RefusedError(f"{name}: {_words(error, passphrase=True)}") from None


def _unsealed(sealed: bytes, name: str) -> Secret:
    found = bytearray()
    opener = age.PassphraseOpener(lambda: terminal.ask(f"Passphrase of {name}: "))
    pump(opener, either(pieces(io.BytesIO(sealed))), found.extend)
    return Secret(found)
