"""`tipline recover` as a holder types it: from share files, offline, and refused where something does not fit."""

import asyncio
import socket
from itertools import pairwise
from pathlib import Path

import pytest

from crypto import age, shares
from crypto.secret import Secret
from tests.conftest import RolePool
from tipline.base import settings as settings_
from tipline.base.database import Db
from tipline.base.settings import Settings
from tipline.cli import recover as command
from tipline.cli.main import main

PEOPLE = ["--member", "nia:Nia Otieno:handler,analyst", "--member", "omar:Omar:handler", "--member", "pia:Pia:officer"]


@pytest.fixture
async def data(practice_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    assert practice_settings.public_dsn
    assert practice_settings.inside_dsn
    monkeypatch.setenv("TIPLINE_PUBLIC_DSN", practice_settings.public_dsn)
    monkeypatch.setenv("TIPLINE_INSIDE_DSN", practice_settings.inside_dsn)
    ports = "\n".join(f"{name} = {port}" for name, port in practice_settings.ports.items())
    (practice_settings.data / settings_.FILE).write_text(
        f'practice = true\nunit = "unit"\nname = "Practice Unit"\n[ports]\n{ports}\n'
    )
    folder = practice_settings.data / "practice"
    root = Secret(bytes.fromhex((folder / "root.key").read_text()))
    recovery = age.Identity.parse((folder / "recovery.txt").read_text().strip()).seed
    for key, secret in (("root", root), ("recovery", recovery)):
        for number, words in enumerate(shares.split(secret, 2, 3), 1):
            (practice_settings.data / f"{key}{number}").write_text(words)
    return practice_settings.data


async def recover(data: Path, *more: str, unit: str = "unit") -> int:
    given = [f"--{key}-share={data / f'{key}{number}'}" for key in ("root", "recovery") for number in (3, 1)]
    return await asyncio.to_thread(main, ["--data", str(data), "recover", "--unit", unit, *PEOPLE, *given, *more])


async def test_new_people_get_cards_and_the_agencies_are_to_be_told(
    data: Path, inside_db: Db, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await recover(data, "--first-reader", "omar") == 0

    printed = capsys.readouterr()
    said = printed.out
    assert "Not possible with these people" not in printed.err
    assert said.count("  passphrase ") == 6  # corridor, desk and guard of nia, corridor and guard of omar, guard of pia
    assert "TELL EVERY AGENCY" in said
    assert "Recovered in" in said
    names = await inside_db.fetch("SELECT name FROM corridor.account ORDER BY 1")
    assert [row["name"] for row in names] == ["nia", "omar"]
    assert await inside_db.fetchval("SELECT count(*) FROM exchange.account") == 2  # the agencies keep theirs
    words = (data / "root1").read_text().split()
    assert not [pair for pair in pairwise(words) if " ".join(pair) in said]


async def test_what_the_new_people_cannot_do_together_is_said_as_when_a_unit_is_founded(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(f"{__name__}.PEOPLE", PEOPLE[:4])  # nobody is releasing officer

    assert await recover(data) == 0

    said = capsys.readouterr().err
    assert "Not possible with these people: give the second signature on a release" in said
    assert "review of a report" not in said


async def test_it_is_refused_while_a_process_answers(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ports = settings_.load(data, {}).ports
    with socket.create_server(("127.0.0.1", ports["corridor"])):
        assert await recover(data) == 2

    assert "stop every process first" in capsys.readouterr().err


async def test_it_is_refused_while_a_process_elsewhere_is_connected(
    data: Path, role_pool: RolePool, inside_db: Db, capsys: pytest.CaptureFixture[str]
) -> None:
    pool = await role_pool("tipline_guard")
    assert await pool.fetchval("SELECT 1")

    assert await recover(data) == 2
    assert "connected to the inside database" in capsys.readouterr().err
    assert await inside_db.fetchval("SELECT max(version) FROM unit.member_list") == 1


async def test_another_units_name_stops_it(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert await recover(data, unit="other") == 2
    assert 'that of unit "unit"' in capsys.readouterr().err


@pytest.mark.parametrize(
    ("broken", "words"),
    [("root1", "root key: share 2 cannot be read"), ("recovery1", "recovery key: share 2 cannot be read")],
)
async def test_a_share_that_cannot_be_read_stops_it_and_nothing_changes(
    broken: str, words: str, data: Path, inside_db: Db, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / broken).write_text("zebra " + (data / broken).read_text())

    assert await recover(data) == 2
    assert words in capsys.readouterr().err
    assert await inside_db.fetchval("SELECT max(version) FROM unit.member_list") == 1
    assert await inside_db.fetchval("SELECT count(*) FROM corridor.account WHERE name = 'amina'") == 1


def test_nothing_answers_where_nothing_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    assert not command._answers("127.0.0.1", port)
