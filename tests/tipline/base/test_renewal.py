"""Exchanging a passphrase or a device: shown, given back, then stored; at any moment exactly one passphrase opens."""

import asyncio
import pickle
import random
from datetime import UTC, datetime, timedelta

import pytest

from crypto import passphrase as passphrases
from crypto import totp
from crypto.secret import Secret
from tests.conftest import RolePool
from tipline.base import accounts, renewal
from tipline.base.accounts import TRIES, SignInError, seal_account, sign_in
from tipline.base.database import Db, Pool
from tipline.base.renewal import ChangedMeanwhileError, NewPassphrase, NewSecondFactor, NotConfirmedError

_NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
_TOTP = totp.new_secret()
_WORDS = passphrases.generate()
_PASSPHRASE = _WORDS.expose().decode()
_LOG_N = 4


@pytest.fixture(autouse=True)
async def _amina(inside_db: Db) -> None:
    content = {"totp": totp.base32(_TOTP), "identity": "key"}
    sealed = seal_account(content, _WORDS, log_n=_LOG_N)
    await inside_db.execute("INSERT INTO desk.account (name, sealed) VALUES ('amina', $1)", sealed)


@pytest.fixture
async def pool(role_pool: RolePool) -> Pool:
    return await role_pool("tipline_desk")


def at(step: int) -> datetime:
    return _NOW + timedelta(seconds=totp.STEP * step)


def a_code(when: datetime, secret: Secret = _TOTP) -> str:
    return totp.code(secret, int(when.timestamp()))


async def new_passphrase(
    pool: Pool, step: int = 0, typed: str = _PASSPHRASE, code: str | None = None
) -> tuple[NewPassphrase, str]:
    given = a_code(at(step)) if code is None else code
    async with pool.acquire() as db:
        waiting, made = await renewal.new_passphrase(db, "desk", "amina", typed, given, now=at(step), log_n=_LOG_N)
    return waiting, made.expose().decode()


async def confirm(pool: Pool, waiting: NewPassphrase, typed: str) -> None:
    async with pool.acquire() as db:
        await renewal.confirm_passphrase(db, "desk", waiting, typed)


async def new_device(pool: Pool, step: int = 0, typed: str = _PASSPHRASE, code: str | None = "") -> NewSecondFactor:
    given = a_code(at(step)) if code == "" else code
    async with pool.acquire() as db:
        return await renewal.new_second_factor(db, "desk", "amina", typed, given, now=at(step), log_n=_LOG_N)


async def confirm_device(pool: Pool, waiting: NewSecondFactor, code: str, step: int) -> None:
    async with pool.acquire() as db:
        await renewal.confirm_second_factor(db, "desk", waiting, code, now=at(step))


async def opening(db: Db, known: list[str]) -> list[str]:
    """Which of the *known* passphrases open what is stored now."""
    sealed = bytes(await db.fetchval("SELECT sealed FROM desk.account"))
    return [words for words in known if await accounts.open_sealed(sealed, passphrases.normalise(words))]


async def test_a_new_passphrase_opens_the_same_account_and_the_old_one_nothing(pool: Pool) -> None:
    waiting, words = await new_passphrase(pool)
    await confirm(pool, waiting, f" {words.upper()}  ")

    opened = await sign_in(pool, "desk", "amina", words, a_code(at(1)), now=at(1))
    assert opened.content["identity"] == "key"
    assert len(words.split()) == 7
    with pytest.raises(SignInError):
        await sign_in(pool, "desk", "amina", _PASSPHRASE, a_code(at(2)), now=at(2))


async def test_until_it_is_typed_back_nothing_has_changed(pool: Pool, inside_db: Db) -> None:
    waiting, words = await new_passphrase(pool)

    for typed in ("", "wrong words", _PASSPHRASE, words.rsplit(" ", 1)[0]):
        with pytest.raises(NotConfirmedError):
            await confirm(pool, waiting, typed)

    assert await opening(inside_db, [_PASSPHRASE, words]) == [_PASSPHRASE]


@pytest.mark.parametrize(
    ("typed", "code"),
    [("wrong words", None), (_PASSPHRASE, "000000"), ("", "")],
    ids=["another passphrase", "another code", "nothing"],
)
async def test_who_asks_has_to_prove_it_and_wrong_tries_count(
    typed: str, code: str | None, pool: Pool, inside_db: Db
) -> None:
    with pytest.raises(SignInError):
        await new_passphrase(pool, typed=typed, code=code)
    with pytest.raises(SignInError):
        await new_device(pool, typed=typed, code="" if code is None else code or "000000")

    assert await inside_db.fetchval("SELECT failures FROM desk.account") == 2


async def test_after_five_wrong_tries_the_right_ones_are_refused_too(pool: Pool) -> None:
    for _ in range(TRIES):
        with pytest.raises(SignInError):
            await new_passphrase(pool, typed="wrong words")

    with pytest.raises(SignInError):
        await new_passphrase(pool, step=1)


