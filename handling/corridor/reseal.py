"""From intake keys to record keys: opens what was collected and seals it again as threads, tips and messages.

Nothing collected is dropped: what cannot be opened or read is marked refused and shown, with its bytes kept. One
mailbox is one transaction; the envelope's bytes go only after its commit. A thread whose source names somebody who must
not learn of it gets a key for its first readers before anything of it has a row (`handling/corridor/reading.py`).
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from crypto.secret import Guarded, Secret
from handling.corridor import interests, opened, reading, sealed, seen
from handling.corridor.chain import ACCEPTED
from handling.corridor.content import Content
from handling.corridor.opened import Plain, Read
from handling.corridor.parts import Assembly, Blobs
from handling.corridor.session import Handler
from handling.corridor.store import envelopes, files, threads, tips
from handling.corridor.store.envelopes import Envelope, EnvelopeState
from handling.corridor.store.tips import Tip
from handling.corridor.threads import Book
from handling.store.keyring import MissingKeyError
from handling.store.vault import OpenVault
from tipline import envelope
from tipline.base.blobstore import BlobMissingError
from tipline.base.database import Db, Pool, StoreError, store_errors

AT_ONCE = 256
"""Messages of one mailbox that one run takes: more than anybody writes between two sign-ins, and soon done. One source who
sends without end holds up nobody else's report, and no transaction stands open for as long as that would take."""
_BYTES_AT_ONCE = 64 * 1024 * 1024

_LOCK_MAILBOX = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"


class Resealer:
    """Re-seals for whoever is signed in; two people at once wait for each other."""

    def __init__(self, pool: Pool, blobs: Blobs) -> None:
        self._pool = pool
        self._blobs = blobs
        self._one_at_a_time = asyncio.Lock()

    async def run(self, handler: Handler) -> None:
        """Open and re-seal everything that was collected, messages first: they say what the file parts are.

        What belongs to a thread that *handler* cannot open waits for somebody who can; what is more than `AT_ONCE` of one
        mailbox waits for the next run.
        """
        async with self._one_at_a_time:
            hidden = await seen.hidden(handler.vault)
            async with self._pool.acquire() as db:
                mailboxes = await envelopes.waiting_mailboxes(db, hidden)
            for mailbox in mailboxes:
                with suppress(MissingKeyError):
                    await self._mailbox(handler, mailbox)
            hidden = await seen.hidden(handler.vault)
            async with self._pool.acquire() as db:
                waiting = await files.waiting(db, hidden)
            for file, mailbox in waiting:
                with suppress(MissingKeyError):
                    await Assembly(self._pool, self._blobs, handler.vault).complete(file, mailbox)

    async def sweep(self) -> None:
        """Remove re-sealed blobs that a crash left without a row. Only while nobody re-seals."""
        async with self._one_at_a_time, self._pool.acquire() as db:
            named = await files.named_blobs(db)
            await asyncio.to_thread(self._blobs.files.sweep, named)

    async def _mailbox(self, handler: Handler, mailbox: bytes) -> None:
        async with self._pool.acquire() as db:
            async with db.transaction():
                with store_errors():
                    await db.execute(_LOCK_MAILBOX, mailbox.hex())
                waiting = _together(await envelopes.waiting(db, mailbox, limit=AT_ONCE))
                plains = await asyncio.to_thread(self._open, handler.vault, waiting)
                unread, thread = await _store(db, handler, mailbox, plains)
                refused = unread | ({row.id for row in waiting} - {plain.envelope.id for plain in plains})
                for row in waiting:
                    state = EnvelopeState.REFUSED if row.id in refused else EnvelopeState.RESEALED
                    await envelopes.set_state(db, row.id, was=EnvelopeState.COLLECTED, now=state)
            if thread is not None and thread.complete:
                await reading.let_in(self._pool, handler.vault, [thread.id])
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


def _together(rows: Sequence[Envelope]) -> list[Envelope]:
    """Take as many as stand in memory together, and one at least; the drop says how large each is."""
    taken: list[Envelope] = []
    room = _BYTES_AT_ONCE
    for row in rows:
        room -= row.size
        if taken and room < 0:
            break
        taken.append(row)
    return taken


async def _store(
    db: Db, handler: Handler, mailbox: bytes, plains: Sequence[Plain]
) -> "tuple[set[UUID], _Thread | None]":
    """Put the messages of one mailbox into its thread, in their order; return also the ids that cannot begin a thread."""
    stored = await threads.lock_by_mailbox(db, mailbox)
    thread = None if stored is None else await _Thread.of(db, handler.vault, stored)
    keys = None if thread is None else thread.book.keys
    read: list[Read] = []
    unread: set[UUID] = set()
    for plain in opened.in_order(plains, keys):
        message = opened.read(plain, keys)
        if message is None:
            unread.add(plain.envelope.id)
            continue
        if message.message is not None:
            keys = keys or message.message.thread
        read.append(message)
    if not read:
        return unread, None
    bodies = list(_news(read, thread))
    if thread is None:
        thread = await _begin(db, handler, mailbox, read[0], bodies)
    else:
        await thread.hear(db, handler, bodies)
    for message in read:
        await thread.add(db, message)
    await thread.reseal(db)
    return unread, thread


