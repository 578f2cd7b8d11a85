"""`tipline doctor`: what today's members can do and what not, in words and for a program."""

import asyncio
import json
from collections.abc import Callable

import pytest

from tests.authenticator import SoftAuthenticator
from tests.lists import root_signs, with_authenticators, without
from tipline.base.database import Db
from tipline.base.settings import Settings
from tipline.cli.main import main

Doctor = Callable[..., tuple[int, str, str]]


@pytest.fixture
async def doctor(
    practice_settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Doctor:
    """The command in the practice unit."""
    assert practice_settings.inside_dsn
    (practice_settings.data / "tipline.toml").write_text('practice = true\nunit = "unit"\nname = "Practice Unit"\n')
    assert practice_settings.public_dsn
    monkeypatch.setenv("TIPLINE_INSIDE_DSN", practice_settings.inside_dsn)
    monkeypatch.setenv("TIPLINE_PUBLIC_DSN", practice_settings.public_dsn)

    def run(*args: str) -> tuple[int, str, str]:
        code = main(["--data", str(practice_settings.data), "doctor", *args])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


async def test_three_people_can_do_everything_and_who_holds_two_keys_is_named(doctor: Doctor) -> None:
    code, said, _ = await asyncio.to_thread(doctor)

    assert code == 0
    assert "CANNOT" not in said
    assert "can     give the second signature on a release: Clara" in said
    assert "note    Amina (handler 1, also analyst) holds keys for corridor and desk" in said
    assert "note    Clara (releasing officer) has no authenticator: whoever has the passphrase signs" in said


async def test_what_cannot_be_done_is_said_with_its_reason_and_by_the_exit_code(
    doctor: Doctor, settings: Settings, inside_db: Db
) -> None:
    await root_signs(settings, inside_db, without("clara"))

    code, said, _ = await asyncio.to_thread(doctor)

    assert code == 1
    assert "CANNOT  give the second signature on a release: A releasing officer is needed" in said
    assert "can     review a report: Amina" in said


async def test_for_a_program_every_act_stands_with_who_can_and_who_is_away(doctor: Doctor) -> None:
    code, said, _ = await asyncio.to_thread(doctor, "--away", "ben", "--json")

    found = json.loads(said)
    acts = {one["act"]: one for one in found["acts"]}
    assert code == 1
    assert found["away"] == ["ben"]
    assert found["keys_for_corridor_and_desk"] == ["amina"]
    assert acts["request"] == {
        "act": "request",
        "words": "match a report and ask for its release",
        "possible": True,
        "by": ["amina"],
        "outside": [],
        "why_not": "",
    }
    assert not acts["first"]["possible"]
    assert "no outside second" in acts["first"]["why_not"]


async def test_somebody_who_is_no_member_cannot_be_away(doctor: Doctor) -> None:
    code, _, said = await asyncio.to_thread(doctor, "--away", "zoe")

    assert code == 2
    assert "not on the member list: zoe" in said


async def test_who_has_an_authenticator_is_in_no_hint(doctor: Doctor, settings: Settings, inside_db: Db) -> None:
    await root_signs(settings, inside_db, with_authenticators(clara=SoftAuthenticator()))

    code, said, _ = await asyncio.to_thread(doctor)

    assert code == 0
    assert "Ben (handler 2) has no authenticator" in said
    assert "Clara (releasing officer) has no authenticator" not in said
