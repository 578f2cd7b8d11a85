"""What a collector may ask: list, fetch, receipt, mailboxes, bundles, keys. It opens nothing and knows no source."""

import asyncio
import json
import os
import re
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, BinaryIO, Final
from uuid import UUID

from aiohttp import web

from tipline.base import nearing
from tipline.base.blobstore import BlobMissingError, BlobStore
from tipline.base.database import Pool
from tipline.base.jsons import JsonError, parse_object
from tipline.base.ticks import BUNDLES, DELETED_BYTES, FRAME, LIST_BYTES, PAGE, answer_size
from tipline.base.web import Site, make_app
from tipline.bundles import SEALED_BUNDLE_BYTES
from tipline.drop import store
from tipline.drop.signed import BODY, GATE, UNIT, Gate, refusal, signed_only
from tipline.envelope import MAILBOX_BYTES, IntakeKey, IntakeKeyError
from tipline.pgpkey import PgpKey, PgpKeyError

POOL: web.AppKey[Pool] = web.AppKey("pool")
BLOBS = web.AppKey("blobs", BlobStore)
FOLDER = web.AppKey("folder", Path)
"""The public zone's."""
TODAY: web.AppKey[Callable[[], date]] = web.AppKey("today")

_CHUNK: Final = 256 * 1024
_ID: Final = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_SITE: Final = Site(name="drop", title="Drop", practice=False, style="source")

_NO_PAGE: Final = "a page begins behind an id"
_NO_IDS: Final = "the body is no list of a page's ids"
_NO_RECEIPTS: Final = "the body is no list of receipts"
_NO_BUNDLES: Final = "the body is no row of mailboxes with their bundles"
_NO_KEY: Final = "this is no intake key of this unit, serial and signer that can still be used"
_TAKEN: Final = "this serial belongs to another intake key"


def make(gate: Gate, pool: Pool, folder: Path, today: Callable[[], date]) -> web.Application:
    """Return the drop's application over the public zone's *folder*."""
    app = make_app(_SITE, ROUTES)
    app.middlewares.append(signed_only)
    app[GATE], app[POOL], app[FOLDER], app[TODAY] = gate, pool, folder, today
    app[BLOBS] = BlobStore(folder / "blobs")
    return app


async def list_envelopes(request: web.Request) -> web.Response:
    """List one page of what waits for the unit; as many bytes when nothing waits as when the page is full."""
    try:
        after = UUID(request.query.get("after", ""))
    except ValueError:
        return refusal(HTTPStatus.BAD_REQUEST, _NO_PAGE)
    urgent_only = request.query.get("urgent") == "1"
    async with request.app[POOL].acquire() as db:
        found = await store.waiting(db, request[UNIT].id, urgent_only=urgent_only, after=after, limit=PAGE + 1)
    listed = [
        {"id": str(e.id), "size": e.size, "sha256": e.sha256.hex(), "urgent": e.urgent, "day": e.day.isoformat()}
        for e in found[:PAGE]
    ]
    near = await asyncio.to_thread(nearing.read, request.app[FOLDER])
    return _json({"envelopes": listed, "more": len(found) > PAGE, "nearing": near}, size=LIST_BYTES)


async def fetch_envelopes(request: web.Request) -> web.StreamResponse:
    """Stream the envelopes asked for, each behind its length (0: not here), then zeros up to the answer's class.

    Before the first byte goes they count as handed out: a unit stores each as it comes, long before its receipts.
    """
    try:
        wanted = read_ids(request[BODY])
    except JsonError:
        return refusal(HTTPStatus.BAD_REQUEST, _NO_IDS)
    async with request.app[POOL].acquire() as db:
        held = await store.hand_out(db, request[UNIT].id, wanted)
    with ExitStack() as files:
        opened = [await asyncio.to_thread(_open, request.app[BLOBS], one, files) for one in wanted if one in held]
        found = dict(zip([one for one in wanted if one in held], opened, strict=True))
        return await _stream(request, [found.get(one) for one in wanted])


def _open(blobs: BlobStore, envelope: UUID, files: ExitStack) -> BinaryIO | None:
    """Open a blob until *files* is left; None when its source deleted it at this moment."""
    try:
        return files.enter_context(blobs.open(envelope))
    except BlobMissingError:
        return None


async def _stream(request: web.Request, files: Sequence[BinaryIO | None]) -> web.StreamResponse:
    sizes = [0 if file is None else os.fstat(file.fileno()).st_size for file in files]
    used = sum(sizes) + FRAME * len(sizes)
    total = answer_size(used)
    response = web.StreamResponse(headers={"Content-Type": "application/octet-stream", "Content-Length": str(total)})
    await response.prepare(request)
    for file, size in zip(files, sizes, strict=True):
        await response.write(size.to_bytes(FRAME, "big"))
        while file is not None and (chunk := await asyncio.to_thread(file.read, _CHUNK)):
            await response.write(chunk)
    for start in range(used, total, _CHUNK):
        await response.write(bytes(min(_CHUNK, total - start)))
    await response.write_eof()
    return response


def read_ids(body: bytes) -> list[UUID]:
    """Read which envelopes a unit asks for, at most a page of them; raises `JsonError`."""
    value = parse_object(body)
    ids = value.get("ids")
    if value.keys() != {"ids"} or not isinstance(ids, list) or len(ids) > PAGE:
        raise JsonError
    if not all(isinstance(one, str) and _ID.fullmatch(one) for one in ids) or len(set(ids)) != len(ids):
        raise JsonError
    return [UUID(one) for one in ids]


