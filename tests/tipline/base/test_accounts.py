"""Signing in: every wrong cause reads alike, tries are counted before the work, a code opens once."""

import asyncio
import base64
from datetime import UTC, datetime, timedelta

import pytest

from crypto import passphrase as passphrases
from crypto import totp
from crypto.secret import Secret
from tests.conftest import RolePool
from tipline.base import accounts
from tipline.base.accounts import LOCKED, TRIES, BusyError, SignInError, seal_account, sign_in, unlock
from tipline.base.database import Db

_NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
_TOTP = totp.new_secret()
_WORDS = passphrases.generate()
_PASSPHRASE = _WORDS.expose().decode()
_ADD = "INSERT INTO desk.account (name, sealed) VALUES ($1, $2)"


@pytest.fixture(autouse=True)
async def _amina(inside_db: Db) -> None:
    content = {"totp": totp.base32(_TOTP), "identity": "key"}
    await inside_db.execute(_ADD, "amina", seal_account(content, _WORDS, log_n=4))


def a_code(at: datetime = _NOW) -> str:
    return totp.code(_TOTP, int(at.timestamp()))


async def test_the_right_three_open_the_account(role_pool: RolePool) -> None:
    pool = await role_pool("tipline_desk")

    opened = await sign_in(pool, "desk", "amina", f"  {_PASSPHRASE.upper()} ", a_code(), now=_NOW)

    assert opened.name == "amina"
    assert opened.content["identity"] == "key"
    assert "key" not in repr(opened)


@pytest.mark.parametrize(
    ("name", "passphrase", "code"),
    [
        ("amina", "wrong words", None),
        ("amina", "", None),
        ("amina", None, "000000"),
        ("amina", None, ""),
        ("nobody", None, None),
        ("", "", ""),
    ],
)
async def test_every_wrong_cause_reads_alike(
    name: str, passphrase: str | None, code: str | None, role_pool: RolePool
) -> None:
    pool = await role_pool("tipline_desk")

    with pytest.raises(SignInError) as caught:
        await sign_in(
            pool,
            "desk",
            name,
            _PASSPHRASE if passphrase is None else passphrase,
            a_code() if code is None else code,
            now=_NOW,
        )

    assert str(caught.value) == str(SignInError())


async def test_a_code_opens_once(role_pool: RolePool) -> None:
    pool = await role_pool("tipline_desk")
    await sign_in(pool, "desk", "amina", _PASSPHRASE, a_code(), now=_NOW)

    with pytest.raises(SignInError):
        await sign_in(pool, "desk", "amina", _PASSPHRASE, a_code(), now=_NOW)

    later = _NOW + timedelta(seconds=30)
    assert await sign_in(pool, "desk", "amina", _PASSPHRASE, a_code(later), now=later)


async def test_a_code_used_twice_at_the_same_moment_opens_once(role_pool: RolePool) -> None:
    pool = await role_pool("tipline_desk")

    results = await asyncio.gather(
        *(sign_in(pool, "desk", "amina", _PASSPHRASE, a_code(), now=_NOW) for _ in range(3)), return_exceptions=True
    )

    assert sorted(type(result).__name__ for result in results) == ["Opened", "SignInError", "SignInError"]


async def test_a_code_of_the_step_before_the_last_one_is_refused(role_pool: RolePool) -> None:
    pool = await role_pool("tipline_desk")
    await sign_in(pool, "desk", "amina", _PASSPHRASE, a_code(), now=_NOW)

    with pytest.raises(SignInError):
        await sign_in(pool, "desk", "amina", _PASSPHRASE, a_code(_NOW - timedelta(seconds=30)), now=_NOW)


async def _fail(pool: object, times: int, at: datetime) -> None:
    for _ in range(times):
        with pytest.raises(SignInError):
            await sign_in(pool, "desk", "amina", "wrong words", a_code(), now=at)  # type: ignore[arg-type] - a pool


