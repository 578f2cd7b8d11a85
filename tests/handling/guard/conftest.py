"""The guard's world, of its own for each test."""

import pytest

from tests.conftest import RolePool
from tests.handling.guard.world import World, founded
from tests.practice import Practice
from tipline.base.database import Db
from tipline.base.settings import Settings


@pytest.fixture
async def world(settings: Settings, practice_unit: Practice, inside_db: Db, role_pool: RolePool) -> World:
    """A practice unit with a guard."""
    return await founded(settings, practice_unit, inside_db, role_pool)
