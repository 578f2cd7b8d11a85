"""What the templates show of tips and messages: records turned into words, once, so that no template decides anything."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from urllib.parse import quote
from uuid import UUID

from handling.corridor import words
from handling.corridor.chain import MEANING, Verdict
from handling.corridor.pages.sealing import Sealing
from handling.corridor.store.envelopes import Envelope, EnvelopeState
from handling.corridor.tips import OpenMessage, OpenTip
from handling.rules import phrases, triage
from handling.rules.triage import State
from handling.rules.ways import WORDS, Way, Words, contradiction
from handling.store.members import MemberList, NotAMemberError

STATE: Mapping[State, str] = {
    State.RECEIVED: "Received",
    State.OPEN: "Open",
    State.PARKED: "Parked",
    State.SPAM: "Spam",
    State.WORKED: "Worked",
    State.CLOSED: "Closed",
}
VERDICT: Mapping[Verdict, str] = {
    Verdict.LATE: "Came late",
    Verdict.GAP: "Gap before it",
    Verdict.FORK: "Follows another message",
    Verdict.REPLAYED: "Replayed",
    Verdict.CLASH: "Same place twice",
    Verdict.FORGED: "Forged",
}
FILE_STATE: Mapping[str, str] = {
    "waiting": "Parts of it have not come yet. They are fetched with the next collections.",
    "whole": "Whole: every part came, and together they are what the source's side described.",
    "damaged": "Damaged: what came is not what the source's side described. It is not handed out.",
}
_MOVES = {
    triage.Move.OPEN: "opened it",
    triage.Move.PARK: "parked it",
    triage.Move.SPAM: "marked it as spam",
    triage.Move.WORK: "marked it as worked",
    triage.Move.CLOSE: "closed it",
}
_FILE_NAME = 120  # characters
_UNSAFE = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]')


@dataclass(frozen=True, slots=True)
class Filter:
    """A link that changes what a list shows."""

    label: str
    address: str
    current: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One tip in the list."""

    path: str
    excerpt: str
    state: str
    age: str
    received_on: str
    urgent: bool
    owner: str
    undecided: bool


@dataclass(frozen=True, slots=True)
class Move:
    """One move that a page offers."""

    value: str
    label: str
    needs_reason: bool


@dataclass(frozen=True, slots=True)
class Head:
    """One tip, without its dialogue."""

    path: str
    state: str
    received_on: str
    age: str
    urgent: bool
    way: Words
    owner: str
    text: str | None
    how_known: str
    must_not_learn: str
    moves: tuple[Move, ...]
    history: tuple[str, ...]
    reports: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class File:
    """One file of the source's."""

    path: str
    name: str
    size: str
    type: str
    whole: bool
    state: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the dialogue."""

    id: UUID
    ours: bool
    author: str
    when: str
    kind: str
    text: str
    verdict: str
    meaning: str
    trusted: bool
    forged: bool
    way: str
    mixed: str
    heard: int
    file: File | None


@dataclass(frozen=True, slots=True)
class NotOpened:
    """One envelope that is not in any thread."""

    path: str
    day: str
    size: str
    what: str
    can_retry: bool


def row(tip: OpenTip, today: date, members: MemberList, *, undecided: bool) -> Row:
    """One line of the list."""
    return Row(
        path=f"/tips/{tip.row.id}",
        excerpt="" if tip.content.text is None else words.excerpt(tip.content.text),
        state=STATE[tip.row.state],
        age=words.age(tip.row.received_on, today),
        received_on=words.day(tip.row.received_on),
        urgent=tip.row.urgent,
        owner=display(tip.row.owner, members),
        undecided=undecided,
    )


def head(tip: OpenTip, today: date, members: MemberList) -> Head:
    """One tip."""
    return Head(
        path=f"/tips/{tip.row.id}",
        state=STATE[tip.row.state],
        received_on=words.day(tip.row.received_on),
        age=words.age(tip.row.received_on, today),
        urgent=tip.row.urgent,
        way=WORDS[Way(tip.row.way)],
        owner=display(tip.row.owner, members),
        text=tip.content.text,
        how_known=tip.content.how_known,
        must_not_learn=tip.content.must_not_learn,
        moves=tuple(
            Move(move.value, triage.MOVE_LABELS[move], triage.needs_reason(tip.row.state, move))
            for move in triage.moves(tip.row.state)
        ),
        history=tuple(
            f"{words.moment(datetime.fromisoformat(moved.at))}: {display(moved.author, members)} {_MOVES[moved.move]}"
            + (f". Reason: {moved.reason}" if moved.reason else "")
            for moved in tip.content.moves
        ),
        reports=tip.content.reports,
    )


def dialogue(messages: Sequence[OpenMessage], tip: OpenTip, members: MemberList) -> tuple[Message, ...]:
    """The dialogue in words; the text of the tip itself is not repeated."""
    sealing = Sealing.of(messages, tip.row.way)
    return tuple(_message(message, tip, members, sealing) for message in messages)


def not_opened(row: Envelope, destroyed: Mapping[int, date], *, backup_days: int) -> NotOpened:
    """One envelope outside every thread, in words.

    Args:
        row: the envelope.
        destroyed: when the seed of a serial went.
        backup_days: how long backups of the keyring may still hold it.
    """
    refused = row.state is EnvelopeState.REFUSED
    if row.kind == "part":
        what = (
            "A part of a file: damaged." if refused else "A part of a file; the message that describes it has not come."
        )
    elif row.mailbox == b"":
        what = "Its clear wrapper is damaged or names another unit."
    elif row.serial in destroyed:
        what = (
            f"Sealed to intake key {row.serial}, which was destroyed on {words.day(destroyed[row.serial])}: it came after "
            "the key's time, and nobody can open it. The last backup of that key is gone on "
            f"{words.day(destroyed[row.serial] + timedelta(days=backup_days))}. "
            "If the source still has the codename, a new message reaches you."
        )
    else:
        what = (
            f"A message sealed to intake key {row.serial}: it is damaged, that key is not in the keyring, "
            "or it was not written with the codename of its mailbox."
        )
    return NotOpened(
        path=f"/not-opened/{row.id}",
        day=words.day(row.day),
        size=words.size(row.size),
        what=what,
        can_retry=refused and row.kind == "message" and row.mailbox != b"",
    )


def display(name: str | None, members: MemberList) -> str:
    """A member's name as people know it; of somebody who has left, the sign-in name."""
    if name is None:
        return ""
    try:
        return members.member(name).display
    except NotAMemberError:
        return name


