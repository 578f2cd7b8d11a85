"""The file that an agency opens: a notice as lines for people, then as one line for machines. No I/O.

Layout: docs/format.md, "Notices".
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from crypto.canonical import canonical
from crypto.digest import sha256
from crypto.padding import message_size
from handling.rules import notices
from handling.rules.consent import Answer, Token
from handling.rules.notices import Notice, NoticeKind

NAMESPACE: Final = "tipline-notice"  # of the guard's SSH signature over a sealed notice
CONSENT: Final = "tipline-consent"  # of an agency's SSH signature over its answer
STATEMENT: Final = "tipline/notice/v1"  # what an officer signs
PROPOSED_DAYS: Final = (
    90  # after the last day of the request: how long a consent holds unless the agency says otherwise
)


def subject(notice: Notice) -> bytes:
    """Return the digest by which the guard finds again what it asked; 32 bytes, the same for one matter."""
    return sha256(canonical(list(notices.subject(notice))))


def encode(notice: Notice, *, unit: str, names: Mapping[str, str]) -> bytes:
    """Return the file: what it says in words, how to answer it, and the notice itself as the last line.

    The line before that one holds blanks alone, as many as fill the file up to its class: its length, which the portal and
    whoever reads the database see, tells nobody of which kind it is.

    Args:
        notice: what is said.
        unit: its name, as the agency knows it.
        names: of agencies by id, as they are enrolled.
    """
    said = [f"{label}: {value}" for label, value in notices.lines(notice, names)]
    text = [f"{notices.title(notice.kind)}, from {unit}", "", *said, "", *_HOW[notice.kind](notice), ""]
    words, last = "\n".join(text).encode(), b"\n" + canonical(notice.to_body()) + b"\n"
    return words + b" " * (message_size(len(words) + len(last)) - len(words) - len(last)) + last


def answers(notice: Notice) -> tuple[Token, ...]:
    """Return every answer to a request for consent, ready to be signed."""
    asked, until = notices.asked(notice), notice.day + timedelta(days=PROPOSED_DAYS)
    return tuple(
        Token(notice.id, asked, answer, None if answer is Answer.NO else until)
        for answer in (Answer.YES, Answer.THIS_VERSION, Answer.NO)
    )


# Each is one line, and wrapped where it is read.
_SAY: Final = (
    "Until you have said yes it is not shared: silence is not consent. You can say yes to this report and every version that we"
    " begin from it, yes to this version alone, or no. A yes holds until the day that you name, and a later no takes it back. A"
    " version that rests on further material of yours, use for another purpose, or by another agency, is asked for on its own."
)
_ELSEWHERE: Final = (
    "With open.html: load this notice there and answer. Without it: save one of the next three lines as a file, consent.json,"
    ' with another day behind "until" if you like. Sign it with'
)
_LOOK: Final = (
    "From now on do not use the package, and pass nothing of it on. Look for copies on computers, in mail, in backups and on"
    " paper. Then say what became of them: in open.html, or on the package's page at the portal, under Delete every copy. If some"
    " have to stay, say there which and why."
)


def _consent(notice: Notice) -> list[str]:
    lines = [canonical(token.to_body()).decode() for token in answers(notice)]
    return [
        _SAY,
        "",
        _ELSEWHERE,
        f"    ssh-keygen -Y sign -f KEY -n {CONSENT} consent.json",
        "or, if your agency uses OpenPGP,",
        "    gpg --armor --detach-sign consent.json",
        "and hand in both files at the portal.",
        "",
        *lines,
    ]


def _recall(_: Notice) -> list[str]:
    return [_LOOK]


def _list(_: Notice) -> list[str]:
    return [
        "Hold this against your agency's own files. If one stands here that you never had, or one that you have is missing,",
        "or a hash is another, say so in the way that both sides agreed on. Nothing else has to be answered.",
    ]


_HOW: Final = {
    NoticeKind.CONSENT_REQUEST: _consent,
    NoticeKind.RECALL: _recall,
    NoticeKind.DISSEMINATION_LIST: _list,
}
