"""Material of agencies that analysts handed to the corridor: reports rest on it, under its conditions. Judges its signature itself."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid4

from crypto.canonical import parse
from crypto.errors import CryptoError
from handling import data
from handling.corridor import sealed
from handling.corridor.errors import NotThereError
from handling.corridor.session import Handler
from handling.corridor.store import keys
from handling.corridor.store import material as rows
from handling.corridor.store.material import GoneRow, MaterialRow
from handling.material import Material, MaterialError, Signed
from handling.rules import keylife
from handling.rules.material import Piece
from handling.store import agencies
from handling.store.agencies import Agency
from handling.store.keyring import MissingKeyError
from handling.store.vault import OpenVault
from tipline.base.database import Db, Pool

OFFERED = 200  # newest pieces that the form of a report offers
_AGENCY = "agency"  # whose key was judged: sealed, since it decides whom the conditions do not bind


@dataclass(frozen=True, slots=True)
class OpenMaterial:
    """One piece in clear, whose signature was good when it came here."""

    row: MaterialRow
    signed: Signed
    said: Material

    @property
    def piece(self) -> Piece:
        """What a report that rests on it states of it."""
        return Piece(self.signed.sha256, self.row.agency, self.said.conditions)


@dataclass(frozen=True, slots=True)
class Gone:
    """What is left of one piece after its last day: what a report that rests on it keeps, and its agency's reference."""

    row: GoneRow
    reference: str
    piece: Piece


async def receive(pool: Pool, handler: Handler) -> None:
    """Look at what analysts handed over: keep under a record key what its agency signed for this unit, the rest apart.

    What the desk says of it counts for nothing but where to look: a desk that was changed could not widen a condition.
    """
    async with pool.acquire() as db:
        for number in await rows.handed(db):
            async with db.transaction():
                row = await rows.hold(db, number)
                if row is None:
                    continue
                signed = await asyncio.to_thread(_judged, handler, row, await agencies.get(db, row.agency))
                if signed is None:
                    await rows.set_refused(db, row.id)
                else:
                    kept = await asyncio.to_thread(_under_key, handler.vault, row, signed)
                    await rows.set_usable(db, row.id, kept)


async def listing(
    db: Db, vault: OpenVault, *, ticked: Collection[str] = (), limit: int = OFFERED
) -> tuple[OpenMaterial, ...]:
    """The newest pieces that can be opened, and however old they are those that were *ticked*."""
    newest = await _open_all(vault, await rows.usable(db, limit=limit))
    missing = set(ticked) - {one.signed.sha256 for one in newest}
    if not missing:
        return newest
    every = await _open_all(vault, await rows.usable(db, limit=None))
    older = [one for one in every if one.signed.sha256 in missing]
    return (*newest, *older)


async def get(db: Db, vault: OpenVault, material: UUID) -> OpenMaterial:
    """One piece, or `NotThereError`."""
    row = await rows.get(db, material)
    found = None if row is None else await asyncio.to_thread(_opened, vault, row)
    if found is None:
        raise NotThereError
    return found


def chosen(received: Sequence[OpenMaterial], ticked: Collection[str]) -> tuple[OpenMaterial, ...]:
    """Those of *received* that were ticked, in the order in which a report lists them."""
    return tuple(sorted((one for one in received if one.signed.sha256 in ticked), key=lambda one: one.signed.sha256))


async def pieces(db: Db, vault: OpenVault, ticked: Collection[str]) -> tuple[Piece, ...]:
    """What a report whose author ticked these states of its material, deleted since or not; what nobody can open is missing."""
    if not ticked:
        return ()
    here = [one.piece for one in chosen(await listing(db, vault, ticked=ticked), ticked)]
    left = [one.piece for one in await gone(db, vault, ticked)]
    return tuple(sorted({one.sha256: one for one in (*left, *here)}.values(), key=lambda piece: piece.sha256))


