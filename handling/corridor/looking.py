"""Tips that came before something was known: each is held against what is known now, once for each time that it changes.

A session looks at what it can open before it is shown anything; what only others can open, they look at. Takes away, never
lets in.
"""

import asyncio
from contextlib import suppress
from uuid import UUID

from handling.corridor import interests, items, opening, reading, reports, seen, tips
from handling.corridor.errors import NotThereError
from handling.corridor.session import Handler
from handling.corridor.store import interests as known
from handling.corridor.store import tips as rows
from handling.corridor.tips import OpenTip
from handling.rules.exclusions import Said
from handling.store.keyring import MissingKeyError
from tipline.base.database import Db, Pool


async def look(pool: Pool, handler: Handler) -> None:
    """Take in what the administrator laid down, then look at every tip that was not held against what is known now."""
    async with pool.acquire() as db:
        if not await known.is_behind(db, await seen.hidden(handler.vault)):
            return
    await interests.take_in(pool, handler)
    async with pool.acquire() as db:
        revision = (await interests.known(db, handler)).revision
        waiting = await rows.not_looked(db, revision, await seen.hidden(handler.vault))
    for tip in waiting:
        with suppress(NotThereError, MissingKeyError):  # somebody took it away meanwhile
            await _look(pool, handler, tip)


async def _look(pool: Pool, handler: Handler, tip: UUID) -> None:
    async with pool.acquire() as db, db.transaction():
        found = await tips.locked(db, handler.vault, tip)
        today = await interests.known(db, handler)
        verdict = reading.written_down(today, await _words(db, handler, found), found.content)
        if verdict.met.entries:
            key = await asyncio.to_thread(handler.vault.record, found.row.thread)
            content = await reading.narrow(db, handler, found.row, found.content, verdict)
            await rows.reseal(db, tip, content.seal(key, tip), urgent=False)
        await rows.looked(db, tip, today.revision)


async def _words(db: Db, handler: Handler, tip: OpenTip) -> list[Said]:
    """All that stands in a tip: the source's words and file names, what lay under a seal, items, and reports from it."""
    words = reading.all_said(tip, await tips.dialogue(db, handler.vault, tip.row.thread))
    under_seal = (await opening.inside(db, handler, tip.row.thread)).values()
    noted = await items.of_tip(db, handler.vault, tip.row.id, tip.row.thread)
    drafts = await reports.some(db, handler.vault, tip.content.reports)
    written = [
        *(f"{one.name}\n{one.text or ''}" for one in under_seal),
        *(one.text for one in noted),
        *(text for one in drafts for text in reports.words(one.draft)),
    ]
    return [*words, *(interests.said("", text) for text in written)]
