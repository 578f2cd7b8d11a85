"""`tipline seal`, `open` and `identity`, as somebody at a shell meets them, beside the `age` command."""

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from crypto import age
from crypto.age import format as age_format
from crypto.age.stream import CHUNK, TAG
from crypto.secret import Secret
from tests.crypto.age import others
from tipline.cli.main import main

TIPLINE = (sys.executable, "-m", "tipline.cli.main")
ME, OTHER = age.Identity.generate(), age.Identity.generate()
CLASSICAL = age.ClassicalIdentity.generate()
TEXT = b"A white van, twice a week.\n"
SEALED = age.seal(TEXT, [ME.recipient])
COSTLY = age.seal_passphrase(TEXT, Secret(b"words"), log_n=1).replace(b" 1\n", b" 21\n", 1)  # stock age opens up to 22
INCOMPLETE = "tipline: what has come out so far is incomplete: do not use it\n"
MIB = 1 << 20

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*use of forkpty.*:DeprecationWarning"),
    pytest.mark.usefixtures("folder"),
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "me").write_bytes(b"# mine\n" + ME.encode().expose() + b"\n")
    (tmp_path / "other").write_bytes(OTHER.encode().expose())
    (tmp_path / "classical").write_bytes(CLASSICAL.encode().expose())
    (tmp_path / "plain").write_bytes(TEXT)
    (tmp_path / "sealed").write_bytes(SEALED)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*args: str, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run([*TIPLINE, *args], input=stdin, capture_output=True, check=False)


