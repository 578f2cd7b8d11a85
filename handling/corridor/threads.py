"""The dialogue with one source: what is known of its chain, and replies that only the source opens."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID, uuid4

from crypto import age
from crypto.secret import Guarded, Secret
from handling.corridor import sealed
from handling.corridor.chain import ACCEPTED, Link, Verdict, closes_gap, is_late, judge, unbroken
from handling.corridor.store import threads
from handling.store.vault import OpenVault
from tipline import envelope
from tipline.base.database import Db
from tipline.strict import EnvelopeError

REPLY_CHARACTERS = 2_000


class NoSuchThreadError(Exception):
    """There is no such thread."""

    def __init__(self) -> None:
        super().__init__("there is no such thread")


class ReplyError(Exception):
    """The reply cannot be sent; the text says why."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Taken(Guarded):
    """What became of one message: its verdict, the book after it, and the new verdict of the one that waited for it."""

    verdict: Verdict
    book: "Book"
    after: Verdict | None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Book(Guarded):
    """What the unit knows of one thread: its keys, the accepted messages in, and the end of the replies out."""

    keys: envelope.Thread
    seen: Mapping[int, Link]
    out: envelope.ThreadState

    @classmethod
    def start(cls, keys: envelope.Thread) -> "Book":
        """Begin with the keys that a mailbox's first message brought."""
        return cls(keys, {}, envelope.ThreadState.start())

    def take(self, link: Link, *, counter: int, authentic: bool) -> Taken:
        """Judge one message and, where it is accepted, give it its place."""
        verdict = judge(self.seen, link, counter=counter, authentic=authentic)
        if verdict not in ACCEPTED:
            return Taken(verdict, self, None)
        placed = replace(link, late=is_late(self.seen, counter))
        after = closes_gap(self.seen, placed, counter=counter)
        return Taken(verdict, replace(self, seen={**self.seen, counter: placed}), after)

    def reply(
        self, *, kind: Literal["reply", "phrase"], text: str, mailbox: bytes, day: date
    ) -> tuple[envelope.Reply, "Book"]:
        """Return the next reply of this thread, and the book once it has been sent."""
        reply = envelope.Reply(
            kind=kind,
            mailbox=mailbox,
            counter=self.out.counter + 1,
            previous=self.out.previous,
            day=day,
            text=text,
            heard=unbroken(self.seen),
        )
        return reply, replace(self, out=self.out.after(reply.encode(self.keys.to_source)))

    def seal(self, key: Secret, thread: UUID) -> bytes:
        """Seal for the thread's row."""
        value = {
            "to_unit": self.keys.to_unit.expose().hex(),
            "to_source": self.keys.to_source.expose().hex(),
            "in": {str(counter): [link.digest, link.previous, link.late] for counter, link in self.seen.items()},
            "out": self.out.body(),
        }
        return sealed.seal(key, value, table="thread", row=thread)

    @classmethod
    def open(cls, key: Secret, stored: threads.Thread) -> "Book":
        """Open a thread's row."""
        value: dict[str, Any] = sealed.unseal(key, stored.sealed, table="thread", row=stored.id)
        return cls(
            keys=envelope.Thread(Secret(bytes.fromhex(value["to_unit"])), Secret(bytes.fromhex(value["to_source"]))),
            seen={int(counter): Link(*link) for counter, link in value["in"].items()},
            out=envelope.ThreadState.parse(value["out"]),
        )


def check_reply(text: str) -> str:
    """Return *text* as it will be sent, or raise `ReplyError`."""
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise ReplyError("Write the reply first.")
    if len(text) > REPLY_CHARACTERS:
        raise ReplyError(f"A reply has at most {REPLY_CHARACTERS} characters; this one has {len(text)}.")
    return text


async def send(
    db: Db,
    vault: OpenVault,
    thread: UUID,
    *,
    kind: Literal["reply", "phrase"],
    text: str,
    author: str,
    now: datetime,
) -> None:
    """Seal one reply to the source and queue it for the next bundle. The caller owns the transaction.

    Raises:
        NoSuchThreadError: there is no such thread.
        ReplyError: it is too long in bytes to travel in one piece.
    """
    stored = await threads.lock(db, thread)  # 1 load
    if stored is None:
        raise NoSuchThreadError
    key = vault.record(thread)
    book = Book.open(key, stored)
    reply, after = book.reply(kind=kind, text=text, mailbox=stored.mailbox, day=now.date())  # 2 decide
    try:
        inner = reply.seal(book.keys.to_source, age.Recipient.parse(stored.recipient))
    except EnvelopeError:
        raise ReplyError("This reply is too long to send in one piece. Send it in two.") from None
    message = uuid4()
    content = {"kind": kind, "at": now.isoformat(timespec="seconds"), "text": text, "digest": after.out.previous.hex()}
    await threads.add_message(  # 3 store
        db,
        threads.Message(
            id=message,
            thread=thread,
            direction="out",
            counter=reply.counter,
            verdict=Verdict.GOOD,
            day=now.date(),
            author=author,
            sealed=sealed.seal(key, content, table="message", row=message),
        ),
    )
    await threads.queue(db, message=message, mailbox=stored.mailbox, inner=inner)
    await threads.reseal(db, thread, after.seal(key, thread))
