"""How the collector gets to the drop: straight, or through Tor's SOCKS port, which then resolves the name as well."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp_socks import ProxyConnectionError, ProxyConnector, ProxyError, ProxyTimeoutError, ProxyType

from tipline.base.settings import Settings


class _TorConnector(ProxyConnector):
    """Fails as every connection of aiohttp does, so that whoever asks needs to know nothing of the proxy."""

    async def _wrap_create_connection(self, *args: Any, **kwargs: Any) -> tuple[asyncio.Transport, ResponseHandler]:  # noqa: ANN401 - passed on
        try:
            return await super()._wrap_create_connection(*args, **kwargs)
        except (ProxyError, ProxyConnectionError, ProxyTimeoutError):
            raise aiohttp.ClientConnectionError("the proxy gave no connection") from None


def drop_session(settings: Settings) -> aiohttp.ClientSession:
    """Return a session for the collector; with the setting `drop_proxy` nothing of it goes past that proxy.

    No proxy of the environment counts, and names are never resolved here: an onion's name would be asked of the network.
    """
    if settings.drop_proxy is None:
        return aiohttp.ClientSession()
    proxy = urlsplit(settings.drop_proxy)
    connector = _TorConnector(proxy.hostname or "", proxy.port or 0, ProxyType.SOCKS5, rdns=True)
    return aiohttp.ClientSession(connector=connector)
