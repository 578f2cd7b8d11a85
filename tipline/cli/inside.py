"""The inside database for one administrator's command. Opens no record: an administrator holds no content key."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from tipline.base.database import Db, StoreError
from tipline.base.settings import Settings, SettingsError
from tipline.cli import databases


@asynccontextmanager
async def owner(settings: Settings) -> AsyncIterator[Db]:
    """Give a connection as the owner; an embedded database that nobody runs is started, and stopped again.

    Raises:
        SettingsError: this machine does not run the inside zone.
        StoreError: the database does not answer.
    """
    if "inside" not in settings.zones:
        raise SettingsError('zones must contain "inside" for this command')
    embedded = [cluster for cluster in databases.clusters(settings) if cluster.name == "inside"]
    started = [cluster for cluster in embedded if not cluster.serving]
    try:
        for cluster in started:
            cluster.start()
        owners = {"inside": databases.owner_dsns(settings, embedded)["inside"]}
        if started or not embedded:
            await databases.migrate(settings, owners)
        try:
            db = await asyncpg.connect(owners["inside"])
        except (OSError, asyncpg.PostgresError):
            raise StoreError from None
        try:
            yield db
        finally:
            await db.close()
    finally:
        for cluster in started:
            cluster.stop()
