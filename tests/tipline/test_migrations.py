"""Each migration of the public zone runs on data that the one before left."""

from datetime import date
from importlib import resources
from pathlib import Path
from uuid import uuid4

import asyncpg

from tests.conftest import Clusters
from tests.migrating import each_version, numbered_files
from tipline.base.postgres import DATABASE

DAY = date(2026, 11, 20)


async def test_every_row_of_every_version_survives_the_next_migration(clusters: Clusters, tmp_path: Path) -> None:
    assert await each_version(clusters, "public", numbered_files("tipline"), into=tmp_path) == []


async def test_a_zone_with_tips_gets_the_days_of_its_submissions_and_can_be_rewritten(clusters: Clusters) -> None:
    folder = resources.files("tipline") / "migrations"
    dsn, name = clusters.public.owner_dsn, f"t_{uuid4().hex}"
    owner = await asyncpg.connect(dsn.replace(f"/{DATABASE}?", "/template1?"))
    await owner.execute(f"CREATE DATABASE {name}")
    db = await asyncpg.connect(dsn.replace(f"/{DATABASE}?", f"/{name}?"))
    try:
        await db.execute((folder / "001_public.sql").read_text("utf-8"))
        mailbox, mac = bytes(32), b"m" * 32
        await db.execute("INSERT INTO zone.mailbox VALUES ($1, 'unit', 'age1pq1', 'b', 's', $2)", mailbox, DAY)
        await db.execute("INSERT INTO zone.submission VALUES ($1, $2)", mac, mailbox)
        await db.execute((folder / "002_forgetting.sql").read_text("utf-8"))
        before = await db.fetch("SELECT * FROM zone.submission")

        await db.execute("SELECT zone.rewrite()")

        assert [(row["mac"], row["day"]) for row in before] == [(mac, DAY)]
        assert await db.fetch("SELECT * FROM zone.submission") == before
        assert await db.fetchval("SELECT created_on FROM zone.mailbox") == DAY
    finally:
        await db.close()
        await owner.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await owner.close()
