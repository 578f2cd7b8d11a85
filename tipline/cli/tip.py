"""`tipline tip`: seal a tip on this device, fetch and open replies, answer. Needs no installation and no network.

The codename is made here, shown once, and asked for again on the terminal; it never stands in an argument, the environment,
a file or a name.
"""

import argparse
import mimetypes
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final

from crypto.age.pump import pieces
from crypto.codename import Codename, SourceKeys, keys, new_token
from crypto.errors import CodenameError
from crypto.secret import Secret
from tipline import device
from tipline.base import process
from tipline.bundles import PICKUP_BYTES
from tipline.cli import sealedto, streams, terminal, tipwords
from tipline.cli.newfolder import NewFolder
from tipline.cli.sealedto import Carried, Receiver
from tipline.cli.streams import RefusedError
from tipline.device import Attached, LimitError, NotYoursError, PickedUp, Standing
from tipline.envelope import Answer, Filled, Tip, answer_message
from tipline.limits import DETAIL_MAX, MESSAGE_MAX
from tipline.questionnaire import filling
from tipline.questionnaire.reading import QuestionnaireError
from tipline.strict import EnvelopeError

REFUSED, FAILED = 2, 1
_FOLDER: Final = "hand-in"
_CODENAME_MAX: Final = 1024  # bytes of a typed codename, far more than twelve words
_NAME_MAX: Final = 255
_OTHER: Final = "application/octet-stream"

_ABOUT: Final = """\
Seal a tip on your own device, so that the unit's server never sees your words.

Nothing here uses the network. Type the codename into this command alone, never on a page. Whoever
controls this device can read along, and your shell may remember the names of files that you type.
Then carry the sealed files to the unit's page at /hand-in, and fetch replies at /pickup.
"""
_FILES: Final = "files to seal with it; photos can hold where and when they were taken, so remove that first"


