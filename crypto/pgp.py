"""OpenPGP through GnuPG: every answer is checked, no keyring is trusted, and nothing is done without success.

All of it blocks; callers use a thread. GnuPG never sees a key of ours outside the home it was made in.
"""

import fcntl
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import gnupg

from crypto.errors import PgpError
from crypto.secret import Secret

_HOME_MAX = 80  # the agent's socket stands in the home, and its path must fit into sockaddr_un
_ENDING_SECONDS = 60.0
_POLL_SECONDS = 0.005
_AGENT = (
    "default-cache-ttl 0\nmax-cache-ttl 0\nallow-loopback-pinentry\n"  # a passphrase serves one operation
    "s2k-count 4194304\n"  # the agent's own measure costs seconds; our passphrases are made, 77 bits of chance
)
_USER_ID = re.compile(
    r"(?P<name>[^<>\x00-\x1f\x7f]{1,200}?)(?: <(?P<mail>[^<>\s\x00-\x1f\x7f]+@[^<>\s\x00-\x1f\x7f]+)>)?"
)
_FINGERPRINT = re.compile(r"[0-9A-F]{40}")
_GENERATE = ("--batch", "--no-tty", "--pinentry-mode", "loopback", "--status-fd", "1", "--full-generate-key")
_CREATED = re.compile(rb"^\[GNUPG:\] KEY_CREATED [BP] ([0-9A-F]{40})$", re.MULTILINE)
_BLOCK = "-----BEGIN "
_ENCRYPT = ("--batch", "--no-tty", "--quiet", "--no-autostart", "--trust-model", "always", "--compress-algo", "none")


class Gpg:
    """One GnuPG home with secret keys of ours, each under a passphrase.

    GnuPG starts an agent for the home, which keeps no passphrase; `close`, or the end of a `with`, ends it, unless somebody
    else works in the home: whoever is last does.
    """

    __slots__ = ("_alias", "_gpg", "_home", "_use")

    def __init__(self, home: Path) -> None:
        """Open *home*, made with mode 0700 when missing; a path too long for GnuPG is reached by a short alias."""
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        (home / "gpg-agent.conf").write_text(_AGENT, "ascii")
        self._alias: Path | None = None
        if len(str(home.absolute())) > _HOME_MAX:
            # Always here: a TMPDIR may be as long as the home. Nothing but the link lies in it.
            self._alias = Path(tempfile.mkdtemp(prefix="pgp-", dir="/tmp"))
            (self._alias / "home").symlink_to(home.absolute())
            home = self._alias / "home"
        self._home = home
        self._gpg = _gnupg(home)
        self._use = (home / "use.lock").open("w")
        fcntl.flock(self._use, fcntl.LOCK_SH)  # waits while the last one ends the agent

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def generate(self, user_id: str, passphrase: Secret) -> str:
        """Make an Ed25519 signing key with a Curve25519 encryption subkey; return its fingerprint.

        Args:
            user_id: `Name` or `Name <address>`.
            passphrase: what it is kept under; not empty, one line.
        """
        parts = _USER_ID.fullmatch(user_id)
        if parts is None:
            raise PgpError
        lines = ["Key-Type: EDDSA", "Key-Curve: ed25519", "Key-Usage: sign"]
        lines += ["Subkey-Type: ECDH", "Subkey-Curve: cv25519", "Subkey-Usage: encrypt"]
        lines += [f"Name-Real: {parts['name']}"] + ([f"Name-Email: {parts['mail']}"] if parts["mail"] else [])
        lines += ["Expire-Date: 0", "%commit", ""]
        with self._alone():
            status = self._run_with_passphrase([*_GENERATE], "\n".join(lines).encode(), passphrase)
        made = _CREATED.search(status)
        if made is None:
            raise PgpError
        return made[1].decode("ascii")

    def public_key(self, fingerprint: str) -> str:
        """Return the armoured public key."""
        exported: str = self._gpg.export_keys(_checked_fingerprint(fingerprint))
        if not exported:
            raise PgpError
        return exported

    def sign_detached(self, data: bytes, fingerprint: str, passphrase: Secret) -> bytes:
        """Return an armoured detached signature over *data*."""
        key = _checked_fingerprint(fingerprint)
        signed = self._gpg.sign(data, keyid=key, passphrase=_text(passphrase), detach=True, clearsign=False)
        if signed.status != "signature created" or not signed.data:
            raise PgpError
        return bytes(signed.data)

    def decrypt(self, sealed: bytes, passphrase: Secret) -> bytes:
        """Return what was encrypted to a key of this home."""
        opened = self._gpg.decrypt(sealed, passphrase=_text(passphrase), always_trust=True)
        if not opened.ok:
            raise PgpError
        return bytes(opened.data)

    def close(self) -> None:
        """End the agent of this home once nobody works in it; a second call does nothing."""
        if self._use.closed:
            return
        with self._use, suppress(BlockingIOError):
            fcntl.flock(self._use, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._end_agent()
        if self._alias is not None:
            shutil.rmtree(self._alias)  # the link, not the home it points to
            self._alias = None

    def _end_agent(self) -> None:
        """Return when nobody listens for the home: an agent says that it will end, and takes callers until it has."""
        where = ["gpgconf", "--homedir", str(self._home)]
        agent = os.fsdecode(_run([*where, "--list-dirs", "agent-socket"], b"").removesuffix(b"\n"))
        _run([*where, "--kill", "all"], b"")
        deadline = time.monotonic() + _ENDING_SECONDS
        while _listens(agent):
            if time.monotonic() > deadline:
                raise PgpError
            time.sleep(_POLL_SECONDS)

    def _run_with_passphrase(self, arguments: list[str], data: bytes, passphrase: Secret) -> bytes:
        """Run gpg with *data* on its input and the passphrase on a pipe of its own, for each step of one command.

        A passphrase inside the key parameters would serve the first step only: the agent keeps nothing for the others.
        """
        reading, writing = os.pipe()
        try:
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(_text(passphrase).encode() + b"\n")
            command = ["gpg", "--homedir", str(self._home), "--passphrase-fd", str(reading), *arguments]
            return _run(command, data, keep=(reading,))
        finally:
            os.close(reading)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let nobody else make keys in this home: parallel generation loses keys."""
        with (self._home / "generation.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def encrypt_to(public_key: str, data: bytes) -> bytes:
    """Return *data* encrypted to the only key in *public_key*, in binary, through no keyring."""
    fingerprint(public_key)
    with _throw_away_home() as home:
        key = home / "key.asc"
        key.write_text(public_key, "utf-8")
        sealed = _run(["gpg", "--homedir", str(home), *_ENCRYPT, "--recipient-file", str(key), "--encrypt"], data)
    if not sealed:
        raise PgpError
    return sealed


@dataclass(frozen=True, slots=True)
class PublicKey:
    """What a public key says of itself.

    Attributes:
        fingerprint: 40 capital hexadecimal digits.
        expires_on: the last whole day, UTC, on which something can be encrypted to it; None where it names no end.
    """

    fingerprint: str
    expires_on: date | None


def fingerprint(public_key: str) -> str:
    """Return the fingerprint, 40 capital hexadecimal digits, of text that holds exactly one public key."""
    return read_public(public_key).fingerprint


def read_public(public_key: str) -> PublicKey:
    """Read text that holds exactly one public key."""
    if public_key.count(_BLOCK) != 1:  # GnuPG would read the first and be silent about the others
        raise PgpError
    with _throw_away_home() as home:
        found = _gnupg(home, "--no-autostart").scan_keys_mem(public_key)
        if found.returncode != 0 or len(found) != 1 or found[0]["type"] != "pub":
            raise PgpError
        return PublicKey(_checked_fingerprint(found[0]["fingerprint"]), _last_day(found[0]))


def verify_detached(public_key: str, data: bytes, signature: bytes) -> None:
    """Return when *signature* over *data* is good and by this key; raise `PgpError` otherwise."""
    expected = fingerprint(public_key)
    with _throw_away_home() as home:
        gpg = _gnupg(home, "--no-autostart", "--trust-model", "always")
        gpg.import_keys(public_key)
        detached = home / "signature"
        detached.write_bytes(signature)
        verified = gpg.verify_data(str(detached), data)
        if not verified.valid or verified.pubkey_fingerprint != expected:
            raise PgpError


@contextmanager
def _throw_away_home() -> Iterator[Path]:
    """Give a home that holds public keys only and is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="pgp-") as folder:
        yield Path(folder)


