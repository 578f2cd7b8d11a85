"""The corridor's process: pages for handlers, and the collector's ticks beside them. Accepts nothing from the drop."""

import asyncio
import logging
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from datetime import UTC, date, datetime
from functools import partial

import aiohttp

from handling.corridor.collect import BusyError, Collector
from handling.corridor.dropclient import DropClient, DropError, collector_key, drop_address
from handling.corridor.dropway import drop_session
from handling.corridor.pages.app import application
from handling.corridor.pages.common import Corridor
from handling.corridor.parts import Blobs
from handling.corridor.reseal import Resealer
from handling.corridor.schedule import Plan
from handling.corridor.store import questionnaires
from handling.corridor.upkeep import UPKEEP
from handling.store import members
from handling.store.keyring import Keyring
from handling.store.upkeep import repeat
from tipline.base import database, web
from tipline.base.blobstore import BlobStore
from tipline.base.database import Pool, StoreError
from tipline.base.settings import Settings
from tipline.base.web import NOTICES
from tipline.questionnaire import current

_log = logging.getLogger("corridor")


def open_keyring(settings: Settings) -> Keyring:
    """Return the corridor's keyring."""
    return Keyring(settings.inside / "corridor" / "keyring")


def open_blobs(settings: Settings) -> Blobs:
    """Return the corridor's two blob stores."""
    folder = settings.inside / "corridor"
    return Blobs(collected=BlobStore(folder / "blobs"), files=BlobStore(folder / "files"))


def make_collector(settings: Settings, pool: Pool, http: aiohttp.ClientSession) -> Collector:
    """Return the unit's collector; raises `CollectorKeyError` when its key or the drop's address cannot be read."""
    drop = DropClient(
        http, address=drop_address(settings), unit=settings.unit, key=collector_key(settings), clock=time.time
    )
    return Collector(
        pool=pool,
        drop=drop,
        blobs=open_blobs(settings).collected,
        keyring=open_keyring(settings),
        unit=settings.unit,
        today=_today,
    )


async def main(settings: Settings) -> None:
    """Serve the pages and collect until told to stop."""
    pool = await database.pool(database.dsn_for(settings, "tipline_corridor"))
    try:
        blobs = open_blobs(settings)
        shared = Corridor(
            pool=pool,
            blobs=blobs,
            resealer=Resealer(pool, blobs),
            keyring=open_keyring(settings),
            trust=members.trust(settings.inside, "corridor"),
            bundle_times=settings.bundle_times,
            reading_hours=settings.reading_hours,
            keyring_backup_days=settings.keyring_backup_days,
            name=settings.name,
        )
        await shared.resealer.sweep()
        async with pool.acquire() as db:
            await questionnaires.keep(db, current.load(settings.data), _today())
        app = application(shared, practice=settings.practice, unit=settings.name)
        keeping = lasting(repeat(lambda: app[UPKEEP].daily(_today())))
        async with drop_session(settings) as http:
            collector = make_collector(settings, pool, http)
            app[NOTICES] = lambda: (*app[UPKEEP].notices(), *collector.notices())
            collecting = lasting(_collect(settings, collector))
            try:
                await web.serve(app, settings.host, settings.ports["corridor"])
            finally:
                for task in (collecting, keeping):
                    task.cancel()
                    with suppress(asyncio.CancelledError):
                        await task
    finally:
        await pool.close()


def lasting(work: Coroutine[None, None, None]) -> asyncio.Task[None]:
    """Run *work* beside the pages. A fault that it does not expect ends the process, which the supervisor starts again.

    Otherwise the pages would go on while nothing is collected, and nobody would notice.
    """

    def ended(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (fault := task.exception()) is not None:
            _log.error("%s beside the pages; the process ends", type(fault).__name__)
            signal.raise_signal(signal.SIGTERM)

    task = asyncio.create_task(work)
    task.add_done_callback(ended)
    return task


async def _collect(settings: Settings, collector: Collector) -> None:
    """Collect at fixed ticks for as long as the process lives; a failure is named and the next tick tries again."""
    await _try(collector.sweep)
    plan = Plan.start(_now(), settings.bundle_times)
    while True:
        await asyncio.sleep(plan.wait(_now()))
        due = _now()
        if plan.full <= due:
            await _try(collector.publish_intake_keys)
            await _try(collector.publish_pgp_keys)
            await _try(collector.collect)
        elif plan.urgent <= due:
            await _try(partial(collector.collect, urgent_only=True))
        replaced = plan.bundles > due or await _try(collector.replace_bundles)
        plan = plan.after(
            due,
            urgent_tick=settings.urgent_tick,
            tick=settings.tick,
            times=settings.bundle_times,
            replaced=replaced,
        )


async def _try(work: Callable[[], Awaitable[object]]) -> bool:
    """Do one thing of a tick; say whether it was done."""
    try:
        await work()
    except (DropError, BusyError, StoreError) as error:
        _log.warning("collector: %s", error)
        return False
    except OSError as error:  # a full disk, or a killed database whose socket is not there yet
        _log.warning("collector: %s", type(error).__name__)
        return False
    return True


def _now() -> datetime:
    return datetime.now(UTC)


def _today() -> date:
    return _now().date()
