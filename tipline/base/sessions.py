"""Who is signed in, in this process's memory only. The cookie is never kept: a session is found by its hash."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from crypto.secret import Guarded

T = TypeVar("T")

IDLE = 15 * 60.0  # seconds
ABSOLUTE = 8 * 3600.0  # seconds
_TOKEN_BYTES = 32


@dataclass(slots=True, eq=False, repr=False)
class Session(Guarded, Generic[T]):
    """One signed-in person.

    Attributes:
        name: of the account.
        value: what the process opened for this person, such as a vault; gone with the session.
        csrf: token that every form carries.
        began, seen: seconds of the caller's clock.
        pending: what waits for this person's confirmation; nowhere else, and gone with the session.
    """

    name: str
    value: T
    began: float
    seen: float
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(_TOKEN_BYTES))
    pending: object = None

    def sent(self, token: str) -> bool:
        """Whether *token* is this session's, in constant time."""
        return hmac.compare_digest(self.csrf.encode(), token.encode())


class Sessions(Generic[T]):
    """All sessions of one process. *now* is a clock that never goes back, in seconds."""

    def __init__(self) -> None:
        self._sessions: dict[bytes, Session[T]] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    def begin(self, name: str, value: T, now: float) -> str:
        """Start a session and return the cookie that opens it."""
        cookie = secrets.token_urlsafe(_TOKEN_BYTES)
        self._sessions[_key(cookie)] = Session(name, value, began=now, seen=now)
        return cookie

    def find(self, cookie: str, now: float) -> Session[T] | None:
        """Return the session of *cookie* and note that it is in use; None when there is none or it has ended."""
        key = _key(cookie)
        session = self._sessions.get(key)
        if session is None or _ended(session, now):
            self._sessions.pop(key, None)
            return None
        session.seen = now
        return session

    def end(self, cookie: str) -> None:
        """Forget the session and what it held open."""
        self._sessions.pop(_key(cookie), None)

    def end_others(self, session: Session[T]) -> None:
        """Forget every other session of the person whose *session* this is."""
        others = [key for key, other in self._sessions.items() if other.name == session.name and other is not session]
        for key in others:
            del self._sessions[key]

    def sweep(self, now: float) -> int:
        """Forget every session that has been idle or open for too long; return how many."""
        ended = [key for key, session in self._sessions.items() if _ended(session, now)]
        for key in ended:
            del self._sessions[key]
        return len(ended)


def _ended(session: Session[T], now: float) -> bool:
    return now - session.seen >= IDLE or now - session.began >= ABSOLUTE


def _key(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode("utf-8", "surrogatepass")).digest()
