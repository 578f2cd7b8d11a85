"""Migrations go forward once and are never edited; errors of the driver lose their text."""

import asyncio
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from tests.conftest import Clusters
from tipline.base import database
from tipline.base.database import MigrationError, Pool, StoreError, TakenError, migrate, store_errors
from tipline.base.settings import Settings, SettingsError

_ROLE = "tipline_drop"


@pytest.fixture
async def empty_dsn(clusters: Clusters) -> AsyncIterator[str]:
    """Owner DSN of a database without any table."""
    name = f"e_{uuid4().hex}"
    owner = await asyncpg.connect(clusters.public.owner_dsn.replace("/tipline?", "/template1?"))
    await owner.execute(f"CREATE DATABASE {name}")
    yield clusters.public.owner_dsn.replace("/tipline?", f"/{name}?")
    await owner.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await owner.close()


def a_folder(tmp_path: Path, **files: str) -> Path:
    folder = tmp_path / "migrations"
    folder.mkdir(exist_ok=True)
    for name, sql in files.items():
        (folder / f"{name.removeprefix('_')}.sql").write_text(sql)
    return folder


async def test_each_file_is_applied_once_in_order(empty_dsn: str, clusters: Clusters, tmp_path: Path) -> None:
    folder = a_folder(tmp_path, _002_more="ALTER TABLE a ADD b int;", _001_first="CREATE TABLE a (x int);", notes="no")

    assert await migrate(empty_dsn, folder, clusters.secrets, [_ROLE]) == ("001_first.sql", "002_more.sql")
    assert await migrate(empty_dsn, folder, clusters.secrets, [_ROLE]) == ()


async def test_two_at_once_wait_for_each_other(empty_dsn: str, clusters: Clusters, tmp_path: Path) -> None:
    folder = a_folder(tmp_path, _001_first="CREATE TABLE a (x int); SELECT pg_sleep(0.1);")

    done = await asyncio.gather(*(migrate(empty_dsn, folder, clusters.secrets, [_ROLE]) for _ in range(4)))

    assert sorted(done) == [(), (), (), ("001_first.sql",)]


async def test_an_edited_file_is_refused_by_name(empty_dsn: str, clusters: Clusters, tmp_path: Path) -> None:
    await migrate(empty_dsn, a_folder(tmp_path, _001_first="CREATE TABLE a (x int);"), clusters.secrets, [_ROLE])

    with pytest.raises(MigrationError, match=r"001_first\.sql was edited"):
        await migrate(empty_dsn, a_folder(tmp_path, _001_first="CREATE TABLE b (x int);"), clusters.secrets, [_ROLE])


async def test_a_database_newer_than_the_program_is_refused(empty_dsn: str, clusters: Clusters, tmp_path: Path) -> None:
    folder = a_folder(tmp_path, _001_first="CREATE TABLE a (x int);", _002_more="SELECT 1;")
    await migrate(empty_dsn, folder, clusters.secrets, [_ROLE])
    (folder / "002_more.sql").unlink()

    with pytest.raises(MigrationError, match=r"002_more\.sql was applied to this database but is not in this version"):
        await migrate(empty_dsn, folder, clusters.secrets, [_ROLE])


async def test_a_file_that_fails_leaves_nothing_of_itself(empty_dsn: str, clusters: Clusters, tmp_path: Path) -> None:
    folder = a_folder(tmp_path, _001_first="CREATE TABLE a (x int);", _002_bad="CREATE TABLE b (x int); SELECT 1 / 0;")

    with pytest.raises(StoreError):
        await migrate(empty_dsn, folder, clusters.secrets, [_ROLE])

    db = await asyncpg.connect(empty_dsn)
    assert await db.fetchval("SELECT to_regclass('public.b')") is None
    assert await db.fetch("SELECT name FROM migration.ledger") == [("001_first.sql",)]
    await db.close()


async def test_an_empty_folder_is_refused(empty_dsn: str, clusters: Clusters, tmp_path: Path) -> None:
    with pytest.raises(MigrationError, match="no numbered file"):
        await migrate(empty_dsn, a_folder(tmp_path), clusters.secrets, [_ROLE])


