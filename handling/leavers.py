"""A session ends as soon as the member list no longer names its person as they signed in; nothing more is read with it."""

from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

from handling.store.members import Member, MemberList, MemberListError, NotAMemberError
from tipline.base.staff import SESSION, SIGN_OUT, STAFF
from tipline.base.web import SITE, Handler, see_other

Load = Callable[[web.Request], Awaitable[MemberList]]


def leavers(load: Load, member_of: Callable[[web.Request], Member], closed: Callable[[], Exception]) -> Middleware:
    """Return the middleware for one process.

    Args:
        load: today's verified list.
        member_of: the person of a signed-in request as the list named them when they signed in.
        closed: the error to raise when no list can be trusted: then nothing is shown either.
    """

    @web.middleware
    async def checked(request: web.Request, handler: Handler) -> web.StreamResponse:
        if SESSION not in request or request.path == SIGN_OUT:  # nobody is kept signed in because no list can be read
            return await handler(request)
        before = member_of(request)
        try:
            stays = (await load(request)).member(before.name) == before
        except NotAMemberError:
            stays = False
        except MemberListError:
            raise closed() from None
        if stays:
            return await handler(request)
        request.app[STAFF].sessions.end(request.cookies.get(request.app[SITE].name, ""))
        return see_other("/sign-in")

    return checked