async def take_receipts(request: web.Request) -> web.Response:
    """Delete what the unit proves to hold: rows first, then blobs; the sweep gets what a crash leaves between.

    An envelope that has gone already counts as deleted, so that a lost answer can be asked for again.
    """
    try:
        receipts = read_receipts(request[BODY])
    except JsonError:
        return refusal(HTTPStatus.BAD_REQUEST, _NO_RECEIPTS)
    async with request.app[POOL].acquire() as db:
        deleted = await store.delete(db, request[UNIT].id, receipts)
        still = await store.known(db, [receipt.id for receipt in receipts])
    for envelope in deleted:
        await asyncio.to_thread(request.app[BLOBS].delete, envelope)
    gone = dict.fromkeys(str(receipt.id) for receipt in receipts if receipt.id not in still)
    return _json({"deleted": list(gone)}, size=DELETED_BYTES)


def read_receipts(body: bytes) -> list[store.Receipt]:
    """Read the body of a request that deletes; raises `JsonError`."""
    value = parse_object(body)
    if value.keys() != {"receipts"} or not isinstance(value["receipts"], list):
        raise JsonError
    return [_receipt(entry) for entry in value["receipts"]]


def _receipt(entry: object) -> store.Receipt:
    if not isinstance(entry, dict) or entry.keys() != {"id", "sha256"}:
        raise JsonError
    envelope, digest = entry["id"], entry["sha256"]
    if not isinstance(envelope, str) or not isinstance(digest, str):
        raise JsonError
    if not _ID.fullmatch(envelope) or not _HASH.fullmatch(digest):
        raise JsonError
    return store.Receipt(UUID(envelope), bytes.fromhex(digest))


async def list_mailboxes(request: web.Request) -> web.Response:
    """List every mailbox of the unit, in random order."""
    async with request.app[POOL].acquire() as db:
        found = await store.mailboxes(db, request[UNIT].id)
    return _json({"mailboxes": [{"id": box.id.hex(), "recipient": box.recipient} for box in found]})


async def put_bundles(request: web.Request) -> web.Response:
    """Replace the bundles of some mailboxes, all at once; say which are not here, as their sources deleted them."""
    bundles = read_bundles(request[BODY])
    if bundles is None:
        return refusal(HTTPStatus.BAD_REQUEST, _NO_BUNDLES)
    async with request.app[POOL].acquire() as db:
        replaced = await store.replace_bundles(db, request[UNIT].id, bundles)
    return _json({"missing": [mailbox.hex() for mailbox in bundles if mailbox not in replaced]})


def read_bundles(body: bytes) -> dict[bytes, bytes] | None:
    """Read bundles, each behind the id of its mailbox; None for anything else, a mailbox twice included."""
    count, rest = divmod(len(body), MAILBOX_BYTES + SEALED_BUNDLE_BYTES)
    if rest or not 1 <= count <= BUNDLES:
        return None
    starts = range(0, len(body), MAILBOX_BYTES + SEALED_BUNDLE_BYTES)
    bundles = {
        body[at : at + MAILBOX_BYTES]: body[at + MAILBOX_BYTES : at + MAILBOX_BYTES + SEALED_BUNDLE_BYTES]
        for at in starts
    }
    return bundles if len(bundles) == count else None


async def put_intake_key(request: web.Request) -> web.Response:
    """Keep one signed intake key, for now or a time to come."""
    return await _put_key(request, IntakeKey.read, store.add_intake_key)


async def put_pgp_key(request: web.Request) -> web.Response:
    """Keep one signed OpenPGP intake key, for now or a time to come."""
    return await _put_key(request, PgpKey.read, store.add_pgp_key)


async def _put_key(request: web.Request, read: Callable[[bytes, bytes], store.Key], add: store.Add) -> web.Response:
    unit = request[UNIT]
    try:
        key = read(request[BODY], unit.intake_signer)
    except (IntakeKeyError, PgpKeyError):
        return refusal(HTTPStatus.BAD_REQUEST, _NO_KEY)
    named = (unit.id, int(request.match_info["serial"]))
    if (key.unit, key.serial) != named or key.not_after < request.app[TODAY]():
        return refusal(HTTPStatus.BAD_REQUEST, _NO_KEY)
    async with request.app[POOL].acquire() as db:
        kept = await add(db, key, request[BODY])
    return _json({}) if kept else refusal(HTTPStatus.CONFLICT, _TAKEN)


def _json(value: dict[str, Any], *, size: int = 0) -> web.Response:
    """Answer in JSON, filled up with spaces to *size* bytes."""
    return web.Response(body=json.dumps(value).encode().ljust(size), content_type="application/json")


def utc_today() -> date:
    """Return the day, in UTC."""
    return datetime.now(UTC).date()


ROUTES: Final = (
    web.get("/v1/envelopes", list_envelopes),
    web.post("/v1/envelopes", fetch_envelopes),
    web.post("/v1/receipts", take_receipts),
    web.get("/v1/mailboxes", list_mailboxes),
    web.put("/v1/bundles", put_bundles),
    web.put("/v1/intake-keys/{serial:[1-9][0-9]{0,8}}", put_intake_key),
    web.put("/v1/pgp-keys/{serial:[1-9][0-9]{0,8}}", put_pgp_key),
)
