"""A public zone over a cluster of its own, so that a test can stop it, kill it and look at what it left."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import asyncpg
import pytest

from tests.factories import settings_in
from tests.tipline.source.running import Zone, a_zone
from tipline.base import database
from tipline.base.database import Db
from tipline.base.postgres import Cluster


@dataclass(frozen=True, slots=True)
class Apart:
    """A zone whose cluster belongs to the test alone."""

    zone: Zone
    cluster: Cluster

    @property
    def public(self) -> Path:
        return self.zone.settings.public

    @property
    def secrets(self) -> Path:
        return self.zone.settings.secrets

    async def connect(self) -> Db:
        return await asyncpg.connect(self.cluster.owner_dsn)


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """An empty folder on the disk: what these tests look for is what a disk keeps."""
    with tempfile.TemporaryDirectory(prefix="t-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture
async def apart(tmp_path: Path) -> AsyncIterator[Apart]:
    """A public zone that has nothing yet; its cluster runs."""
    data = tmp_path / "data"
    cluster = Cluster(data / "public", "public", data / "secrets")
    cluster.start()
    try:
        await database.migrate(
            cluster.owner_dsn, resources.files("tipline") / "migrations", data / "secrets", database.PUBLIC_ROLES
        )
        settings = settings_in(data, cluster.owner_dsn)
        db = await asyncpg.connect(cluster.owner_dsn)
        zone = await a_zone(settings, db)
        await db.close()
        yield Apart(zone, cluster)
    finally:
        cluster.stop()
