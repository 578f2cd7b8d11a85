"""The embedded PostgreSQL: durable under kill -9, gone when its parent is gone, and silent about what it stores."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from tests.conftest import Clusters
from tests.factories import is_alive
from tipline.base.postgres import Cluster, ClusterError


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster(tmp_path / "public", "public", tmp_path / "secrets")
    made.start()
    yield made
    made.stop()


async def test_a_committed_row_survives_kill_9_of_the_server(cluster: Cluster) -> None:
    db = await asyncpg.connect(cluster.owner_dsn)
    await db.execute("CREATE TABLE kept (n int)")
    await db.executemany("INSERT INTO kept VALUES ($1)", [(n,) for n in range(50)])
    assert cluster.pid is not None

    os.kill(cluster.pid, signal.SIGKILL)
    db.terminate()
    _wait_for_the_end(cluster)
    cluster.start()

    db = await asyncpg.connect(cluster.owner_dsn)
    assert await db.fetchval("SELECT count(*) FROM kept") == 50
    await db.close()


_OWNS_A_CLUSTER = """
import sys, time
from pathlib import Path
from tipline.base.postgres import Cluster
cluster = Cluster(Path(sys.argv[1]) / "public", "public", Path(sys.argv[1]) / "secrets")
cluster.start()
print(cluster.pid, flush=True)
time.sleep(600)
"""


def test_kill_9_of_the_parent_leaves_no_server_and_the_next_start_works(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", _OWNS_A_CLUSTER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    server = int(parent.stdout.readline())
    again = Cluster(tmp_path / "public", "public", tmp_path / "secrets")
    assert again.serving

    parent.kill()
    parent.communicate()
    again.start()  # at once: it waits for the old server to finish
    try:
        assert again.pid not in {None, server}
        assert not is_alive(server)
    finally:
        again.stop()


def test_a_second_server_over_the_same_folder_is_refused(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tipline.base.postgres._OLD_SERVER_SECONDS", 0.1)

    with pytest.raises(ClusterError, match="in use by another Tipline"):
        Cluster(tmp_path / "public", "public", tmp_path / "secrets").start()

    assert cluster.running


def test_a_pid_file_whose_number_went_to_another_process_is_forgotten(cluster: Cluster, tmp_path: Path) -> None:
    pid_file = tmp_path / "public" / "postgres" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    assert cluster.pid is not None
    os.kill(cluster.pid, signal.SIGKILL)
    _wait_for_the_end(cluster)
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]))

    cluster.start()

    assert cluster.serving


def test_a_cluster_half_made_by_a_crash_is_made_anew(tmp_path: Path) -> None:
    half = tmp_path / "public" / "postgres.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    cluster = Cluster(tmp_path / "public", "public", tmp_path / "secrets")

    cluster.start()
    cluster.stop()

    assert not half.exists()
    assert (tmp_path / "public" / "postgres" / "PG_VERSION").exists()


def test_a_long_data_path_gets_a_short_private_socket_folder_whatever_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / ("long" * 25) / "public"
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    cluster = Cluster(folder, "public", tmp_path / "secrets")

    cluster.start()
    try:
        assert not (folder / "run").exists()
        assert asyncio.run(_one(cluster.owner_dsn)) == 1
    finally:
        cluster.stop()
    assert not Path(cluster.owner_dsn.partition("host=")[2].replace("%2F", "/")).exists()


def test_a_socket_folder_that_others_can_enter_is_refused(tmp_path: Path) -> None:
    (tmp_path / "public" / "run").mkdir(parents=True)
    (tmp_path / "public" / "run").chmod(0o755)

    with pytest.raises(ClusterError, match="nobody else can enter"):
        Cluster(tmp_path / "public", "public", tmp_path / "secrets").start()


async def test_the_owner_needs_the_password(clusters: Clusters) -> None:
    dsn = clusters.public.dsn_without_user.replace("///", "//tipline_owner:wrong@/")

    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(dsn)


async def test_nothing_that_is_stored_or_refused_reaches_the_log(cluster: Cluster, tmp_path: Path) -> None:
    db = await asyncpg.connect(cluster.owner_dsn)
    await db.execute("CREATE TABLE kept (secret text PRIMARY KEY, n int)")
    await db.execute("INSERT INTO kept VALUES ($1, 1)", "canary-amber")
    for sql, arguments in (
        ("INSERT INTO kept VALUES ($1, 2)", ("canary-amber",)),
        ("SELECT 'canary-amber'::uuid", ()),
        ("SELECT canary_amber FROM kept", ()),
        ("SELECT n / 0 FROM kept WHERE secret = $1", ("canary-amber",)),
    ):
        with pytest.raises(asyncpg.PostgresError):
            await db.execute(sql, *arguments)
    await db.close()

    cluster.stop()

    log = (tmp_path / "public" / "postgres.log").read_text()
    assert "canary" not in log
    assert log == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("listen_addresses", ""),
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("full_page_writes", "on"),
        ("data_checksums", "on"),
        ("wal_level", "minimal"),
        ("max_wal_senders", "0"),
        ("archive_mode", "off"),
        ("wal_recycle", "off"),
        ("wal_segment_size", "1MB"),
        ("track_commit_timestamp", "off"),
        ("log_statement", "none"),
        ("log_min_error_statement", "panic"),
        ("log_error_verbosity", "terse"),
        ("log_parameter_max_length", "0"),
        ("log_parameter_max_length_on_error", "0"),
        ("log_connections", ""),
        ("password_encryption", "scram-sha-256"),
    ],
)
async def test_each_promise_is_a_setting_in_force(clusters: Clusters, name: str, value: str) -> None:
    for cluster in (clusters.public, clusters.inside):
        db = await asyncpg.connect(cluster.owner_dsn)
        assert await db.fetchval("SELECT current_setting($1)", name) == value
        await db.close()


async def test_no_line_of_the_access_file_trusts_anybody(clusters: Clusters) -> None:
    db = await asyncpg.connect(clusters.inside.owner_dsn)
    methods = await db.fetch("SELECT DISTINCT auth_method FROM pg_hba_file_rules")
    await db.close()

    assert [row["auth_method"] for row in methods] == ["scram-sha-256"]


def _wait_for_the_end(cluster: Cluster) -> None:
    while cluster.running:
        time.sleep(0.01)


async def _one(dsn: str) -> int:
    db = await asyncpg.connect(dsn)
    try:
        return int(await db.fetchval("SELECT 1"))
    finally:
        await db.close()