def on_terminal(command: Sequence[str], answers: Sequence[tuple[str, str]]) -> tuple[int, str]:
    """Run a command on a terminal of its own; give each answer once its prompt stands there."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(command[0], command)  # noqa: S606 - no shell is the point
    shown = ""
    for prompt, answer in answers:
        seen = ""
        while prompt not in seen:
            seen += os.read(terminal, 4096).decode()
        shown += seen
        os.write(terminal, answer.encode() + b"\n")
    while True:
        try:
            if not (piece := os.read(terminal, 4096)):
                break
        except OSError:  # Linux reports the other side's end so
            break
        shown += piece.decode()
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown


def armored(sealed: bytes) -> bytes:
    machine = age.Armorer()
    return machine.update(sealed) + machine.finish()


def left_behind(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


def test_what_was_sealed_in_a_pipe_opens_in_a_pipe() -> None:
    sealed = run("seal", "-r", str(OTHER.recipient), "-r", str(ME.recipient), stdin=TEXT)
    armored = run("seal", "-a", "-r", str(ME.recipient), "-o", "-", "-", stdin=TEXT)

    assert (sealed.returncode, sealed.stderr) == (0, b"")
    assert age.open_(sealed.stdout, [ME]) == TEXT
    assert armored.stdout.startswith(b"-----BEGIN AGE ENCRYPTED FILE-----\n")
    for source in (sealed.stdout, armored.stdout, b"\n\n" + armored.stdout + b"\n"):
        done = run("open", "-i", "other", "-i", "me", stdin=source)
        assert (done.returncode, done.stdout, done.stderr) == (0, TEXT, b"")


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 4 * CHUNK, 4 * CHUNK + 1, 3 * MIB + 7])
@pytest.mark.parametrize("armor", [[], ["-a"]], ids=["binary", "armour"])
def test_files_of_every_size_come_back(folder: Path, size: int, armor: list[str]) -> None:
    Path("big").write_bytes(os.urandom(size))

    assert main(["seal", *armor, "-r", str(ME.recipient), "-o", "out", "big"]) == 0
    assert main(["open", "-i", "me", "-o", "back", "out"]) == 0

    assert Path("back").read_bytes() == Path("big").read_bytes()
    assert left_behind(folder) == []


def test_it_agrees_with_the_age_command() -> None:
    command, to = others.need("age"), str(CLASSICAL.recipient)
    Path("to").write_text(f"# them\n\n{to}\r\n")
    for armor in ([], ["-a"]):
        ours = run("seal", *armor, "-R", "to", "plain").stdout
        theirs = subprocess.run([command, *armor, "-r", to, "plain"], capture_output=True, check=True).stdout

        back = subprocess.run([command, "-d", "-i", "classical"], input=ours, capture_output=True, check=True).stdout
        assert back == run("open", "-i", "classical", stdin=theirs).stdout == TEXT


def test_the_long_words_of_age_are_understood() -> None:
    Path("to").write_text(str(OTHER.recipient))
    seal = ["--recipient", str(ME.recipient), "--recipients-file", "to", "--armor", "--output", "out", "plain"]

    assert main(["seal", *seal]) == 0
    for name in ("me", "other"):
        assert main(["open", "--identity", name, "--output", "back", "out"]) == 0
        assert Path("back").read_bytes() == TEXT


def test_keys_come_from_standard_input_too() -> None:
    sealed = run("seal", "-R", "-", "plain", stdin=str(ME.recipient).encode())
    opened = run("open", "-i", "-", "sealed", stdin=ME.encode().expose())

    assert age.open_(sealed.stdout, [ME]) == TEXT
    assert opened.stdout == TEXT


REFUSED = [
    (["open", "-i", "other", "sealed"], 1, "no matching key: none of the identities opens this file"),
    (["open", "-p", "sealed"], 1, "no matching key: the passphrase is wrong, or the file is sealed to keys"),
    (["open", "-i", "me", "plain"], 1, "header: it is malformed, or this is no age file"),
    (["open", "-p", "costly"], 1, "header: opening it with a passphrase takes more than 1 GiB of memory"),
    (["open", "-i", "costly", "sealed"], 2, "costly: header: opening it with a passphrase takes more than 1 GiB"),
    (["open", "-i", "me", "grown"], 1, "authentication: the header was changed after sealing"),
    (["open", "-i", "me", "cut"], 1, "payload: it is damaged or cut"),
    (["open", "-i", "me", "half"], 1, "armour: it is damaged or cut"),
    (["open", "-i", "plain", "sealed"], 2, "plain: line 1 is not an identity"),
    (["open", "-i", "sealed", "sealed"], 2, "sealed: no matching key: the passphrase is wrong"),
    (["open", "-i", "cut", "sealed"], 2, "cut: no matching key"),
    (["open", "-i", "none", "sealed"], 2, "cannot read none: No such file or directory"),
    (["open", "-i", "me", "none"], 2, "cannot read none: No such file or directory"),
    (["open", "-i", "me", "."], 2, "cannot read .: Is a directory"),
    (["open", "-i", "-", "-"], 2, "standard input can be only one"),
    (["open", "-i", "me", "-o", "sealed", "sealed"], 2, "input and output are the same file"),
    (["open", "-i", "me", "-o", "me", "sealed"], 2, "the output would replace a file of keys"),
    (["open", "-i", "me", "-o", "no/where", "sealed"], 2, "cannot write no/where"),
    (["open", "-i", "me", "-o", ".", "sealed"], 2, "cannot write ."),
    (["seal", "plain"], 2, "say to whom with -r or -R, or seal with a passphrase"),
    (["seal", "-p", "-r", str(ME.recipient)], 2, "the two never share a file"),
    (["seal", "-r", str(ME.recipient), "-r", str(CLASSICAL.recipient)], 2, "never share a file"),
    (["seal", "-r", "somebody"], 2, "-r number 1 is not a recipient"),
    (["seal", "-r", str(ME.recipient), "-R", "plain"], 2, "plain: line 1 is not a recipient"),
    (["seal", "-R", "empty"], 2, "empty: it is not a file of recipients"),
    (["seal", "-R", "-"], 2, "standard input can be only one"),
    (["seal", "-r", str(ME.recipient), "-o", "plain", "plain"], 2, "input and output are the same file"),
    (["seal", "-r", str(ME.recipient), "-o", "link", "plain"], 2, "input and output are the same file"),
    (["identity", "-y", "me", "--classical"], 2, "-y only prints the recipients"),
    (["identity", "-y", "plain"], 2, "plain: line 1 is not an identity"),
    (["seal", "-R", "many"], 2, "too many recipients for one file"),
]


@pytest.mark.parametrize(
    ("args", "code", "words"),
    REFUSED,
    ids=[words for _, _, words in REFUSED],
)
def test_each_refusal_says_which_kind_and_leaves_nothing(
    folder: Path, args: list[str], code: int, words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    Path("grown").write_bytes(SEALED.replace(b"\n---", b"\n-> grease\n\n---"))
    Path("costly").write_bytes(COSTLY)
    Path("cut").write_bytes(SEALED[:-1])
    Path("half").write_bytes(armored(SEALED)[:-40])
    Path("empty").write_bytes(b"# nobody\n")
    Path("many").write_text(f"{CLASSICAL.recipient}\n" * 10_700)
    Path("link").symlink_to("plain")
    before = {path: path.read_bytes() for path in folder.iterdir()}

    assert main(args) == code

    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("tipline: ")
    assert words in err
    assert err.count("\n") == 1
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_a_secret_given_as_a_recipient_is_named_and_not_repeated(capfd: pytest.CaptureFixture[str]) -> None:
    secret = ME.encode().expose().decode()

    assert main(["seal", "-r", secret, "/dev/null"]) == 2

    err = capfd.readouterr().err
    assert "-r number 1 is a secret key" in err
    assert secret[20:40] not in err


@pytest.mark.parametrize("form", ["binary", "armour"])
def test_a_file_cut_at_any_byte_fails_and_leaves_no_output(
    folder: Path,
    form: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    sealer = age.ClassicalSealer([CLASSICAL.recipient])
    whole = sealer.update(TEXT) + sealer.finish()
    if form == "armour":
        whole = armored(whole).rstrip(b"\n")  # without its line feed it is whole too
    for length in range(len(whole)):
        Path("cut").write_bytes(whole[:length])

        assert main(["open", "-i", "classical", "-o", "out", "cut"]) == 1
        assert not Path("out").exists()
        assert left_behind(folder) == []

    kinds = {line.split(":")[1].strip() for line in capfd.readouterr().err.splitlines()}
    assert kinds == {"header", "armour" if form == "armour" else "payload"}


@pytest.mark.parametrize("at", [CHUNK - 1, CHUNK, CHUNK + TAG, CHUNK + TAG + 1, 2 * CHUNK])
def test_what_came_out_of_a_damaged_file_is_genuine_and_said_to_be_incomplete(folder: Path, at: int) -> None:
    plain = os.urandom(6 * CHUNK)
    sealed = bytearray(age.seal(plain, [ME.recipient]))
    body = age_format.end_of_header(sealed) or 0
    sealed[body + 16 + 4 * (CHUNK + TAG) + at] ^= 1
    Path("damaged").write_bytes(sealed)
    Path("old").write_bytes(b"as it was")

    shown, kept = run("open", "-i", "me", "damaged"), run("open", "-i", "me", "-o", "old", "damaged")

    assert shown.returncode == kept.returncode == 1
    assert plain.startswith(shown.stdout)
    assert len(shown.stdout) % CHUNK == 0
    assert kept.stderr == b"tipline: payload: it is damaged or cut\n"
    assert shown.stderr.decode() == kept.stderr.decode() + (INCOMPLETE if shown.stdout else "")
    assert Path("old").read_bytes() == b"as it was"
    assert left_behind(folder) == []


def test_an_output_file_has_its_name_only_when_it_is_whole(folder: Path) -> None:
    with subprocess.Popen([*TIPLINE, "open", "-i", "me", "-o", "out"], stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        sealer = age.Sealer([ME.recipient])
        process.stdin.write(sealer.update(bytes(64)))
        process.stdin.flush()
        time.sleep(0.5)
        assert left_behind(folder) == []
        process.stdin.write(sealer.update(bytes(20 * CHUNK)))
        process.stdin.flush()
        deadline = time.monotonic() + 30
        while not left_behind(folder) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(left_behind(folder)) == 1
        assert not Path("out").exists()

        process.send_signal(signal.SIGTERM)
        assert process.wait() == 128 + signal.SIGTERM
    assert left_behind(folder) == []
    assert not Path("out").exists()


def test_permissions_are_for_the_reader_alone_or_as_they_were() -> None:
    before = os.umask(0o022)
    try:
        main(["open", "-i", "me", "-o", "opened", "sealed"])
        main(["seal", "-r", str(ME.recipient), "-o", "closed", "plain"])
        Path("old").write_bytes(b"old")
        Path("old").chmod(0o640)
        Path("link").symlink_to("old")
        main(["open", "-i", "me", "-o", "link", "sealed"])
    finally:
        os.umask(before)

    modes = {name: Path(name).stat().st_mode & 0o777 for name in ("opened", "closed", "old")}
    assert modes == {"opened": 0o600, "closed": 0o644, "old": 0o640}
    assert Path("link").is_symlink()
    assert Path("old").read_bytes() == TEXT


def test_a_device_is_written_to_and_not_replaced() -> None:
    os.mkfifo("pipe")
    with subprocess.Popen([*TIPLINE, "open", "-i", "me", "-o", "pipe", "sealed"]) as process:
        assert Path("pipe").read_bytes() == TEXT
        assert process.wait() == 0
    assert Path("pipe").is_fifo()


def test_a_closed_pipe_ends_without_a_word() -> None:
    Path("big").write_bytes(bytes(5 * MIB))
    with subprocess.Popen(
        [*TIPLINE, "seal", "-r", str(ME.recipient), "big"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 141


def test_a_full_disk_is_one_line_and_leaves_nothing() -> None:
    done = run("seal", "-r", str(ME.recipient), "-o", "/dev/full", "plain")

    assert done.returncode == 1
    assert done.stderr == b"tipline: reading or writing failed: No space left on device\n"


def test_a_terminal_is_shown_armour_and_plain_text_and_nothing_else() -> None:
    Path("binary").write_bytes(age.seal(b"\x1b[2J", [ME.recipient]))
    Path("latin").write_bytes(age.seal(b"caf\xe9 noir", [ME.recipient]))
    Path("words").write_bytes(age.seal("café\tand more\n".encode(), [ME.recipient]))
    seal = [*TIPLINE, "seal", "-r", str(CLASSICAL.recipient)]

    refused, armored = on_terminal([*seal, "plain"], []), on_terminal([*seal, "-a", "plain"], [])
    forced = on_terminal([*TIPLINE, "open", "-i", "me", "-o", "-", "binary"], [])
    binary, latin, words = (
        on_terminal([*TIPLINE, "open", "-i", "me", name], []) for name in ("binary", "latin", "words")
    )

    assert refused[0] == binary[0] == latin[0] == 2
    assert "a sealed file is not shown on a terminal" in refused[1]
    assert armored[0] == words[0] == forced[0] == 0
    assert armored[1].startswith("-----BEGIN AGE ENCRYPTED FILE-----")
    assert words[1] == "café\tand more\r\n"
    assert "\x1b" in forced[1]
    assert "\x1b" not in binary[1]
    assert "this is not plain text" in binary[1]


def test_a_passphrase_is_asked_for_twice_and_never_shown() -> None:
    seal, open_ = [*TIPLINE, "seal", "-p", "-o", "out", "plain"], [*TIPLINE, "open", "-p", "out"]
    new, again, asked = "(leave empty for a generated one): ", "The same passphrase again: ", "Passphrase: "

    differing = on_terminal(seal, [(new, "correct  Horse"), (again, "another")])
    sealed = on_terminal(seal, [(new, "correct  Horse"), (again, "correct  Horse")])
    opened = on_terminal(open_, [(asked, "correct  Horse")])
    wrong = on_terminal(open_, [(asked, "correct horse")])
    empty = on_terminal(open_, [(asked, "")])

    assert (differing[0], "the two passphrases differ" in differing[1]) == (2, True)
    assert sealed[0] == 0
    assert age.open_passphrase(Path("out").read_bytes(), Secret(b"correct  Horse")) == TEXT
    assert opened[0] == 0
    assert "A white van" in opened[1]
    assert (wrong[0], "no matching key: the passphrase is wrong" in wrong[1]) == (1, True)
    assert (empty[0], "no passphrase was given" in empty[1]) == (2, True)
    assert "orse" not in differing[1] + sealed[1] + opened[1] + wrong[1]


def test_an_empty_passphrase_becomes_a_generated_one() -> None:
    code, shown = on_terminal([*TIPLINE, "seal", "-p", "-o", "out", "plain"], [("generated one): ", "")])

    assert code == 0
    words = shown.split("write it down: ")[1].strip()
    assert len(words.split(" ")) == 7
    assert age.open_passphrase(Path("out").read_bytes(), Secret(words.encode())) == TEXT


def test_without_a_terminal_no_passphrase_is_taken_from_elsewhere() -> None:
    Path("words").write_bytes(age.seal_passphrase(TEXT, Secret(b"words"), log_n=4))
    for args in (["open", "-p", "words"], ["seal", "-p", "plain"]):
        done = subprocess.run(
            [*TIPLINE, *args], input=b"words\nwords\n", capture_output=True, check=False, start_new_session=True
        )

        assert done.returncode == 2
        assert done.stdout == b""
        assert b"a passphrase is asked for on a terminal, and there is none" in done.stderr


@pytest.mark.parametrize("form", ["binary", "armour"])
def test_an_identity_file_sealed_with_a_passphrase_opens_too(form: str) -> None:
    sealed = age.seal_passphrase(ME.encode().expose(), Secret(b"words"), log_n=4)
    Path("locked").write_bytes(armored(sealed) if form == "armour" else sealed)
    command = [*TIPLINE, "open", "-i", "locked", "sealed"]

    right = on_terminal(command, [("Passphrase of locked: ", "words")])
    wrong = on_terminal(command, [("Passphrase of locked: ", "other")])

    assert (right[0], "A white van" in right[1]) == (0, True)
    assert (wrong[0], "locked: no matching key: the passphrase is wrong" in wrong[1]) == (2, True)


def test_identities_are_made_in_both_kinds_and_read_by_age_keygen() -> None:
    made = run("identity", "-o", "mine")
    again = run("identity", "-o", "mine")
    classical = run("identity", "--classical")

    assert made.returncode == classical.returncode == 0
    assert again.returncode == 2
    assert b"File exists" in again.stderr
    assert Path("mine").stat().st_mode & 0o777 == 0o600
    identity = age.Identity.parse(Path("mine").read_text().splitlines()[1])
    assert made.stderr.decode() == f"Public key: {identity.recipient}\n"
    assert run("identity", "-y", "mine").stdout.decode() == f"{identity.recipient}\n"
    theirs = subprocess.run(
        [others.need("age-keygen"), "-y"], input=classical.stdout, capture_output=True, check=True
    ).stdout
    assert theirs == run("identity", "-y", "-", stdin=classical.stdout).stdout


@pytest.mark.parametrize("armor", [[], ["-a"]], ids=["binary", "armour"])
def test_256_mib_pass_both_ways_within_16_mib(folder: Path, armor: list[str]) -> None:
    small, large = highest(folder, 1, armor), highest(folder, 256 * MIB, armor)

    for command, before in small.items():
        assert large[command] - before <= 16 * MIB, command


def highest(folder: Path, size: int, armor: list[str]) -> dict[str, int]:
    """Send *size* zero bytes through both commands; return the most memory that each has held."""
    (folder / "watched").write_text(
        "import re, sys\n"
        "from tipline.cli.main import main\n"
        "code = main(sys.argv[2:])\n"
        "held = re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1]\n"
        "open(sys.argv[1], 'w').write(held)\n"
        "sys.exit(code)\n"
    )
    commands = {"seal": ["seal", *armor, "-r", str(ME.recipient)], "open": ["open", "-i", "me"]}
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    source: subprocess.Popen[bytes] = subprocess.Popen(["head", "-c", str(size), "/dev/zero"], stdout=subprocess.PIPE)
    running = [source]
    for name, command in commands.items():
        running.append(
            subprocess.Popen(
                [sys.executable, "watched", f"{name}.kb", *command],
                stdin=running[-1].stdout,
                stdout=subprocess.PIPE,
                env=environment,
            )
        )
    for process in running[:-1]:
        assert process.stdout is not None
        process.stdout.close()
    came = 0
    assert running[-1].stdout is not None
    with running[-1].stdout as end:
        while piece := end.read(MIB):
            came += len(piece)
            assert not any(piece)
    assert [process.wait() for process in running] == [0, 0, 0]
    assert came == size
    return {name: int((folder / f"{name}.kb").read_text()) * 1024 for name in commands}