async def test_a_lost_password_file_is_made_anew(settings: Settings, public_dsn: str) -> None:
    old = (settings.secrets / _ROLE).read_text()
    (settings.secrets / _ROLE).unlink()

    folder = Path("tipline/migrations")
    try:
        await migrate(public_dsn, folder, settings.secrets, [_ROLE])

        assert (settings.secrets / _ROLE).read_text() != old
        assert (settings.secrets / _ROLE).stat().st_mode & 0o777 == 0o600
        pool = await database.pool(database.dsn_for(settings, _ROLE))
        assert await pool.fetchval("SELECT current_user") == _ROLE
        await pool.close()
    finally:
        (settings.secrets / _ROLE).write_text(old)  # roles are cluster-wide: the other tests use this password
        await migrate(public_dsn, folder, settings.secrets, [_ROLE])


async def test_a_role_without_its_password_cannot_sign_in(settings: Settings) -> None:
    (settings.secrets / _ROLE).write_text("guess")

    with pytest.raises(StoreError):
        await database.pool(database.dsn_for(settings, _ROLE))


async def test_a_server_that_is_not_there_is_a_store_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        await database.pool(f"postgresql://a:b@/c?host={tmp_path}")


def test_a_role_without_a_password_file_says_what_to_run(settings: Settings) -> None:
    (settings.secrets / _ROLE).unlink()

    with pytest.raises(SettingsError, match=r"secrets/tipline_drop is missing: run `tipline migrate`"):
        database.dsn_for(settings, _ROLE)


@pytest.mark.parametrize(
    ("dsn", "with_role", "without"),
    [
        ("postgresql://o:p@db:5433/t", "postgresql://r:s%2F@db:5433/t", "postgresql://db:5433/t"),
        ("postgresql:///t?host=%2Frun", "postgresql://r:s%2F@/t?host=%2Frun", "postgresql:///t?host=%2Frun"),
        ("postgresql://o@/t?host=%2Frun", "postgresql://r:s%2F@/t?host=%2Frun", "postgresql:///t?host=%2Frun"),
    ],
)
def test_a_dsn_changes_hands_without_its_user(dsn: str, with_role: str, without: str) -> None:
    assert database.with_role(dsn, "r", "s/") == with_role
    assert database.without_user(dsn) == without


RolePool = Callable[[str], Awaitable[Pool]]


@pytest.mark.parametrize(
    ("sql", "arguments", "expected"),
    [
        ("INSERT INTO zone.session VALUES (sha256('a'), 'x', now()), (sha256('a'), 'x', now())", (), TakenError),
        ("SELECT 'canary'::uuid", (), StoreError),
        ("SELECT $1::int", ("canary",), StoreError),
        ("SELECT canary", (), StoreError),
        ("DELETE FROM zone.mailbox", (), StoreError),
    ],
)
async def test_an_error_of_the_driver_loses_its_text(
    sql: str, arguments: tuple[object, ...], expected: type[StoreError], role_pool: RolePool
) -> None:
    pool = await role_pool("tipline_keep")

    with pytest.raises(expected) as caught, store_errors():
        await pool.execute(sql, *arguments)

    assert type(caught.value) is expected
    shown = "".join(traceback.format_exception(caught.value))
    assert "canary" not in shown.replace(f"{sql!r}", "").replace(sql, "")
    assert "asyncpg.exceptions" not in shown


async def test_store_errors_also_stands_over_a_function(role_pool: RolePool) -> None:
    pool = await role_pool("tipline_keep")

    @store_errors()
    async def asked(sql: str) -> int:
        return int(await pool.fetchval(sql))

    assert await asked("SELECT 1") == 1
    with pytest.raises(StoreError):
        await asked("SELECT 1 / 0")


def test_store_errors_leaves_other_errors_alone() -> None:
    with pytest.raises(KeyError), store_errors():
        raise KeyError
