"""The databases of an installation for one command: embedded ones are started if nobody runs them, and stopped again."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib import resources
from types import MappingProxyType

import asyncpg

from tipline.base import database
from tipline.base.database import Db, StoreError
from tipline.base.postgres import Cluster
from tipline.base.settings import Settings, SettingsError

_PACKAGES = MappingProxyType({"public": "tipline", "inside": "handling"})
_ROLES = MappingProxyType({"public": database.PUBLIC_ROLES, "inside": database.INSIDE_ROLES})


def clusters(settings: Settings) -> tuple[Cluster, ...]:
    """Return the embedded clusters of this machine's zones; none of a zone that has a DSN."""
    given = {"public": settings.public_dsn, "inside": settings.inside_dsn}
    folders = {"public": settings.public, "inside": settings.inside}
    return tuple(Cluster(folders[zone], zone, settings.secrets) for zone in settings.zones if given[zone] is None)


def owner_dsns(settings: Settings, embedded: Sequence[Cluster]) -> dict[str, str]:
    """Return the owner's DSN by zone."""
    given = {"public": settings.public_dsn, "inside": settings.inside_dsn}
    found = {zone: dsn for zone in settings.zones if (dsn := given[zone]) is not None}
    return {**found, **{cluster.name: cluster.owner_dsn for cluster in embedded}}


async def migrate(settings: Settings, owners: dict[str, str]) -> tuple[str, ...]:
    """Bring each database of *owners* up to date; return the names of the files applied.

    The package of a zone is looked at only when this machine runs that zone.
    """
    done: list[str] = []
    for zone, dsn in owners.items():
        folder = resources.files(_PACKAGES[zone]) / "migrations"
        done += await database.migrate(dsn, folder, settings.secrets, _ROLES[zone])
    return tuple(done)


@asynccontextmanager
async def owner(settings: Settings, zone: str) -> AsyncIterator[Db]:
    """Give a connection as the owner of one zone's database; an embedded one that nobody runs is started, and stopped again.

    Raises:
        SettingsError: this machine does not run that zone.
        StoreError: the database does not answer.
    """
    if zone not in settings.zones:
        raise SettingsError(f'zones must contain "{zone}" for this command')
    embedded = [cluster for cluster in clusters(settings) if cluster.name == zone]
    started = [cluster for cluster in embedded if not cluster.serving]
    try:
        for cluster in started:
            cluster.start()
        owners = {zone: owner_dsns(settings, embedded)[zone]}
        if started or not embedded:
            await migrate(settings, owners)
        try:
            db = await asyncpg.connect(owners[zone])
        except (OSError, asyncpg.PostgresError):
            raise StoreError from None
        try:
            yield db
        finally:
            await db.close()
    finally:
        for cluster in started:
            cluster.stop()


@asynccontextmanager
async def migrated(settings: Settings) -> AsyncIterator[tuple[str, str]]:
    """Give the owner's DSNs, public and inside, of databases that are up to date while the block runs.

    Works beside a running `tipline run`, whose embedded databases it then uses as they are.

    Raises:
        SettingsError: this machine runs only one of the zones.
    """
    if len(settings.zones) < len(_PACKAGES):
        raise SettingsError('zones must be ["public", "inside"] for this command: it works on both databases')
    embedded = clusters(settings)
    started: list[Cluster] = []
    try:
        for cluster in embedded:
            if not cluster.serving:
                started.append(cluster)
                cluster.start()
        owners = owner_dsns(settings, embedded)
        if started or not embedded:
            await migrate(settings, owners)
        yield owners["public"], owners["inside"]
    finally:
        for cluster in started:
            cluster.stop()
