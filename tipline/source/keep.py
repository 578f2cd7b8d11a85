"""Owns the rows of the public zone: a process of its own that workers reach over socket pairs. It sees only ciphertext."""

import asyncio
import logging
import signal
import socket
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

from tipline.base import database, log
from tipline.base.blobstore import BlobStore
from tipline.base.database import Db, Pool, StoreError, store_errors
from tipline.base.settings import Settings
from tipline.bundles import SEALED_BUNDLE_BYTES
from tipline.envelope import SEALED_PLACE_BYTES, Wrapper
from tipline.handin import Slip
from tipline.source import channel, early, erasing, forget, frames, handed, handout, store
from tipline.source.ceilings import Ceilings, Gate, Uploads
from tipline.source.forget import Door
from tipline.source.frames import ChannelError, an_id, exactly
from tipline.source.store import Outcome
from tipline.strict import EnvelopeError

READY: Final = b"r"
"""What `keep` says to the fork server once it has swept: before that, no worker may write."""

_LOG = logging.getLogger("keep")
_FDS: Final = 1

Frame = Mapping[str, Any]


def run(settings: Settings, control: socket.socket) -> None:
    """Serve the workers whose socket ends arrive over *control*, until the fork server closes it."""
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, signal.SIG_IGN)  # the fork server ends this process, after its last worker
    asyncio.run(_run(settings, control))


