"""After a recovery: tips that were not for everybody go to the new first readers, who decide again. Lets nobody else in.

The source's words are held against the new people's names as at re-sealing; whoever they name gets no key.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace

from handling.corridor import interests, reading, tips
from handling.corridor.store import outcomes, reports
from handling.corridor.store import tips as rows
from handling.corridor.tips import OpenTip
from handling.rules import exclusions
from handling.store.keyring import MissingKeyError
from handling.store.members import MemberList
from handling.store.vault import OpenVault
from tipline.base.database import Db


@dataclass(frozen=True, slots=True)
class Given:
    """How many tips wait for new first readers, and how many of them name every new handler and stay closed."""

    tips: int
    closed: int


async def give(db: Db, vault: OpenVault, listed: MemberList) -> Given:
    """Give every restricted tip, and the reports from it, to the first readers of the new list; repeating it is harmless.

    *vault* is opened with the recovery identity, for which nothing is hidden.
    """
    found = await tips.of_threads(db, vault, list(await asyncio.to_thread(vault.allowed)))
    closed = 0
    for tip in found:
        closed += not await _give(db, vault, listed, tip)
    return Given(len(found), closed)


async def _give(db: Db, vault: OpenVault, listed: MemberList, tip: OpenTip) -> tuple[str, ...]:
    """Give one tip to those first readers whom it does not name; return them."""
    said = reading.all_said(tip, await tips.dialogue(db, vault, tip.row.thread))
    people = interests.handlers(listed)
    out = {*tip.content.named, *(name for one in said for name in exclusions.named(people, one))}
    names = reading.first_readers(listed, {*out, *tip.content.conflicted})
    records = [tip.row.thread, *tip.content.reports]
    for record in records:
        with suppress(MissingKeyError):  # destroyed
            await asyncio.to_thread(vault.restrict, record, reading.recipients(listed, names))
    await reports.show_reviews_to(db, records, list(names))
    await outcomes.show_phrases_to(db, records, reading.shown_to(listed, names))
    content = replace(tip.content, waiting=True, named=tuple(sorted(out)))
    key = await asyncio.to_thread(vault.record, tip.row.thread)
    await rows.reseal(db, tip.row.id, content.seal(key, tip.row.id), urgent=False)
    return names
