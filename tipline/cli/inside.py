"""The inside database for one administrator's command. Opens no record: an administrator holds no content key."""

from contextlib import AbstractAsyncContextManager

from tipline.base.database import Db
from tipline.base.settings import Settings
from tipline.cli import databases


def owner(settings: Settings) -> AbstractAsyncContextManager[Db]:
    """Give a connection as the owner; raises as `databases.owner` does."""
    return databases.owner(settings, "inside")
