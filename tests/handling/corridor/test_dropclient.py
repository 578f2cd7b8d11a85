"""A drop that lies about its mailboxes is not believed."""

import time

import aiohttp
import pytest
from aiohttp import web

from crypto.signing import SigningKey
from handling.corridor.dropclient import DropClient, DropError
from tests.factories import free_ports


@pytest.mark.parametrize("recipient", ["null", "7", '["age1pq1"]', '"age1\\u0000"', '"AGE1"', f'"{"a" * 5000}"'])
async def test_what_cannot_be_a_key_is_no_recipient(recipient: str) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=f'{{"mailboxes": [{{"id": "{"0" * 64}", "recipient": {recipient}}}]}}')

    app = web.Application()
    app.add_routes([web.get("/v1/mailboxes", answer)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    port = free_ports()["drop"]
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        async with aiohttp.ClientSession() as http:
            address = f"http://127.0.0.1:{port}"
            drop = DropClient(http, address=address, unit="unit", key=SigningKey.generate(), clock=time.time)
            with pytest.raises(DropError):
                await drop.mailboxes()
    finally:
        await runner.cleanup()
