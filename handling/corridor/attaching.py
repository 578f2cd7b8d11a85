"""Copies of a source's files in a report: drawn anew, sealed under the report's record key, and never the original."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from crypto import columns
from crypto.digest import sha256
from crypto.errors import CryptoError
from crypto.secret import Secret
from handling import derive
from handling.corridor import parts, seen
from handling.corridor.document import Attached, Draft
from handling.corridor.errors import NotThereError, RefusedError
from handling.corridor.parts import Blobs
from handling.corridor.session import Handler
from handling.corridor.store import attachments, files
from handling.corridor.store.files import File, FileState
from handling.derive import NotDerivedError, Why
from handling.rules.attachments import COUNT_MAX, TOGETHER_MAX
from handling.store.vault import OpenVault
from tipline import envelope
from tipline.base.blobstore import BlobMissingError
from tipline.base.database import Db

_TABLE, _COLUMN = "corridor.attachment", "sealed"
_NOT_WHOLE = "This file has not come whole, so nothing can be drawn from it."
_LOST = "This file does not open any more. Nothing was taken from it."
_TWICE = "A copy of this file is in the report already."
_TOO_MANY = f"A report takes at most {COUNT_MAX} attachments."
_TOO_LARGE = f"The attachments of a report may have {TOGETHER_MAX // 1024**2} MiB together. Take another one out first."


@dataclass(frozen=True, slots=True)
class Original:
    """A source's whole file, with what its sidecar says."""

    file: File
    described: envelope.File


@dataclass(frozen=True, slots=True)
class Made:
    """A copy, and how a draft names it."""

    entry: Attached
    data: bytes


async def originals(db: Db, handler: Handler, draft: Draft) -> tuple[Original, ...]:
    """Every whole file of the tip's thread that is not in the draft yet, in the order of their names."""
    rows = await files.of_thread(db, draft.thread, await seen.hidden(handler.vault))
    key = await asyncio.to_thread(handler.vault.record, draft.thread)
    taken = {one.file for one in draft.attached}
    whole = [row for row in rows if row.state is FileState.WHOLE and row.id not in taken]
    return tuple(sorted((Original(row, parts.sidecar(key, row)) for row in whole), key=lambda one: one.described.name))


async def original(db: Db, handler: Handler, draft: Draft, file: UUID) -> Original:
    """One file of the tip that a draft rests on.

    Raises:
        NotThereError: it is not a file of that tip.
        RefusedError: it has not come whole, is in the draft already, or is past what can be drawn.
    """
    row = await files.get(db, file, await seen.hidden(handler.vault))
    if row is None or row.thread != draft.thread:
        raise NotThereError
    if row.state is not FileState.WHOLE:
        raise RefusedError(_NOT_WHOLE)
    if file in {one.file for one in draft.attached}:
        raise RefusedError(_TWICE)
    key = await asyncio.to_thread(handler.vault.record, row.thread)
    found = Original(row, parts.sidecar(key, row))
    if found.described.size > derive.ORIGINAL_MAX:
        raise RefusedError(Why.ORIGINAL_TOO_LARGE.value)
    return found


def derived(vault: OpenVault, blobs: Blobs, given: Original) -> Made:
    """Draw a copy of an original. Blocking, up to some minutes for a video.

    Raises:
        RefusedError: there is none, and why.
    """
    try:
        data = b"".join(parts.read(blobs.files, vault.record(given.file.thread), given.described))
        copy = derive.derive(data)
    except NotDerivedError as error:
        raise RefusedError(error.why.value) from None
    except (CryptoError, BlobMissingError):
        raise RefusedError(_LOST) from None
    entry = Attached(
        id=uuid4(),
        kind=copy.kind,
        size=len(copy.data),
        sha256=sha256(copy.data).hex(),
        file=given.file.id,
        name=given.described.name,
        original=given.described.sha256.hex(),
        carried=copy.carried,
        text=copy.text,
    )
    return Made(entry, copy.data)


def with_one(attached: Sequence[Attached], entry: Attached) -> tuple[Attached, ...]:
    """Return a draft's attachments with one more, or raise `RefusedError` where that is one too many."""
    after = (*attached, entry)
    if entry.file in {one.file for one in attached}:
        raise RefusedError(_TWICE)
    if len(after) > COUNT_MAX:
        raise RefusedError(_TOO_MANY)
    if sum(one.size for one in after) > TOGETHER_MAX:
        raise RefusedError(_TOO_LARGE)
    return after


def renewed(attached: Sequence[Attached]) -> tuple[Attached, ...]:
    """Return the same attachments for another report, with ids of their own."""
    return tuple(replace(one, id=uuid4()) for one in attached)


async def keep(db: Db, vault: OpenVault, report: UUID, attachment: UUID, data: bytes) -> None:
    """Seal a copy under its report's record key and store it."""
    key = await asyncio.to_thread(vault.record, report)
    sealed = await asyncio.to_thread(_seal, key, data, attachment)
    await attachments.add(db, attachment, report, sealed)


async def copies(db: Db, vault: OpenVault, report: UUID, draft: Draft) -> tuple[bytes, ...]:
    """Open a draft's copies in their order.

    Raises:
        NotThereError: one of them is not there as the draft describes it.
    """
    if not draft.attached:
        return ()
    rows = await attachments.of_report(db, report)
    if not {one.id for one in draft.attached} <= rows.keys():
        raise NotThereError
    key = await asyncio.to_thread(vault.record, report)
    return tuple([await asyncio.to_thread(_open, key, rows[one.id], one) for one in draft.attached])


async def copy(db: Db, vault: OpenVault, report: UUID, entry: Attached) -> bytes:
    """Open one copy, or raise `NotThereError`."""
    row = await attachments.get(db, entry.id, report)
    if row is None:
        raise NotThereError
    key = await asyncio.to_thread(vault.record, report)
    return await asyncio.to_thread(_open, key, row, entry)


def _seal(key: Secret, data: bytes, attachment: UUID) -> bytes:
    return columns.seal(key, data, table=_TABLE, column=_COLUMN, row=str(attachment))


def _open(key: Secret, row: bytes, entry: Attached) -> bytes:
    data = columns.open_(key, row, table=_TABLE, column=_COLUMN, row=str(entry.id))
    if sha256(data).hex() != entry.sha256:
        raise NotThereError
    return data
