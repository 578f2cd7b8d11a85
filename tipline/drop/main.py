"""Starts the drop: one server over the public database, in the role that may fetch and delete envelopes and no more."""

import time

from tipline.base import database
from tipline.base.settings import Settings
from tipline.base.web import serve
from tipline.drop import api
from tipline.drop.signed import Gate
from tipline.units import Units


async def main(settings: Settings) -> None:
    """Serve collectors until SIGTERM or SIGINT; raises `UnitsError` or `StoreError` when it cannot begin."""
    gate = Gate(Units.load(settings.public), time.time)
    pool = await database.pool(database.dsn_for(settings, "tipline_drop"))
    try:
        app = api.make(gate, pool, settings.public, api.utc_today)
        await serve(app, settings.host, settings.ports["drop"])
    finally:
        await pool.close()
