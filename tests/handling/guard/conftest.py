"""The guard's world, enrolled once per test."""

import pytest

from tests.conftest import RolePool
from tests.handling.guard.world import World, founded
from tests.practice import practice
from tipline.base.database import Db
from tipline.base.settings import Settings


@pytest.fixture
async def world(settings: Settings, inside_db: Db, role_pool: RolePool) -> World:
    """A practice unit with a guard."""
    return await founded(settings, await practice(settings), inside_db, role_pool)
