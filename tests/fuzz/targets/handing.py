"""What is handed in sealed, as it streams in, and what a worker that was taken over may ask of `keep`."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from datetime import date
from types import SimpleNamespace
from typing import Any, cast

from crypto.codename import Codename, keys
from crypto.digest import sha256
from tests.fuzz.target import Target, these, waited
from tests.handins import Device, Memory, Receiver, attached
from tipline.base.blobstore import BlobWriter
from tipline.base.database import Pool
from tipline.source import frames, keep
from tipline.source.ceilings import Uploads
from tipline.source.frames import ChannelError
from tipline.source.pieces import Piece, PieceError, PieceReader

KNOWN = Receiver(date(2026, 11, 23))
SOURCE = Device(keys(Codename.from_token(bytes(32))))
(SMALL,) = SOURCE.tip(KNOWN.intake)
(WITH_A_PART,) = SOURCE.tip(KNOWN.intake, "Boxes.", attached("a.jpg", b"photo"))
SLIP = SMALL[: SMALL.index(b"\n") + 1]
PART = WITH_A_PART[-67_451:]


def read(*pieces: bytes) -> tuple[Piece | None, list[Memory]]:
    """Read a file that comes in these pieces; None when it is refused. Whoever refuses has thrown everything away."""
    made: list[Memory] = []

    def create() -> BlobWriter:
        made.append(Memory())
        return cast(BlobWriter, made[-1])

    try:
        with PieceReader(create) as reader:
            for piece in pieces:
                reader.update(piece)
            return reader.finish(), made
    except PieceError:
        assert all(one.gone for one in made)
        return None, made


def piece(data: bytes) -> None:
    """Whatever the pieces in which it comes, the same is taken: every byte, each envelope as its slip names it."""
    found, made = read(data)
    cut = len(data) // 3
    again, _ = read(data[:cut], data[cut : cut + 1], data[cut + 1 :])
    assert (found is None) is (again is None)
    if found is None:
        raise REFUSED
    front = b"" if found.slip is None else found.slip.encode()
    assert front + b"".join(bytes(one.data) for one in made) == data
    assert [one.sha256 for one in found.received] == [sha256(bytes(one.data)) for one in made]
    if found.slip is not None:
        assert [one.sha256 for one in found.received] == [one.sha256 for one in found.slip.pieces[0]]


def envelopes(data: bytes) -> None:
    """Behind a good slip nothing counts but what it names."""
    found, _ = read(SLIP, data)
    assert (found is not None) is (data == SMALL[len(SLIP) :])


REFUSED = ChannelError()


class Nowhere:
    """A database that has nothing: what is asked of it has been read by then."""

    async def fetch(self, *_: object) -> list[object]:
        return []

    async def fetchrow(self, *_: object) -> None:
        return None

    async def fetchval(self, *_: object) -> None:
        return None

    async def execute(self, *_: object) -> str:
        return "INSERT 0 0"

    def transaction(self) -> Any:
        return nullcontext()


class Roomy:
    """A worker's account of its files under ceilings that are never reached: what is asked is read all the same."""

    async def room(self, *_: object, **__: object) -> bool:
        return True

    async def takes(self, *_: object, **__: object) -> bool:
        return True

    async def takes_mailbox(self, *_: object, **__: object) -> bool:
        return True

    def added(self, **_: object) -> None:
        return None

    @property
    def gate(self) -> "Roomy":
        return self


@asynccontextmanager
async def acquired() -> AsyncIterator[Nowhere]:
    yield Nowhere()


POOL = cast(Pool, SimpleNamespace(acquire=acquired))


async def _asked(data: bytes) -> None:
    """Raw bytes on the socket, their lengths included."""
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    while (frame := await frames.read_frame(reader)) is not None:
        answer = await keep._answer(POOL, cast(Uploads, Roomy()), frame)
        assert answer.keys() in ({"answer"}, {"error"})


def framed(do: str, *behind: bytes, **said: object) -> bytes:
    """One frame as a worker sends it."""
    spoken, data = json.dumps({"do": do, **said}).encode(), b"".join(behind)
    return len(spoken).to_bytes(4, "big") + len(data).to_bytes(4, "big") + spoken + data


def of(data: bytes) -> dict[str, int]:
    """What stands in the JSON for bytes that follow it."""
    return {"bytes": len(data)}


HASH, ID, TODAY = bytes(32), "6c1d2e2e-93a8-4a52-9a6e-6d6a6e2f7f11", "2026-11-23"
FRAMES = these(
    framed("begin_hand_in", SLIP, slip=of(SLIP), today=TODAY),
    framed("place_in_hand_in", PART[:256], HASH, wrapper=of(PART[:256]), sha256=of(HASH), size=len(PART), today=TODAY),
    framed("note_here", HASH, id=ID, sha256=of(HASH)) + framed("complete_hand_in", HASH, sum=of(HASH), today=TODAY),
    framed("mailbox", HASH, mailbox=of(HASH)),
    framed("standing", HASH, HASH, mac=of(HASH), mailbox=of(HASH)),
    framed("pickup", HASH, mailbox=of(HASH)) + framed("session", HASH, session=of(HASH)),
    framed("intake_statements_from", unit="unit", today=TODAY),
    framed(
        "add_session",
        *(HASH, b"x", HASH, HASH),
        session=of(HASH),
        sealed=of(b"x"),
        day=TODAY,
        mailbox=of(HASH),
        instead_of=of(HASH),
    ),
    framed("erase", HASH, b"x", mailbox=of(HASH), was=of(b"x"), sent=[], wish=None),
    framed("note_here", HASH, id=7, sha256=of(HASH)),
    framed("submit", mac=1, envelopes=[[7, "part", 1, 2]]),
    b"\xff" * 8,
)
TARGETS = {
    "hand-in-piece": Target(
        piece,
        (ChannelError,),
        these(SMALL, PART[:4096], PART[:1900], SLIP, SMALL[:-1], SMALL + b"x", b"\n", b"age-encryption.org/v1\n"),
        most=len(SMALL) + 64,
    ),
    "hand-in-envelopes": Target(envelopes, (), these(SMALL[len(SLIP) :], PART[:4096]), most=8192),
    "keep-frame": Target(lambda data: waited(_asked(data)), (ChannelError,), FRAMES, most=8192),
}
