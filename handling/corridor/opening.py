"""Opening what a source had sealed with PGP: when a handler asks, in the sandbox, never at re-sealing and never outside one.

What was inside stands under the thread's record key, like the message that brought it, and is heard for names before
anybody sees it (`handling/corridor/reading.py`): whoever it names loses the tip first, also the person who pressed the button.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from crypto import openpgp, padding, pgpintake
from crypto.blobs import BlobSealer
from crypto.digest import sha256
from crypto.errors import (
    CryptoError,
    PgpMessageError,
    PgpNewerError,
    PgpPasswordError,
    PgpRecipientError,
    PgpTooLargeError,
    PgpUnprotectedError,
    SandboxError,
)
from crypto.openpgp import Sealed
from crypto.pgpintake import Opened
from crypto.secret import Guarded, Secret
from handling.corridor import interests, parts, reading, sealed, tips
from handling.corridor.chain import ACCEPTED
from handling.corridor.errors import NotThereError, RefusedError
from handling.corridor.parts import Blobs
from handling.corridor.session import Handler
from handling.corridor.store import files, pgp
from handling.corridor.store import tips as rows
from handling.corridor.store.files import File, FileState
from handling.corridor.store.pgp import OpenedRow
from handling.corridor.tips import OpenMessage
from handling.store import pgpkeys
from handling.store.keyring import Keyring, MissingKeyError
from tipline import envelope
from tipline.base.blobstore import BlobMissingError
from tipline.base.database import Db, Pool
from tipline.questionnaire.wording import written

TEXT_MAX = 1024 * 1024  # bytes: a longer text is a file to save

_HEAD = 512  # bytes that tell whether a file is a sealed message
_NOTHING_STORED = "Nothing was opened and nothing was changed."
_WORDS: Mapping[type[CryptoError], str] = {
    PgpUnprotectedError: "It has no protection against changes, so anybody on the way could have altered it. It is not "
    f"opened. Ask the source to seal it again with a newer program. {_NOTHING_STORED}",
    PgpNewerError: f"It is of a newer form than the GnuPG on this machine reads. {_NOTHING_STORED}",
    PgpPasswordError: f"It is sealed with a passphrase and not to our key. {_NOTHING_STORED}",
    PgpRecipientError: f"It is not sealed to our key. {_NOTHING_STORED}",
    PgpTooLargeError: f"It is larger than this page opens, or unfolds into more than it may. {_NOTHING_STORED}",
    PgpMessageError: "It is damaged, cut, or holds something else than one sealed message. Ask the source to send it again. "
    f"{_NOTHING_STORED}",
    SandboxError: "This machine has no sandbox to open it in, and nothing is opened outside one. Ask the administrator to "
    f"install bubblewrap. {_NOTHING_STORED}",
}


@dataclass(frozen=True, slots=True)
class Inside:
    """What one message held: a text, or a file of the thread. *signed* when a signature that nobody checked is on it."""

    text: str | None
    file: UUID | None
    name: str
    size: int
    signed: bool
    by: str
    on: str


def source_text(message: OpenMessage) -> str:
    """All that a message says in words: where an armoured text may stand."""
    body = message.content.get("body", {})
    texts = [str(body[name]) for name in ("text", "how_known", "must_not_learn") if name in body]
    return "\n".join([*texts, written(body)])


def closed(messages: Sequence[OpenMessage], heads: Mapping[UUID, bytes]) -> frozenset[UUID]:
    """Ids of the source's messages that hold something sealed with PGP; *heads* are how its files begin."""
    ours = (one for one in messages if one.row.direction == "in" and one.row.verdict in ACCEPTED)
    return frozenset(
        one.row.id
        for one in ours
        if openpgp.holds_block(source_text(one)) or openpgp.looks_sealed(heads.get(one.row.id, b""))
    )


async def heads(db: Db, blobs: Blobs, handler: Handler, messages: Sequence[OpenMessage]) -> dict[UUID, bytes]:
    """Read how each whole file of a thread begins."""
    found = {}
    for one in messages:
        if one.row.file_state == FileState.WHOLE.value:
            file = await files.get(db, one.row.id, [])
            if file is not None:
                found[file.id] = await asyncio.to_thread(_head, blobs, handler, file)
    return found


