"""What people type: codenames, passphrases, one-time codes."""

from crypto import totp
from crypto.codename import Codename
from crypto.errors import CodenameError
from crypto.passphrase import normalise
from crypto.secret import Secret
from tests.fuzz.target import Target, both, these, vectors
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


TARGETS = {
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
