"""A returning source between two pages: the codename stands sealed in a row, and only the cookie holds its key."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from crypto import canonical, columns, macs
from crypto.codename import Codename
from crypto.digest import sha256
from crypto.errors import CanonicalError, OpenError, SignatureError
from crypto.secret import Guarded, Secret
from tipline.source.channel import Keep

COOKIE: Final = "source"
LIFE: Final = timedelta(minutes=30)

_HALF: Final = 32  # bytes: one half names the row, the other opens it
_SEALED: Final = 128  # bytes before sealing


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Session(Guarded):
    """An open session; *csrf* stands in each of its forms."""

    id: bytes
    codename: Codename
    csrf: str
    _key: Secret

    def check(self, csrf: str) -> None:
        """Return when *csrf* came from a page of this session; raise `SignatureError` otherwise."""
        try:
            macs.check(self._key, b"", bytes.fromhex(csrf), purpose="csrf")
        except ValueError:
            raise SignatureError from None


async def begin(keep: Keep, codename: Codename, mailbox: bytes, now: datetime) -> tuple[str, bool]:
    """Return a cookie, and whether it opens anything: a session is kept only for a codename that has a *mailbox*."""
    name, key = Secret.random(_HALF), Secret.random(_HALF)
    session = sha256(name.expose())
    content = {"codename": codename.entropy.expose().hex(), "expires": int((now + LIFE).timestamp())}
    padded = canonical.canonical(content).ljust(_SEALED)
    known = await keep.add_session(session, columns.seal(key, padded, **_place(session)), now.date(), mailbox)
    return urlsafe_b64encode(name.expose() + key.expose()).decode().rstrip("="), known


async def resume(keep: Keep, cookie: str, now: datetime) -> Session | None:
    """Return the session of a cookie; None when there is none, it has expired, or the cookie is not ours."""
    halves = _halves(cookie)
    if halves is None:
        return None
    session, key = halves
    sealed = await keep.session(session)
    if sealed is None:
        return None
    try:
        content = canonical.parse(columns.open_(key, sealed, **_place(session)).rstrip(b" "))
    except (OpenError, CanonicalError):
        return None
    if datetime.fromtimestamp(content["expires"], UTC) <= now:
        await keep.delete_session(session)
        return None
    codename = Codename.from_entropy(Secret(bytes.fromhex(content["codename"])))
    return Session(session, codename, macs.mac(key, b"", purpose="csrf").hex(), key)


async def end(keep: Keep, cookie: str) -> None:
    """Forget the session of a cookie, if there is one."""
    halves = _halves(cookie)
    if halves is not None:
        await keep.delete_session(halves[0])


def _halves(cookie: str) -> tuple[bytes, Secret] | None:
    try:
        value = urlsafe_b64decode(cookie.encode("ascii") + b"==")
    except ValueError:
        return None
    if len(value) != 2 * _HALF:
        return None
    return sha256(value[:_HALF]), Secret(value[_HALF:])


def _place(session: bytes) -> dict[str, Any]:
    return {"table": "zone.session", "column": "sealed", "row": session.hex()}
