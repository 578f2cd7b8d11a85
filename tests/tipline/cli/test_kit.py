"""`tipline kit`, as an administrator makes it and as somebody checks a copy."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crypto.digest import groups, sha256
from crypto.secret import Secret
from crypto.signing import SigningKey
from tests.handins import Receiver
from tipline import kit
from tipline.base import settings as settings_
from tipline.base.database import Db
from tipline.base.settings import Settings
from tipline.cli.main import main
from tipline.kit import Inputs, KitStatement
from tipline.pins import Pins
from tipline.questionnaire import current
from tipline.questionnaire.carried import Carried
from tipline.units import Unit, Units

TODAY = datetime.now(UTC).date()


@pytest.fixture
async def data(practice_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The practice unit, its databases given to the command."""
    assert practice_settings.public_dsn
    assert practice_settings.inside_dsn
    monkeypatch.setenv("TIPLINE_PUBLIC_DSN", practice_settings.public_dsn)
    monkeypatch.setenv("TIPLINE_INSIDE_DSN", practice_settings.inside_dsn)
    (practice_settings.data / settings_.FILE).write_text(
        'practice = true\nunit = "unit"\nname = "Practice Unit"\nemergency = "112"\n'
    )
    return practice_settings.data


async def made(data: Path, folder: Path) -> int:
    key = str(data / "practice" / "root.key")
    return await asyncio.to_thread(main, ["--data", str(data), "kit", "-o", str(folder), "--key", key])


def check(folder: Path, root: str, *more: str) -> int:
    return main(["kit", "check", str(folder / "kit.html"), str(folder / "kit.statement.json"), "--root", root, *more])


def root_of(data: Path) -> str:
    return (data / "inside" / "root.pub").read_text().strip()


def signer(data: Path) -> SigningKey:
    return SigningKey(Secret(bytes.fromhex((data / "practice" / "root.key").read_text())))


