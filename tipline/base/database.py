"""PostgreSQL for every process: roles, migrations, pools, and errors that quote nothing."""

import base64
import hashlib
import hmac
import re
import secrets as randomness
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import wraps
from importlib.resources.abc import Traversable
from pathlib import Path
from types import TracebackType
from typing import ParamSpec, Self, TypeAlias, TypeVar
from urllib.parse import quote

import asyncpg
import asyncpg.pool

from tipline.base import files
from tipline.base.postgres import Cluster
from tipline.base.settings import Settings, SettingsError

Db: TypeAlias = "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"

PUBLIC_ROLES = ("tipline_keep", "tipline_drop")
INSIDE_ROLES = ("tipline_corridor", "tipline_desk", "tipline_guard", "tipline_exchange")

_P = ParamSpec("_P")
_R = TypeVar("_R")
_DSN = re.compile(r"(postgres(?:ql)?://)([^/?#]*@)?(.*)")


class StoreError(Exception):
    """The database did not do what was asked. The text is fixed: the server's own would quote data."""

    code = "store"

    def __init__(self) -> None:
        super().__init__("the database did not do this")


class TakenError(StoreError):
    """A record with the same key is there already."""

    code = "store-taken"


class MigrationError(Exception):
    """The schema and the numbered files do not belong together; the text names the file."""


class store_errors:  # noqa: N801 - used like a function, as a context manager or over an async function
    """Turn every error of the driver into `StoreError` without its text, which quotes rows and arguments."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, asyncpg.UniqueViolationError):
            raise TakenError from None
        if isinstance(error, _DRIVER_ERRORS):
            raise StoreError from None

    def __call__(self, function: Callable[_P, Awaitable[_R]]) -> Callable[_P, Coroutine[None, None, _R]]:
        """Translate the errors of an async function."""

        @wraps(function)
        async def translated(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            with store_errors():
                return await function(*args, **kwargs)

        return translated


_DRIVER_ERRORS = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    ConnectionError,
    TimeoutError,
)


async def pool(dsn: str, *, size: int = 8, stateless: bool = False) -> Pool:
    """Open a pool of at most *size* connections; raises `StoreError` when the server cannot be reached.

    Args:
        dsn: of the role that signs in.
        size: how many connections at most.
        stateless: the user promises to leave nothing behind in a connection but what ends with its transaction. Then
            nothing is reset after each use, which takes as long as a small statement.
    """
    reset = _nothing_to_reset if stateless else None
    try:
        with store_errors():
            return await asyncpg.create_pool(dsn, min_size=1, max_size=size, command_timeout=30, reset=reset)
    except OSError:  # a socket file that is not there is no ConnectionError
        raise StoreError from None


async def _nothing_to_reset(_: Db) -> None:
    """Leave a connection as it is; asyncpg itself has ended an open transaction by then."""


def dsn_for(settings: Settings, role: str) -> str:
    """Return the DSN under which *role* signs in, with its password from the secrets folder."""
    zone = "public" if role in PUBLIC_ROLES else "inside"
    owner = {"public": settings.public_dsn, "inside": settings.inside_dsn}[zone]
    folder = {"public": settings.public, "inside": settings.inside}[zone]
    try:
        password = (settings.secrets / role).read_text("ascii").strip()
    except FileNotFoundError:
        raise SettingsError(f"secrets/{role} is missing: run `tipline migrate` first") from None
    return with_role(owner or Cluster(folder, zone, settings.secrets).dsn_without_user, role, password)


def with_role(dsn: str, role: str, password: str) -> str:
    """Return *dsn* with its user and password replaced."""
    scheme, _, place = _split(dsn)
    return f"{scheme}{quote(role, safe='')}:{quote(password, safe='')}@{place}"


def without_user(dsn: str) -> str:
    """Return *dsn* without its user and password."""
    scheme, _, place = _split(dsn)
    return f"{scheme}{place}"


def _split(dsn: str) -> tuple[str, str, str]:
    """Split a DSN into scheme, user part and the rest; the standard library loses an empty host."""
    parts = _DSN.fullmatch(dsn)
    if parts is None:
        raise SettingsError("a DSN must begin with postgresql:// ; other forms are not understood")
    return parts[1], parts[2] or "", parts[3]


# Migrations -----------------------------------------------------------------------------------------------------

_NUMBERED = re.compile(r"\d{3}_[a-z0-9_]+\.sql")
_LOCK = 7_461_727_069  # any constant; two runs at once wait for each other
_LOCK_SQL = "SELECT pg_advisory_lock($1)"
_LEDGER = """
    CREATE SCHEMA IF NOT EXISTS migration;
    CREATE TABLE IF NOT EXISTS migration.ledger (name text PRIMARY KEY, sha256 bytea NOT NULL);
