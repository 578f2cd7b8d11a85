"""The talk between a worker and `keep`: a worker asks, `keep` answers, one after the other. No key and no plaintext."""

import asyncio
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, cast
from uuid import UUID

from tipline.base.database import StoreError
from tipline.bundles import Pickup
from tipline.envelope import Kind, Wrapper
from tipline.handin import Slip
from tipline.source import handed
from tipline.source.erasing import Erased, Erasure, Wish
from tipline.source.frames import ChannelError, an_id, exactly, read_frame, streams, write_frame
from tipline.source.handed import Progress, Standing
from tipline.source.store import Envelope, Mailbox, NewMailbox, Outcome, Submission

KEYS_SECONDS: Final = 1.0
"""How long a worker goes by the intake keys that it was told. Whether one still counts, the rows say as they store."""


@dataclass(slots=True)
class Keep:
    """The worker's view of `keep`. Every method raises `StoreError` when the rows cannot be read or written."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    _turn: asyncio.Lock
    _told: tuple[str, date, float, list[bytes]] | None = None

    @classmethod
    async def connect(cls, end: socket.socket) -> "Keep":
        """Speak over *end*."""
        reader, writer = await streams(end)
        return cls(reader, writer, asyncio.Lock())

    async def intake_statements(self, unit: str, today: date) -> list[bytes]:
        """Return the signed intake keys of a unit that say they are valid *today*; unverified, and perhaps a second old."""
        now = time.monotonic()
        if self._told is not None:
            whose, day, since, statements = self._told
            if (whose, day) == (unit, today) and now - since < KEYS_SECONDS:
                return statements
        answer = await self._ask("intake_statements", unit=unit, today=today.isoformat())
        statements = [exactly(statement, bytes) for statement in answer]
        self._told = (unit, today, now, statements)
        return statements

    async def pgp_statements(self, unit: str, today: date) -> list[bytes]:
        """Return the signed OpenPGP intake keys of a unit that say they are valid *today*; unverified."""
        answer = await self._ask("pgp_statements", unit=unit, today=today.isoformat())
        return [exactly(statement, bytes) for statement in answer]

    async def mailbox(self, mailbox: bytes) -> Mailbox | None:
        """Return one mailbox."""
        return _unpack_mailbox(await self._ask("mailbox", mailbox=mailbox))

    async def standing(self, mac: bytes, mailbox: bytes) -> tuple[bool, Mailbox | None]:
        """Say whether exactly this form is stored already, and what its mailbox is."""
        answer = await self._ask("standing", mac=mac, mailbox=mailbox)
        return bool(answer["seen"]), _unpack_mailbox(answer["mailbox"])

    async def advance(self, mailbox: bytes, *, was: bytes, now: bytes) -> bool:
        """Replace a thread's sealed state; False when it is another by now."""
        return bool(await self._ask("advance", mailbox=mailbox, was=was, now=now))

    async def submit(self, submission: Submission) -> Outcome:
        """Store a submission whole or not at all. After a `StoreError` it is unknown which."""
        outcome = Outcome(await self._ask("submit", **pack_submission(submission)))
        if outcome is Outcome.RETIRED:
            self._told = None
        return outcome

    async def room(self, upload: str, *, here: int, more: int, today: date) -> bool:
        """Note that *here* bytes of a file have come, 0 once it has ended; say whether *more* of files is taken now."""
        return bool(await self._ask("room", upload=upload, here=here, more=more, today=today.isoformat()))

    async def begin_hand_in(self, slip: Slip, today: date) -> Standing:
        """Keep a slip whose messages are about to be published; `PARTIAL` when they may be."""
        line = await asyncio.to_thread(slip.encode)
        return Standing(await self._ask("begin_hand_in", slip=line, today=today.isoformat()))

    async def place_in_hand_in(
        self, wrapper: Wrapper, sha256: bytes, size: int, today: date
    ) -> handed.Place | Standing:
        """Return where a part belongs, or why it is not taken: see `handed.place`."""
        said = {"wrapper": wrapper.encode(), "sha256": sha256, "size": size, "today": today.isoformat()}
        answer = await self._ask("place_in_hand_in", **said)
        if isinstance(answer, str):
            return Standing(answer)
        listed_by = None if answer["sum"] is None else exactly(answer["sum"], bytes)
        return handed.Place(listed_by, UUID(answer["id"]), here=bool(answer["here"]))

    async def note_here(self, envelope: UUID, sha256: bytes) -> bool:
        """Note that an envelope's blob is published; False when it does not wait any more."""
        return bool(await self._ask("note_here", id=str(envelope), sha256=sha256))

    async def complete_hand_in(self, hand_in: bytes, today: date) -> Progress:
        """Store a hand-in when all of it is here; else say what is missing."""
        answer = await self._ask("complete_hand_in", sum=hand_in, today=today.isoformat())
        return Progress(
            standing=Standing(answer["standing"]),
            files=answer["files"],
            missing=tuple(answer["missing"]),
            dropped=tuple(UUID(one) for one in answer["dropped"]),
        )

    async def erase(self, erasure: Erasure) -> Erased | None:
        """Erase a mailbox with all that waits in it; None when its state is another by now, or it has gone."""
        answer = await self._ask("erase", **pack_erasure(erasure))
        if answer is None:
            return None
        gone = tuple(UUID(one) for one in answer["gone"])
        return Erased(gone, rest=bool(answer["rest"]), told=bool(answer["told"]))

    async def pickup(self, mailbox: bytes) -> tuple[bool, Pickup]:
        """Say whether there is such a mailbox, and return what it hands out; as many bytes of nothing when there is none."""
        answer = await self._ask("pickup", mailbox=mailbox)
        found = Pickup(bundle=exactly(answer["bundle"], bytes), place=exactly(answer["place"], bytes))
        return bool(answer["known"]), found

    async def intake_statements_from(self, unit: str, today: date) -> list[bytes]:
        """Return the signed intake keys of a unit that say they are valid *today* or later; unverified."""
        answer = await self._ask("intake_statements_from", unit=unit, today=today.isoformat())
        return [exactly(statement, bytes) for statement in answer]

    async def add_session(
        self, session: bytes, sealed: bytes, day: date, mailbox: bytes, instead_of: bytes | None
    ) -> bool:
        """Keep a session that only its cookie opens, and forget the browser's last one.

        False, and nothing kept, when there is no such mailbox.
        """
        row = {"session": session, "sealed": sealed, "day": day.isoformat(), "mailbox": mailbox}
        return bool(await self._ask("add_session", **row, instead_of=instead_of))

    async def session(self, session: bytes) -> bytes | None:
        """Return a sealed session."""
        answer = await self._ask("session", session=session)
        return None if answer is None else exactly(answer, bytes)

    async def change_session(self, session: bytes, *, was: bytes, now: bytes) -> bool:
        """Replace a sealed session; False when it is another by now, or has been left."""
        return bool(await self._ask("change_session", session=session, was=was, now=now))

    async def delete_session(self, session: bytes) -> None:
        """Forget a session."""
        await self._ask("delete_session", session=session)

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
    """Write a mailbox for a frame."""
    if mailbox is None:
        return None
    return {
        "unit": mailbox.unit,
        "thread_state": mailbox.thread_state,
        "bundle": mailbox.bundle,
        "waiting": mailbox.waiting,
    }