def _news(read: Sequence[Read], thread: "_Thread | None") -> Iterator[envelope.Body]:
    """What the source says now. A message that is held already was heard: somebody who sends it again asks for nothing."""
    held = set() if thread is None else {link.digest for link in thread.book.seen.values()}
    for one in read:
        if one.authentic and one.message is not None and one.link.digest not in held:
            yield one.message.body


async def _begin(db: Db, handler: Handler, mailbox: bytes, first: Read, bodies: Sequence[envelope.Body]) -> "_Thread":
    """Make thread and tip from a mailbox's first messages; the record key is on the disk before the rows.

    Where the message that may name somebody has not come yet, the thread is for the first readers until it has.
    """
    if first.message is None:
        raise TypeError("a thread begins with a message that was read")
    known = await interests.known(db, handler)
    verdict = reading.heard(known, bodies, Content())
    waits = verdict.waits or not any(isinstance(body, envelope.Tip) for body in bodies)
    names = reading.first_readers(handler.members, verdict.out)
    thread, tip = uuid4(), uuid4()
    key = await asyncio.to_thread(
        handler.vault.new_record, thread, readers=reading.recipients(handler.members, names) if waits else None
    )
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
    content = reading.taken_up(Content(waiting=waits), verdict)
    await tips.add(
        db,
        tip=tip,
        thread=thread,
        urgent=first.envelope.urgent,
        received_on=first.envelope.day,
        sealed=content.seal(key, tip),
        looked=known.revision,
    )
    return _Thread(thread, key, book, await _tip(db, thread), content)


async def _tip(db: Db, thread: UUID) -> Tip:
    """Return the tip of a thread, held until the transaction ends; each thread is stored with one."""
    tip = await tips.lock_by_thread(db, thread)
    if tip is None:
        raise StoreError
    return tip


@dataclass(slots=True, eq=False, repr=False)
class _Thread(Guarded):
    """One thread and its tip while new messages go in; the transaction holds both rows."""

    id: UUID
    key: Secret
    book: Book
    tip: Tip
    content: Content
    urgent: bool = False
    complete: bool = False

    @classmethod
    async def of(cls, db: Db, vault: OpenVault, stored: threads.Thread) -> "_Thread":
        key = await asyncio.to_thread(vault.record, stored.id)
        tip = await _tip(db, stored.id)
        return cls(stored.id, key, Book.open(key, stored), tip, Content.open(key, tip))

    async def hear(self, db: Db, handler: Handler, bodies: Sequence[envelope.Body]) -> None:
        """Narrow the thread where new messages name further people; let all in where the missing first one names nobody."""
        verdict = reading.heard(await interests.known(db, handler), bodies, self.content)
        complete = self.content.is_provisional and any(isinstance(body, envelope.Tip) for body in bodies)
        self.content = await reading.narrow(db, handler, self.tip, self.content, verdict)
        if complete and not verdict.waits:
            self.content = replace(self.content, waiting=False)
            self.complete = True

    async def reseal(self, db: Db) -> None:
        """Put what is known of thread and tip back under the record key."""
        await threads.reseal(db, self.id, self.book.seal(self.key, self.id))
        await tips.reseal(db, self.tip.id, self.content.seal(self.key, self.tip.id), urgent=self.urgent)

    async def add(self, db: Db, read: Read) -> None:
        """Judge one message, store it with its verdict, and take over what it brings."""
        counter = read.message.counter if read.message is not None else 0
        taken = self.book.take(read.link, counter=counter, authentic=read.authentic)
        await threads.add_message(
            db,
            threads.Message(
                id=read.envelope.id,
                thread=self.id,
                direction="in",
                counter=counter,
                verdict=taken.verdict,
                day=read.envelope.day,
                author=None,
                sealed=sealed.seal(self.key, _content(read), table="message", row=read.envelope.id),
            ),
        )
        self.book = taken.book
        if taken.verdict not in ACCEPTED or read.message is None:
            return
        if taken.after is not None:
            await threads.close_gap(db, self.id, counter + 1, taken.after)
        await self._take_over(db, read, read.message.body)

    async def _take_over(self, db: Db, read: Read, body: envelope.Body) -> None:
        if isinstance(body, envelope.File):
            content = sealed.seal(self.key, body.body(), table="file", row=read.envelope.id)
            await files.add(db, files.File(read.envelope.id, self.id, content, files.FileState.WAITING))
        if isinstance(body, envelope.Tip):
            self.urgent = self.urgent or body.urgent
            asked = body.must_not_learn
            if self.content.text is None:
                self.content = replace(self.content, text=body.text, how_known=body.how_known, must_not_learn=asked)
            elif asked not in self.content.must_not_learn:
                asked = f"{self.content.must_not_learn}\n\n{asked}".strip()
                self.content = replace(self.content, must_not_learn=asked)


def _content(read: Read) -> dict[str, object]:
    """What the message's row keeps, sealed; a message that could not be read at all keeps only its hash."""
    if read.message is None:
        return {"kind": "unreadable", "at": None, "way": None, "heard": 0, "digest": read.link.digest, "body": {}}
    return {
        "kind": read.message.body.KIND,
        "at": read.message.at.isoformat(),
        "way": read.message.way,
        "heard": read.message.heard,
        "digest": read.link.digest,
        "body": read.message.body.body(),
    }
