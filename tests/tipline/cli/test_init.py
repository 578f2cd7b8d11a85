"""Founding a unit and opening accounts, as an administrator types it."""

import asyncio
import base64
import re
from itertools import pairwise
from pathlib import Path

import pytest

from crypto import age, shares
from crypto.signing import SigningKey
from tipline.base import settings as settings_
from tipline.base.database import Db
from tipline.base.settings import Settings
from tipline.cli.main import main
from tipline.pins import Pins

PEOPLE = ["--member", "amina:Amina Njeri:handler,analyst", "--member", "ben:Ben:handler"]
UNIT = ["--unit", "wcu", "--name", 'The "Wildlife" Unit', "--emergency", "112", "--reading-hours", "on weekdays"]


@pytest.fixture
def databases(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This test's databases for the command; the empty data folder it is to fill."""
    assert settings.public_dsn
    assert settings.inside_dsn
    monkeypatch.setenv("TIPLINE_PUBLIC_DSN", settings.public_dsn)
    monkeypatch.setenv("TIPLINE_INSIDE_DSN", settings.inside_dsn)
    return settings.data


def found(data: Path, offline: Path, *more: str) -> int:
    return main(["--data", str(data), "init", *UNIT, *PEOPLE, "--offline", str(offline), *more])


def words(sheet: Path) -> str:
    """The words of a share as somebody types them from paper."""
    return " ".join(re.findall(r'<span class="word">([a-z]+)</span>', sheet.read_text()))


def test_a_real_unit_has_nothing_preset_and_no_whole_key_is_written_anywhere(
    databases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert found(databases, tmp_path / "offline") == 0

    said = capsys.readouterr()
    root = SigningKey(shares.join([words(tmp_path / "offline" / f"root-share-{i}-of-3.html") for i in (3, 1)]))
    sheets = [words(tmp_path / "offline" / f"recovery-share-{i}-of-3.html") for i in (2, 3)]
    recovery = age.Identity.from_seed(shares.join(sheets))
    settings = settings_.load(databases, {})
    assert (settings.practice, settings.unit, settings.name) == (False, "wcu", 'The "Wildlife" Unit')
    assert root.public.hex() == (databases / "inside" / "root.pub").read_text().strip()
    pins = Pins.read((databases / "public" / "pins.json").read_bytes(), root.public)
    assert [(unit.unit, unit.name) for unit in pins.units] == [("wcu", 'The "Wildlife" Unit')]
    whole = [form(root.seed.expose()) for form in (bytes, lambda seed: seed.hex().encode(), base64.b64encode)]
    whole += [recovery.seed.expose(), recovery.seed.expose().hex().encode(), recovery.encode().expose()]
    for path in (path for folder in (databases, tmp_path / "offline") for path in folder.rglob("*") if path.is_file()):
        assert not [secret for secret in whole if secret in path.read_bytes()], path
    assert not (databases / "practice").exists()
    assert "Not possible with these people: give the second signature on a release" in said.err
    assert said.out.count("  passphrase ") == 5  # corridor, desk and guard of amina, corridor and guard of ben


def test_each_share_has_a_sheet_of_its_own_and_init_says_who_gets_it(
    databases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert found(databases, tmp_path / "offline", "--shares", "3of4") == 0

    said = capsys.readouterr().out
    files = sorted(path.name for path in (tmp_path / "offline").iterdir())
    assert files == sorted(f"{key}-share-{i}-of-4.html" for key in ("root", "recovery") for i in range(1, 5))
    assert all(name in said for name in files)
    assert "should stand outside the unit" in said
    for path in (tmp_path / "offline").iterdir():
        text = path.read_text()
        assert path.stat().st_mode & 0o777 == 0o600
        assert len(words(path).split()) == 33
        assert "Any <strong>3</strong> of them" in text
        assert "The &#34;Wildlife&#34; Unit" in text
        assert "<script" not in text
        assert not re.findall(r'(?:src|href|action)="', text)  # self-contained
        assert "size: A4" in text
        assert not [pair for pair in pairwise(words(path).split()) if " ".join(pair) in said]


@pytest.mark.parametrize("shape", ["1of1", "1of3", "4of3", "2of17", "two of three", "2of"])
def test_a_key_that_one_person_could_open_alone_is_refused(
    shape: str, databases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        found(databases, tmp_path / "offline", "--shares", shape)

    assert "2of3" in capsys.readouterr().err
    assert not (databases / settings_.FILE).exists()


def test_a_second_founding_in_the_same_folder_is_refused_and_changes_nothing(
    databases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found(databases, tmp_path / "offline")
    before = (databases / "inside" / "root.pub").read_bytes()

    assert found(databases, tmp_path / "again") == 2
    assert "set up already" in capsys.readouterr().err
    assert (databases / "inside" / "root.pub").read_bytes() == before


def test_the_offline_folder_may_not_lie_in_the_data_folder(databases: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert found(databases, databases / "offline") == 2
    assert "--offline" in capsys.readouterr().err
    assert not (databases / settings_.FILE).exists()


@pytest.mark.usefixtures("practice_unit")
async def test_an_officer_of_an_enrolled_agency_gets_an_account_once(
    databases: Path, inside_db: Db, capsys: pytest.CaptureFixture[str]
) -> None:
    (databases / settings_.FILE).write_text('practice = true\nunit = "unit"\nname = "Practice Unit"\n')

    def officer(agency: str, name: str) -> int:
        return main(["--data", str(databases), "agency", "officer", agency, name, "--display", "Femi"])

    assert [
        await asyncio.to_thread(officer, "river-parks", "femi"),
        await asyncio.to_thread(officer, "river-parks", "femi"),
    ] == [0, 1]
    assert await asyncio.to_thread(officer, "unknown", "gus") == 1
    assert "passphrase" in capsys.readouterr().out
    assert await inside_db.fetchval("SELECT count(*) FROM exchange.account WHERE name IN ('femi', 'gus')") == 1


def test_an_agreement_is_checked_without_an_installation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "agreement.toml"
    broken.write_text("id = 1\n")

    assert main(["--data", str(tmp_path / "nothing"), "agreement", "check", str(broken)]) == 2
    assert "id: " in capsys.readouterr().err
    assert not (tmp_path / "nothing").exists()
