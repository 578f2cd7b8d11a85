"""The talk between a worker and `keep` over their socket pair: four bytes of length, then JSON. No key and no plaintext.

A worker asks, `keep` answers, one after the other. Bytes travel as base64.
"""

import asyncio
import json
import socket
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, cast
from uuid import UUID

from tipline.base.database import StoreError
from tipline.bundles import Pickup
from tipline.envelope import Kind
from tipline.handin import Slip
from tipline.source import handed
from tipline.source.handed import Progress, Standing
from tipline.source.store import Envelope, Mailbox, NewMailbox, Outcome, Submission

MAX_FRAME: Final = 1 << 20  # bytes; the largest is a submission of a thousand envelopes with its first bundle
_LENGTH: Final = 4


class ChannelError(Exception):
    """The other end sent something that is not a frame."""

    def __init__(self) -> None:
        super().__init__("a frame between worker and keep is malformed")


async def read_frame(reader: asyncio.StreamReader) -> dict[str, Any] | None:
    """Return the next frame; None when the other end has gone."""
    try:
        length = int.from_bytes(await reader.readexactly(_LENGTH), "big")
        if length > MAX_FRAME:
            raise ChannelError
        value = json.loads(await reader.readexactly(length))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    except ValueError:
        raise ChannelError from None
    if not isinstance(value, dict):
        raise ChannelError
    return value


async def write_frame(writer: asyncio.StreamWriter, frame: Mapping[str, Any]) -> None:
    """Send one frame."""
    data = json.dumps(frame).encode()
    if len(data) > MAX_FRAME:
        raise ChannelError
    writer.write(len(data).to_bytes(_LENGTH, "big") + data)
    await writer.drain()


async def streams(end: socket.socket) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Return one end of a pair as streams."""
    return await asyncio.open_unix_connection(sock=end, limit=MAX_FRAME)


@dataclass(slots=True)
class Keep:
    """The worker's view of `keep`. Every method raises `StoreError` when the rows cannot be read or written."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    _turn: asyncio.Lock

    @classmethod
    async def connect(cls, end: socket.socket) -> "Keep":
        """Speak over *end*."""
        reader, writer = await streams(end)
        return cls(reader, writer, asyncio.Lock())

    async def intake_statements(self, unit: str, today: date) -> list[bytes]:
        """Return the signed intake keys of a unit that say they are valid *today*; unverified."""
        answer = await self._ask("intake_statements", unit=unit, today=today.isoformat())
        return [unpack_bytes(statement) for statement in answer]

    async def pgp_statements(self, unit: str, today: date) -> list[bytes]:
        """Return the signed OpenPGP intake keys of a unit that say they are valid *today*; unverified."""
        answer = await self._ask("pgp_statements", unit=unit, today=today.isoformat())
        return [unpack_bytes(statement) for statement in answer]

    async def mailbox(self, mailbox: bytes) -> Mailbox | None:
        """Return one mailbox."""
        return _unpack_mailbox(await self._ask("mailbox", mailbox=pack_bytes(mailbox)))

    async def standing(self, mac: bytes, mailbox: bytes) -> tuple[bool, Mailbox | None]:
        """Say whether exactly this form is stored already, and what its mailbox is."""
        answer = await self._ask("standing", mac=pack_bytes(mac), mailbox=pack_bytes(mailbox))
        return bool(answer["seen"]), _unpack_mailbox(answer["mailbox"])

    async def advance(self, mailbox: bytes, *, was: bytes, now: bytes) -> bool:
        """Replace a thread's sealed state; False when it is another by now."""
        return bool(await self._ask("advance", mailbox=pack_bytes(mailbox), was=pack_bytes(was), now=pack_bytes(now)))

    async def submit(self, submission: Submission) -> Outcome:
        """Store a submission whole or not at all. After a `StoreError` it is unknown which."""
        return Outcome(await self._ask("submit", **pack_submission(submission)))

    async def begin_hand_in(self, slip: Slip, today: date) -> Standing:
        """Keep a slip whose messages are about to be published; `PARTIAL` when they may be."""
        line = await asyncio.to_thread(slip.encode)
        return Standing(await self._ask("begin_hand_in", slip=pack_bytes(line), today=today.isoformat()))

    async def place_in_hand_in(self, mailbox: bytes, sha256: bytes, size: int) -> handed.Place | Standing:
        """Return where a part's envelope belongs; `GONE` when no slip that waits lists it, `FULL` when too much waits."""
        names = {"mailbox": pack_bytes(mailbox), "sha256": pack_bytes(sha256)}
        answer = await self._ask("place_in_hand_in", size=size, **names)
        if isinstance(answer, str):
            return Standing(answer)
        return handed.Place(unpack_bytes(answer["sum"]), UUID(answer["id"]), here=bool(answer["here"]))

    async def note_here(self, hand_in: bytes, envelope: UUID) -> bool:
        """Note that an envelope's blob is published; False when its slip does not wait any more."""
        return bool(await self._ask("note_here", sum=pack_bytes(hand_in), id=str(envelope)))

    async def complete_hand_in(self, hand_in: bytes, today: date) -> Progress:
        """Store a hand-in when all of it is here; else say what is missing."""
        answer = await self._ask("complete_hand_in", sum=pack_bytes(hand_in), today=today.isoformat())
        return Progress(
            standing=Standing(answer["standing"]),
            files=answer["files"],
            missing=tuple(answer["missing"]),
            dropped=tuple(UUID(one) for one in answer["dropped"]),
        )

    async def pickup(self, mailbox: bytes) -> tuple[bool, Pickup]:
        """Say whether there is such a mailbox, and return what it hands out; as many bytes of nothing when there is none."""
        answer = await self._ask("pickup", mailbox=pack_bytes(mailbox))
        found = Pickup(bundle=unpack_bytes(answer["bundle"]), place=unpack_bytes(answer["place"]))
        return bool(answer["known"]), found

    async def intake_statements_from(self, unit: str, today: date) -> list[bytes]:
        """Return the signed intake keys of a unit that say they are valid *today* or later; unverified."""
        answer = await self._ask("intake_statements_from", unit=unit, today=today.isoformat())
        return [unpack_bytes(statement) for statement in answer]

    async def add_session(self, session: bytes, sealed: bytes, day: date, mailbox: bytes) -> bool:
        """Keep a session that only its cookie opens; False, and nothing kept, when there is no such mailbox."""
        names = {"session": pack_bytes(session), "sealed": pack_bytes(sealed), "mailbox": pack_bytes(mailbox)}
        return bool(await self._ask("add_session", day=day.isoformat(), **names))

    async def session(self, session: bytes) -> bytes | None:
        """Return a sealed session."""
        answer = await self._ask("session", session=pack_bytes(session))
        return None if answer is None else unpack_bytes(answer)

    async def delete_session(self, session: bytes) -> None:
        """Forget a session."""
        await self._ask("delete_session", session=pack_bytes(session))

    async def _ask(self, do: str, **arguments: Any) -> Any:  # noqa: ANN401 - JSON either way
        async with self._turn:
            try:
                await write_frame(self.writer, {"do": do, **arguments})
                answer = await read_frame(self.reader)
            except (ConnectionError, ChannelError):
                raise StoreError from None
            except asyncio.CancelledError:
                self.writer.close()  # an answer may still come: the next question must not take it for its own
                raise
        if answer is None or "answer" not in answer:
            raise StoreError
        return answer["answer"]


