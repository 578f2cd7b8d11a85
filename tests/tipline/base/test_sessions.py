"""A session lives in memory, ends when idle or too old, and lets go of what it held."""

import gc
import weakref

from tipline.base.sessions import ABSOLUTE, IDLE, Sessions


class Vault:
    """Something a session holds open."""


def test_a_cookie_finds_its_session_and_no_other() -> None:
    sessions: Sessions[str] = Sessions()
    one, other = sessions.begin("amina", "a", 0), sessions.begin("ben", "b", 0)

    found = sessions.find(one, 1)

    assert one != other
    assert found is not None
    assert (found.name, found.value) == ("amina", "a")
    assert sessions.find("guess", 1) is None
    assert sessions.find("", 1) is None


def test_use_keeps_a_session_alive_until_its_last_hour() -> None:
    sessions: Sessions[str] = Sessions()
    cookie = sessions.begin("amina", "a", 0)
    at = 0.0
    while at + IDLE - 1 < ABSOLUTE:
        at += IDLE - 1
        assert sessions.find(cookie, at) is not None

    assert sessions.find(cookie, ABSOLUTE) is None


def test_an_idle_session_ends() -> None:
    sessions: Sessions[str] = Sessions()
    cookie = sessions.begin("amina", "a", 0)

    assert sessions.find(cookie, IDLE) is None
    assert sessions.find(cookie, 1) is None


def test_what_a_session_held_goes_with_it() -> None:
    sessions: Sessions[Vault] = Sessions()
    held = [Vault() for _ in range(3)]
    seen = [weakref.ref(vault) for vault in held]
    left, idle, kept = (sessions.begin("amina", vault, at) for vault, at in zip(held, (0, 0, IDLE), strict=True))
    held.clear()

    sessions.end(left)
    assert sessions.sweep(IDLE) == 1
    gc.collect()

    assert [ref() is None for ref in seen] == [True, True, False]
    assert sessions.find(idle, IDLE) is None
    assert sessions.find(kept, IDLE) is not None
    assert len(sessions) == 1


def test_only_its_own_token_is_a_sessions_token() -> None:
    sessions: Sessions[str] = Sessions()
    one = sessions.find(sessions.begin("amina", "a", 0), 0)
    other = sessions.find(sessions.begin("amina", "a", 0), 0)
    assert one is not None
    assert other is not None

    assert one.sent(one.csrf)
    assert not one.sent(other.csrf)
    assert not one.sent("")
    assert "amina" not in repr(one)
