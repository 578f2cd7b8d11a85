"""Real PostgreSQL for every test: two embedded clusters per worker, migrated once, and a copied database per test.

The practice unit, too, is founded once per worker: a test that asks for `practice_unit` starts from copies of it.
"""

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import asyncpg
import pytest

from tests.factories import settings_in
from tests.practice import Practice, practice
from tipline.base import database
from tipline.base.database import Pool
from tipline.base.postgres import DATABASE, Cluster
from tipline.base.settings import Settings

_Result = TypeVar("_Result")
RolePool = Callable[[str], Awaitable[Pool]]

_MEMORY = Path("/dev/shm")  # noqa: S108 - the folder made in it is private
_MEMORY_FREE = 6 << 30  # bytes; the folders of a whole run take 3 GiB, each worker's clusters and their copies 200 MiB
_COPY = "CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy"  # through the log it takes three times as long
_GRANTS = "REVOKE ALL ON DATABASE {name} FROM PUBLIC; GRANT CONNECT ON DATABASE {name} TO {roles}"  # a copy has none


@dataclass(frozen=True, slots=True)
class Clusters:
    """The clusters of this worker; *secrets* holds the passwords of the owners and of every role."""

    public: Cluster
    inside: Cluster
    secrets: Path


def pytest_configure() -> None:
    """Let the folders of tests stand in memory, too; what is killed with `kill -9` leaves there what it leaves on a disk."""
    if folder := _quick_folder():
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(folder))  # pytest's own name for it


@pytest.fixture
def tmp_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder with a short name: sockets of PostgreSQL and GnuPG stand below it, and their paths are limited."""
    return tmp_path_factory.mktemp("t")


@pytest.fixture(scope="session")
def clusters() -> Iterator[Clusters]:
    folder = Path(tempfile.mkdtemp(prefix="tl-", dir=_quick_folder()))  # short: the socket stands in it
    made = Clusters(
        Cluster(folder / "public", "public", folder / "secrets"),
        Cluster(folder / "inside", "inside", folder / "secrets"),
        folder / "secrets",
    )
    try:
        made.public.start()
        made.inside.start()
        _apart(_migrate(made.public, "tipline", made.secrets, database.PUBLIC_ROLES))
        _apart(_migrate(made.inside, "handling", made.secrets, database.INSIDE_ROLES))
        yield made
    finally:
        made.inside.stop()
        made.public.stop()
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Original:
    """What a test's databases and data folder are copied from; the databases have this name in both clusters."""

    database: str
    data: Path
    unit: Practice | None


@pytest.fixture(scope="session")
def empty_original(clusters: Clusters) -> Original:
    """An installation in which nobody has founded a unit."""
    data = clusters.secrets.parent / "empty"
    shutil.copytree(clusters.secrets, data / "secrets")
    return Original(DATABASE, data, None)


@pytest.fixture(scope="session")
def practice_original(clusters: Clusters) -> Original:
    """The practice unit."""
    name, data = "founded", clusters.secrets.parent / "founded"
    shutil.copytree(clusters.secrets, data / "secrets")
    public = _copy(clusters.public, database.PUBLIC_ROLES, DATABASE, name)
    inside = _copy(clusters.inside, database.INSIDE_ROLES, DATABASE, name)
    return Original(name, data, _apart(practice(settings_in(data, public, inside))))


@pytest.fixture
def original(request: pytest.FixtureRequest) -> Original:
    """What this test starts from: the practice unit when it or one of its fixtures asks for `practice_unit`."""
    return request.getfixturevalue("practice_original" if "practice_unit" in request.fixturenames else "empty_original")


@pytest.fixture
def practice_unit(original: Original) -> Practice:
    """The cards of the practice unit, which stands in this test's settings and databases from the start."""
    assert original.unit
    return original.unit


@pytest.fixture
def public_dsn(clusters: Clusters, original: Original) -> Iterator[str]:
    """Owner DSN of this test's public database."""
    with _copied(clusters.public, database.PUBLIC_ROLES, original.database) as dsn:
        yield dsn


@pytest.fixture
def inside_dsn(clusters: Clusters, original: Original) -> Iterator[str]:
    """Owner DSN of this test's inside database."""
    with _copied(clusters.inside, database.INSIDE_ROLES, original.database) as dsn:
        yield dsn