async def inside(db: Db, handler: Handler, thread: UUID) -> dict[UUID, Inside]:
    """Open what was opened before, by the id of its message."""
    stored = await pgp.opened(db, thread)
    key = await asyncio.to_thread(handler.vault.record, thread)
    return {row.message: _unsealed(key, row) for row in stored}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Opener(Guarded):
    """Opens for one handler; one message at a time."""

    pool: Pool
    blobs: Blobs
    keyring: Keyring
    handler: Handler

    async def open(self, tip: UUID, message: UUID, today: date) -> bool:
        """Open what one message holds and keep it; False when it names the person who asked, who may not read on.

        Raises:
            NotThereError: no such tip or message, or nothing sealed with PGP in it.
            RefusedError: it cannot be opened; the text says why and what to do.
        """
        async with self.pool.acquire() as db:  # 1 load
            found = await tips.get(db, self.handler.vault, tip)
            messages = await tips.dialogue(db, self.handler.vault, found.row.thread)
            gone = await pgp.destroyed(db)
            wanted = [one for one in messages if one.row.id == message]
            if message not in closed(wanted, await heads(db, self.blobs, self.handler, wanted)):
                raise NotThereError
            file = await files.get(db, message, []) if wanted[0].content["kind"] == "file" else None
        opened = await asyncio.to_thread(self._open, wanted[0], file, gone)  # 2 decide
        return await self._keep(tip, message, opened, today)  # 3 store

    def _open(self, message: OpenMessage, file: File | None, gone: Mapping[str, date]) -> Opened:
        """Open one message in the sandbox, or say why not. Blocking."""
        try:
            if file is None:
                one = openpgp.in_text(source_text(message))
            else:
                one = openpgp.in_file(_whole(self.blobs, self.handler, file))
            return pgpintake.open_(one, _secrets(self.keyring, self.handler, one, gone))
        except (PgpMessageError, SandboxError) as error:
            kinds = (kind for kind in type(error).__mro__ if kind in _WORDS)
            raise RefusedError(_WORDS[next(kinds)]) from None
        except (CryptoError, BlobMissingError):
            raise RefusedError(_WORDS[PgpMessageError]) from None

    async def _keep(self, tip: UUID, message: UUID, opened: Opened, today: date) -> bool:
        """Hear whom the text names, take the tip from them, then store it."""
        text, handler = _as_text(opened.data), self.handler
        async with self.pool.acquire() as db, db.transaction():
            found = await tips.locked(db, handler.vault, tip)
            key = await asyncio.to_thread(handler.vault.record, found.row.thread)
            content = found.content
            known = await interests.known(db, handler)
            verdict = reading.opened(known, f"{opened.name}\n{text or ''}", content)
            content = await reading.narrow(db, handler, found.row, content, verdict)
            file = None if text is not None else await _keep_file(db, self.blobs, key, found.row.thread, opened)
            value: dict[str, Any] = {
                "text": text,
                "name": opened.name,
                "size": len(opened.data),
                "signed": opened.signed,
                "by": handler.member.name,
                "on": today.isoformat(),
            }
            row = OpenedRow(message, found.row.thread, file, sealed.seal(key, value, table="opened", row=message))
            if await pgp.add_opened(db, row):
                await rows.reseal(db, tip, content.seal(key, tip), urgent=False)
        return handler.member.name not in verdict.out


def _whole(blobs: Blobs, handler: Handler, file: File) -> bytes:
    key = handler.vault.record(file.thread)
    described = parts.sidecar(key, file)
    if described.size > openpgp.SEALED_MAX:
        raise PgpTooLargeError
    return b"".join(parts.read(blobs.files, key, described))


def _head(blobs: Blobs, handler: Handler, file: File) -> bytes:
    key = handler.vault.record(file.thread)
    pieces: Iterator[bytes] = parts.read(blobs.files, key, parts.sidecar(key, file))
    found = b""
    try:
        while len(found) < _HEAD and (piece := next(pieces, None)) is not None:
            found += piece[:_HEAD]
    except (CryptoError, BlobMissingError):
        return b""
    return found


def _secrets(keyring: Keyring, handler: Handler, one: Sealed, gone: Mapping[str, date]) -> list[Secret]:
    """Take the subkeys that the message names out of the keyring; all of them where it hides whom it is for."""
    here = pgpkeys.known(keyring, handler.members.intake_signer)
    hidden = openpgp.HIDDEN in one.key_ids
    chosen = [key for key in here if hidden or key.key_id in one.key_ids]
    lost = [gone[key_id] for key_id in one.key_ids if key_id in gone]
    if not chosen and lost:
        raise RefusedError(
            f"It is sealed to a subkey that was destroyed on {max(lost).isoformat()}, so nobody can open it any more. Ask the "
            f"source to seal it again with the key of today. {_NOTHING_STORED}"
        )
    try:
        return [Secret(handler.vault.unseal(keyring.get("pgp-intake", str(key.serial)))) for key in chosen]
    except MissingKeyError:
        raise PgpRecipientError from None


async def _keep_file(db: Db, blobs: Blobs, key: Secret, thread: UUID, opened: Opened) -> UUID:
    """Keep a file that a message held as a file of its thread; its bytes are on the disk before its rows."""
    file, pieces = uuid4(), []
    for start in range(0, len(opened.data), padding.PART_MAX):
        part, data = uuid4(), opened.data[start : start + padding.PART_MAX]
        await asyncio.to_thread(_put_blob, blobs, key, part, data)
        pieces.append(envelope.Part(part, sha256(data), len(data)))
    described = envelope.File(opened.name, "", len(opened.data), sha256(opened.data), tuple(pieces))
    await files.settle_before_commit(db)
    await files.add(db, File(file, thread, sealed.seal(key, described.body(), table="file", row=file), FileState.WHOLE))
    for piece in pieces:
        await files.add_part(db, piece.id, file)
    return file


def _put_blob(blobs: Blobs, key: Secret, part: UUID, data: bytes) -> None:
    sealer = BlobSealer(key, str(part))
    with blobs.files.create() as writer:
        writer.write(sealer.update(data))
        writer.write(sealer.finish())
        writer.publish(part)


def _as_text(data: bytes) -> str | None:
    """Return what reads as a text of a bearable length; anything else is a file."""
    if len(data) > TEXT_MAX:
        return None
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return None
    return text if all(letter.isprintable() or letter in "\n\t" or ord(letter) > 0x9F for letter in text) else None  # noqa: PLR2004 - past the control characters


def _unsealed(key: Secret, row: OpenedRow) -> Inside:
    value = sealed.unseal(key, row.sealed, table="opened", row=row.message)
    return Inside(value["text"], row.file, value["name"], value["size"], value["signed"], value["by"], value["on"])
