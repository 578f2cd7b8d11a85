"""Takes what was sealed on the source's own device: checked as it streams in, kept file by file, stored once it is whole.

It holds no key and sees no words: everything here is ciphertext and what the wrappers say.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import partial
from http import HTTPStatus
from pathlib import PurePath
from typing import Final
from uuid import UUID

from aiohttp import ClientPayloadError, web

from crypto.digest import Sha256
from tipline.base.blobstore import BlobStore, BlobWriter
from tipline.base.forms import FormError
from tipline.base.web import render
from tipline.handin import FILE_MAX, Slip
from tipline.source.behind import Behind
from tipline.source.channel import Keep
from tipline.source.context import ABOUT, BLOBS, KEEP, UNITS, clock
from tipline.source.form import DamagedError, FormStream, IncomingFile
from tipline.source.handed import Place, Progress, Standing
from tipline.source.pages import HandedIn, HandInPage, NotTaken
from tipline.source.pieces import MESSAGES_MAX, PARTS_MAX, Fault, Piece, PieceError, PieceReader, Received

FILES_MAX: Final = 2 * (1 + PARTS_MAX)
"""Files of one request: those of two of the largest hand-ins."""
REQUEST_MAX: Final = (MESSAGES_MAX + PARTS_MAX) * FILE_MAX
"""Bytes of one request: a hand-in as large as can be."""

_BATCH: Final = 1 << 20  # bytes checked and written in one go, away from the event loop
_NAME: Final = 60  # letters of a file's name that are shown again
_JSON: Final = "application/json"
_EMPTY: Final = "empty"
_BROKEN: Final = "line-broke"
_WAITING: Final = "waiting"


async def show(request: web.Request) -> web.Response:
    """Where files are chosen."""
    return render(request, HandInPage(request.app[ABOUT]))


async def take(request: web.Request) -> web.Response:
    """Take one or several files, in any order; say of each hand-in whether it is complete and which files are missing."""
    app = request.app
    stream = await FormStream.begin(request)
    intake = _Intake(app[KEEP], app[BLOBS], lambda unit: app[UNITS].get(unit) is not None, clock().date())
    broken = False
    try:
        await intake.take_all(stream)
    except (FormError, ConnectionError, ClientPayloadError):  # the line broke, or it is no form of ours
        broken = True
    handed_in = await intake.end()
    return _answer(request, handed_in, intake.waiting, tuple(intake.refused), broken=broken)


def _answer(
    request: web.Request,
    handed_in: tuple[Progress, ...],
    waiting: tuple[str, ...],
    refused: tuple[NotTaken, ...],
    *,
    broken: bool,
) -> web.Response:
    shown = tuple(HandedIn(one.standing.value, one.files, one.missing) for one in handed_in)
    reasons = [one.reason for one in refused] + [
        one.status for one in shown if one.status not in (Standing.WHOLE.value, Standing.PARTIAL.value)
    ]
    if broken:
        reasons.append(_BROKEN)
    elif not shown and not refused and not waiting:
        reasons.append(_EMPTY)
    status = HTTPStatus.OK
    if reasons:
        status = HTTPStatus.SERVICE_UNAVAILABLE if reasons[0] == Standing.FULL.value else HTTPStatus.BAD_REQUEST
    if _JSON in request.headers.get("Accept", ""):
        partial = [one.status for one in shown if one.status == Standing.PARTIAL.value]
        overall = (*reasons, *partial, *([_WAITING] if waiting else []), Standing.WHOLE.value)[0]
        body = {
            "status": overall,
            "hand_ins": [asdict(one) for one in shown],
            "waiting": list(waiting),
            "refused": [asdict(one) for one in refused],
        }
        return web.Response(body=json.dumps(body).encode(), status=status, content_type=_JSON)
    return render(request, HandInPage(request.app[ABOUT], shown, waiting, refused, problem=_problem(reasons)), status)


def _problem(reasons: Sequence[str]) -> str:
    return next((one for one in reasons if one in (_EMPTY, _BROKEN)), "")


@dataclass(slots=True)
class _Intake:
    """One request's files, in the order in which they come."""

    keep: Keep
    blobs: BlobStore
    served: Callable[[str], bool]
    today: date
    known: dict[bytes, Standing] = field(default_factory=dict)
    listed: set[bytes] = field(default_factory=set)
    arrived: bool = False
    refused: list[NotTaken] = field(default_factory=list)
    early: list[tuple[str, bytes]] = field(default_factory=list)

    @property
    def waiting(self) -> tuple[str, ...]:
        """Names of the parts that wait for their slip."""
        return tuple(name for name, sha256 in self.early if sha256 not in self.listed)

    async def take_all(self, stream: FormStream) -> None:
        """Take every file; raises `DamagedError` when the line breaks or there are too many, and what came before stays."""
        count, left = 0, REQUEST_MAX
        async for incoming in stream.files():
            count += 1
            if count > FILES_MAX:
                raise DamagedError
            left = await self._take(incoming, left)

    async def end(self) -> tuple[Progress, ...]:
        """Say how each hand-in of this request stands now; what is whole is stored."""
        standings = []
        for hand_in, standing in self.known.items():
            if standing is not Standing.PARTIAL:
                standings.append(Progress(standing))
                continue
            progress = await self.keep.complete_hand_in(hand_in, self.today)
            await asyncio.to_thread(self.blobs.delete, *progress.dropped)
            standings.append(progress)
        if self.arrived and not standings:  # parts alone, of a hand-in that was complete before
            standings.append(Progress(Standing.WHOLE))
        return tuple(standings)

    async def _take(self, incoming: IncomingFile, left: int) -> int:
        """Read one file to its end, whatever it is; return how many bytes this request may still bring."""
        name = PurePath(incoming.name).name[:_NAME]
        with PieceReader(self._create) as reader:
            begun = False
            async with Behind() as behind:
                async for data in incoming.pieces(_BATCH):
                    begun, left = True, left - len(data)
                    if left < 0:
                        raise DamagedError
                    await behind.go_on(partial(reader.update, data))
            if begun or name:  # an input without a file has neither
                try:
                    await self._keep(name, await asyncio.to_thread(reader.finish))
                except PieceError as error:
                    self.refused.append(NotTaken(name, error.fault.value))
        return left

    def _create(self) -> BlobWriter:
        return self.blobs.create(day=self.today)

    async def _keep(self, name: str, piece: Piece) -> None:
        try:
            if piece.slip is None:
                await self._part(name, piece.received[0])
            else:
                await self._slip(piece.slip, piece.received)
        finally:
            for received in piece.received:
                await asyncio.to_thread(received.writer.discard)

    async def _slip(self, slip: Slip, received: list[Received]) -> None:
        """Rows first, then blobs, then the word that they are here: so no sweep and no crash takes one of them away."""
        standing = await self.keep.begin_hand_in(slip, self.today) if self.served(slip.unit) else Standing.OTHER_UNIT
        self.known[slip.sum] = standing
        self.listed.update(listed.sha256 for listed in slip.envelopes)
        if standing is Standing.PARTIAL:
            for listed, one in zip(slip.envelopes, received, strict=False):
                if not await self._publish(listed.id, one):
                    self.known[slip.sum] = Standing.CLASH
                    return

    async def _part(self, name: str, received: Received) -> None:
        """Put a part where its slip lists it, or let it wait for that."""
        place = await self._place(received)
        if isinstance(place, Place) and not place.here:
            published = await self._publish(place.id, received)
            place = await self._place(received) if published else Standing.CLASH  # a slip may have come at this moment
        if place is Standing.WHOLE:
            self.arrived = True
        elif isinstance(place, Standing):
            reason = Fault.FIRST_MISSING.value if place is Standing.GONE else place.value
            self.refused.append(NotTaken(name, reason))
        elif place.sum is None:
            self.early.append((name, received.sha256))
        else:
            self.known.setdefault(place.sum, Standing.PARTIAL)

    async def _place(self, received: Received) -> Place | Standing:
        if not self.served(received.wrapper.unit):
            return Standing.OTHER_UNIT
        return await self.keep.place_in_hand_in(received.wrapper, received.sha256, received.size, self.today)

    async def _publish(self, envelope: UUID, received: Received) -> bool:
        """Publish one envelope and note it; False when another blob has its id.

        The very same bytes may stand there already: of a request that was killed before it could note them.
        """
        published = await asyncio.to_thread(received.writer.publish_new, envelope)
        if not published and await asyncio.to_thread(_hash, self.blobs, envelope) != received.sha256:
            return False
        await self.keep.note_here(envelope, received.sha256)  # in vain where it was forgotten at this moment
        return True


def _hash(blobs: BlobStore, envelope: UUID) -> bytes:
    digest = Sha256()
    with blobs.open(envelope) as file:
        while chunk := file.read(_BATCH):
            digest.update(chunk)
    return digest.digest()


ROUTES: Final = (web.get("/hand-in", show), web.post("/hand-in", take))
