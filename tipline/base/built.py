"""Scripts of pages, as they were bundled when Tipline was set up."""

import asyncio
from functools import cache
from importlib import resources

from aiohttp import web

from tipline.base import inline


@cache
def script(name: str) -> bytes | None:
    """Return a page's script by its name, None where it was not built. Blocking."""
    try:
        return resources.files("tipline").joinpath("away", "built", f"{name}.js").read_bytes()
    except FileNotFoundError:
        return None


def integrity(name: str) -> str | None:
    """Return what a page names its script by, None where it was not built. Blocking."""
    body = script(name)
    return None if body is None else inline.integrity(body)


async def response(name: str) -> web.Response:
    """Answer with a page's script; not found where it was not built."""
    body = await asyncio.to_thread(script, name)
    if body is None:
        raise web.HTTPNotFound
    return web.Response(body=body, content_type="text/javascript", charset="utf-8")
