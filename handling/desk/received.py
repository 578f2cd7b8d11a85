"""Material that agencies sent, as the desk keeps and opens it. What is here was signed by its agency's key when it came."""

import asyncio
import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID, uuid4

from crypto import age, columns
from crypto.canonical import canonical, parse
from crypto.errors import CryptoError
from handling import data
from handling.desk import material_store, store
from handling.desk.case import NEWEST, PAGE_LENGTH
from handling.desk.material_store import GoneRow, MaterialRow
from handling.desk.session import Desk
from handling.material import Material, MaterialError, Signed
from handling.rules import keylife
from handling.store.keyring import MissingKeyError
from handling.store.members import MemberList
from handling.store.vault import OpenVault
from tipline.base.database import Db, Pool

_TABLE, _GONE, _COLUMN = "desk.material", "desk.material_gone", "sealed"
_REFERENCE = "reference"
_AGENCY = "agency"  # whose key was judged: sealed, so that no row can say afterwards that it is another's


class NoSuchMaterialError(Exception):
    """No material here has this id."""

    def __init__(self) -> None:
        super().__init__("no such material")


@dataclass(frozen=True, slots=True)
class HandedIn:
    """What the portal says of material: which agency handed in which sealed file. Neither is believed before it is verified."""

    agency: str
    sealed: bytes

    @classmethod
    def read(cls, content: object) -> "HandedIn":
        """Read what the exchange sealed to the desk, or raise `MaterialError`."""
        if not isinstance(content, Mapping) or content.keys() != {"agency", "file", "day"}:
            raise MaterialError
        agency, file = content["agency"], content["file"]
        if not isinstance(agency, str) or not isinstance(file, str):
            raise MaterialError
        try:
            return cls(agency, base64.b64decode(file, validate=True))
        except (binascii.Error, ValueError):
            raise MaterialError from None


@dataclass(frozen=True, slots=True)
class Received:
    """One piece of material in clear; *said* and *signed* are None where it cannot be opened any more.

    Attributes:
        answered: the release that it says it answers, where there is one: then it is circular, as also where it names
            a release that nobody here made.
    """

    row: MaterialRow
    signed: Signed | None
    said: Material | None
    answered: UUID | None = None


@dataclass(frozen=True, slots=True)
class Gone:
    """What is left of one piece after its last day; *reference* is empty where the line cannot be opened any more."""

    row: GoneRow
    reference: str


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of material, newest first, and where the next page begins if there is one."""

    material: tuple[Received, ...]
    next: tuple[date, UUID] | None


async def listing(db: Db, desk: Desk, *, before: tuple[date, UUID] = NEWEST) -> Listing:
    """The newest material before *before*."""
    rows = await material_store.page(db, before=before, limit=PAGE_LENGTH + 1)
    shown = rows[:PAGE_LENGTH]
    opened = await asyncio.to_thread(lambda: tuple(_opened(desk.vault, row) for row in shown))
    return Listing(opened, (shown[-1].received_on, shown[-1].id) if len(rows) > PAGE_LENGTH else None)


async def one(db: Db, desk: Desk, material: UUID) -> Received:
    """One piece, or `NoSuchMaterialError`; raises `MissingKeyError` where it cannot be opened."""
    row = await material_store.get(db, material)
    if row is None:
        raise NoSuchMaterialError
    found = await asyncio.to_thread(_opened, desk.vault, row)
    if found.said is None:
        raise MissingKeyError
    answered = await material_store.answered(db, row.agency, found.said.answers) if found.said.answers else None
    return replace(found, answered=answered)


async def hand(db: Db, desk: Desk, members: MemberList, material: UUID, today: date) -> None:
    """Hand one piece to the corridor, so that handlers can rest reports on it; once, both notes or neither.

    Raises:
        NoSuchMaterialError, MissingKeyError: as `one`.
        NotAMemberError: the analyst is no longer on the signed list.
    """
    author = members.member(desk.member.name)
    found = await one(db, desk, material)
    if found.signed is None:
        raise MissingKeyError
    sealed = await asyncio.to_thread(age.seal, canonical(found.signed.to_body()), [members.corridor_vault])
    async with db.transaction():
        if await material_store.hand(db, material, by=author.name, day=today):
            await material_store.tell_corridor(db, found.row, sealed)


async def delete_past(pool: Pool, vault: OpenVault, today: date) -> int:
    """Delete every piece whose last day is over, key and all, and keep a line of each; return how many went.

    Only once the day can be believed: a clock that jumped would delete what nobody can bring back.
    """
    async with pool.acquire() as db:
        if not keylife.is_steady(await store.days(db, today), today):
            return 0
        rows = await material_store.all_(db)
        opened = await asyncio.to_thread(lambda: [_opened(vault, row) for row in rows])
        past = [one for one in opened if one.said is not None and one.said.conditions.are_over(today)]
        for one in past:
            await _delete(db, vault, one, today)
    return len(past)


async def _delete(db: Db, vault: OpenVault, found: Received, today: date) -> None:
    row, signed, said = found.row, found.signed, found.said
    if signed is None or said is None:
        raise TypeError("what was opened has its signature")
    async with db.transaction():
        if not await material_store.delete(db, row.id):
            return
        number = uuid4()
        key = await asyncio.to_thread(vault.new_record, number)
        line = columns.seal(key, canonical({_REFERENCE: said.reference}), table=_GONE, column=_COLUMN, row=str(number))
        left = GoneRow(number, row.agency, row.agency_name, row.received_on, today, line)
        await material_store.add_gone(db, left, signed.sha256)
    await asyncio.to_thread(vault.destroy, row.id)


async def gone(db: Db, desk: Desk, *, limit: int) -> tuple[Gone, ...]:
    """What is left of the pieces that were deleted last."""
    rows = await material_store.gone(db, limit=limit)
    return await asyncio.to_thread(lambda: tuple(_left(desk.vault, row) for row in rows))


def _left(vault: OpenVault, row: GoneRow) -> Gone:
    try:
        body = parse(columns.open_(vault.record(row.id), row.sealed, table=_GONE, column=_COLUMN, row=str(row.id)))
    except (MissingKeyError, CryptoError):
        return Gone(row, "")
    return Gone(row, str(body[_REFERENCE]))


def seal(vault: OpenVault, material: UUID, agency: str, signed: Signed) -> bytes:
    """Make a record key for material and seal it. Blocking: the key is fsynced before this returns."""
    key = vault.new_record(material)
    content = canonical({_AGENCY: agency, **signed.to_body()})
    return columns.seal(key, content, table=_TABLE, column=_COLUMN, row=str(material))


def _opened(vault: OpenVault, row: MaterialRow) -> Received:
    try:
        content = parse(columns.open_(vault.record(row.id), row.sealed, table=_TABLE, column=_COLUMN, row=str(row.id)))
        if content.pop(_AGENCY, None) != row.agency:
            return Received(row, None, None)
        signed = Signed.from_body(content)
        said = Material.read(signed.document, data.schemes())
    except (MissingKeyError, CryptoError, MaterialError):
        return Received(row, None, None)
    return Received(row, signed, said)