async def gone(db: Db, vault: OpenVault, ticked: Collection[str]) -> tuple[Gone, ...]:
    """What is left of those of the *ticked* pieces that were deleted."""
    return tuple(one for one in await gone_lines(db, vault, limit=None) if one.piece.sha256 in ticked) if ticked else ()


async def gone_lines(db: Db, vault: OpenVault, *, limit: int | None = OFFERED) -> tuple[Gone, ...]:
    """What is left of the pieces that were deleted last, at most *limit*."""
    found = await rows.gone(db, limit=limit)
    left = await asyncio.to_thread(lambda: [_left(vault, row) for row in found])
    return tuple(one for one in left if one is not None)


async def delete_past(pool: Pool, vault: OpenVault, today: date) -> int:
    """Delete every piece whose last day is over, key and all, and keep a line of each; return how many went.

    Only once the day can be believed: a clock that jumped would delete what nobody can bring back. What is kept apart stays:
    nobody knows under whose conditions.
    """
    async with pool.acquire() as db:
        ran = [one.day for one in await keys.days(db) if one.day <= today]
        if not keylife.is_steady(ran, today):
            return 0
        every = await _open_all(vault, await rows.usable(db, limit=None))
        past = [one for one in every if one.said.conditions.are_over(today)]
        for one in past:
            await _delete(db, vault, one, today)
    return len(past)


async def _delete(db: Db, vault: OpenVault, one: OpenMaterial, today: date) -> None:
    async with db.transaction():
        if not await rows.delete(db, one.row.id):
            return
        number = uuid4()
        key = await asyncio.to_thread(vault.new_record, number)
        body = {"reference": one.said.reference, "piece": one.piece.to_body()}
        line = sealed.seal(key, body, table="material_gone", row=number)
        await rows.add_gone(db, GoneRow(number, one.row.agency, one.row.received_on, today, line))
    await asyncio.to_thread(vault.destroy, one.row.id)


def _left(vault: OpenVault, row: GoneRow) -> Gone | None:
    """Open one line; None also where its row names another agency than the piece was of."""
    try:
        body = sealed.unseal(vault.record(row.id), row.sealed, table="material_gone", row=row.id)
        piece = Piece.from_body(body["piece"])
    except (CryptoError, MissingKeyError, KeyError, ValueError):
        return None
    return Gone(row, str(body["reference"]), piece) if piece.agency == row.agency else None


def _judged(handler: Handler, row: MaterialRow, agency: Agency | None) -> Signed | None:
    """Open what was sealed to the vault and hold it against the agency's enrolled key, this unit and its form. Blocking."""
    try:
        signed = Signed.from_body(parse(handler.vault.unseal(row.sealed)))
        said = Material.read(signed.document, data.schemes())
    except (CryptoError, MaterialError):
        return None
    if agency is None or said.unit != handler.members.unit or said.sender != agency.fingerprint:
        return None
    return signed if signed.holds(agency) else None


async def _open_all(vault: OpenVault, found: Sequence[MaterialRow]) -> tuple[OpenMaterial, ...]:
    opened = await asyncio.to_thread(lambda: [_opened(vault, row) for row in found])
    return tuple(one for one in opened if one is not None)


def _opened(vault: OpenVault, row: MaterialRow) -> OpenMaterial | None:
    """Open one piece; None also where its row names another agency than when it was judged."""
    try:
        body = sealed.unseal(vault.record(row.id), row.sealed, table="material", row=row.id)
        if body.get(_AGENCY) != row.agency:
            return None
        signed = Signed.from_body(body)
        return OpenMaterial(row, signed, Material.read(signed.document, data.schemes()))
    except (CryptoError, MaterialError, MissingKeyError):
        return None


def _under_key(vault: OpenVault, row: MaterialRow, signed: Signed) -> bytes:
    key = vault.new_record(row.id)
    return sealed.seal(key, {_AGENCY: row.agency, **signed.to_body()}, table="material", row=row.id)
