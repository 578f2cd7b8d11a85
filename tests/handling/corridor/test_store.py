"""The corridor's SQL: every statement is typed by the real server, as the corridor's own role."""

import importlib
import pkgutil

import asyncpg

from handling.corridor import store
from tests.conftest import RolePool

_STATEMENTS = {
    f"{module.name}{name}": sql
    for module in pkgutil.iter_modules(store.__path__)
    for name, sql in sorted(vars(importlib.import_module(f"{store.__name__}.{module.name}")).items())
    if name.startswith("_") and name.isupper() and isinstance(sql, str)
}


async def test_the_server_accepts_every_statement_from_the_corridors_role(role_pool: RolePool) -> None:
    refused = []
    async with (await role_pool("tipline_corridor")).acquire() as db:
        for name, sql in _STATEMENTS.items():
            try:
                await db.execute(f"EXPLAIN (GENERIC_PLAN) {sql}")  # plans it and checks the role's rights
            except asyncpg.PostgresError as error:
                refused.append((name, type(error).__name__))

    assert refused == []


def test_every_module_of_the_store_is_tried() -> None:
    assert len(_STATEMENTS) > 40