def _gnupg(home: Path, *options: str) -> gnupg.GPG:
    try:
        return gnupg.GPG(gnupghome=str(home), options=list(options), encoding="utf-8")
    except (OSError, ValueError):
        raise PgpError from None


def _run(command: list[str], data: bytes, *, keep: tuple[int, ...] = ()) -> bytes:
    try:
        done = subprocess.run(command, input=data, capture_output=True, check=True, pass_fds=keep)  # noqa: S603 - fixed words and our own paths, no shell
    except (OSError, subprocess.CalledProcessError):
        raise PgpError from None
    return done.stdout


def _listens(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as caller, suppress(OSError):
        caller.connect(path)
        return True
    return False


def _text(passphrase: Secret) -> str:
    """Return the passphrase as one line: what follows a line feed would be read as another command."""
    try:
        text = passphrase.expose().decode("utf-8")
    except UnicodeDecodeError:
        raise PgpError from None
    if not text or not text.isprintable():
        raise PgpError
    return text


def _last_day(key: Mapping[str, Any]) -> date | None:
    """The day before the first one on which key or every encryption subkey is over."""
    subkeys = [info for info in key.get("subkey_info", {}).values() if "e" in info["cap"].lower()]
    ends = [_day(key["expires"])]
    if subkeys and all(info["expires"] for info in subkeys):
        ends.append(max(day for day in (_day(info["expires"]) for info in subkeys) if day))
    return min((day for day in ends if day), default=None)


def _day(seconds: str) -> date | None:
    """The last day that is over before an end, given in seconds since 1970."""
    return datetime.fromtimestamp(int(seconds), UTC).date() - timedelta(days=1) if seconds else None


def _checked_fingerprint(value: object) -> str:
    if not isinstance(value, str) or not _FINGERPRINT.fullmatch(value):
        raise PgpError
    return value
