"""`tipline keys`: every key in a line, what is overdue, and nothing opened."""

import json
import os
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crypto.secret import Secret
from crypto.signing import SigningKey
from handling.inventory import inventory
from handling.rules.keylist import KeyLine
from handling.store import members
from tests.lists import root_signs, without
from tipline.base.database import Db
from tipline.base.settings import Settings
from tipline.cli.main import main
from tipline.kit import KitStatement

TODAY = datetime.now(UTC).date()


@pytest.fixture
async def founded(practice_settings: Settings) -> Settings:
    """The practice unit."""
    return practice_settings


@pytest.fixture
def shell(
    founded: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """The command in an installation whose databases are this test's."""
    assert founded.public_dsn
    assert founded.inside_dsn
    (founded.data / "tipline.toml").write_text('practice = true\nunit = "unit"\nname = "Practice Unit"\n')
    monkeypatch.setenv("TIPLINE_PUBLIC_DSN", founded.public_dsn)
    monkeypatch.setenv("TIPLINE_INSIDE_DSN", founded.inside_dsn)

    def run(*arguments: str) -> tuple[int, str]:
        code = main(["--data", str(founded.data), "keys", *arguments])
        return code, capsys.readouterr().out

    return run


def test_a_unit_that_was_just_founded_has_every_kind_of_key_and_nothing_overdue(
    shell: Callable[..., tuple[int, str]],
) -> None:
    code, shown = shell("--json")

    said = json.loads(shown)
    names = [line["key"] for line in said["keys"]]
    assert code == 0
    assert said["keyring_backup_days"] == 7
    for key in (
        "root",
        "recovery",
        "corridor of amina",
        "signing of clara",
        "release of ben",
        "corridor vault, epoch 1",
        "desk vault, epoch 1",
        "desk intake 1",
        "intake 12",
        "intake signer",
        "PGP intake, primary",
        "PGP intake, subkey 1",
        "the next PGP subkey",
        "pins",
        "kit",
        "collector",
        "package, age",
        "agency harbour-customs (age)",
        "agency river-parks (openpgp)",
    ):
        assert key in names or any(name.startswith(key) for name in names), key
    assert all(line["job"] and line["where"] and not line["overdue"] for line in said["keys"])
    assert all(set(line) >= {"age_days", "valid_until", "act", "act_on"} for line in said["keys"])


def test_a_practice_units_root_and_recovery_key_are_said_to_lie_beside_its_data(
    founded: Settings, shell: Callable[..., tuple[int, str]]
) -> None:
    where = {line["key"]: line["where"] for line in json.loads(shell("--json")[1])["keys"]}

    assert where["root"].startswith(f"{founded.data / 'practice' / 'root.key'}: as this is a practice unit")
    assert where["recovery"].startswith(f"{founded.data / 'practice' / 'recovery.txt'}: as this is")

    (founded.data / "practice" / "root.key").unlink()
    where = {line["key"]: line["where"] for line in json.loads(shell("--json")[1])["keys"]}
    assert where["root"].startswith("offline, in shares")


def test_for_people_it_says_when_something_is_gone_for_good(shell: Callable[..., tuple[int, str]]) -> None:
    code, shown = shell()

    assert code == 0
    assert "gone for good once the keyring's backups are: 7 days later" in shown
    assert "OVERDUE" not in shown


@pytest.mark.parametrize(
    ("lost", "line"),
    [
        ("corridor/keyring/vault/1.age", "corridor vault, epoch 1"),
        ("desk/keyring/intake/1.age", "desk intake 1"),
        ("corridor/keyring/signer/intake.age", "intake signer"),
        ("corridor/keyring/intake/3.age", "intake 3"),
        ("corridor/keyring/pgp-intake/1.age", "PGP intake, subkey 1"),
        ("corridor/keyring/pgp-intake/primary.age", "PGP intake, primary"),
        ("corridor/collector.key", "collector"),
        ("guard/keyring/package/ed25519.age", "package, age"),
    ],
)
def test_a_key_that_is_missing_is_overdue(
    shell: Callable[..., tuple[int, str]], founded: Settings, lost: str, line: str
) -> None:
    (founded.inside / lost).unlink()

    code, shown = shell("--json")

    assert code == 1
    assert [one["key"] for one in json.loads(shown)["keys"] if one["overdue"]] == [line]


async def test_a_departure_makes_the_vaults_due(founded: Settings, inside_db: Db) -> None:
    await root_signs(founded, inside_db, _ben_left)

    lines = await inventory(inside_db, founded, TODAY)

    (due,) = [line for line in lines if line.overdue]
    assert due.key == "corridor vault, epoch 1"
    assert "two handlers sign the next epoch" in due.act


@pytest.mark.parametrize(
    ("days", "overdue"),
    [
        (0, []),
        (68, []),
        (69, ["the next intake keys"]),
        (90, ["the next intake keys"]),
        (96, ["intake 1", "the next intake keys", "the next PGP subkey"]),
    ],
)
async def test_what_nobody_did_in_time_is_overdue(
    founded: Settings, inside_db: Db, days: int, overdue: list[str]
) -> None:
    lines = await inventory(inside_db, founded, TODAY + timedelta(days=days))

    assert [line.key for line in lines if line.overdue] == overdue


async def test_the_member_list_is_to_be_renewed_a_month_before_its_end(founded: Settings, inside_db: Db) -> None:
    listed = await members.latest(inside_db, members.trust(founded.inside, "tests"))

    for days, overdue in ((31, False), (29, True), (-1, True)):
        lines = await inventory(inside_db, founded, listed.valid_until - timedelta(days=days))
        assert next(line for line in lines if line.key == "root").overdue is overdue


async def test_pins_and_kit_are_listed_with_their_end_and_what_the_root_did_not_sign_counts_as_missing(
    founded: Settings, inside_db: Db
) -> None:
    ends = TODAY + timedelta(days=80)
    root = SigningKey(Secret(bytes.fromhex((founded.data / "practice" / "root.key").read_text())))
    statement = founded.public / "kit.statement.json"

    async def lines(today: date = TODAY) -> dict[str, KeyLine]:
        return {line.key: line for line in await inventory(inside_db, founded, today)}

    none = (await lines())["kit"]
    statement.write_bytes(KitStatement(bytes(32), "unit", ends).sign(root))
    found = await lines()
    later = {line.key for line in (await lines(ends - timedelta(days=13))).values() if line.overdue}
    statement.write_bytes(KitStatement(bytes(32), "unit", ends).sign(SigningKey.generate()))
    (founded.public / "pins.json").write_bytes(b"{}")
    forged = await lines()

    assert (none.valid_until, none.overdue) == (None, False)
    assert (found["kit"].valid_until, found["kit"].act_on, found["kit"].overdue) == (
        ends,
        ends - timedelta(days=14),
        False,
    )
    assert "tipline kit" in found["kit"].act
    assert (found["pins"].valid_until, found["pins"].overdue) == (TODAY + timedelta(days=366), False)
    assert "tipline root pins" in found["pins"].act
    assert "kit" in later
    assert (forged["kit"].valid_until, forged["pins"].overdue) == (None, True)


async def test_ages_are_told_in_days(founded: Settings, inside_db: Db) -> None:
    past = time.time() - 10 * 86_400
    os.utime(founded.inside / "corridor" / "keyring" / "signer" / "intake.age", (past, past))

    lines = await inventory(inside_db, founded, TODAY)

    signer = next(line for line in lines if line.key == "intake signer")
    assert signer.body(TODAY)["age_days"] == 10


def _ben_left(body: dict[str, Any]) -> None:
    without("ben")(body)
    body["departed"]["corridor"] = body["version"]


def test_it_opens_nothing(shell: Callable[..., tuple[int, str]], founded: Settings) -> None:
    before = _times(founded.inside)

    shell()

    assert _times(founded.inside) == before


def _times(inside: Path) -> dict[Path, int]:
    return {file: file.stat().st_mtime_ns for file in inside.rglob("*.age")}
