"""What we seal opens elsewhere, and what others sealed opens here: each kind, in armour and without, at every edge."""

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
SECRET = Secret(WORDS.encode())
SIZES = (0, 1, 65535, 65536, 65537, 131072, 5 * 1024 * 1024 + 7)
PLAINS = tuple(bytes(range(256)) * (size // 256) + bytes(size % 256) for size in SIZES)

each_armor = pytest.mark.parametrize("armored", [False, True], ids=["binary", "armour"])


def ours(machine: age.Sealer | age.ClassicalSealer | age.PassphraseSealer, plain: bytes, *, armored: bool) -> bytes:
    sealed = machine.update(plain) + machine.finish()
    armor = age.Armorer()
    return armor.update(sealed) + armor.finish() if armored else sealed


def opened(sealed: bytes, identity: age.Identity | age.ClassicalIdentity | None, *, armored: bool) -> bytes:
    armor = age.Dearmorer()
    binary = armor.update(sealed) + armor.finish() if armored else sealed
    return age.open_passphrase(binary, SECRET) if identity is None else age.open_(binary, [identity])


@each_armor
def test_hybrid_files_go_both_ways_with_javascript(armored: bool) -> None:  # noqa: FBT001 - a test's case
    me, other = age.Identity.generate(), age.Identity.generate()
    recipients, identity = [other.recipient, me.recipient], me.encode().expose().decode()
    encrypt = [
        {"do": "encrypt", "data": plain, "recipients": [*map(str, recipients)], "armor": armored} for plain in PLAINS
    ]
    decrypt = [
        {"do": "decrypt", "data": ours(age.Sealer(recipients), plain, armored=armored), "identity": identity}
        for plain in PLAINS
    ]

    theirs = others.javascript(*encrypt)
    back = others.javascript(*({**job, "armor": armored} for job in decrypt))

    assert [opened(result["data"], me, armored=armored) for result in theirs] == list(PLAINS)
    assert [result["data"] for result in back] == list(PLAINS)


def test_classical_and_passphrase_files_go_both_ways_with_javascript() -> None:
    me = age.ClassicalIdentity.generate()
    by_key = ours(age.ClassicalSealer([me.recipient]), b"ours", armored=True)
    by_words = ours(age.PassphraseSealer(SECRET, log_n=10), b"ours", armored=True)

    key, words, *back = others.javascript(
        {"do": "encrypt", "data": b"theirs", "recipients": [str(me.recipient)], "armor": True},
        {"do": "encrypt", "data": b"theirs", "passphrase": WORDS, "armor": True},
        {"do": "decrypt", "data": by_key, "identity": me.encode().expose().decode(), "armor": True},
        {"do": "decrypt", "data": by_words, "passphrase": WORDS, "armor": True},
    )

    assert opened(key["data"], me, armored=True) == opened(words["data"], None, armored=True) == b"theirs"
    assert [result["data"] for result in back] == [b"ours", b"ours"]


def test_javascript_derives_the_same_recipients() -> None:
    hybrid = age.Identity.from_seed(Secret(b"7" * 32))
    classical = age.ClassicalIdentity(Secret(b"7" * 32))

    results = others.javascript(
        *({"do": "recipient", "identity": identity.encode().expose().decode()} for identity in (hybrid, classical))
    )

    assert [result["recipient"] for result in results] == [str(hybrid.recipient), str(classical.recipient)]


@each_armor
@pytest.mark.parametrize("plain", PLAINS, ids=SIZES)
def test_classical_files_go_both_ways_with_rust(plain: bytes, armored: bool) -> None:  # noqa: FBT001 - a test's case
    me = age.ClassicalIdentity.generate()
    them = pyrage.x25519.Identity.generate()
    mine = pyrage.x25519.Identity.from_str(me.encode().expose().decode())
    recipients = [me.recipient, age.ClassicalRecipient.parse(str(them.to_public()))]

    theirs = pyrage.encrypt(plain, [them.to_public(), mine.to_public()], armored=armored)
    sealed = ours(age.ClassicalSealer(recipients), plain, armored=armored)

    assert opened(theirs, me, armored=armored) == plain
    assert pyrage.decrypt(sealed, [them]) == pyrage.decrypt(sealed, [mine]) == plain


@each_armor
def test_passphrase_files_go_both_ways_with_rust(armored: bool) -> None:  # noqa: FBT001 - a test's case
    theirs = pyrage.passphrase.encrypt(b"theirs", WORDS, armored=armored)

    assert opened(theirs, None, armored=armored) == b"theirs"
    for plain in PLAINS:
        sealed = ours(age.PassphraseSealer(SECRET, log_n=10), plain, armored=armored)
        assert pyrage.passphrase.decrypt(sealed, WORDS) == plain


@each_armor
@pytest.mark.parametrize("plain", PLAINS, ids=SIZES)
def test_classical_files_go_both_ways_with_the_age_command(
    tmp_path: Path,
    plain: bytes,
    armored: bool,  # noqa: FBT001 - a test's case
) -> None:
    command = others.need("age")
    made = subprocess.run([others.need("age-keygen")], capture_output=True, check=True).stdout
    theirs = age.ClassicalIdentity.parse(made.decode().split("\n")[2])
    (tmp_path / "key").write_bytes(made)
    flags = ["-a"] if armored else []
    to = str(theirs.recipient)

    sealed = subprocess.run([command, "-r", to, *flags], input=plain, capture_output=True, check=True).stdout
    mine = ours(age.ClassicalSealer([theirs.recipient]), plain, armored=armored)
    back = subprocess.run([command, "-d", "-i", tmp_path / "key"], input=mine, capture_output=True, check=True).stdout

    assert opened(sealed, theirs, armored=armored) == plain
    assert back == plain


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


@each_armor
@pytest.mark.filterwarnings("ignore:.*use of forkpty.*:DeprecationWarning")
def test_passphrase_files_go_both_ways_with_the_age_command(
    tmp_path: Path,
    armored: bool,  # noqa: FBT001 - a test's case
) -> None:
    plain, theirs, mine, back = (tmp_path / name for name in ("plain", "theirs", "ours", "back"))
    for content in (PLAINS[1], PLAINS[3], PLAINS[-1]):  # of an empty file age 1.1 makes none
        plain.write_bytes(content)
        mine.write_bytes(ours(age.PassphraseSealer(SECRET, log_n=10), content, armored=armored))

        _age([*(["-a"] if armored else []), "-p", "-o", str(theirs), str(plain)], answers=2)
        _age(["-d", "-o", str(back), str(mine)], answers=1)

        assert opened(theirs.read_bytes(), None, armored=armored) == content
        assert back.read_bytes() == content


def test_the_age_command_reads_our_hybrid_header_as_far_as_it_knows_it(tmp_path: Path) -> None:
    command = others.need("age")
    key = tmp_path / "key"
    key.write_bytes(age.ClassicalIdentity.generate().encode().expose())
    sealed = age.seal(b"not for this age", [age.Identity.generate().recipient])

    refused = subprocess.run([command, "-d", "-i", str(key)], input=sealed, capture_output=True, check=False)

    assert b"no identity matched" in refused.stderr