async def _run(settings: Settings, control: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    log.quiet_loop(loop)
    control.settimeout(0)
    pool = await database.pool(database.dsn_for(settings, "tipline_keep"), stateless=True)
    blobs = BlobStore(settings.public / "blobs")
    async with forget.present(pool, blobs, settings.public), asyncio.TaskGroup() as tasks:
        door = forget.Door()
        zone = forget.Zone(pool, blobs, settings.public, door)
        forgetting = [
            tasks.create_task(forget.each_day(zone, lambda: datetime.now(UTC))),
            tasks.create_task(forget.each_while(zone, early.SILENT_SECONDS)),
        ]
        await loop.sock_sendall(control, READY)
        gate = Gate(Ceilings.of(settings), settings.public)
        watching = tasks.create_task(gate.watch(pool))
        workers: set[asyncio.Task[None]] = set()
        while (end := await _next_worker(control)) is not None:
            worker = tasks.create_task(_serve(pool, door, gate, end))
            workers.add(worker)
            worker.add_done_callback(workers.discard)
        for task in (watching, *forgetting, *workers):
            task.cancel()
    await pool.close()


async def _next_worker(control: socket.socket) -> socket.socket | None:
    """Return the socket end of the next worker; None once the fork server has gone."""
    loop = asyncio.get_running_loop()
    while True:
        readable = loop.create_future()
        loop.add_reader(control, _wake, readable)
        try:
            await readable
        finally:
            loop.remove_reader(control)
        try:
            data, fds, _, _ = socket.recv_fds(control, 1, _FDS)
        except BlockingIOError:
            continue
        except ConnectionError:
            return None
        if not data:
            return None
        if fds:
            return socket.socket(fileno=fds[0])


def _wake(readable: asyncio.Future[None]) -> None:
    if not readable.done():
        readable.set_result(None)


async def _serve(pool: Pool, door: Door, gate: Gate, end: socket.socket) -> None:
    """Answer one worker until it ends. A worker that breaks the protocol is no longer heard."""
    reader, writer = await frames.streams(end)
    try:
        with gate.worker() as uploads:
            while (frame := await frames.read_frame(reader)) is not None:
                async with door.passing():
                    answer = await _answer(pool, uploads, frame)
                await frames.write_frame(writer, answer)
    except (ChannelError, ConnectionError) as error:
        _LOG.warning("a worker's channel was closed: %s", type(error).__name__)
    finally:
        writer.close()


async def _answer(pool: Pool, uploads: Uploads, frame: Frame) -> dict[str, Any]:
    do = frame.get("do")
    act, limited = (_ACTS.get(do), _LIMITED.get(do)) if isinstance(do, str) else (None, None)
    try:
        with store_errors():
            async with pool.acquire() as db:
                if limited is not None:
                    return {"answer": await limited(db, uploads, frame)}
                if act is not None:
                    return {"answer": await act(db, frame)}
        raise ChannelError
    except (KeyError, TypeError, ValueError, EnvelopeError):
        raise ChannelError from None
    except StoreError as error:
        _LOG.warning("%s failed: %s", frame["do"], error.code)
        return {"error": error.code}
    except OSError as error:  # a server's socket file that is not there
        _LOG.warning("%s failed: %s", frame["do"], type(error).__name__)
        return {"error": StoreError.code}


async def _intake_statements(db: Db, frame: Frame) -> list[bytes]:
    return await store.intake_statements(db, frame["unit"], date.fromisoformat(frame["today"]))


async def _pgp_statements(db: Db, frame: Frame) -> list[bytes]:
    return await store.pgp_statements(db, frame["unit"], date.fromisoformat(frame["today"]))


async def _mailbox(db: Db, frame: Frame) -> dict[str, Any] | None:
    return channel.pack_mailbox(await store.mailbox(db, exactly(frame["mailbox"], bytes)))


async def _standing(db: Db, frame: Frame) -> dict[str, Any]:
    seen = await store.seen(db, exactly(frame["mac"], bytes))
    return {"seen": seen, "mailbox": await _mailbox(db, frame)}


async def _advance(db: Db, frame: Frame) -> bool:
    was, now = exactly(frame["was"], bytes), exactly(frame["now"], bytes)
    return await store.advance(db, exactly(frame["mailbox"], bytes), was=was, now=now)


async def _submit(db: Db, uploads: Uploads, frame: Frame) -> str:
    s = channel.unpack_submission(frame)
    new, size = s.new is not None, sum(envelope.size for envelope in s.envelopes)
    kinds = {envelope.kind for envelope in s.envelopes}
    if not await uploads.gate.takes(db, kinds=kinds, size=size, mailbox=s.mailbox, new=new, today=s.day):
        known = new and await store.mailbox(db, s.mailbox) is not None  # then it is a resend, or it follows
        outcome = Outcome.MOVED if known else Outcome.FULL
        return str(outcome.value)
    outcome = await store.submit(db, s)
    if outcome is Outcome.STORED:
        uploads.gate.added(envelopes=len(s.envelopes), size=size, new=new)
    return str(outcome.value)


async def _room(db: Db, uploads: Uploads, frame: Frame) -> bool:
    upload, here, more = exactly(frame["upload"], str), exactly(frame["here"], int), exactly(frame["more"], int)
    return await uploads.room(db, upload, here=here, more=more, today=date.fromisoformat(frame["today"]))


async def _begin_hand_in(db: Db, uploads: Uploads, frame: Frame) -> str:
    slip, today = Slip.parse(exactly(frame["slip"], bytes)), date.fromisoformat(frame["today"])
    kinds, size = {one.kind for one in slip.envelopes}, sum(one.size for one in slip.envelopes)
    new = slip.was is None
    if await store.seen(db, slip.sum):
        return handed.Standing.WHOLE.value
    if await handed.waits(db, slip.sum):  # what of it is here counts already, and the rest asks when it comes
        return (await handed.begin(db, slip, today)).value
    if not await uploads.gate.takes(db, kinds=kinds, size=size, mailbox=slip.mailbox, new=new, today=today):
        return handed.Standing.FULL.value
    standing = await handed.begin(db, slip, today)
    if standing is handed.Standing.PARTIAL:  # its parts and its mailbox ask for themselves, when they come
        here = [one.size for one in slip.envelopes if one.kind == "message"]
        uploads.gate.added(envelopes=len(here), size=sum(here), new=False)
    return standing.value


async def _place_in_hand_in(db: Db, uploads: Uploads, frame: Frame) -> dict[str, Any] | str:
    """Ask for room for each part: what its slip promised when there was room may come much later."""
    wrapper, today = Wrapper.parse(exactly(frame["wrapper"], bytes)), date.fromisoformat(frame["today"])
    sha256, size = exactly(frame["sha256"], bytes), exactly(frame["size"], int)
    room = await uploads.gate.takes(db, kinds={"part"}, size=size, mailbox=wrapper.mailbox, new=False, today=today)
    found = await handed.place(db, wrapper, sha256, size, today, room=room)
    if isinstance(found, handed.Standing):
        return found.value
    if not found.here:
        uploads.gate.added(envelopes=1, size=size, new=False)
    return {"sum": found.sum, "id": str(found.id), "here": found.here}


async def _note_here(db: Db, frame: Frame) -> bool:
    return await handed.here(db, an_id(frame["id"]), exactly(frame["sha256"], bytes))


async def _complete_hand_in(db: Db, uploads: Uploads, frame: Frame) -> dict[str, Any]:
    today = date.fromisoformat(frame["today"])
    mailbox = await uploads.gate.takes_mailbox(db, today)
    found = await handed.complete(db, exactly(frame["sum"], bytes), today, mailbox=mailbox)
    uploads.gate.added(envelopes=0, size=0, new=found.new)
    return {
        "standing": found.standing.value,
        "files": found.files,
        "missing": found.missing,
        "dropped": [str(one) for one in found.dropped],
    }


async def _erase(db: Db, frame: Frame) -> dict[str, Any] | None:
    erased = await erasing.erase(db, channel.unpack_erasure(frame))
    if erased is None:
        return None
    return {"gone": [str(one) for one in erased.gone], "rest": erased.rest, "told": erased.told}


async def _pickup(db: Db, frame: Frame) -> dict[str, Any]:
    found = await handout.nearest(db, exactly(frame["mailbox"], bytes))
    known = found is not None and found.known
    bundle = found.bundle if found is not None and known else bytes(SEALED_BUNDLE_BYTES)
    place = found.thread_state if found is not None and known else bytes(SEALED_PLACE_BYTES)
    return {"known": known, "bundle": bundle, "place": place}


async def _intake_statements_from(db: Db, frame: Frame) -> list[bytes]:
    return await handout.intake_statements_from(db, frame["unit"], date.fromisoformat(frame["today"]))


async def _add_session(db: Db, frame: Frame) -> bool:
    day = date.fromisoformat(frame["day"])
    session, sealed = exactly(frame["session"], bytes), exactly(frame["sealed"], bytes)
    mailbox = exactly(frame["mailbox"], bytes)
    last = None if frame["instead_of"] is None else exactly(frame["instead_of"], bytes)
    return await store.add_session(db, session, sealed, day, mailbox_id=mailbox, instead_of=last)


async def _session(db: Db, frame: Frame) -> bytes | None:
    return await store.session(db, exactly(frame["session"], bytes))


async def _change_session(db: Db, frame: Frame) -> bool:
    was, now = exactly(frame["was"], bytes), exactly(frame["now"], bytes)
    return await store.change_session(db, exactly(frame["session"], bytes), was=was, now=now)


async def _delete_session(db: Db, frame: Frame) -> bool:
    await store.delete_session(db, exactly(frame["session"], bytes))
    return True


_LIMITED: Final[Mapping[str, Callable[[Db, Uploads, Frame], Awaitable[Any]]]] = {
    "submit": _submit,
    "room": _room,
    "begin_hand_in": _begin_hand_in,
    "place_in_hand_in": _place_in_hand_in,
    "complete_hand_in": _complete_hand_in,
}
"""Acts that add what a ceiling is set to."""
_ACTS: Final[Mapping[str, Callable[[Db, Frame], Awaitable[Any]]]] = {
    "intake_statements": _intake_statements,
    "pgp_statements": _pgp_statements,
    "mailbox": _mailbox,
    "standing": _standing,
    "advance": _advance,
    "note_here": _note_here,
    "erase": _erase,
    "pickup": _pickup,
    "intake_statements_from": _intake_statements_from,
    "add_session": _add_session,
    "session": _session,
    "change_session": _change_session,
    "delete_session": _delete_session,
}
