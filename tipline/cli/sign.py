"""`tipline sign`: read what the guard asks one to sign, on one's own machine, and sign it there. Needs no installation and no network."""

import argparse
import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from crypto import age
from crypto.errors import CryptoError
from crypto.passphrase import normalise
from crypto.secret import Secret
from crypto.signing import SigningKey
from handling import data, undersigned
from handling.emergencies import EmergencyFormatError, Papers, Told
from handling.guard import emergency_views
from handling.rules import member_words
from handling.rules.agreement_document import AgreementError, parse
from handling.rules.agreement_text import document
from handling.rules.amendments import LABELS
from handling.rules.sharing import STATEMENT
from handling.signing import OutsideCard, SigningFileError, SigningKeys, SigningRequest
from tipline.base import jsons
from tipline.cli import signwords, streams, terminal
from tipline.cli.signwords import NotSignableError, Shown
from tipline.cli.streams import RefusedError

REFUSED, BAD_INPUT = 1, 2
_MOST = 64 << 20  # bytes of a request
_UNVERIFIED = (
    "No signature on this was verified: whose keys they are, the unit's member list says, and it is not here. Whoever could"
    " seal to you could have written all of it. Ask the unit by a way you know before you rely on it."
)
_PERSON = re.compile(r"(?P<name>[a-z0-9-]{1,32}):(?P<display>[^:\n]{1,80})")


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("sign", help="sign away from the guard, on your own machine")
    acts = parser.add_subparsers(dest="act", metavar="request|agreement|key|read", required=True)
    request = acts.add_parser("request", help="show what is asked, check it, ask, sign")
    request.add_argument("file", help="what the guard's page gave you, sealed to you")
    request.add_argument("--key", required=True, metavar="FILE", help="your key file")
    request.add_argument(
        "-o", "--output", dest="out", metavar="FILE", help="where the signature goes; else it is printed"
    )
    request.add_argument(
        "--documents",
        metavar="FOLDER",
        type=Path,
        help="where to write the documents and attachments, to look at; needed where there are attachments. "
        "They lie there unsealed: delete them once you have signed",
    )
    request.add_argument("--json", action="store_true", help="print what is asked for a program, and sign nothing")
    agreement = acts.add_parser("agreement", help="sign an agreement for the unit, as one of two members")
    agreement.add_argument("file", type=Path, metavar="FILE", help="its exact bytes")
    agreement.add_argument("--key", required=True, metavar="FILE", help="your key file")
    read = acts.add_parser(
        "read", help="read an emergency disclosure or a statement that a unit gave you; verifies no signature"
    )
    read.add_argument("file", help="what the guard's page or the desk's saved for oversight")
    read.add_argument("--key", required=True, metavar="FILE", help="your key file")
    key = acts.add_parser("key", help="make the keys of an outside second, and the card for the unit that asks")
    key.add_argument("person", type=_person, metavar="NAME:SHOWN", help='such as "ruth:Ruth Okello, Lake Unit"')
    key.add_argument("-o", "--output", dest="out", metavar="FOLDER", type=Path, default=Path(), help="else here")


def run(args: argparse.Namespace, _: object) -> int:
    """Sign, show or make keys; 0 when done, 1 when it is not signed, 2 when a file cannot be used."""
    try:
        if args.act == "key":
            return _make(args.person, args.out)
        if args.act == "agreement":
            return _agreement(args.file, args)
        return _read(args) if args.act == "read" else _request(args)
    except (RefusedError, SigningFileError) as error:
        print(f"tipline: {error}", file=sys.stderr)
        return BAD_INPUT
    except NotSignableError as error:
        print(f"tipline: {error}", *error.reasons, sep="\n  ", file=sys.stderr)
        return REFUSED


def _request(args: argparse.Namespace) -> int:
    sealed = streams.read_all(args.file, _MOST)
    keys = _keys(args)
    request = SigningRequest.open(sealed, keys)
    if request.signer != keys.name:
        raise RefusedError(f"this is asked of {request.signer}, and the key is of {keys.name}")
    found = signwords.shown(request)
    if args.documents is not None:
        _lay_out(found.files, args.documents)
    if args.json:
        print(json.dumps(_body(request, found), ensure_ascii=False, indent=2))
        return 0
    if found.attached and args.documents is None:
        raise RefusedError("it has attachments, which no terminal shows: name a folder for them with --documents")
    print(signwords.as_text(found))
    print()
    if found.attached:
        print(f"Look at all of each in {args.documents}: {', '.join(found.attached)}.")
    if not terminal.ask_yes("Read all of it. Type yes to sign it, anything else to leave it: "):
        print("tipline: nothing was signed", file=sys.stderr)
        return REFUSED
    line = request.sign(keys).encode()
    if args.out is None:
        print(line.decode(), end="")
        return 0
    _write(Path(args.out), line)
    print(f"Signed. Hand {args.out} in at the guard's page of this request.")
    return 0


