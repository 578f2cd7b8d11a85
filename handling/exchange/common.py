"""What every page of the portal shares: who is signed in, and files that are saved. No SQL, no crypto."""

from dataclasses import dataclass

from aiohttp import web

from handling.exchange.portal import Portal
from tipline.base.staff import session

PORTAL = web.AppKey("portal", Portal)
ID = "{id:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}}"


@dataclass(frozen=True, slots=True)
class Officer:
    """Who is signed in: an officer acts for one agency, and sees nothing of any other."""

    agency: str
    agency_name: str


def who(request: web.Request) -> Officer:
    """Return the officer who is signed in."""
    return session(request, Officer).value


def attachment(name: str) -> dict[str, str]:
    """Return the headers of a file that is saved and never shown."""
    return {"Content-Disposition": f'attachment; filename="{name}"', "Content-Type": "application/octet-stream"}


def attached(name: str, content: bytes) -> web.Response:
    """Return a file that is saved and never shown."""
    return web.Response(body=content, headers=attachment(name))