@pytest.fixture
def settings(tmp_path: Path, original: Original, public_dsn: str, inside_dsn: str) -> Settings:
    """A practice installation of this test alone: data folder, databases, free ports."""
    shutil.copytree(original.data, tmp_path / "data")
    return settings_in(tmp_path / "data", public_dsn, inside_dsn)


@pytest.fixture
def practice_settings(settings: Settings, practice_unit: Practice) -> Settings:  # noqa: ARG001 - asking for it is enough
    """The settings of an installation in which the practice unit stands."""
    return settings


@pytest.fixture
async def public_db(public_dsn: str) -> AsyncIterator[database.Db]:
    """A connection of the owner to this test's public database."""
    async with _connected(public_dsn) as db:
        yield db


@pytest.fixture
async def inside_db(inside_dsn: str) -> AsyncIterator[database.Db]:
    """A connection of the owner to this test's inside database."""
    async with _connected(inside_dsn) as db:
        yield db


@pytest.fixture
async def role_pool(settings: Settings) -> AsyncIterator[RolePool]:
    """Call it with a role's name for a pool of that role; all are closed at the end."""
    pools: list[Pool] = []

    async def opened(role: str) -> Pool:
        pools.append(await database.pool(database.dsn_for(settings, role), size=4))
        return pools[-1]

    yield opened
    for pool in pools:
        await pool.close()


@contextmanager
def _copied(cluster: Cluster, roles: tuple[str, ...], template: str = DATABASE) -> Iterator[str]:
    name = f"t_{uuid4().hex}"
    try:
        yield _copy(cluster, roles, template, name)
    finally:
        _apart(_execute(cluster, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


def _copy(cluster: Cluster, roles: tuple[str, ...], template: str, name: str) -> str:
    """Make a database *name* as *template* is, with which nobody works; its owner's DSN."""
    copy, grants = _COPY.format(name=name, template=template), _GRANTS.format(name=name, roles=", ".join(roles))
    _apart(_execute(cluster, copy, grants))
    return cluster.owner_dsn.replace(f"/{DATABASE}?", f"/{name}?")


def _quick_folder() -> Path | None:
    """Memory, where the machine has room in it: nothing waits for a disk there. None stands for the usual place."""
    with suppress(OSError):
        if shutil.disk_usage(_MEMORY).free > _MEMORY_FREE and os.access(_MEMORY, os.W_OK):
            return _MEMORY
    return None


@asynccontextmanager
async def _connected(dsn: str) -> AsyncIterator[database.Db]:
    db = await asyncpg.connect(dsn)
    try:
        yield db
    finally:
        await db.close()


async def _migrate(cluster: Cluster, package: str, secrets: Path, roles: tuple[str, ...]) -> None:
    await database.migrate(cluster.owner_dsn, resources.files(package) / "migrations", secrets, roles)


async def _execute(cluster: Cluster, *statements: str) -> None:
    async with _connected(cluster.owner_dsn.replace(f"/{DATABASE}?", "/template1?")) as db:
        for sql in statements:
            await db.execute(sql)


def _apart(work: Coroutine[Any, Any, _Result]) -> _Result:
    """Run *work* in a loop of its own, away from the test's."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, work).result()


# What takes longest begins first: at the end of a run no worker waits for the one that has a journey left --------------

_FIRST = (
    "tests/journeys/test_kills.py",
    "tests/journeys/test_chain.py",
    "tests/adversarial/test_memory.py",
    "tests/fuzz/",
    "tests/journeys/",
    "tests/adversarial/",
    "tests/deploy/",
    "tests/tipline/source/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(
        key=lambda item: next((at for at, start in enumerate(_FIRST) if item.nodeid.startswith(start)), len(_FIRST))
    )


# A run that is ended from outside says what it was doing ---------------------------------------------------------------

_under_way: dict[str, float] = {}  # when each test began that has not ended, of all workers


def pytest_runtest_logstart(nodeid: str) -> None:
    _under_way[nodeid] = time.monotonic()


def pytest_runtest_logfinish(nodeid: str) -> None:
    _under_way.pop(nodeid, None)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for nodeid, began in _under_way.items():
        terminalreporter.write_line(f"NOT ENDED after {time.monotonic() - began:.0f} s: {nodeid}")


# A test that is skipped proves nothing: in CI that is a failure -----------------------------------------------------

_CI = os.environ.get("CI", "").lower() in {"1", "true"}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    report = yield
    return _no_skip(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Iterator[None]:
    report = yield
    return _no_skip(report)


def _no_skip(report: Any) -> Any:
    if _CI and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not accept: {reason}"
    return report