async def test_five_wrong_tries_close_the_account_for_fifteen_minutes(role_pool: RolePool) -> None:
    pool = await role_pool("tipline_desk")
    await _fail(pool, TRIES, _NOW)

    just_before = _NOW + LOCKED - timedelta(seconds=1)
    with pytest.raises(SignInError):
        await sign_in(pool, "desk", "amina", _PASSPHRASE, a_code(just_before), now=just_before)

    after = _NOW + LOCKED
    assert await sign_in(pool, "desk", "amina", _PASSPHRASE, a_code(after), now=after)


async def test_a_locked_account_has_five_tries_again_after_the_lock(role_pool: RolePool) -> None:
    pool = await role_pool("tipline_desk")
    await _fail(pool, TRIES, _NOW)
    after = _NOW + LOCKED
    await _fail(pool, TRIES - 1, after)

    assert await sign_in(pool, "desk", "amina", _PASSPHRASE, a_code(after), now=after)


async def test_the_fifth_try_may_still_be_the_right_one_and_success_forgives(role_pool: RolePool) -> None:
    pool = await role_pool("tipline_desk")
    for step in range(3):
        at = _NOW + timedelta(minutes=step)
        await _fail(pool, TRIES - 1, at)
        assert await sign_in(pool, "desk", "amina", _PASSPHRASE, a_code(at), now=at)


async def test_many_tries_at_once_get_no_more_than_five(role_pool: RolePool, inside_db: Db) -> None:
    pool = await role_pool("tipline_desk")
    await asyncio.gather(
        *(sign_in(pool, "desk", "amina", "wrong words", "000000", now=_NOW) for _ in range(12)), return_exceptions=True
    )

    row = await inside_db.fetchrow("SELECT failures, locked_until FROM desk.account")
    assert row is not None
    assert (row["failures"], row["locked_until"]) == (TRIES, _NOW + LOCKED)


async def test_a_wrong_code_counts_as_a_wrong_try(role_pool: RolePool, inside_db: Db) -> None:
    pool = await role_pool("tipline_desk")
    with pytest.raises(SignInError):
        await sign_in(pool, "desk", "amina", _PASSPHRASE, "000000", now=_NOW)

    assert await inside_db.fetchval("SELECT failures FROM desk.account") == 1


async def test_an_unknown_name_costs_the_same_work(role_pool: RolePool, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = await role_pool("tipline_desk")
    work: list[int] = []
    real = accounts.age.open_passphrase

    def counted(sealed: bytes, secret: Secret) -> bytes:
        work.append(int(sealed.split(b"\n")[1].split()[3]))
        return real(sealed, secret)

    monkeypatch.setattr(accounts.age, "open_passphrase", counted)
    with pytest.raises(SignInError):
        await sign_in(pool, "desk", "nobody", _PASSPHRASE, a_code(), now=_NOW)

    assert work == [accounts.LOG_N]


async def test_a_flood_of_sign_ins_is_turned_away(role_pool: RolePool, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = await role_pool("tipline_desk")
    monkeypatch.setattr(accounts, "_WAITING", 0)

    with pytest.raises(BusyError):
        await sign_in(pool, "desk", "nobody", _PASSPHRASE, a_code(), now=_NOW)


async def test_unlocking_takes_the_passphrase_alone_and_counts_wrong_ones(role_pool: RolePool, inside_db: Db) -> None:
    pool = await role_pool("tipline_desk")

    with pytest.raises(SignInError):
        await unlock(pool, "desk", "amina", "wrong words", now=_NOW)
    assert await inside_db.fetchval("SELECT failures FROM desk.account") == 1
    assert (await unlock(pool, "desk", "amina", _PASSPHRASE, now=_NOW))["identity"] == "key"
    assert await inside_db.fetchval("SELECT failures FROM desk.account") == 0


async def test_what_is_stored_shows_neither_key_nor_second_factor(inside_db: Db) -> None:
    sealed = bytes(await inside_db.fetchval("SELECT sealed FROM desk.account"))

    for hidden in (b"identity", totp.base32(_TOTP).encode(), base64.b32decode(totp.base32(_TOTP))):
        assert hidden not in sealed
