"""The unit's OpenPGP intake key: a primary key that only certifies, subkeys that tips are sealed to, and their opening.

GnuPG runs in `crypto.sandbox` alone: its home is memory and goes with each run, the secret keys go in and out through
pipes, without a passphrase: they are kept as age files under the corridor's vault, and a passphrase beside them under the
same vault would protect nothing more.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from crypto import sandbox
from crypto.errors import PgpError, PgpRecipientError, PgpShapeError, PgpTooLargeError
from crypto.openpgp import SEALED_MAX, Sealed
from crypto.sandbox import Ended, Limits
from crypto.secret import Guarded, Secret

OPENED_MAX = 64 * 1024 * 1024
"""Bytes of what one message may hold: a few kilobytes can be made to unfold without end."""

_MEMORY = 512 * 1024 * 1024
_MAKING = Limits(seconds=60, memory=_MEMORY, output=256 * 1024)
_OPENING = Limits(seconds=120, memory=_MEMORY, output=OPENED_MAX)
_SPARE = 1024 * 1024  # bytes: GnuPG drops its last buffer at its own limit, so ours must be met first

_GPG = "gpg --batch --no-tty --quiet --no-options --disable-dirmngr --enable-special-filenames"
_IMPORT = f"{_GPG} --import-options keep-ownertrust --import -- -\\&{{}}"
_MAKE_PRIMARY = (
    f'{_GPG} --faked-system-time "$2" --passphrase \'\' --quick-generate-key "$1" ed25519 cert never; '
    f"{_GPG} --armor --export-secret-keys"
)
_ADD_SUBKEY = (
    f"{_GPG} --with-colons --list-keys > keys; F=$(sed -n 's/^fpr:::::::::\\([0-9A-F]*\\):$/\\1/p' keys); "
    f'{_GPG} --faked-system-time "$1" --passphrase \'\' --quick-add-key "$F" cv25519 encr "$2"; '
    f"{_GPG} --with-colons --with-subkey-fingerprint --list-keys > keys; "
    "sed -n 's/^fpr:::::::::\\([0-9A-F]*\\):$/\\1/p' keys | tee fingerprints; S=$(tail -n 1 fingerprints); "
    f'{_GPG} --armor --export-secret-subkeys "$S!"; {_GPG} --armor --export "$F"'
)
_DECRYPT = (
    f"exec {_GPG} --no-auto-key-retrieve --no-auto-key-locate --no-symkey-cache --pinentry-mode error "
    f"--ignore-time-conflict --ignore-valid-from --max-output {OPENED_MAX + _SPARE} --status-fd {{}} --decrypt"
)
_MADE = re.compile(
    rb"(?P<primary>[0-9A-F]{40})\n(?P<subkey>[0-9A-F]{40})\n"
    rb"(?P<secret>-----BEGIN PGP PRIVATE KEY BLOCK-----\n.*-----END PGP PRIVATE KEY BLOCK-----\n)"
    rb"(?P<public>-----BEGIN PGP PUBLIC KEY BLOCK-----\n.*-----END PGP PUBLIC KEY BLOCK-----\n)",
    re.DOTALL,
)
_SECRET_BLOCK = re.compile(
    rb"-----BEGIN PGP PRIVATE KEY BLOCK-----\n.*-----END PGP PRIVATE KEY BLOCK-----\n", re.DOTALL
)
_PLAINTEXT = re.compile(rb"^\[GNUPG:\] PLAINTEXT [0-9A-Fa-f]+ \d+ ?([^ \n]*)$", re.MULTILINE)
_ESCAPED = re.compile(rb"%([0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class NewSubkey(Guarded):
    """One encryption subkey.

    Attributes:
        fingerprint: of the primary key, 40 capital hexadecimal digits.
        subkey: fingerprint of the subkey; its last 16 digits are what a message names.
        secret: the subkey alone, without the primary key's secret, as GnuPG exports it.
        public: the armoured public key, with this subkey and no other.
    """

    fingerprint: str
    subkey: str
    secret: Secret
    public: str


@dataclass(frozen=True, slots=True, repr=False)
class Opened:
    """What a message held: its bytes, the file name that it was given, and whether a signature that we cannot check is on it."""

    data: bytes
    name: str
    signed: bool


def make_primary(user_id: str, *, today: date) -> Secret:
    """Make a key that can only certify subkeys and never ends; return its secret.

    Raises:
        SandboxError: there is no sandbox to make it in.
    """
    if not user_id.isprintable() or not 0 < len(user_id.encode()) <= 200 or set(user_id) & set("<>"):  # noqa: PLR2004 - bytes of a name
        raise PgpError
    ended = sandbox.run(lambda _, __: _MAKE_PRIMARY, arguments=(user_id, _moment(today)), limits=_MAKING)
    if ended.code != 0 or not _SECRET_BLOCK.fullmatch(ended.output):
        raise PgpError
    return Secret(ended.output)


def make_subkey(primary: Secret, *, today: date, not_after: date) -> NewSubkey:
    """Add a subkey that ends behind *not_after* (UTC) to the primary key."""
    moment = _moment(today)
    lasts = datetime.combine(not_after + timedelta(days=1), time(), UTC) - _made_at(today)
    ended = sandbox.run(
        lambda handed, _: f"{_IMPORT.format(handed[0])}; {_ADD_SUBKEY}",
        handed=[primary],
        arguments=(moment, f"seconds={int(lasts.total_seconds())}"),
        limits=_MAKING,
    )
    made = _MADE.fullmatch(ended.output)
    if ended.code != 0 or made is None:
        raise PgpError
    texts = {name: made[name].decode("ascii") for name in ("primary", "subkey", "public")}
    return NewSubkey(texts["primary"], texts["subkey"], Secret(made["secret"]), texts["public"])


def open_(sealed: Sealed, secrets: Sequence[Secret]) -> Opened:
    """Open one message with these subkeys.

    Raises:
        SandboxError: there is no sandbox, and nothing is opened outside one.
        PgpRecipientError: none of the subkeys opens it.
        PgpTooLargeError: it is past a limit of size or time.
        PgpShapeError: it was changed, cut, or holds another sealed message where its content should stand.
    """
    if len(sealed.data) > SEALED_MAX:
        raise PgpTooLargeError
    if not secrets:
        raise PgpRecipientError
    ended = sandbox.run(
        lambda handed, report: "; ".join([*(_IMPORT.format(one) for one in handed), _DECRYPT.format(report)]),
        data=sealed.data,
        handed=secrets,
        limits=_OPENING,
    )
    if len(ended.output) > OPENED_MAX or ended.overtime:
        raise PgpTooLargeError
    return _judged(ended)


def _judged(ended: Ended) -> Opened:
    """Believe an output only when GnuPG says everything of one good message, and nothing else."""
    lines = [line.removeprefix(b"[GNUPG:] ") for line in ended.said.splitlines() if line.startswith(b"[GNUPG:] ")]
    words = [line.split(b" ")[0] for line in lines]
    if b"DECRYPTION_KEY" not in words:
        raise PgpRecipientError
    plain = _PLAINTEXT.findall(ended.said)
    once = all(words.count(word) == 1 for word in (b"BEGIN_DECRYPTION", b"PLAINTEXT", b"DECRYPTION_OKAY", b"GOODMDC"))
    wrong = {b"DECRYPTION_FAILED", b"BADMDC", b"ERROR", b"NODATA", b"UNEXPECTED", b"FAILURE"} & set(words)
    signed = b"NO_PUBKEY" in words
    if not once or wrong or len(plain) != 1 or ended.code not in ({0, 2} if signed else {0}):
        raise PgpShapeError
    name = _ESCAPED.sub(lambda found: bytes.fromhex(found[1].decode()), plain[0]).decode("utf-8", "replace")
    return Opened(ended.output, name, signed)


def _made_at(today: date) -> datetime:
    """Take the day before, so that a sender whose clock is behind can use the key on its first day; never an hour of ours."""
    return datetime.combine(today - timedelta(days=1), time(), UTC)


def _moment(today: date) -> str:
    """Freeze the clock: one that goes on would write into the key how long it took, and a subkey may not be the older one."""
    return f"{_made_at(today):%Y%m%dT%H%M%S}!"
