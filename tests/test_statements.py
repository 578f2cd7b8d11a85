"""Every SQL constant is one that the real server accepts, planned in the role of the process that owns it."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from types import ModuleType

import asyncpg
import pytest

from tests.conftest import RolePool
from tipline.base import accounts
from tipline.base.database import Db

_STATEMENT = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\s")
_ROLES = {
    "tipline.source": "tipline_keep",
    "tipline.drop": "tipline_drop",
    "handling.corridor": "tipline_corridor",
    "handling.desk": "tipline_desk",
    "handling.guard": "tipline_guard",
    "handling.exchange": "tipline_exchange",
}


def statements(package: str) -> Iterator[tuple[str, str]]:
    """Name and text of each SQL constant of a package's modules; a text that others are formatted from is not one."""
    for module in modules(importlib.import_module(package)):
        for name, value in vars(module).items():
            if name.isupper() and isinstance(value, str) and _STATEMENT.match(value) and "{" not in value:
                yield f"{module.__name__}.{name}", value


def modules(package: ModuleType) -> Iterator[ModuleType]:
    yield package
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        yield importlib.import_module(found.name)


@pytest.mark.parametrize("package", _ROLES)
async def test_each_role_may_run_every_statement_of_its_process(package: str, role_pool: RolePool) -> None:
    pool = await role_pool(_ROLES[package])
    found = dict(statements(package))

    refused = {}
    for name, sql in found.items():
        try:
            await pool.execute(f"EXPLAIN (GENERIC_PLAN) {sql}")
        except asyncpg.PostgresError as error:
            refused[name] = str(error)

    assert refused == {}
    assert len(found) >= 3  # or the search above has gone blind


@pytest.mark.parametrize("schema", accounts.SCHEMAS)
async def test_each_role_may_run_the_statements_of_its_own_accounts_alone(schema: str, role_pool: RolePool) -> None:
    pool = await role_pool(f"tipline_{schema}")

    for owner in accounts.SCHEMAS:
        sql = accounts._SQL[owner]
        for statement in (sql.find, sql.take_try, sql.accept, sql.forgive, sql.exchange):
            if owner == schema:
                await pool.execute(f"EXPLAIN (GENERIC_PLAN) {statement}")
            else:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await pool.execute(f"EXPLAIN (GENERIC_PLAN) {statement}")


async def test_the_owner_may_run_every_shared_statement(inside_db: Db) -> None:
    for name, sql in statements("handling.store"):
        assert await inside_db.execute(f"EXPLAIN (GENERIC_PLAN) {sql}") == "EXPLAIN", name
