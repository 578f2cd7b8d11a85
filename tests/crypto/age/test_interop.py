"""What we seal opens elsewhere, and what others sealed opens here."""

import os
import pty
import subprocess
from pathlib import Path

import pyrage  # type: ignore[import-untyped] # a compiled module without stubs
import pytest

from crypto import age
from crypto.secret import Secret
from tests.crypto.age import others

WORDS = "plain words for a file"
SIZES = (0, 1, 65536, 65537, 200_000)


def test_hybrid_files_go_both_ways_with_javascript() -> None:
    me = age.Identity.generate()
    other = age.Identity.generate()
    identity = me.encode().expose().decode()
    plains = [bytes([size % 251]) * size for size in SIZES]
    encrypt = [
        {"do": "encrypt", "data": plain, "recipients": [str(other.recipient), str(me.recipient)]} for plain in plains
    ]
    decrypt = [
        {"do": "decrypt", "data": age.seal(plain, [other.recipient, me.recipient]), "identity": identity}
        for plain in plains
    ]

    theirs, ours = others.javascript(*encrypt), others.javascript(*decrypt)

    assert [age.open_(result["data"], [me]) for result in theirs] == plains
    assert [result["data"] for result in ours] == plains


def test_javascript_derives_the_same_recipient() -> None:
    me = age.Identity.from_seed(Secret(b"7" * 32))

    (result,) = others.javascript({"do": "recipient", "identity": me.encode().expose().decode()})

    assert result["recipient"] == str(me.recipient)


def test_passphrase_files_go_both_ways_with_javascript() -> None:
    sealed = age.seal_passphrase(b"ours", Secret(WORDS.encode()), log_n=10)

    theirs, ours = others.javascript(
        {"do": "encrypt", "data": b"theirs", "passphrase": WORDS},
        {"do": "decrypt", "data": sealed, "passphrase": WORDS},
    )

    assert age.open_passphrase(theirs["data"], Secret(WORDS.encode())) == b"theirs"
    assert ours["data"] == b"ours"


def test_passphrase_files_go_both_ways_with_rust() -> None:
    theirs = pyrage.passphrase.encrypt(b"theirs", WORDS)
    ours = age.seal_passphrase(b"ours", Secret(WORDS.encode()), log_n=10)

    assert age.open_passphrase(theirs, Secret(WORDS.encode())) == b"theirs"
    assert pyrage.passphrase.decrypt(ours, WORDS) == b"ours"


def _age(arguments: list[str], answers: int) -> None:
    """Run the age command on a terminal of its own, since it asks for passphrases nowhere else."""
    command = others.need("age")
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(command, [command, *arguments])  # noqa: S606 - no shell is the point
    for _ in range(answers):
        seen = b""
        while b"assphrase" not in seen or not seen.rstrip().endswith(b":"):
            seen += os.read(terminal, 1024)
        os.write(terminal, WORDS.encode() + b"\n")
    while True:
        try:
            if not os.read(terminal, 1024):
                break
        except OSError:  # Linux reports the other side's end so
            break
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


@pytest.mark.filterwarnings("ignore:.*use of forkpty.*:DeprecationWarning")
def test_passphrase_files_go_both_ways_with_the_age_command(tmp_path: Path) -> None:
    plain, theirs, ours, opened = (tmp_path / name for name in ("plain", "theirs", "ours", "opened"))
    plain.write_bytes(b"some text")
    ours.write_bytes(age.seal_passphrase(b"some text", Secret(WORDS.encode()), log_n=10))

    _age(["-p", "-o", str(theirs), str(plain)], answers=2)
    _age(["-d", "-o", str(opened), str(ours)], answers=1)

    assert age.open_passphrase(theirs.read_bytes(), Secret(WORDS.encode())) == b"some text"
    assert opened.read_bytes() == b"some text"


def test_the_age_command_reads_our_hybrid_header_as_far_as_it_knows_it(tmp_path: Path) -> None:
    command = others.need("age")
    key = tmp_path / "key"
    key.write_bytes(pyrage.x25519.Identity.generate().__str__().encode())
    sealed = age.seal(b"not for this age", [age.Identity.generate().recipient])

    refused = subprocess.run([command, "-d", "-i", str(key)], input=sealed, capture_output=True, check=False)

    assert b"no identity matched" in refused.stderr
