"""The dialogue with one source: what is known of its chain, and replies that only the source opens."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID, uuid4

from crypto import age
from crypto.digest import sha256
from crypto.secret import Secret
from handling.corridor import sealed
from handling.corridor.chain import Link, Verdict
from handling.corridor.store import threads
from handling.store.vault import OpenVault
from tipline import envelope
from tipline.base.database import Db

REPLY_CHARACTERS = 2_000


class NoSuchThreadError(Exception):
    """There is no such thread."""

    def __init__(self) -> None:
        super().__init__("there is no such thread")


class ReplyError(Exception):
    """The reply cannot be sent; the text says why."""


@dataclass(frozen=True, slots=True)
class Book:
    """What the unit knows of one thread: its keys, the accepted messages in, and the end of the replies out."""

    keys: envelope.Thread
    seen: Mapping[int, Link]
    out: envelope.ThreadState

    @classmethod
    def start(cls, keys: envelope.Thread) -> "Book":
        """Begin with the keys that a mailbox's first message brought."""
        return cls(keys, {}, envelope.ThreadState.start())

    def with_message(self, counter: int, link: Link) -> "Book":
        """Return the book with one more accepted message."""
        return replace(self, seen={**self.seen, counter: link})

    def seal(self, key: Secret, thread: UUID) -> bytes:
        """Seal for the thread's row."""
        value = {
            "to_unit": self.keys.to_unit.expose().hex(),
            "to_source": self.keys.to_source.expose().hex(),
            "in": {str(counter): [link.digest, link.previous] for counter, link in self.seen.items()},
            "out": {"counter": self.out.counter, "previous": self.out.previous.hex()},
        }
        return sealed.seal(key, value, table="thread", row=thread)

    @classmethod
    def open(cls, key: Secret, stored: threads.Thread) -> "Book":
        """Open a thread's row."""
        value: dict[str, Any] = sealed.unseal(key, stored.sealed, table="thread", row=stored.id)
        out = envelope.ThreadState(value["out"]["counter"], bytes.fromhex(value["out"]["previous"]))
        return cls(
            keys=envelope.Thread(Secret(bytes.fromhex(value["to_unit"])), Secret(bytes.fromhex(value["to_source"]))),
            seen={int(counter): Link(*link) for counter, link in value["in"].items()},
            out=out,
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
    reply = envelope.Reply(  # 2 decide
        kind=kind,
        mailbox=stored.mailbox,
        counter=book.out.counter + 1,
        previous=book.out.previous,
        day=now.date(),
        text=text,
    )
    encoded = reply.encode(book.keys.to_source)
    try:
        inner = reply.seal(book.keys.to_source, age.Recipient.parse(stored.recipient))
    except envelope.EnvelopeError:
        raise ReplyError("This reply is too long to send in one piece. Send it in two.") from None
    message = uuid4()
    content = {"kind": kind, "at": now.isoformat(timespec="seconds"), "text": text, "digest": sha256(encoded).hex()}
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
    await threads.reseal(db, thread, replace(book, out=book.out.after(encoded)).seal(key, thread))