def _unpack_mailbox(value: Mapping[str, Any] | None) -> Mailbox | None:
    if value is None:
        return None
    state, bundle = exactly(value["thread_state"], bytes), exactly(value["bundle"], bytes)
    return Mailbox(unit=value["unit"], thread_state=state, bundle=bundle, waiting=value["waiting"])


def pack_submission(s: Submission) -> dict[str, Any]:
    """Write a submission for a frame."""
    return {
        "mac": s.mac,
        "mailbox": s.mailbox,
        "unit": s.unit,
        "serial": s.serial,
        "urgent": s.urgent,
        "day": s.day.isoformat(),
        "was": None if s.was is None else s.was,
        "now": s.now,
        "new": None if s.new is None else {"recipient": s.new.recipient, "bundle": s.new.bundle},
        "envelopes": [_pack_envelope(e) for e in s.envelopes],
    }


def unpack_submission(value: Mapping[str, Any]) -> Submission:
    """Read what `pack_submission` writes; raises `ChannelError`."""
    try:
        new = value["new"]
        return Submission(
            mac=exactly(value["mac"], bytes),
            mailbox=exactly(value["mailbox"], bytes),
            unit=value["unit"],
            serial=value["serial"],
            urgent=value["urgent"],
            day=date.fromisoformat(value["day"]),
            was=None if value["was"] is None else exactly(value["was"], bytes),
            now=exactly(value["now"], bytes),
            new=None if new is None else NewMailbox(new["recipient"], exactly(new["bundle"], bytes)),
            envelopes=tuple(_unpack_envelope(one) for one in value["envelopes"]),
        )
    except (KeyError, TypeError, ValueError):
        raise ChannelError from None


def pack_erasure(erasure: Erasure) -> dict[str, Any]:
    """Write an erasure for a frame."""
    wish = erasure.wish
    return {
        "mailbox": erasure.mailbox,
        "was": erasure.was,
        "sent": erasure.sent,
        "wish": wish
        and {
            "envelope": _pack_envelope(wish.envelope),
            "unit": wish.unit,
            "serial": wish.serial,
            "day": wish.day.isoformat(),
        },
    }


def unpack_erasure(value: Mapping[str, Any]) -> Erasure:
    """Read what `pack_erasure` writes; raises `ChannelError`."""
    try:
        wish = value["wish"]
        return Erasure(
            mailbox=exactly(value["mailbox"], bytes),
            was=exactly(value["was"], bytes),
            sent=value["sent"],
            wish=wish
            and Wish(
                _unpack_envelope(wish["envelope"]),
                unit=wish["unit"],
                serial=wish["serial"],
                day=date.fromisoformat(wish["day"]),
            ),
        )
    except (KeyError, TypeError, ValueError):
        raise ChannelError from None


def _pack_envelope(envelope: Envelope) -> list[Any]:
    return [str(envelope.id), envelope.kind, envelope.size, envelope.sha256]


def _unpack_envelope(value: Any) -> Envelope:  # noqa: ANN401 - JSON
    identifier, kind, size, digest = value
    return Envelope(an_id(identifier), cast(Kind, kind), size, exactly(digest, bytes))