async def test_a_kit_carries_the_weeks_ahead_of_both_units_and_its_hash_is_printed_for_posters(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await made(data, tmp_path / "out") == 0

    page = (tmp_path / "out" / "kit.html").read_bytes()
    keys = Inputs.of_page(page).keys
    root = bytes.fromhex(root_of(data))
    assert keys.choose(root, "unit", TODAY + timedelta(days=83)).unit == "unit"
    assert keys.choose(root, "oversight", TODAY + timedelta(days=83)).unit == "oversight"
    said = capsys.readouterr().out
    assert groups(sha256(page)) in said
    assert groups(root) in said
    assert str(TODAY + timedelta(days=83)) in said
    assert b"Practice" in page
    assert str(data).encode() not in page
    listed = (data / "public" / "kit.statement.json").read_bytes()
    assert KitStatement.read(listed, root).sha256 == sha256(page)


async def test_two_kits_of_the_same_keys_are_the_same_bytes_and_check_out(data: Path, tmp_path: Path) -> None:
    assert await made(data, tmp_path / "one") == 0
    assert await made(data, tmp_path / "other") == 0

    for name in ("kit.html", "kit.statement.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()
    assert check(tmp_path / "one", groups(bytes.fromhex(root_of(data))), "--rebuild") == 0


def changed_byte(folder: Path, root: str) -> str:
    page = (folder / "kit.html").read_bytes()
    (folder / "kit.html").write_bytes(page.replace(b"It sends nothing", b"It sends nothink"))
    return root


def other_root(_: Path, __: str) -> str:
    return SigningKey.generate().public.hex()


def no_statement(folder: Path, root: str) -> str:
    (folder / "kit.statement.json").write_text("{}")
    return root


def no_kit(folder: Path, root: str) -> str:
    (folder / "kit.html").write_text("<html>")
    return root


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (changed_byte, "a byte of it is another"),
        (other_root, "not signed by this root"),
        (no_statement, "not signed by this root"),
        (no_kit, "no kit"),
    ],
)
async def test_a_copy_that_was_changed_is_refused_and_named(
    change: Callable[[Path, str], str],
    words: str,
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert await made(data, tmp_path) == 0
    root = change(tmp_path, root_of(data))

    assert check(tmp_path, root) == 1

    assert words in capsys.readouterr().err


async def test_a_kit_that_the_root_signed_although_its_keys_ended_or_are_of_another_root_is_named(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = Receiver(TODAY - timedelta(days=30))
    page = kit.build(
        Inputs(other.keys(), "112", practice=True, questionnaire=Carried.of(current.default())),
        kit.built_script() + ";1",
    )
    (tmp_path / "kit.html").write_bytes(page)
    (tmp_path / "kit.statement.json").write_bytes(KitStatement.of(page).sign(signer(data)))

    assert check(tmp_path, root_of(data), "--rebuild") == 1

    said = capsys.readouterr().err
    assert "another root than yours" in said
    assert f"ended on {TODAY - timedelta(days=24)}" in said
    assert "another file from the same keys" in said


def pins_gone(data: Path) -> None:
    (data / "public" / "pins.json").unlink()


def pins_forged(data: Path) -> None:
    root = bytes.fromhex(root_of(data))
    pins = Pins.read((data / "public" / "pins.json").read_bytes(), root)
    (data / "public" / "pins.json").write_bytes(pins.sign(SigningKey.generate()))


def pins_ended(data: Path) -> None:
    pins = Pins.read((data / "public" / "pins.json").read_bytes(), bytes.fromhex(root_of(data)))
    ended = replace(pins, valid_until=TODAY - timedelta(days=1))
    (data / "public" / "pins.json").write_bytes(ended.sign(signer(data)))


def another_root(data: Path) -> None:
    (data / "public" / "root.pub").write_text(SigningKey.generate().public.hex())


def no_root(data: Path) -> None:
    (data / "public" / "root.pub").unlink()


@pytest.mark.parametrize(
    ("break_", "words"),
    [
        (pins_gone, "signed no pins yet: run `tipline root pins`"),
        (pins_forged, "not signed by this unit's root"),
        (pins_ended, f"valid until {TODAY - timedelta(days=1)}: run `tipline root pins`"),
        (another_root, "not the root of inside/root.pub"),
        (no_root, "missing or damaged"),
    ],
)
async def test_no_kit_is_made_under_pins_that_do_not_hold(
    break_: Callable[[Path], None], words: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    break_(data)

    assert await made(data, tmp_path / "out") == 2

    assert words in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


async def test_no_kit_is_made_without_a_key_for_today_or_with_another_units_root(
    data: Path, public_db: Db, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.key"
    other.write_text(SigningKey.generate().seed.expose().hex())
    args = ["--data", str(data), "kit", "-o", str(tmp_path / "out"), "--key", str(other)]

    assert await asyncio.to_thread(main, args) == 2
    assert "another root key" in capsys.readouterr().err
    await public_db.execute("DELETE FROM zone.intake_key WHERE unit = 'unit'")
    assert await made(data, tmp_path / "out") == 2
    assert "no intake key" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


async def test_an_oversight_body_that_the_root_has_not_signed_or_that_has_no_keys_is_named(
    data: Path, public_db: Db, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await public_db.execute("DELETE FROM zone.intake_key WHERE unit = 'oversight'")
    board = Unit("board", "oversight", "The Board", bytes(32), SigningKey.generate().public)
    (data / "public" / "units.json").write_bytes(Units.load(data / "public").with_oversight(board).encode())

    assert await made(data, tmp_path / "out") == 0

    said = capsys.readouterr().err
    assert "Not in this kit: The Board" in said
    assert "cannot seal to Oversight Board (practice)" in said


def test_where_to_write_must_be_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / settings_.FILE).write_text('practice = true\nunit = "unit"\nname = "Practice Unit"\n')

    assert main(["--data", str(tmp_path), "kit"]) == 2
    assert "-o FOLDER" in capsys.readouterr().err


@pytest.mark.parametrize("root", ["12", "zz" * 32])
def test_a_root_that_is_no_key_is_refused(root: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        check(tmp_path, root)
    assert "64 hexadecimal digits" in capsys.readouterr().err
