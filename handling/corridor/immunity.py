"""Public-interest immunity of items: the claim as it is sealed, and which items of a tip carry one."""

import asyncio
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from crypto.secret import Secret
from handling.corridor import sealed
from handling.corridor.store import items
from handling.store.vault import OpenVault
from tipline.base.database import Db

_TABLE = "immunity"


@dataclass(frozen=True, slots=True)
class Claim:
    """Public-interest immunity as it was claimed for one item."""

    by: str
    on: date
    reason: str


def seal(key: Secret, item: UUID, reason: str) -> bytes:
    """Seal why it is claimed under the key of the tip's thread."""
    return sealed.seal(key, {"reason": reason}, table=_TABLE, row=item)


def open_(key: Secret, row: items.Immunity) -> Claim:
    """Open one claim."""
    return Claim(row.claimed_by, row.claimed_on, sealed.unseal(key, row.sealed, table=_TABLE, row=row.item)["reason"])


async def claimed(db: Db, vault: OpenVault, tip: UUID, thread: UUID) -> dict[UUID, str]:
    """Items of a tip for which public-interest immunity is claimed, each with the reason."""
    rows = [row.immunity for row in await items.of_tip(db, tip) if row.immunity is not None]
    return await asyncio.to_thread(lambda: {row.item: open_(vault.record(thread), row).reason for row in rows})
