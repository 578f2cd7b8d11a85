"""Accounts of staff and agency officers: a name, and a file that only the passphrase opens. Wrong tries are counted before the work."""

import asyncio
import base64
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar

from crypto import age, totp
from crypto.canonical import canonical
from crypto.errors import CryptoError
from crypto.passphrase import normalise
from crypto.secret import Guarded, Secret
from tipline.base import jsons
from tipline.base.database import Db, store_errors

T = TypeVar("T")

LOG_N = 17  # scrypt work: 2^17 rounds, 128 MiB, about half a second
TRIES = 5
LOCKED = timedelta(minutes=15)
SCHEMAS = ("corridor", "desk", "guard", "exchange")

_WAITING = 64  # sign-ins that may queue; a flood beyond is turned away, not remembered
_WORK = ThreadPoolExecutor(max_workers=2, thread_name_prefix="scrypt")  # bounds memory: 128 MiB each


class SignInError(Exception):
    """One text for every cause: which part was wrong, or whether the name exists, helps only a guesser."""

    code = "sign-in"

    def __init__(self) -> None:
        super().__init__(
            "This did not open. The name, the passphrase or the code is wrong, "
            "or the account is closed for 15 minutes after five wrong tries."
        )


class BusyError(Exception):
    """Too many people are signing in at once."""

    code = "sign-in-busy"

    def __init__(self) -> None:
        super().__init__("Too many sign-ins at once. Try again in a minute.")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Opened(Guarded):
    """An account that its passphrase has opened; *content* holds keys, so it is never printed."""

    name: str
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Statements:
    find: str
    take_try: str
    accept: str
    forgive: str
    exchange: str


def _statements(schema: str) -> _Statements:
    return _Statements(
        find=f"SELECT sealed, last_step FROM {schema}.account WHERE name = $1",
        # The try is counted before the passphrase is looked at, so that many at once get no more tries than one by one.
        take_try=f"""
            UPDATE {schema}.account
               SET failures     = CASE WHEN locked_until IS NULL THEN failures + 1 ELSE 1 END,
                   locked_until = CASE WHEN locked_until IS NULL AND failures + 1 >= $3 THEN $4::timestamptz END
             WHERE name = $1
               AND (locked_until IS NULL OR locked_until <= $2)
        """,
        accept=f"""
            UPDATE {schema}.account
               SET failures = 0, locked_until = NULL, last_step = $2
             WHERE name = $1
               AND last_step < $2
        """,
        forgive=f"UPDATE {schema}.account SET failures = 0, locked_until = NULL WHERE name = $1",
        # One statement: the old file opens until it, the new one from it on. Steps never go back.
        exchange=f"""
            UPDATE {schema}.account
               SET sealed = $3, last_step = GREATEST(last_step, $4)
             WHERE name = $1
               AND sealed = $2
        """,
    )


_SQL: Mapping[str, _Statements] = MappingProxyType({schema: _statements(schema) for schema in SCHEMAS})


def seal_account(content: Mapping[str, Any], passphrase: Secret, log_n: int = LOG_N) -> bytes:
    """Seal an account's content to its passphrase. Blocking: it costs what opening costs."""
    return age.seal_passphrase(canonical(dict(content)), passphrase, log_n=log_n)


async def sign_in(db: Db, schema: str, name: str, passphrase: str, code: str, *, now: datetime) -> Opened:
    """Open an account with passphrase and one-time code; each code opens once.

    Raises:
        SignInError: for every wrong cause alike, after the same work.
        BusyError: too many are waiting.
        StoreError: the database does not answer.
    """
    content, _ = await enter(db, schema, name, passphrase, code, now=now)
    return Opened(name, content)


async def unlock(db: Db, schema: str, name: str, passphrase: str, *, now: datetime | None = None) -> Mapping[str, Any]:
    """Open the account of a person who is signed in already, with the passphrase alone; wrong tries count as well.

    Raises:
        SignInError, BusyError, StoreError: as `sign_in`.
    """
    content, _ = await unlock_file(db, schema, name, passphrase, now=now or datetime.now(UTC))
    return content


async def unlock_file(
    db: Db, schema: str, name: str, passphrase: str, *, now: datetime
) -> tuple[Mapping[str, Any], bytes]:
    """Open an account as `unlock` does, and return its content and its sealed file."""
    content, sealed, _ = await _open(db, schema, name, passphrase, now)
    with store_errors():
        await db.execute(_SQL[schema].forgive, name)
    return content, sealed


async def exchange(db: Db, schema: str, name: str, *, old: bytes, new: bytes, step: int = 0) -> bool:
    """Put the file *new* in the place of *old*; False when *old* is no longer there.

    What opened *old* opens nothing from this statement on. *step* is that of the code used last with *new*.
    """
    with store_errors():
        return bool(await db.execute(_SQL[schema].exchange, name, old, new, step) == "UPDATE 1")


async def enter(
    db: Db, schema: str, name: str, passphrase: str, code: str, *, now: datetime
) -> tuple[Mapping[str, Any], bytes]:
    """Open an account as `sign_in` does, and return its content and its sealed file."""
    content, sealed, last_step = await _open(db, schema, name, passphrase, now)
    step = totp.accept(_totp_secret(content), code, int(now.timestamp()), last_step)
    if step is None:
        raise SignInError
    with store_errors():
        accepted = await db.execute(_SQL[schema].accept, name, step)
    if accepted != "UPDATE 1":  # the same code was used meanwhile
        raise SignInError
    return content, sealed


async def _open(db: Db, schema: str, name: str, passphrase: str, now: datetime) -> tuple[Mapping[str, Any], bytes, int]:
    """Spend one try and the whole work, whether or not there is such an account or a try left."""
    sql = _SQL[schema]
    with store_errors():
        row = await db.fetchrow(sql.find, name)
        tag = await db.execute(sql.take_try, name, now, TRIES, now + LOCKED)
    admitted = row is not None and tag == "UPDATE 1"
    sealed = bytes(row["sealed"]) if row is not None and admitted else _NOBODY
    plain = await open_sealed(sealed, normalise(passphrase))
    if plain is None or row is None or not admitted:
        raise SignInError
    return MappingProxyType(jsons.parse_object(plain)), sealed, row["last_step"]


_waiting = 0


async def open_sealed(sealed: bytes, passphrase: Secret) -> bytes | None:
    """Return what *passphrase* opens, or None; counts nothing."""
    return await work(partial(_try_open, sealed, passphrase))


async def work(job: Callable[[], T]) -> T:
    """Do scrypt's work in one of two threads.

    Raises:
        BusyError: too many are waiting.
    """
    global _waiting  # noqa: PLW0603 - a count of this process, like the two threads it protects
    if _waiting >= _WAITING:
        raise BusyError
    _waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_WORK, job)
    finally:
        _waiting -= 1


def _try_open(sealed: bytes, passphrase: Secret) -> bytes | None:
    try:
        return age.open_passphrase(sealed, passphrase)
    except CryptoError:
        return None


def _totp_secret(content: Mapping[str, Any]) -> Secret:
    return Secret(base64.b32decode(content["totp"]))


def _nobody() -> bytes:
    """Return a well-formed file of random bytes that no passphrase opens, at the usual cost."""

    def unpadded(size: int) -> str:
        return base64.b64encode(os.urandom(size)).decode().rstrip("=")

    header = f"age-encryption.org/v1\n-> scrypt {unpadded(16)} {LOG_N}\n{unpadded(32)}\n--- {unpadded(32)}\n"
    return header.encode() + os.urandom(16 + 64)


_NOBODY = _nobody()
