"""Founding a unit and opening accounts, as an administrator types it."""

import asyncio
from pathlib import Path

import pytest

from tests.practice import practice
from tipline.base import settings as settings_
from tipline.base.database import Db
from tipline.base.settings import Settings
from tipline.cli.main import main

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


def found(data: Path, offline: Path) -> int:
    return main(["--data", str(data), "init", *UNIT, *PEOPLE, "--offline", str(offline)])


def test_a_real_unit_has_nothing_preset_and_its_root_key_elsewhere(
    databases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert found(databases, tmp_path / "offline") == 0

    said = capsys.readouterr()
    root = (tmp_path / "offline" / "root.key").read_text().strip()
    settings = settings_.load(databases, {})
    assert (settings.practice, settings.unit, settings.name) == (False, "wcu", 'The "Wildlife" Unit')
    assert not [path for path in databases.rglob("*") if path.is_file() and root.encode() in path.read_bytes()]
    assert not (databases / "practice").exists()
    assert "Not possible with these people: any release" in said.err
    assert said.out.count("passphrase") == 5  # corridor, desk and guard of amina, corridor and guard of ben


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


async def test_an_officer_of_an_enrolled_agency_gets_an_account_once(
    settings: Settings, databases: Path, inside_db: Db, capsys: pytest.CaptureFixture[str]
) -> None:
    await practice(settings)
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
