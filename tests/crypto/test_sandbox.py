"""The sandbox, by trying to get out of it."""

import os
import socket
import time
from pathlib import Path

import pytest

from crypto import sandbox
from crypto.errors import SandboxError
from crypto.sandbox import Limits
from crypto.secret import Secret

LIMITS = Limits(seconds=20, memory=512 * 1024 * 1024, output=100_000)


def put_out(script: str, **more: object) -> bytes:
    ended = sandbox.run(lambda _, __: script, limits=LIMITS, **more)  # type: ignore[arg-type]  # as the test names them
    assert ended.code == 0, ended
    return ended.output


def test_inside_there_is_nothing_but_programs_and_an_empty_home() -> None:
    assert put_out("ls /").split() == [b"bin", b"dev", b"home", b"lib", b"lib64", b"usr"]
    assert put_out("ls -A /home") == b""
    assert put_out("pwd").strip() == b"/home"


def test_no_file_of_this_machine_can_be_read_or_written(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("of the machine")

    for try_ in (
        f"cat {tmp_path}/secret",
        "cat /etc/passwd",
        "ls /root",
        "ls /proc/1",
        "ls /sys",
        "ls /work",
        "ls /tmp",
    ):
        assert put_out(f"{try_} 2>/dev/null || echo refused") == b"refused\n"
    for try_ in ("touch /usr/x", "touch /x", "mkdir /etc", "touch /dev/sda", "ln -sf /home /usr/bin/gpg"):
        assert put_out(f"{try_} 2>/dev/null || echo refused") == b"refused\n"
    assert not Path("/usr/x").exists()


def test_there_is_no_network_not_even_to_this_machine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        script = (
            f'python3 -S -c \'import socket; socket.create_connection(("127.0.0.1", int("{port}")), 2)\' 2>/dev/null '
            f"|| perl -MIO::Socket::INET -e 'IO::Socket::INET->new(PeerAddr => \"127.0.0.1:{port}\", Timeout => 2) or exit 1' "
            "2>/dev/null || echo refused"
        )
        assert put_out(script) == b"refused\n"
        listening.settimeout(0.2)
        with pytest.raises(TimeoutError):
            listening.accept()


def test_what_is_handed_in_comes_through_pipes_and_is_in_no_argument_and_no_variable() -> None:
    secret = Secret(b"a key of ours")
    ended = sandbox.run(
        lambda handed, report: (
            f"perl -e 'open my $f, \"<&={handed[0]}\"; print <$f>'; env; perl -e 'open my $f, \">&={report}\"; print $f qq(said)'"
        ),
        handed=[secret],
        arguments=["$(touch /home/run)"],
        limits=LIMITS,
    )

    assert ended.output.startswith(b"a key of ours")
    assert b"a key" not in ended.output.removeprefix(b"a key of ours")
    assert ended.said == b"said"
    assert put_out('printf %s "$1"; ls -A', arguments=["$(touch run)"]) == b"$(touch run)"


def test_output_time_and_memory_are_bounded() -> None:
    endless = sandbox.run(lambda _, __: "exec cat /dev/zero", limits=LIMITS)
    assert len(endless.output) == LIMITS.output + 1

    begun = time.monotonic()
    slow = sandbox.run(lambda _, __: "sleep 60", limits=Limits(0.5, LIMITS.memory, 100))
    assert slow.overtime
    assert time.monotonic() - begun < 5

    full = sandbox.run(lambda _, __: "head -c 200000000 /dev/zero > big || echo full; exit 0", limits=LIMITS)
    assert full.output == b"full\n"
    greedy = sandbox.run(
        lambda _, __: "perl -e '$x = \"a\" x 1_000_000_000; print length $x' || echo refused", limits=LIMITS
    )
    assert b"1000000000" not in greedy.output


def test_nothing_that_was_started_lives_on() -> None:
    name = f"sleep 7{os.getpid()}"
    assert put_out(f"({name} &) >/dev/null 2>&1; echo done") == b"done\n"

    running = [path for path in Path("/proc").glob("[0-9]*/cmdline") if name.replace(" ", "\0").encode() in _read(path)]
    assert running == []


def test_without_bubblewrap_nothing_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "_WHERE", "/nonexistent")

    with pytest.raises(SandboxError):
        put_out("echo run")


def test_a_sandbox_that_does_not_start_is_no_failed_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "_WALLS", (*sandbox._WALLS, "--ro-bind", "/nonexistent", "/x"))

    with pytest.raises(SandboxError):
        put_out("echo run")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