def pack_mailbox(mailbox: Mailbox | None) -> dict[str, Any] | None:
    """Write a mailbox as JSON."""
    if mailbox is None:
        return None
    return {
        "unit": mailbox.unit,
        "thread_state": pack_bytes(mailbox.thread_state),
        "bundle": pack_bytes(mailbox.bundle),
        "waiting": mailbox.waiting,
    }


def _unpack_mailbox(value: Mapping[str, Any] | None) -> Mailbox | None:
    if value is None:
        return None
    state, bundle = unpack_bytes(value["thread_state"]), unpack_bytes(value["bundle"])
    return Mailbox(unit=value["unit"], thread_state=state, bundle=bundle, waiting=value["waiting"])


def pack_submission(s: Submission) -> dict[str, Any]:
    """Write a submission as JSON."""
    return {
        "mac": pack_bytes(s.mac),
        "mailbox": pack_bytes(s.mailbox),
        "unit": s.unit,
        "serial": s.serial,
        "urgent": s.urgent,
        "day": s.day.isoformat(),
        "was": None if s.was is None else pack_bytes(s.was),
        "now": pack_bytes(s.now),
        "new": None if s.new is None else {"recipient": s.new.recipient, "bundle": pack_bytes(s.new.bundle)},
        "envelopes": [[str(e.id), e.kind, e.size, pack_bytes(e.sha256)] for e in s.envelopes],
    }


def unpack_submission(value: Mapping[str, Any]) -> Submission:
    """Read what `pack_submission` writes; raises `ChannelError`."""
    try:
        new = value["new"]
        return Submission(
            mac=unpack_bytes(value["mac"]),
            mailbox=unpack_bytes(value["mailbox"]),
            unit=value["unit"],
            serial=value["serial"],
            urgent=value["urgent"],
            day=date.fromisoformat(value["day"]),
            was=None if value["was"] is None else unpack_bytes(value["was"]),
            now=unpack_bytes(value["now"]),
            new=None if new is None else NewMailbox(new["recipient"], unpack_bytes(new["bundle"])),
            envelopes=tuple(
                Envelope(UUID(identifier), cast(Kind, kind), size, unpack_bytes(digest))
                for identifier, kind, size, digest in value["envelopes"]
            ),
        )
    except (KeyError, TypeError, ValueError):
        raise ChannelError from None


def pack_bytes(data: bytes) -> str:
    """Write bytes for a frame."""
    return b64encode(data).decode("ascii")


def unpack_bytes(text: str) -> bytes:
    """Read what `pack_bytes` writes; raises `ValueError`."""
    return b64decode(text, validate=True)
