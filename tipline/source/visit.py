"""A source who is signed in, as one request sees it: the session, the keys of its codename, the cookie. It renders nothing."""

from dataclasses import dataclass

from aiohttp import web

from crypto.codename import Codename, SourceKeys, SubmissionMac, keys
from crypto.errors import SignatureError
from crypto.secret import Guarded
from tipline.base.web import CSRF
from tipline.envelope import Body
from tipline.source import context, session, submit
from tipline.source.context import BLOBS, KEEP, UNITS, clock
from tipline.source.sealing import Outbox
from tipline.source.session import Session
from tipline.source.submit import Delivery


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Visit(Guarded):
    """A signed-in request."""

    session: Session
    keys: SourceKeys

    def wrote(self, csrf: str) -> bool:
        """Say whether a form came from a page of this session."""
        try:
            self.session.check(csrf)
        except SignatureError:
            return False
        return True


async def of(request: web.Request) -> Visit | None:
    """Return who is signed in; None when nobody is."""
    opened = await session.resume(request.app[KEEP], cookie(request), clock())
    if opened is None:
        return None
    request[CSRF] = opened.csrf
    return Visit(opened, keys(opened.codename))


def cookie(request: web.Request) -> str:
    """Return the request's session cookie, or nothing."""
    return request.cookies.get(session.COOKIE, "")


async def begin(
    request: web.Request, codename: Codename, mailbox: bytes, *, reported: bool = False, urgent: bool = False
) -> tuple[str, bool]:
    """Open a session in place of the browser's last one.

    Returns:
        Its cookie, and whether it opens anything: a *mailbox* that is not there has none.
    """
    last = cookie(request)
    return await session.begin(request.app[KEEP], last, codename, mailbox, clock(), reported=reported, urgent=urgent)


async def send(request: web.Request, opened: Visit, mac: SubmissionMac, body: Body) -> None:
    """Seal *body* as the thread's next message and store it; *mac* is over the form that brought it.

    Raises what `submit.deliver` raises.
    """
    source, now = opened.keys, clock()
    mailbox = await request.app[KEEP].mailbox(source.mailbox)
    unit = None if mailbox is None else request.app[UNITS].get(mailbox.unit)
    address = await context.address(request, unit, mailbox=source.mailbox, urgent=opened.session.urgent, at=now)
    outbox = Outbox(request.app[BLOBS], address.day)
    delivery = Delivery(source, address, mac.digest(), first=None, further=body, at=now)
    try:
        await submit.deliver(request.app[KEEP], outbox, delivery)
    finally:
        await outbox.leave()


def carry(response: web.Response, value: str) -> web.Response:
    """Let the browser keep the session's cookie."""
    response.set_cookie(session.COOKIE, value, httponly=True, samesite="Strict", path="/")
    return response


def forget(response: web.Response) -> web.Response:
    """Ask the browser to forget the cookie and all else that it has of this site."""
    response.del_cookie(session.COOKIE, path="/", httponly=True, samesite="Strict")
    response.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
    return response
