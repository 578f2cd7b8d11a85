"""Each migration inside runs on data that the one before could hold, and keeps every row."""

from pathlib import Path

from tests.conftest import Clusters
from tests.migrating import each_version, numbered_files


async def test_every_row_of_every_version_survives_the_next_migration(clusters: Clusters, tmp_path: Path) -> None:
    assert await each_version(clusters, "inside", numbered_files("handling"), into=tmp_path) == []


async def test_a_migration_that_loses_or_changes_a_row_is_found(clusters: Clusters, tmp_path: Path) -> None:
    first, more, into = tmp_path / "001_first.sql", tmp_path / "002_more.sql", tmp_path / "into"
    into.mkdir()
    first.write_text(
        "CREATE TABLE a (id uuid PRIMARY KEY, state text CHECK (state IN ('new', 'old')));"
        "CREATE TABLE b (id uuid PRIMARY KEY, a uuid NOT NULL REFERENCES a); CREATE TABLE c (sealed bytea PRIMARY KEY)"
    )
    more.write_text("UPDATE a SET state = 'old'; DELETE FROM b; DROP TABLE c")

    wrong = await each_version(clusters, "inside", [first, more], into=into)

    assert set(wrong) == {
        "002_more.sql: a row of a is gone or changed",
        "002_more.sql: a row of b is gone or changed",
        "002_more.sql: c is gone with its rows",
    }
