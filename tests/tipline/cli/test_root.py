"""The root key joined from its shares: at a terminal one by one, or from files; what it signs is shown in words first."""

import asyncio
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crypto import shares
from crypto.errors import ShareError, ShareFault
from crypto.secret import Secret
from crypto.signing import SigningKey
from handling.rules.membership import FirstReaders, Remove
from handling.store import members, proposals
from handling.store.members import MemberList
from tests.tipline.cli.test_seal import on_terminal
from tipline.base import settings as settings_
from tipline.base.database import Db
from tipline.base.settings import Settings
from tipline.cli import joining
from tipline.cli.main import main
from tipline.pins import Pins
from tipline.units import Unit, Units

TODAY = datetime.now(UTC).date()
SEED = Secret(bytes(range(32)))
SHARES = shares.split(SEED, 2, 3)
OTHER = shares.split(Secret(bytes(32)), 2, 3)

pytestmark = pytest.mark.filterwarnings("ignore:.*use of forkpty.*:DeprecationWarning")


@pytest.fixture
async def data(practice_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The practice unit, its databases given to the command; two of three root shares as files."""
    assert practice_settings.public_dsn
    assert practice_settings.inside_dsn
    monkeypatch.setenv("TIPLINE_PUBLIC_DSN", practice_settings.public_dsn)
    monkeypatch.setenv("TIPLINE_INSIDE_DSN", practice_settings.inside_dsn)
    (practice_settings.data / settings_.FILE).write_text('practice = true\nunit = "unit"\nname = "Practice Unit"\n')
    seed = Secret(bytes.fromhex((practice_settings.data / "practice" / "root.key").read_text()))
    for number, words in enumerate(shares.split(seed, 2, 3), 1):
        (practice_settings.data / f"share{number}").write_text(words)
    return practice_settings.data


async def root(data: Path, *args: str) -> int:
    return await asyncio.to_thread(main, ["--data", str(data), "root", *args])


def given(data: Path, *numbers: int) -> list[str]:
    return [word for number in numbers for word in ("--share", str(data / f"share{number}"))]


async def listed(db: Db, data: Path) -> MemberList:
    return await members.latest(db, members.trust(data / "inside", "tests"))


async def test_the_root_signs_what_was_proposed_and_says_first_what_that_is(
    data: Path, inside_db: Db, capsys: pytest.CaptureFixture[str]
) -> None:
    await proposals.propose(inside_db, FirstReaders(("ben",)), "administrator")

    assert await root(data, "sign", "--yes", *given(data, 3, 1)) == 0

    said = capsys.readouterr().out
    assert "First readers from now on: Ben" in said
    assert "First readers: amina, ben → ben" in said
    found = await listed(inside_db, data)
    assert (found.version, found.first_readers) == (2, ("ben",))
    assert await inside_db.fetchval("SELECT state FROM unit.proposal") == "accepted"


async def test_of_several_proposals_one_is_named(data: Path, inside_db: Db, capsys: pytest.CaptureFixture[str]) -> None:
    await proposals.propose(inside_db, FirstReaders(("amina",)), "administrator")
    ben = await proposals.propose(inside_db, FirstReaders(("ben",)), "administrator")

    assert await root(data, "sign", "--yes", *given(data, 1, 2)) == 2
    assert str(ben)[:8] in capsys.readouterr().err
    assert await root(data, "sign", str(ben)[:8], "--yes", *given(data, 1, 2)) == 0

    assert (await listed(inside_db, data)).first_readers == ("ben",)


async def test_nothing_is_signed_when_nothing_waits(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert await root(data, "sign", "--yes", *given(data, 1, 2)) == 2
    assert "no proposed change" in capsys.readouterr().err


async def test_a_change_that_is_not_possible_is_refused_before_the_key_is_asked_for(
    data: Path, inside_db: Db, capsys: pytest.CaptureFixture[str]
) -> None:
    await proposals.propose(inside_db, Remove("ben"), "administrator")

    assert await root(data, "sign", "--yes", *given(data, 1)) == 2
    assert "With one handler nobody could review" in capsys.readouterr().err


async def test_the_list_is_renewed_also_after_it_has_ended(data: Path, inside_db: Db) -> None:
    until = TODAY + timedelta(days=400)

    assert (
        await root(data, "renew", "--until", until.isoformat(), "--yes", "--key", str(data / "practice/root.key")) == 0
    )

    found = await listed(inside_db, data)
    assert (found.version, found.valid_until) == (2, until)


@pytest.mark.parametrize(
    ("numbers", "words"), [((1,), "2 shares are needed"), ((2, 2), "given twice: share 2"), ((), "terminal")]
)
async def test_shares_that_do_not_join_are_named_and_nothing_is_signed(
    numbers: tuple[int, ...], words: str, data: Path, inside_db: Db, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await root(data, "renew", "--until", "2099-01-01", "--yes", *given(data, *numbers)) == 2
    assert words in capsys.readouterr().err
    assert (await listed(inside_db, data)).version == 1


async def test_another_units_root_signs_nothing(data: Path, inside_db: Db, capsys: pytest.CaptureFixture[str]) -> None:
    (data / "other").write_text(SigningKey.generate().seed.expose().hex())

    assert await root(data, "renew", "--until", "2099-01-01", "--yes", "--key", str(data / "other")) == 2
    assert "another root key" in capsys.readouterr().err
    assert (await listed(inside_db, data)).version == 1


def pinned(data: Path, key: SigningKey) -> Units:
    """Pin *key* as another oversight body's intake signer, as `tipline unit pin` does; the root has not signed it."""
    units = Units.load(data / "public").with_oversight(Unit("board", "oversight", "The Board", bytes(32), key.public))
    (data / "public" / "units.json").write_bytes(units.encode())
    return units


def signed(data: Path) -> Pins:
    folder = data / "public"
    return Pins.read((folder / "pins.json").read_bytes(), bytes.fromhex((folder / "root.pub").read_text()))


async def test_the_root_signs_a_new_oversight_bodys_pin_and_shows_first_what_is_compared_by_voice(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    board = SigningKey.generate()
    units = pinned(data, board)
    assert [unit.unit for unit in signed(data).units] == ["unit", "oversight"]

    assert await root(data, "pins", "--yes", *given(data, 1, 3)) == 0

    said = capsys.readouterr().out
    assert units.oversight is not None
    assert f"sign only if it reads you the same:\n  {units.oversight.fingerprint()}" in said
    found = signed(data).get("oversight")
    assert found is not None
    assert (found.unit, found.intake_signer) == ("board", board.public)
    assert signed(data).valid_until == TODAY + timedelta(days=366)


async def test_the_root_signs_no_pins_of_which_the_member_list_says_otherwise(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever holds the public zone could otherwise have the root sign their own key."""
    before = (data / "public" / "pins.json").read_bytes()
    units = Units.load(data / "public")
    thief = replace(units.unit, intake_signer=SigningKey.generate().public)
    (data / "public" / "units.json").write_bytes(Units((thief,)).encode())

    assert await root(data, "pins", "--yes", *given(data, 1, 3)) == 2

    assert "another unit or intake signer" in capsys.readouterr().err
    assert (data / "public" / "pins.json").read_bytes() == before


@pytest.mark.parametrize(
    ("args", "words"),
    [(["--yes", "--until", "2020-01-01"], "past"), (["--yes"], "terminal"), (["--until", "2099-01-01"], "--yes")],
)
async def test_pins_are_signed_by_nobody_who_did_not_say_so_with_the_root_key_and_a_day_to_come(
    args: list[str], words: str, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (data / "public" / "pins.json").read_bytes()

    assert await root(data, "pins", *args) == 2

    assert words in capsys.readouterr().err
    assert (data / "public" / "pins.json").read_bytes() == before


# Typed at a terminal ------------------------------------------------------------------------------------------------

_JOIN = (
    "import argparse\n"
    "from tipline.base.settings import SettingsError\n"
    "from tipline.cli import joining\n"
    "parser = argparse.ArgumentParser()\n"
    "joining.add_arguments(parser, 'root')\n"
    "try:\n"
    "    print('public', joining.root_key(parser.parse_args([]), bytes.fromhex('{public}')).public.hex())\n"
    "except SettingsError as error:\n"
    "    print('refused', error)\n"
)
_PROMPT = "all 33 words: "


def typed(*lines: str) -> str:
    code = _JOIN.format(public=SigningKey.from_seed(SEED).public.hex())
    status, shown = on_terminal((sys.executable, "-c", code), [(_PROMPT, line) for line in lines])
    assert status == 0
    return shown


def test_shares_are_typed_one_by_one_and_never_shown() -> None:
    shown = typed(SHARES[2], SHARES[0].upper())

    assert f"public {SigningKey.from_seed(SEED).public.hex()}" in shown
    assert "share 3 reads well; 1 more" in shown
    assert SHARES[2].split()[8] not in shown.split()


def test_each_share_is_checked_at_once_and_asked_for_again() -> None:
    words = SHARES[0].split()
    wrong = " ".join([*words[:4], "zebra", *words[5:]])

    shown = typed(SHARES[1], wrong, " ".join(words[:-1]), SHARES[1], OTHER[2], SHARES[0])

    assert "word 5 is not one of the list; once more" in shown
    assert "it has 32 words" in shown
    assert "share 2 was given already" in shown
    assert "share 3 is of another set than share 2, typed first" in shown
    assert "public " in shown


def test_a_share_of_another_key_is_not_called_given_already() -> None:
    shown = typed(SHARES[0], OTHER[0], SHARES[1])

    assert "share 1 is of another set than share 1, typed first" in shown
    assert "given already" not in shown
    assert "public " in shown


def test_a_wrong_first_sheet_is_dropped_with_an_empty_line() -> None:
    shown = typed(OTHER[0], SHARES[0], "", SHARES[0], SHARES[1])

    assert "an empty line drops what was typed so far" in shown
    assert "from the first share again" in shown
    assert f"public {SigningKey.from_seed(SEED).public.hex()}" in shown


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ShareError(ShareFault.UNREADABLE, places=(2,), count=33), "share 2 cannot be read: its checksum does not fit"),
        (ShareError(ShareFault.MIXED, places=(1, 2), shares=(1, 3)), "at fault: share 1 and 3"),
        (ShareError(ShareFault.FORGED, needed=2), "at fault: share unknown"),
    ],
)
def test_what_is_wrong_with_shares_is_said_in_words(error: ShareError, words: str) -> None:
    assert words in joining.explain(error)
