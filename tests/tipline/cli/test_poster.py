"""`tipline poster`, as an administrator makes sheets and pages."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crypto.signing import SigningKey
from tipline.base import settings as settings_
from tipline.base.languages import LANGUAGES
from tipline.cli.main import main
from tipline.kit import KitStatement

ONION = "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion"
TODAY = datetime.now(UTC).date()
ROOT = SigningKey.generate()


def unit(folder: Path, *, practice: bool) -> Path:
    """Write the settings of a unit whose root is `ROOT`."""
    words = f'unit = "unit"\nname = "Northern Unit"\nemergency = "112"\npractice = {str(practice).lower()}\n'
    (folder / settings_.FILE).write_text(words)
    for zone in ("public", "inside"):
        (folder / zone).mkdir()
        (folder / zone / "root.pub").write_text(ROOT.public.hex())
    return folder


@pytest.fixture
def real(tmp_path: Path) -> Path:
    (tmp_path / "real").mkdir()
    return unit(tmp_path / "real", practice=False)


@pytest.fixture
def practice(tmp_path: Path) -> Path:
    (tmp_path / "practice").mkdir()
    return unit(tmp_path / "practice", practice=True)


def statement(file: Path, *, of: str = "unit", until: int = 80, signer: SigningKey = ROOT) -> Path:
    made = KitStatement(bytes(range(32)), of, TODAY + timedelta(days=until))
    file.write_bytes(made.sign(signer) + b"\n")
    return file


def make(data: Path, *args: str) -> int:
    return main(["--data", str(data), "poster", "-o", str(data / "out"), *args])


def test_sheets_and_pages_are_written_that_a_web_server_may_read(real: Path, tmp_path: Path) -> None:
    signed = statement(tmp_path / "kit.statement.json")

    assert make(real, "--address", f"{ONION}\n", "--kit", str(signed)) == 0

    out = real / "out"
    assert len(list((out / "print").iterdir())) == len(list((out / "web").iterdir())) == len(LANGUAGES)
    text = (out / "web" / "index.html").read_text()
    assert KitStatement.read(signed.read_bytes().rstrip(), ROOT.public).groups() in text
    assert "Northern Unit" in text
    assert str(real) not in text
    assert {file.stat().st_mode & 0o777 for file in out.glob("*/*")} == {0o644}
    assert {folder.stat().st_mode & 0o005 for folder in (out, out / "web")} == {0o005}


def test_a_practice_unit_needs_no_onion(practice: Path) -> None:
    assert make(practice) == 0
    assert "http://127.0.0.1:8080/" in (practice / "out" / "print" / "fr.html").read_text()


def test_a_real_unit_says_its_address_and_a_wrong_letter_is_found(
    real: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert make(real) == 2
    assert "--address XXXX.onion" in capsys.readouterr().err
    assert make(real, "--address", ONION.replace("pg6", "pg7")) == 2
    assert "a letter of this onion address is wrong" in capsys.readouterr().err
    assert not (real / "out").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"signer": SigningKey.generate()}, "not signed by this root"),
        ({"of": "other"}, "a kit of another unit"),
        ({"until": -1}, "run `tipline kit` first"),
    ],
)
def test_no_hash_is_printed_that_nobody_could_check_a_kit_against(
    change: dict[str, object], words: str, real: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    signed = statement(tmp_path / "kit.statement.json", **change)  # type: ignore[arg-type] # one of its arguments

    assert make(real, "--address", ONION, "--kit", str(signed)) == 2

    assert words in capsys.readouterr().err
    assert not (real / "out").exists()


def test_a_statement_that_is_not_there_is_named(real: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert make(real, "--address", ONION, "--kit", str(real / "none.json")) == 2
    assert "cannot be read" in capsys.readouterr().err
