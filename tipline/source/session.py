"""A returning source between two pages: the codename stands sealed in a row, and only the cookie holds its key."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self

from crypto import canonical, columns, macs
from crypto.codename import Codename
from crypto.digest import sha256
from crypto.errors import CanonicalError, OpenError, SignatureError
from crypto.secret import Guarded, Secret
from tipline.source.channel import Keep

COOKIE: Final = "source"
LIFE: Final = timedelta(minutes=30)
"""Counted from signing in, and anew from each file that is kept: a large one may take longer."""
FILES_MAX: Final = 64
"""Files that one session takes: the sizes of so many stand in its row, which has one size for all."""

_HALF: Final = 32  # bytes: one half names the row, the other opens it
_SEALED: Final = 1024  # bytes before sealing
_TRIES: Final = 8


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Session(Guarded):
    """An open session.

    Attributes:
        reported: it began with a report, so that its codename may be shown again while it lasts.
        urgent: what it sends is as urgent as that report.
        kept: bytes of each file kept in it, oldest first; no name.
        expires: when it ends.
    """

    id: bytes
    codename: Codename
    reported: bool
    urgent: bool
    kept: tuple[int, ...]
    expires: datetime
    _key: Secret

    @property
    def csrf(self) -> str:
        """What stands in each of its forms, in hex."""
        return macs.mac(self._key, b"", purpose="csrf").hex()

    def check(self, csrf: str) -> None:
        """Return when *csrf* came from a page of this session; raise `SignatureError` otherwise."""
        try:
            macs.check(self._key, b"", bytes.fromhex(csrf), purpose="csrf")
        except ValueError:
            raise SignatureError from None

    def seal(self) -> bytes:
        """Seal for the session's row, in one size for all."""
        content = {
            "codename": self.codename.entropy.expose().hex(),
            "expires": int(self.expires.timestamp()),
            "reported": self.reported,
            "urgent": self.urgent,
            "kept": list(self.kept),
        }
        return columns.seal(self._key, canonical.canonical(content).ljust(_SEALED), **_place(self.id))

    @classmethod
    def open(cls, session: bytes, key: Secret, sealed: bytes) -> Self:
        """Open what `seal` made; raises `OpenError` or `CanonicalError`."""
        content = canonical.parse(columns.open_(key, sealed, **_place(session)).rstrip(b" "))
        return cls(
            id=session,
            codename=Codename.from_entropy(Secret(bytes.fromhex(content["codename"]))),
            reported=content["reported"],
            urgent=content["urgent"],
            kept=tuple(content["kept"]),
            expires=datetime.fromtimestamp(content["expires"], UTC),
            _key=key,
        )


async def begin(
    keep: Keep,
    cookie: str,
    codename: Codename,
    mailbox: bytes,
    now: datetime,
    *,
    reported: bool = False,
    urgent: bool = False,
) -> tuple[str, bool]:
    """Begin a session in place of the one of the browser's *cookie*.

    Returns:
        Its cookie, and whether it opens anything: a session is kept only for a codename that has a *mailbox*.
    """
    name, key = Secret.random(_HALF), Secret.random(_HALF)
    session = Session(sha256(name.expose()), codename, reported, urgent, kept=(), expires=now + LIFE, _key=key)
    last = _halves(cookie)
    known = await keep.add_session(session.id, session.seal(), now.date(), mailbox, last and last[0])
    return urlsafe_b64encode(name.expose() + key.expose()).decode().rstrip("="), known


async def resume(keep: Keep, cookie: str, now: datetime) -> Session | None:
    """Return the session of a cookie; None when there is none, it has expired, or the cookie is not ours."""
    found = await _row(keep, cookie)
    if found is None:
        return None
    session, _ = found
    if session.expires <= now:
        await keep.delete_session(session.id)
        return None
    return session


async def remember(keep: Keep, cookie: str, size: int, now: datetime) -> None:
    """Note that a file of so many bytes is kept, and let the session last `LIFE` from now.

    It may have ended while a file was on its way that it had let in; one that was left stays left.
    """
    for _ in range(_TRIES):
        found = await _row(keep, cookie)
        if found is None:
            return
        session, sealed = found
        goes_on = replace(session, kept=(*session.kept, size)[-FILES_MAX:], expires=now + LIFE)
        if await keep.change_session(session.id, was=sealed, now=goes_on.seal()):
            return


async def end(keep: Keep, cookie: str) -> None:
    """Forget the session of a cookie, if there is one."""
    halves = _halves(cookie)
    if halves is not None:
        await keep.delete_session(halves[0])


async def _row(keep: Keep, cookie: str) -> tuple[Session, bytes] | None:
    """Return the session of a cookie, whether it has expired or not, and its row as it stands."""
    halves = _halves(cookie)
    sealed = None if halves is None else await keep.session(halves[0])
    if halves is None or sealed is None:
        return None
    try:
        return Session.open(*halves, sealed), sealed
    except (OpenError, CanonicalError):
        return None


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