"""
_APPLIED = "SELECT name, sha256 FROM migration.ledger"
_RECORD = "INSERT INTO migration.ledger (name, sha256) VALUES ($1, $2)"
_ROLE_EXISTS = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)"
_ROLE_LIMITS = (
    "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS LOGIN CONNECTION LIMIT 20",
    "SET search_path = ''",
    "SET statement_timeout = '30s'",
    "SET lock_timeout = '10s'",
    "SET idle_in_transaction_session_timeout = '60s'",
)


async def migrate(owner_dsn: str, folder: Traversable, secrets: Path, roles: Sequence[str]) -> tuple[str, ...]:
    """Make *roles*, then apply each numbered file not yet applied, one transaction each; return the names applied.

    Raises:
        MigrationError: a file that was applied has been edited or has gone.
        StoreError: the server refused.
    """
    pending = _numbered(folder)
    try:
        with store_errors():
            db: Db = await asyncpg.connect(owner_dsn)
    except OSError:
        raise StoreError from None
    try:
        with store_errors():
            await db.fetchval(_LOCK_SQL, _LOCK)
            await _make_roles(db, secrets, roles)
            return await _apply(db, pending)
    finally:
        await db.close()  # releases the lock


async def _make_roles(db: Db, secrets: Path, roles: Sequence[str]) -> None:
    """Create or repair each login role; its password is made here once and only its verifier reaches the server."""
    database = _identifier(await db.fetchval("SELECT current_database()"))
    await db.execute(f"REVOKE ALL ON DATABASE {database} FROM PUBLIC; REVOKE ALL ON SCHEMA public FROM PUBLIC")
    for role in roles:
        name = _identifier(role)
        password = _password(secrets / role)
        if not await db.fetchval(_ROLE_EXISTS, role):
            await db.execute(f"CREATE ROLE {name}")
        limits, *rest = _ROLE_LIMITS
        await db.execute(f"ALTER ROLE {name} {limits} PASSWORD '{scram_verifier(password)}'")
        for setting in rest:
            await db.execute(f"ALTER ROLE {name} {setting}")
        await db.execute(f"GRANT CONNECT ON DATABASE {database} TO {name}")


async def _apply(db: Db, numbered: dict[str, str]) -> tuple[str, ...]:
    await db.execute(_LEDGER)
    applied = {row["name"]: bytes(row["sha256"]) for row in await db.fetch(_APPLIED)}
    for name, digest in applied.items():
        if name not in numbered:
            raise MigrationError(f"{name} was applied to this database but is not in this version of Tipline")
        if digest != _digest(numbered[name]):
            raise MigrationError(f"{name} was edited after it was applied; restore it and add a new file")
    done = []
    for name in sorted(set(numbered) - set(applied)):
        async with db.transaction():
            await db.execute(numbered[name])
            await db.execute(_RECORD, name, _digest(numbered[name]))
        done.append(name)
    return tuple(done)


def _numbered(folder: Traversable) -> dict[str, str]:
    found = {entry.name: entry.read_text("utf-8") for entry in folder.iterdir() if _NUMBERED.fullmatch(entry.name)}
    if not found:
        raise MigrationError(f"no numbered file in {folder}")
    return found


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _password(file: Path) -> str:
    """Return the password in *file*, made at first with 256 random bits."""
    if not file.exists():
        files.write_private(file, randomness.token_urlsafe(32).encode())
    return file.read_text("ascii").strip()


def scram_verifier(password: str) -> str:
    """Return what PostgreSQL stores for *password*, so that the password itself never reaches a server's log.

    Spec: RFC 5802 §3 with SHA-256; 4096 rounds suffice because the password is 256 random bits.
    """
    salt, rounds = randomness.token_bytes(16), 4096
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    salt_text, stored_text, server_text = (base64.b64encode(part).decode() for part in (salt, stored, server))
    return f"SCRAM-SHA-256${rounds}:{salt_text}${stored_text}:{server_text}"
