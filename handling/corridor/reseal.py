"""From intake keys to record keys: opens what was collected and seals it again as threads, tips and messages.

Nothing collected is dropped: what cannot be opened or read is marked refused and shown, with its bytes kept. One
mailbox is one transaction; the envelope's bytes go only after its commit.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from crypto.secret import Secret
from handling.corridor import opened, sealed
from handling.corridor.chain import Verdict, closes_gap, judge
from handling.corridor.opened import Plain, Read
from handling.corridor.parts import Assembly, Blobs
from handling.corridor.store import envelopes, files, threads, tips
from handling.corridor.store.envelopes import Envelope, EnvelopeState
from handling.corridor.threads import Book
from handling.store.vault import OpenVault
from tipline import envelope
from tipline.base.blobstore import BlobMissingError
from tipline.base.database import Db, Pool, store_errors

_LOCK_MAILBOX = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
_ACCEPTED = frozenset({Verdict.GOOD, Verdict.GAP})


class Resealer:
    """Re-seals for whoever is signed in; two people at once wait for each other."""

    def __init__(self, pool: Pool, blobs: Blobs) -> None:
        self._pool = pool
        self._blobs = blobs
        self._one_at_a_time = asyncio.Lock()

    async def run(self, vault: OpenVault) -> None:
        """Open and re-seal everything that was collected, messages first: they say what the file parts are."""
        async with self._one_at_a_time:
            async with self._pool.acquire() as db:
                mailboxes = await envelopes.waiting_mailboxes(db)
            for mailbox in mailboxes:
                await self._mailbox(vault, mailbox)
            async with self._pool.acquire() as db:
                waiting = await files.waiting(db)
            for file, mailbox in waiting:
                await Assembly(self._pool, self._blobs, vault).complete(file, mailbox)

    async def sweep(self) -> None:
        """Remove re-sealed blobs that a crash left without a row. Only while nobody re-seals."""
        async with self._one_at_a_time, self._pool.acquire() as db:
            named = await files.named_blobs(db)
            await asyncio.to_thread(self._blobs.files.sweep, named)

    async def _mailbox(self, vault: OpenVault, mailbox: bytes) -> None:
        async with self._pool.acquire() as db:
            async with db.transaction():
                with store_errors():
                    await db.execute(_LOCK_MAILBOX, mailbox.hex())
                waiting = await envelopes.waiting(db, mailbox)
                plains = await asyncio.to_thread(self._open, vault, waiting)
                unread = await _store(db, vault, mailbox, plains)
                refused = unread | ({row.id for row in waiting} - {plain.envelope.id for plain in plains})
                for row in waiting:
                    state = EnvelopeState.REFUSED if row.id in refused else EnvelopeState.RESEALED
                    await envelopes.set_state(db, row.id, was=EnvelopeState.COLLECTED, now=state)
            for row in waiting:
                if row.id not in refused:
                    await asyncio.to_thread(self._blobs.collected.delete, row.id)

    def _open(self, vault: OpenVault, waiting: Sequence[Envelope]) -> list[Plain]:
        """Open what can be opened. Blocking."""
        found = (self._open_one(vault, row) for row in waiting)
        return [plain for plain in found if plain is not None]

    def _open_one(self, vault: OpenVault, row: Envelope) -> Plain | None:
        try:
            with self._blobs.collected.open(row.id) as file:
                data = file.read()
        except BlobMissingError:
            return None
        return opened.unseal(row, data, vault.intake)


async def _store(db: Db, vault: OpenVault, mailbox: bytes, plains: Sequence[Plain]) -> set[UUID]:
    """Put the messages of one mailbox into its thread, in their order; return the ids that cannot begin a thread."""
    stored = await threads.lock_by_mailbox(db, mailbox)
    thread = None if stored is None else _Thread.of(vault, stored)
    unread: set[UUID] = set()
    for plain in opened.in_order(plains, None if thread is None else thread.book.keys):
        message = opened.read(plain, None if thread is None else thread.book.keys)
        if message is None:
            unread.add(plain.envelope.id)
            continue
        if thread is None:
            thread = await _begin(db, vault, mailbox, message)
        await thread.add(db, message)
    if thread is not None:
        await threads.reseal(db, thread.id, thread.book.seal(thread.key, thread.id))
    return unread


async def _begin(db: Db, vault: OpenVault, mailbox: bytes, first: Read) -> "_Thread":
    """Make thread and tip from a mailbox's first message; the record key is on the disk before the rows."""
    if first.message is None:
        raise TypeError("a thread begins with a message that was read")
    thread, tip = uuid4(), uuid4()
    key = await asyncio.to_thread(vault.new_record, thread)
    book = Book.start(first.message.thread)
    await threads.add(
        db,
        threads.Thread(
            id=thread,
            mailbox=mailbox,
            recipient=str(first.message.recipient),
            way=first.message.way,
            sealed=book.seal(key, thread),
            created_on=first.envelope.day,
        ),
    )
    content: dict[str, object] = {"text": None, "how_known": "", "must_not_learn": "", "moves": [], "reports": []}
    await tips.add(
        db,
        tip=tip,
        thread=thread,
        urgent=first.envelope.urgent,
        received_on=first.envelope.day,
        sealed=sealed.seal(key, content, table="tip", row=tip),
    )
    return _Thread(thread, key, book)


