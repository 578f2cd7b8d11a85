"""A zone where every hand-in with files falls into several, and how its parts are handed in one by one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.tipline.source.elsewhere import HandIn, in_one_process, intake, multipart, seal, send
from tests.tipline.source.running import Zone
from tests.tipline.source.test_handin_orders import PHOTOS
from tipline.base.database import Db

Answer = dict[str, object]


@asynccontextmanager
async def handing_in(zone: Zone) -> AsyncIterator[object]:
    """Say how to send some files in one request."""
    async with in_one_process(zone.settings) as server:

        async def hand_in(*files: bytes) -> Answer:
            assert server.port
            answer = await send(server.port, multipart(*files))
            assert answer is not None
            return answer

        yield hand_in


def sealed_by_source(zone: Zone, *contents: bytes) -> HandIn:
    return seal(intake(zone.unit), *(contents or PHOTOS))


async def rows(db: Db) -> int:
    return int(await db.fetchval("SELECT count(*) FROM zone.hand_in_envelope WHERE hand_in IS NULL"))
