"""What people type: codenames, passphrases, one-time codes, words of shares, addresses, grades."""

from contextlib import suppress

from crypto import shares, totp
from crypto.codename import Codename
from crypto.errors import CodenameError, ShareError
from crypto.passphrase import normalise
from crypto.secret import Secret
from handling.data import mappings, scheme
from handling.rules.grading import GradeError
from tests.fuzz.target import Target, both, these, vectors
from tests.tipline.test_onion import EXAMPLES as ADDRESSES
from tipline import onion
from tipline.onion import OnionError
from tipline.source import form
from tipline.source.form import DamagedError

SECRET = Secret(b"12345678901234567890")
NOW = 1_800_000_000


def typed(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def codename(data: bytes) -> None:
    name = Codename.parse(typed(data))
    assert Codename.parse(" ".join(name.words())).words() == name.words()


def passphrase(data: bytes) -> None:
    once = normalise(typed(data)).expose()
    assert b"  " not in once
    assert once == once.strip()


def code(data: bytes) -> None:
    step = totp.accept(SECRET, data.decode("utf-8", "surrogateescape"), NOW, 0)
    if step is not None:
        right = {totp.code(SECRET, NOW + shift) for shift in (-30, 0, 30)}
        assert "".join(data.decode().split()) in right


def token(data: bytes) -> None:
    assert len(form.parse_token(typed(data))) == 32


def share(data: bytes) -> None:
    """Up to three sheets, a line each; enough of ours open what was split and nothing else."""
    lines = typed(data).split("\n")[:3]
    with suppress(ShareError):
        assert 1 <= shares.check(lines[0]).number <= shares.MOST
    assert shares.join(lines).matches(SPLIT)


def address(data: bytes) -> None:
    host = onion.read(typed(data))
    assert onion.read(host) == host


def grade(data: bytes) -> None:
    """A grade in the unit's scheme, and a code or a grade of any scheme as `tipline grade` takes it."""
    with suppress(GradeError):
        assert mappings().read(typed(data))
    assert scheme().parse(typed(data))


SPLIT = Secret(bytes(range(32)))
SHARES = shares.split(SPLIT, 2, 3)
TARGETS = {
    "share": Target(
        share,
        (ShareError,),
        these("\n".join(SHARES[:2]).encode(), "\n".join(SHARES).encode(), SHARES[0].encode()),
        most=1024,
    ),
    "onion": Target(address, (OnionError,), these(*(one.encode() for one in ADDRESSES)), most=128),
    "grade": Target(grade, (GradeError,), these(b"3x5x2 2 D", b"2D", b"3x5x2:E", b"3x5x2:2D"), most=64),
    "codename": Target(
        codename, (CodenameError,), both(vectors("codename", field="typed"), vectors("codename", field="words"))
    ),
    "passphrase": Target(passphrase, (), vectors("passphrase", field="typed"), most=300),
    "one-time-code": Target(
        code,
        (),
        both(vectors("one-time-code", field="code"), these(b"123 456", "\uff11\uff12\uff13".encode())),
        most=64,
    ),
    "form-token": Target(token, (DamagedError,), vectors("codename", field="token"), most=128),
}