def readers(allowed: Sequence[str] | None, members: MemberList) -> str:
    """Who can open a record, in words."""
    if allowed is None:
        return "Everybody in the corridor"
    return ", ".join(display(name, members) for name in allowed) or "Nobody but the recovery key"


def attachment(name: str) -> str:
    """Return a Content-Disposition that saves under a harmless form of the source's file name (RFC 6266, RFC 5987)."""
    cleaned = "".join(letter for letter in unicodedata.normalize("NFC", name) if unicodedata.category(letter)[0] != "C")
    cleaned = _UNSAFE.sub("_", cleaned).strip(" .")
    if len(cleaned) > _FILE_NAME:
        stem, dot, ending = cleaned.rpartition(".")
        cleaned = f"{stem[: _FILE_NAME - 12]}{dot}{ending[:10]}" if dot else cleaned[:_FILE_NAME]
    cleaned = cleaned or "file"
    plain = "".join(letter if letter.isascii() and letter not in "%;" else "_" for letter in cleaned)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(cleaned, safe='')}"


def _message(message: OpenMessage, tip: OpenTip, members: MemberList, sealing: Sealing) -> Message:
    row, content, kind = message.row, message.content, message.content["kind"]
    says = Way(content.get("way") or sealing.began)
    forged = row.verdict is Verdict.FORGED
    return Message(
        id=row.id,
        ours=row.direction == "out",
        author=display(row.author, members),
        when=_when(message, says),
        kind=kind,
        text=_text(kind, content, tip),
        verdict=VERDICT.get(row.verdict, sealing.same(says, row.counter)),
        meaning=MEANING[row.verdict],
        trusted=row.verdict is Verdict.GOOD,
        forged=forged,
        way="" if forged or row.direction == "out" else WORDS[says].label,
        mixed="" if forged else contradiction(sealing.began, says),
        heard=content.get("heard", 0),
        file=_file(message) if kind == "file" else None,
    )


def _when(message: OpenMessage, says: Way) -> str:
    at = message.content["at"]
    if not at:
        return words.day(message.row.day)
    when = words.moment(datetime.fromisoformat(at).astimezone(UTC))
    ours = message.row.direction == "out" or says is Way.ARRIVAL
    return when if ours else f"{when} by the clock of the source's device"


def _text(kind: str, content: Mapping[str, object], tip: OpenTip) -> str:
    if kind == "phrase":
        try:
            return phrases.phrase(str(content["text"])).text
        except phrases.NoSuchPhraseError:
            return str(content["text"])
    if kind == "reply":
        return str(content["text"])
    body = content["body"]
    text = str(body.get("text", "")) if isinstance(body, Mapping) else ""
    return "" if kind == "tip" and text == tip.content.text else text


def _file(message: OpenMessage) -> File:
    body, state = message.content["body"], message.row.file_state
    return File(
        path=f"/files/{message.row.id}",
        name=body["name"] or "(no name)",
        size=words.size(body["size"]),
        type=body["type"],
        whole=state == "whole",
        state=FILE_STATE.get(state or "", "It was not taken over: the message that describes it fails its check."),
    )