class _AnyOrder(argparse.ArgumentParser):
    """Takes files before, between and behind the options; by itself argparse takes them in one place only."""

    _within = False

    def parse_known_args(  # type: ignore[override]  # a subparser is called in this one way
        self, args: Sequence[str], namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        if self._within:
            return super().parse_known_args(args, namespace)
        self._within = True
        return self.parse_known_intermixed_args(args, namespace)


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    words = "seal a tip on this device, pick up and open replies, answer"
    parser = subparsers.add_parser(
        "tip", help=words, description=_ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    acts = parser.add_subparsers(
        dest="act", metavar="seal|questions|pickup|open|reply", required=True, parser_class=_AnyOrder
    )
    seal = acts.add_parser("seal", help="seal a message and files; prints your codename, once")
    _to(seal)
    seal.add_argument(
        "--oversight", action="store_true", help="to the outside body instead of the unit; answers follow by themselves"
    )
    seal.add_argument("--how-known", metavar="FILE", help="a text: how you know this")
    seal.add_argument("--must-not-learn", metavar="FILE", help="a text: who must not learn of it")
    seal.add_argument(
        "--urgent", action="store_true", help="somebody or something is in danger now; the server sees it"
    )
    _out(seal)
    questions = acts.add_parser("questions", help="print what a kit asks beside the message, as a file to fill in")
    questions.add_argument("--kit", metavar="KIT", required=True, help="the unit's kit.html")
    pickup = acts.add_parser("pickup", help="print the pickup code of your codename")
    opened = acts.add_parser("open", help="read the replies in a pickup file")
    opened.add_argument("pickup", metavar="PICKUP", help="the file that the pickup code handed out")
    reply = acts.add_parser("reply", help="seal an answer that follows a pickup file, whose replies are shown first")
    reply.add_argument("pickup", metavar="PICKUP", help="the newest file that the pickup code handed out")
    _to(reply)
    reply.add_argument("--must-not-learn", metavar="FILE", help="a text: who must not learn of this answer")
    _out(reply)
    for sent in (seal, reply):
        sent.add_argument(
            "--answers", metavar="FILE", help="answers to the kit's questions, as `questions` prints them"
        )
    for asking in (pickup, opened, reply):
        asking.add_argument("--visible", action="store_true", help="show the codename while you type it")


def _to(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--kit", metavar="KIT", required=True, help="the unit's kit.html, or keys from its page /keys")
    parser.add_argument("--root", metavar="HEX", required=True, help="the 64 digits on the unit's poster")
    parser.add_argument("--message", metavar="FILE", default=streams.STANDARD, help="a text; else standard input")


def _out(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", dest="out", metavar="FOLDER", default=_FOLDER, help="a new folder (hand-in)")
    parser.add_argument("files", metavar="FILE", nargs="*", help=_FILES)


def run(args: argparse.Namespace, _: object) -> int:
    """Do one act; 2 when asked for something that cannot be, 1 when reading or writing fails or replies are in doubt."""
    try:
        process.harden()
        with streams.unwinding():
            return _ACTS[args.act](args)
    except (RefusedError, LimitError, process.HardenError) as error:
        print(f"tipline: {error}", file=sys.stderr)
        return REFUSED
    except UnicodeEncodeError:
        print("tipline: this terminal cannot show these letters: set it to UTF-8 and try again", file=sys.stderr)
        return REFUSED
    except BrokenPipeError:
        return 141  # as a shell reports a closed pipe
    except OSError as error:
        print(f"tipline: {streams.words(error)}", file=sys.stderr)
        return FAILED


def _seal(args: argparse.Namespace) -> int:
    now = datetime.now(UTC)
    carried = sealedto.carried(args.kit, sealedto.root(args.root))
    to = carried.first(oversight=args.oversight, today=now.date())
    _one_standard_input(args.message, args.how_known, args.must_not_learn, args.answers, args.kit)
    filled = _answers(args.answers, carried)
    tip = Tip(
        text=_text(args.message, MESSAGE_MAX, ask="your message"),
        how_known=_text(args.how_known, DETAIL_MAX),
        must_not_learn=_text(args.must_not_learn, DETAIL_MAX),
        urgent=args.urgent,
    )
    codename = Codename.from_token(new_token())
    source = keys(codename)
    with _sealed(args, source, to, tip, after=None, now=now, filled=filled) as names:
        tipwords.codename(codename, source)
        tipwords.files(args.out, names, to)
        tipwords.after_tip()
    return 0


def _questions(args: argparse.Namespace) -> int:
    print(filling.blank(sealedto.questions(args.kit).asked), end="")
    return 0


def _pickup(args: argparse.Namespace) -> int:
    tipwords.code(keys(_codename(args)))
    return 0


def _open(args: argparse.Namespace) -> int:
    picked = _picked_up(args.pickup, keys(_codename(args)))
    tipwords.replies(picked.replies)
    return FAILED if picked.replies.troubles else 0


def _reply(args: argparse.Namespace) -> int:
    now = datetime.now(UTC)
    carried = sealedto.carried(args.kit, sealedto.root(args.root))
    _one_standard_input(args.message, args.must_not_learn, args.answers, args.kit, args.pickup)
    filled = _answers(args.answers, carried)
    source = keys(_codename(args))
    picked = _picked_up(args.pickup, source)
    tipwords.replies(picked.replies)
    if picked.standing is None:
        raise RefusedError("no answer can follow this pickup file: fetch it again, or seal a new tip")
    to = carried.again(picked.standing.place.unit, now.date())
    text = _text(args.message, MESSAGE_MAX, ask="your answer")
    answer = answer_message(text, _text(args.must_not_learn, DETAIL_MAX))
    with _sealed(args, source, to, answer, after=picked.standing, now=now, filled=filled) as names:
        tipwords.files(args.out, names, to)
        tipwords.after_answer()
    return 0


_ACTS: Final = MappingProxyType(
    {"seal": _seal, "questions": _questions, "pickup": _pickup, "open": _open, "reply": _reply}
)


def _one_standard_input(*names: str | None) -> None:
    if names.count(streams.STANDARD) > 1:
        raise RefusedError("standard input can be only one of the message and the other texts and files")


def _text(name: str | None, limit: int, *, ask: str = "") -> str:
    """Read a text file of at most *limit* bytes; nothing for None."""
    if name is None:
        return ""
    if name == streams.STANDARD and ask and os.isatty(sys.stdin.fileno()):
        print(f"Write {ask}. End with Ctrl-D on a line of its own.", file=sys.stderr)
    data = streams.read_all(name, limit)
    if len(data) > limit:
        raise LimitError("this is too long to send in one piece: shorten it, or attach it as a file")
    try:
        return data.decode().replace("\r\n", "\n").rstrip("\n")
    except UnicodeDecodeError:
        raise RefusedError("a message is plain text in UTF-8: attach anything else as a file") from None


def _answers(name: str | None, carried: Carried) -> Filled | None:
    """Read a file of answers; None where there is none, or no answer in it."""
    if name is None:
        return None
    asked = sealedto.asking(carried.name, carried.asked)
    try:
        said = filling.read(streams.read_all(name, filling.FILE_MAX), asked)
    except QuestionnaireError as error:
        raise RefusedError("\n  ".join([f"{name} cannot be sealed as it is:", *map(str, error.problems)])) from None
    if said.left_out:
        print(f"tipline: not asked after your other answers, so left out: {', '.join(said.left_out)}", file=sys.stderr)
    return said.filled if said.filled.values else None


def _codename(args: argparse.Namespace) -> Codename:
    """Ask on the terminal; where there is none and standard input is free, the words are read from there."""
    here = streams.STANDARD in vars(args).values() or os.isatty(sys.stdin.fileno())
    if here:
        typed = terminal.ask_codename("Your codename, twelve words: ", visible=args.visible)
    else:
        typed = Secret(streams.read_all(streams.STANDARD, _CODENAME_MAX))
    try:
        return Codename.parse(typed.expose().decode(errors="replace"))
    except CodenameError as error:
        raise RefusedError(tipwords.wrong_codename(error)) from None


def _picked_up(name: str, source: SourceKeys) -> PickedUp:
    try:
        return device.pick_up(streams.read_all(name, PICKUP_BYTES), source)
    except NotYoursError as error:
        raise RefusedError(str(error)) from None
    except EnvelopeError:
        raise RefusedError("this is no pickup file, or it is damaged: fetch it again") from None


@contextmanager
def _sealed(
    args: argparse.Namespace,
    source: SourceKeys,
    to: Receiver,
    words: Tip | Answer,
    *,
    after: Standing | None,
    now: datetime,
    filled: Filled | None = None,
) -> Iterator[tuple[str, ...]]:
    """Seal into the new folder, which gets its name at the end of the block: only when all has been shown."""
    with ExitStack() as stack:
        given = [_attached(name, stack) for name in args.files]
        folder = stack.enter_context(NewFolder(args.out))
        handed = device.seal(source, to.intake, words, given, after=after, at=now, new=folder.new_part, filled=filled)
        for file in handed:
            folder.take(file)
        yield tuple(file.name for file in handed)
        sys.stdout.flush()


def _attached(name: str, stack: ExitStack) -> Attached:
    if name == streams.STANDARD:
        raise RefusedError("a file to seal needs a name: standard input has none")
    file = stack.enter_context(streams.reading(name))
    shown = os.fsencode(Path(name).name).decode(errors="replace")[:_NAME_MAX]
    return Attached(shown, mimetypes.guess_type(shown)[0] or _OTHER, pieces(file))