def _lay_out(files: Mapping[str, bytes], folder: Path) -> None:
    """Write each under its own name; a file that stands there already is never taken for one of them."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in files:
            (folder / name).parent.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise RefusedError(f"cannot write to {folder}: {error.strerror}") from None
    for name, content in files.items():
        _write(folder / name, content)


def _agreement(file: Path, args: argparse.Namespace) -> int:
    """Show every term, ask, and leave the signature beside the file."""
    try:
        toml = file.read_bytes()
        agreement = parse(toml, data.codes())
    except (OSError, AgreementError):
        raise RefusedError(f"{file} is no agreement: see `tipline agreement check`") from None
    keys = _keys(args)
    print(f"{agreement.id}, version {agreement.version}, with {agreement.agency.name}. SHA-256 {agreement.sha256}")
    print("\n".join(f"  {LABELS[path]}: {value}" for path, value in document(agreement, data.scheme()).items()))
    if not terminal.ask_yes("Read all of it. Type yes to sign it for the unit, anything else to leave it: "):
        print("tipline: nothing was signed", file=sys.stderr)
        return REFUSED
    beside = file.with_name(f"{file.name}.{keys.name}.sig")
    _write(beside, undersigned.sign(keys.signing, toml))
    print(f"Signed: {beside}. It counts together with the signature of a second member.")
    return 0


def _read(args: argparse.Namespace) -> int:
    """Print an emergency disclosure, or a statement about sharing; no signature on it is verified: the member list is not here."""
    keys = _keys(args)
    try:
        opened = age.open_(streams.read_all(args.file, _MOST), [keys.identity])
        statement = jsons.parse_object(opened)
        if statement.get("format") == STATEMENT:
            print(_UNVERIFIED)
            print(json.dumps(statement, ensure_ascii=False, indent=2))
            return 0
        papers = Papers.read(opened)
        lines = emergency_views.lines(Told.read(papers.told.body), papers)
    except (CryptoError, EmergencyFormatError, KeyError, ValueError):
        raise RefusedError(
            "this is no emergency disclosure and no statement that is sealed to you, or it was changed on its way"
        ) from None
    print(_UNVERIFIED)
    for name, text in lines:
        print(f"{name}: {text}")
    return 0


def _keys(args: argparse.Namespace) -> SigningKeys:
    return SigningKeys.open(streams.read_all(args.key, _MOST), _typed(terminal.ask("Passphrase of your key file: ")))


def _make(card: tuple[str, str], folder: Path) -> int:
    """Make both keys, seal them to a passphrase, and write the card; the secret half leaves this machine never."""
    name, display = card
    identity, signing = age.Identity.generate(), SigningKey.generate()
    made = OutsideCard(name, display, str(identity.recipient), signing.public.hex())
    passphrase = _typed(terminal.ask_new())
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / f"{name}.key.age", SigningKeys(name, identity, signing).seal(passphrase))
    _write(folder / f"{name}.card", made.encode() + b"\n")
    print(f"{folder / f'{name}.key.age'}: your keys, under your passphrase. Nobody else gets it.")
    print(f"{folder / f'{name}.card'}: for the unit that may ask you; its administrator proposes it.")
    fingerprint = member_words.groups(member_words.person(made.entry().body()))
    print(f"When their handlers call you, read this to them: {fingerprint}")
    return 0


def _typed(passphrase: Secret) -> Secret:
    return normalise(passphrase.expose().decode("utf-8", "replace"))


def _body(request: SigningRequest, found: Shown) -> dict[str, object]:
    return {
        "kind": request.kind.value,
        "subject": str(request.subject),
        "unit": request.unit,
        "signer": request.signer,
        "body": dict(request.body),
        "documents": [{"name": name, "sha256": digest, "text": text} for name, digest, text in found.documents],
    }


def _person(text: str) -> tuple[str, str]:
    found = _PERSON.fullmatch(text)
    if found is None or not found["display"].strip() or not found["display"].isprintable():
        raise argparse.ArgumentTypeError('write it as "ruth:Ruth Okello, Lake Unit"')
    return found["name"], found["display"]


def _write(path: Path, data: bytes) -> None:
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
    except OSError as error:
        raise RefusedError(f"cannot write {path}: {error.strerror}") from None
