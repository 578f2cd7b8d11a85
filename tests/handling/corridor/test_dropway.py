"""The collector's way through Tor: the proxy is told the onion's name, nobody else is, and its refusals are failures as any."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from handling.corridor.dropway import drop_session
from tests.factories import settings_in
from tipline.base.settings import Settings

ONION = "a" * 56 + ".onion"
_WELL, _UNREACHABLE = b"\0", b"\4"


@dataclass(slots=True)
class Proxy:
    """A SOCKS port that leads every name to one server, or refuses each."""

    to: int
    answer: bytes = _WELL
    port: int = 0
    asked: list[tuple[str, int]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        greeting = await reader.readexactly(2)
        await reader.readexactly(greeting[1])
        writer.write(b"\5\0")
        _, _, _, kind, length = await reader.readexactly(5)
        assert kind == 3, "an address was asked for in the place of a name"
        name = (await reader.readexactly(length)).decode()
        self.asked.append((name, int.from_bytes(await reader.readexactly(2), "big")))
        writer.write(b"\5" + self.answer + b"\0\1" + bytes(6))
        if self.answer == _WELL:
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.to)
            await asyncio.gather(_pass_on(reader, there_writer), _pass_on(there_reader, writer))
        writer.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def a_proxy(answer: bytes = _WELL) -> AsyncIterator[Proxy]:
    app = web.Application()
    app.add_routes([web.get("/v1/envelopes", _here)])
    async with TestServer(app) as there:
        assert there.port
        proxy = Proxy(there.port, answer)
        async with await asyncio.start_server(proxy.serve, "127.0.0.1", 0) as server:
            proxy.port = server.sockets[0].getsockname()[1]
            yield proxy


async def _here(_request: web.Request) -> web.Response:
    return web.Response(text="here")


def through(folder: Path, port: int) -> Settings:
    return replace(settings_in(folder), drop_proxy=f"socks5h://127.0.0.1:{port}")


async def test_the_proxy_alone_is_told_the_name_of_the_onion(tmp_path: Path) -> None:
    async with a_proxy() as proxy:
        async with drop_session(through(tmp_path, proxy.port)) as http, http.get(f"http://{ONION}/v1/envelopes") as got:
            assert await got.text() == "here"

        assert proxy.asked == [(ONION, 80)]


async def test_a_proxy_of_the_environment_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    async with (
        a_proxy() as proxy,
        drop_session(through(tmp_path, proxy.port)) as http,
        http.get(f"http://{ONION}/v1/envelopes") as got,
    ):
        assert got.status == 200


async def test_an_onion_that_is_not_reached_is_a_failed_connection(tmp_path: Path) -> None:
    async with a_proxy(_UNREACHABLE) as proxy, drop_session(through(tmp_path, proxy.port)) as http:
        with pytest.raises(aiohttp.ClientConnectionError, match="the proxy gave no connection"):
            await http.get(f"http://{ONION}/v1/envelopes")


async def test_without_tor_nothing_is_reached_and_nothing_goes_past_it(tmp_path: Path) -> None:
    async with a_proxy() as proxy:
        nobody = settings_in(tmp_path).ports["drop"]
        async with drop_session(through(tmp_path, nobody)) as http:
            with pytest.raises(aiohttp.ClientConnectionError):
                await http.get(f"http://127.0.0.1:{proxy.to}/v1/envelopes")
