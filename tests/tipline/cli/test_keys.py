"""`tipline keys`: every key in a line, what is overdue, and nothing opened."""

import json
import os
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
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
from tipline.source import ticket

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


def test_in_a_unit_that_was_just_founded_nothing_is_overdue(shell: Callable[..., tuple[int, str]]) -> None:
    code, shown = shell("--json")

    said = json.loads(shown)
    assert code == 0
    assert said["keyring_backup_days"] == 7
    assert not any(line["overdue"] for line in said["keys"])


KEPT = "kept for as long as the unit"
LINES = {  # on the tenth day: days old, last day of use, what happens next and on which day, counted from the founding
    "root": (10, 366, "the holders renew the member list", 336),
    "recovery": (10, None, KEPT, None),
    "corridor of amina": (10, None, "kept until amina leaves or asks for new keys", None),
    "desk of amina": (10, None, "kept until amina leaves or asks for new keys", None),
    "release of ben": (10, None, "kept until ben leaves or asks for new keys", None),
    "signing of clara": (10, None, "kept until clara leaves or asks for new keys", None),
    "corridor vault, epoch 1": (10, None, "kept until somebody who can open it leaves or gets new keys", None),
    "desk vault, epoch 1": (10, None, "kept until somebody who can open it leaves or gets new keys", None),
    "0 record keys of the corridor, 0 of them restricted": (None, None, "each goes with its record", None),
    "0 record keys of the desk, 0 of them restricted": (None, None, "each goes with its record", None),
    "desk intake 1": (10, None, KEPT, None),
    "intake 1": (10, 6, "is destroyed when all has come in, on this day at the latest", 96),
    "intake 2": (3, 13, "ends", 13),
    "intake 3": (-4, 20, "comes into use", 14),
    "the next intake keys": (None, 83, "a handler signs in, and the coming weeks' keys are made", 69),
    "PGP intake, primary": (10, None, KEPT, None),
    "PGP intake, subkey 1": (10, 119, "ends", 119),
    "the next PGP subkey": (None, None, "a handler signs in, and it is made and published", 90),
    "pins": (10, 366, "the root's holders sign them", 336),
    "kit": (None, None, "whoever joins the root makes one", None),
    "intake signer": (10, None, KEPT, None),
    "collector": (10, None, KEPT, None),
    "package, age": (10, None, "kept until everybody is lost", None),
    "package, OpenPGP KEY": (10, None, "kept until everybody is lost", None),
    "agency harbour-customs (age)": (10, None, "kept with this id", None),
    "agency river-parks (openpgp)": (10, None, "kept with this id", None),
}


async def test_each_kind_of_key_tells_its_age_its_last_day_and_what_happens_to_it_next(
    founded: Settings, inside_db: Db
) -> None:
    listed = await members.latest(inside_db, members.trust(founded.inside, "tests"))
    first = date.fromisoformat(listed.body()["valid_from"])
    moved = (datetime.combine(first, clock_time(12), UTC) + timedelta(days=5)).timestamp()
    for file in founded.inside.rglob("keyring/*/*.age"):
        os.utime(file, (moved, moved))  # moving a key to a new vault writes its file afresh, and makes it no younger
    tenth, openpgp = first + timedelta(days=10), listed.body()["package_pgp"][-16:]

    lines = {line.key.replace(openpgp, "KEY"): line for line in await inventory(inside_db, founded, tenth)}

    for key, (age, last, act, on) in LINES.items():
        told = lines[key].body(tenth)
        until, act_on = (None if days is None else (first + timedelta(days=days)).isoformat() for days in (last, on))
        assert (told["age_days"], told["valid_until"], told["act_on"]) == (age, until, act_on), key
        assert told["act"].startswith(act), key
    assert all(line.job and line.where and line.act for line in lines.values())
    assert {_kind(key) for key in lines} == {_kind(key) for key in LINES}


def _kind(key: str) -> str:
    """What a line is about, without whose it is and its number."""
    return re.sub(r"amina|ben|clara|\d+", "…", key)


def test_the_keys_of_forms_are_listed_until_they_are_destroyed_and_overdue_when_they_should_have_been(
    shell: Callable[..., tuple[int, str]], founded: Settings
) -> None:
    before, old, killed, today = (f"form key of {TODAY - timedelta(days=ago)}" for ago in (1, 3, 4, 0))
    for ago in (0, 1, 3):
        ticket.shared_key(founded.public, TODAY - timedelta(days=ago))
    (founded.public / f".form-{TODAY - timedelta(days=4)}.key.0123456789abcdef").write_bytes(bytes(32))

    code, shown = shell("--json")
    ticket.turn_keys(founded.public, TODAY)
    code_then, shown_then = shell("--json")

    lines = {line["key"]: line for line in json.loads(shown)["keys"]}
    assert (code, [key for key, line in lines.items() if line["overdue"]]) == (1, [killed, old])
    told = lines[today]
    assert (told["since"], told["valid_until"]) == (str(TODAY), str(TODAY + timedelta(days=1)))
    assert (told["act"], told["act_on"]) == ("is destroyed at 00:05 UTC", str(TODAY + timedelta(days=2)))
    assert (founded.data / told["where"]).is_file()
    listed_then = [line["key"] for line in json.loads(shown_then)["keys"] if line["key"].startswith("form key")]
    assert (code_then, listed_then) == (0, [before, today, f"form key of {TODAY + timedelta(days=1)}"])


def test_on_a_machine_without_the_public_zone_it_says_that_form_keys_are_not_seen(
    shell: Callable[..., tuple[int, str]], founded: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket.shared_key(founded.public, TODAY)
    monkeypatch.setenv("TIPLINE_ZONES", "inside")

    shown = shell()[1]

    assert "form keys: opens the time at which a report form was fetched" in shown
    assert "that folder is not seen from here" in shown
    assert "form key of" not in shown


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


def _ben_left(body: dict[str, Any]) -> None:
    without("ben")(body)
    body["departed"]["corridor"] = body["version"]


def test_it_opens_nothing(shell: Callable[..., tuple[int, str]], founded: Settings) -> None:
    before = _times(founded.inside)

    shell()

    assert _times(founded.inside) == before


def _times(inside: Path) -> dict[Path, int]:
    return {file: file.stat().st_mtime_ns for file in inside.rglob("*.age")}
