"""The command: a zone is imported only when asked for, and each refusal is one line."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from crypto import totp
from crypto.secret import Secret
from tests.factories import free_ports
from tipline.cli import main as main_
from tipline.cli.main import main


def tipline(*args: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TIPLINE_")}
    return subprocess.run(
        [sys.executable, "-m", "tipline.cli.main", *args],
        env={**kept, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_names_every_command_and_imports_no_zone(tmp_path: Path) -> None:
    done = tipline("--help")

    assert done.returncode == 0
    for name in main_.COMMANDS:
        assert re.search(rf"\n    {name}\s", done.stdout)

    program = (
        "import sys; from tipline.cli.main import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "print([name for name in sys.modules if name.startswith(('handling', 'tipline.source', 'tipline.drop'))])"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert loaded.stdout.endswith("[]\n")


def test_running_the_public_zone_never_imports_the_inside(tmp_path: Path) -> None:
    folder = a_public_machine(tmp_path)
    program = (
        "import sys; from tipline.cli.main import main\n"
        f"print(main(['--data', {str(folder)!r}, 'migrate']))\n"
        "import tipline.source.main, tipline.drop.main\n"
        "print([name for name in sys.modules if name.startswith('handling')])"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[0] == "001_public.sql"
    assert done.stdout.splitlines()[-2:] == ["0", "[]"]
    assert not (folder / "inside").exists()


def a_public_machine(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "tipline.toml").write_text('unit = "unit"\nname = "Unit"\nzones = ["public"]\n')
    return folder


def test_migrating_twice_says_that_nothing_is_left(tmp_path: Path) -> None:
    folder = str(a_public_machine(tmp_path))

    first, second = tipline("--data", folder, "migrate"), tipline("--data", folder, "migrate")

    assert (first.returncode, second.returncode) == (0, 0)
    assert first.stdout.splitlines()[0] == "001_public.sql"
    assert second.stdout == "The databases are up to date.\n"


@pytest.mark.parametrize("command", [["run"], ["serve", "source"], ["migrate"]])
def test_without_settings_one_line_says_what_to_do(tmp_path: Path, command: list[str]) -> None:
    done = tipline("--data", str(tmp_path), *command)

    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "run `tipline init`" in done.stderr


def test_an_unknown_variable_is_refused_in_one_line(tmp_path: Path) -> None:
    done = tipline("--data", str(a_public_machine(tmp_path)), "migrate", TIPLINE_COLOUR="red")

    assert done.returncode == 2
    assert done.stderr == "tipline: TIPLINE_COLOUR is not a setting: unset it or correct its spelling\n"


def test_a_database_that_does_not_answer_is_one_line(tmp_path: Path) -> None:
    dsn = f"postgresql://owner:canary@/t?host={tmp_path}"
    done = tipline("--data", str(a_public_machine(tmp_path)), "migrate", TIPLINE_PUBLIC_DSN=dsn)

    assert done.returncode == 1
    assert done.stderr.startswith("tipline: the database does not answer")
    assert "canary" not in done.stderr


def test_a_process_whose_role_was_never_made_says_what_to_run(tmp_path: Path) -> None:
    done = tipline(
        "--data", str(a_public_machine(tmp_path)), "serve", "drop", TIPLINE_PORT_DROP=str(free_ports()["drop"])
    )

    assert done.returncode != 0
    assert "Traceback" not in done.stderr


def test_an_unknown_command_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["dance"])

    assert caught.value.code == 2
    assert "invalid choice: 'dance'" in capsys.readouterr().err


def test_the_value_of_data_is_not_taken_for_a_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", str(tmp_path / "run"), "migrate"]) == 2

    assert "tipline.toml is missing" in capsys.readouterr().err


def test_totp_prints_the_code_of_this_moment(capsys: pytest.CaptureFixture[str]) -> None:
    secret = totp.new_secret()
    before = totp.code(secret, int(time.time()))

    assert main(["totp", totp.base32(secret).lower()]) == 0

    assert capsys.readouterr().out.strip() in {before, totp.code(secret, int(time.time()))}


def test_totp_reads_the_key_from_a_pipe() -> None:
    secret = Secret(bytes(20))
    done = subprocess.run(
        [sys.executable, "-m", "tipline.cli.main", "totp"],
        input=totp.base32(secret),
        capture_output=True,
        text=True,
        check=True,
    )

    assert len(done.stdout.strip()) == 6


@pytest.mark.parametrize("key", ["0189", "a", "="])
def test_totp_refuses_what_is_not_a_key(key: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["totp", key]) == 2

    assert key not in capsys.readouterr().out