@dataclass(slots=True)
class _Thread:
    """One thread while its new messages go in; the transaction holds its row."""

    id: UUID
    key: Secret
    book: Book

    @classmethod
    def of(cls, vault: OpenVault, stored: threads.Thread) -> "_Thread":
        key = vault.record(stored.id)
        return cls(stored.id, key, Book.open(key, stored))

    async def add(self, db: Db, read: Read) -> None:
        """Judge one message, store it with its verdict, and take over what it brings."""
        counter = read.message.counter if read.message is not None else 0
        verdict = judge(self.book.seen, read.link, counter=counter, authentic=read.authentic)
        await threads.add_message(
            db,
            threads.Message(
                id=read.envelope.id,
                thread=self.id,
                direction="in",
                counter=counter,
                verdict=verdict,
                day=read.envelope.day,
                author=None,
                sealed=sealed.seal(self.key, _content(read), table="message", row=read.envelope.id),
            ),
        )
        if verdict not in _ACCEPTED or read.message is None:
            return
        if closes_gap(self.book.seen, read.link, counter=counter):
            await threads.close_gap(db, self.id, counter + 1)
        self.book = self.book.with_message(counter, read.link)
        await self._take_over(db, read, read.message.body)

    async def _take_over(self, db: Db, read: Read, body: envelope.Body) -> None:
        if isinstance(body, envelope.File):
            content = sealed.seal(self.key, body.body(), table="file", row=read.envelope.id)
            await files.add(db, files.File(read.envelope.id, self.id, content, files.FileState.WAITING))
        if isinstance(body, envelope.Tip):
            tip = await tips.lock_by_thread(db, self.id)
            if tip is not None:
                content = sealed.unseal(self.key, tip.sealed, table="tip", row=tip.id)
                if content["text"] is None:
                    content |= {key: value for key, value in body.body().items() if key != "urgent"}
                await tips.reseal(
                    db, tip.id, sealed.seal(self.key, content, table="tip", row=tip.id), urgent=body.urgent
                )


def _content(read: Read) -> dict[str, object]:
    """What the message's row keeps, sealed; a message that could not be read at all keeps only its hash."""
    if read.message is None:
        return {"kind": "unreadable", "at": None, "digest": read.link.digest, "body": {}}
    return {
        "kind": read.message.body.KIND,
        "at": read.message.at.isoformat(),
        "digest": read.link.digest,
        "body": read.message.body.body(),
    }
