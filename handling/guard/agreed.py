"""Which signed agreements this guard has seen: set back to an older one, its database decides nothing."""

import asyncio
from datetime import date

from handling.guard.service import Guard
from handling.rules.agreements import Agreement, Side
from handling.store import agencies, agreements, pins
from handling.store.agencies import Agency
from handling.store.agreements import DamagedAgreementError
from handling.store.members import MemberList
from handling.store.pins import RollbackError
from handling.undersigned import Ours, judged
from tipline.base.database import Db

_PIN = "agreements.pin"  # beside the guard's member list


async def rolled_back(guard: Guard, db: Db, deciding: Agreement, agency: Agency, *, ours: Ours, today: date) -> bool:
    """Note what both sides have signed, and say whether a newer version than the one that decides was seen before."""
    signed = []
    for version in await agreements.versions(db, agency.id):
        found = await judged(db, version, agency, ours)
        if found.signed == frozenset(Side):
            signed.append(found)
            if found.valid_from <= today:
                break  # what it replaced decides nothing
    pin = guard.trust.pin.with_name(_PIN)
    try:
        await asyncio.to_thread(pins.hold_agreement, pin, agency.id, signed, deciding, today)
    except RollbackError:
        return True
    return False


async def look(guard: Guard, db: Db, listed: MemberList, today: date) -> None:
    """Note what is signed with every agency, so that a version counts as seen also when nothing is asked for under it."""
    ours = Ours.of(guard.trust.root, listed)
    for agency in await agencies.all_(db):
        try:
            deciding = await agreements.active(db, agency.id, today)
        except DamagedAgreementError:
            continue
        if deciding is not None:
            await rolled_back(guard, db, deciding, agency, ours=ours, today=today)