async def test_a_code_that_was_used_to_sign_in_makes_nothing_new(pool: Pool) -> None:
    await sign_in(pool, "desk", "amina", _PASSPHRASE, a_code(_NOW), now=_NOW)

    with pytest.raises(SignInError):
        await new_passphrase(pool)


async def test_of_two_exchanges_at_once_one_takes_effect_and_the_other_is_told(pool: Pool, inside_db: Db) -> None:
    first, second = await new_passphrase(pool, 0), await new_passphrase(pool, 1)

    results = await asyncio.gather(*(confirm(pool, *each) for each in (first, second)), return_exceptions=True)

    assert sorted(type(result).__name__ for result in results) == ["ChangedMeanwhileError", "NoneType"]
    winner = (first, second)[results.index(None)][1]
    assert await opening(inside_db, [_PASSPHRASE, first[1], second[1]]) == [winner]


async def test_a_device_and_a_passphrase_exchanged_at_once_cannot_undo_each_other(pool: Pool) -> None:
    waiting, words = await new_passphrase(pool, 0)
    device = await new_device(pool, 1)
    await confirm(pool, waiting, words)

    with pytest.raises(ChangedMeanwhileError):
        await confirm_device(pool, device, a_code(at(2), device.totp), 2)

    assert await sign_in(pool, "desk", "amina", words, a_code(at(3)), now=at(3))


async def test_a_new_device_is_confirmed_by_its_own_code_and_the_old_one_stops(pool: Pool) -> None:
    waiting = await new_device(pool)
    for wrong in ("", "000000", a_code(_NOW)):
        with pytest.raises(NotConfirmedError):
            await confirm_device(pool, waiting, wrong, 0)

    await confirm_device(pool, waiting, a_code(_NOW, waiting.totp), 0)

    with pytest.raises(SignInError):  # the code that confirmed is used up
        await sign_in(pool, "desk", "amina", _PASSPHRASE, a_code(_NOW, waiting.totp), now=_NOW)
    with pytest.raises(SignInError):
        await sign_in(pool, "desk", "amina", _PASSPHRASE, a_code(at(1)), now=at(1))
    assert await sign_in(pool, "desk", "amina", _PASSPHRASE, a_code(at(1), waiting.totp), now=at(1))


async def test_a_lost_device_is_replaced_with_the_passphrase_alone(pool: Pool) -> None:
    waiting = await new_device(pool, code=None)
    await confirm_device(pool, waiting, a_code(at(1), waiting.totp), 1)

    opened = await sign_in(pool, "desk", "amina", _PASSPHRASE, a_code(at(2), waiting.totp), now=at(2))
    assert opened.content["identity"] == "key"


async def test_what_waits_holds_no_key_and_cannot_be_printed_or_kept(pool: Pool) -> None:
    waiting, words = await new_passphrase(pool, 0)
    device = await new_device(pool, 1)

    assert all(hidden not in waiting.new for hidden in (words.encode(), b"identity", totp.base32(_TOTP).encode()))
    assert (repr(waiting), repr(device)) == ("NewPassphrase(***)", "NewSecondFactor(***)")
    for secret in (waiting, device):
        with pytest.raises(TypeError):
            pickle.dumps(secret)


@pytest.mark.parametrize("seed", range(4))
async def test_at_any_moment_exactly_one_passphrase_opens(seed: int, pool: Pool, inside_db: Db) -> None:
    """Exchanges begun, confirmed, mistyped, given up and confirmed twice, in any order."""
    chance = random.Random(seed)  # noqa: S311 - which step comes next, not a secret
    known, device = [_PASSPHRASE], _TOTP
    waiting: list[tuple[NewPassphrase, str]] = []
    devices: list[NewSecondFactor] = []
    for step in range(14):
        (current,) = await opening(inside_db, known)
        act = chance.choice(["make", "make", "confirm", "mistype", "device", "confirm device"])
        if act == "make":
            waiting.append(await new_passphrase(pool, step * 3, current, a_code(at(step * 3), device)))
            known.append(waiting[-1][1])
        elif act == "device":
            devices.append(await new_device(pool, step * 3, current, None))
        elif act == "confirm device" and devices:
            chosen = chance.choice(devices)
            try:
                await confirm_device(pool, chosen, a_code(at(step * 3), chosen.totp), step * 3)
            except ChangedMeanwhileError:
                continue
            device = chosen.totp
        elif waiting:
            made, words = chance.choice(waiting)
            try:
                await confirm(pool, made, words if act == "confirm" else "mistyped")
            except (ChangedMeanwhileError, NotConfirmedError):
                continue

    (current,) = await opening(inside_db, known)
    assert await sign_in(pool, "desk", "amina", current, a_code(at(99), device), now=at(99))
