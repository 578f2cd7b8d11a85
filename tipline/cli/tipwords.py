"""What `tipline tip` prints: the codename once, where to go next, and replies with what is wrong with them."""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from crypto.codename import Codename, SourceKeys, pickup_code
from crypto.errors import CodenameError
from tipline.cli.sealedto import Receiver
from tipline.replies import Replies

_GROUP: Final = 3
_LATE: Final = timedelta(days=14)
"""How long after its last day a key's hand-ins are taken; docs/format.md, "Hand-ins"."""
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""All but tab and line feed: a terminal obeys them."""


def codename(made: Codename, source: SourceKeys) -> None:
    """Print a new codename and its pickup code."""
    words = made.words()
    print("Your codename. Write it on paper now: it is shown this once, and it is the only way back.\n")
    for at in range(0, len(words), _GROUP):
        print("  " + "  ".join(words[at : at + _GROUP]))
    print("\nYour pickup code, with which you fetch replies. It opens your mailbox and no reply:\n")
    print("  " + pickup_code(source.lookup).expose().decode() + "\n")


def code(source: SourceKeys) -> None:
    """Print the pickup code alone."""
    print(pickup_code(source.lookup).expose().decode())


def files(folder: str, names: Sequence[str], to: Receiver) -> None:
    """Print what was written, for whom, and until when it is taken."""
    last = to.intake.not_after + _LATE
    print(f"Sealed to {_plain(to.pinned.name)}. Hand in by {last.day} {last:%B %Y}, from the folder {folder}:\n")
    for name in names:
        print(f"  {name}")


def after_tip() -> None:
    """Print what to do with a new tip."""
    print("""
What to do now:
  1. Write down the twelve words and keep them where nobody looks. Then clear this window.
  2. In Tor Browser, open the unit's page with /hand-in behind its address, and give it the files, the
     first one first. The page sees none of your words.
  3. When all are taken, delete the folder.
  4. For replies: open /pickup there, type the pickup code, save the file, and open it with
     `tipline tip open`. Never type the codename on a page.""")


def after_answer() -> None:
    """Print what to do with an answer."""
    print("""
What to do now: hand the files in on the unit's page at /hand-in, the first one first, then delete the
folder. If you answer from somewhere else before that, this answer is refused: then fetch a new pickup file
and seal it again.""")


def replies(read: Replies) -> None:
    """Print genuine replies, after whatever is wrong with the rest."""
    for trouble in read.troubles:
        print(f"CAREFUL: {trouble}\n")
    if not read.shown:
        print("No reply yet. Replies come at fixed times of the day, so fetch the file again tomorrow.\n")
        return
    print("Each reply below was written by the unit and not changed on the way.")
    if not read.troubles:
        print("None is missing between them.")
    if read.had is not None:
        print(f"When it wrote the newest, it had {read.had} of your {read.sent} messages and files.")
    for shown in read.shown:
        print(f"\nReply {shown.number}, {shown.day.day} {shown.day:%B %Y}\n")
        print("\n".join("  " + _plain(line) for line in shown.text.split("\n")))
    print()


def wrong_codename(error: CodenameError) -> str:
    """Return what is wrong with typed words, and none of them."""
    if not error.unknown:
        return "this is no codename: a word is wrong or missing. Check it against what you wrote down"
    return f"this is no codename: {len(error.unknown)} of its words are in no list. Check the spelling"


def _plain(text: str) -> str:
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
