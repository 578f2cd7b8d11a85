"""A lost second factor, replaced by the person at the unit's own machine."""

import asyncio
import base64
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crypto import totp
from crypto.secret import Secret
from tests.practice import Practice
from tipline.base import settings as settings_
from tipline.base.accounts import SignInError, sign_in
from tipline.base.database import Db
from tipline.base.settings import Settings


@pytest.fixture
async def unit(practice_unit: Practice, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Practice:
    assert settings.public_dsn
    assert settings.inside_dsn
    monkeypatch.setenv("TIPLINE_PUBLIC_DSN", settings.public_dsn)
    monkeypatch.setenv("TIPLINE_INSIDE_DSN", settings.inside_dsn)
    (settings.data / settings_.FILE).write_text('practice = true\nunit = "unit"\nname = "Practice Unit"\n')
    return practice_unit


def begun(data: Path, name: str = "ben") -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tipline.cli.main", "--data", str(data), "account", "second-factor", name]
    return subprocess.Popen(
        [*command, "--process", "corridor"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def replaced(data: Path, passphrase: str, *, right: bool) -> tuple[int, str, Secret]:
    """Type the passphrase, read the new key, and give its code (or wrong ones)."""
    process = begun(data)
    assert process.stdin
    assert process.stdout
    process.stdin.write(passphrase + "\n")
    process.stdin.flush()
    key = re.search(r"([A-Z2-7]{32})", process.stdout.readline())
    assert key
    secret = Secret(base64.b32decode(key[1]))
    codes = ["000000", totp.code(secret, int(time.time()))] if right else ["000000"] * 5
    said, _ = process.communicate("\n".join(codes) + "\n")
    return process.returncode, said, secret


async def test_a_new_device_takes_the_place_of_a_lost_one(unit: Practice, settings: Settings, inside_db: Db) -> None:
    words = unit.passphrase("corridor", "ben")

    status, said, secret = await asyncio.to_thread(replaced, settings.data, words, right=True)

    assert (status, "in force" in said) == (0, True)
    await inside_db.execute("UPDATE corridor.account SET last_step = 0")
    now = datetime.now(UTC)
    assert await sign_in(inside_db, "corridor", "ben", words, totp.code(secret, int(now.timestamp())), now=now)
    with pytest.raises(SignInError):
        await sign_in(inside_db, "corridor", "ben", words, unit.code("corridor", "ben", int(now.timestamp())), now=now)


async def test_without_a_code_from_the_new_device_nothing_changes(
    unit: Practice, settings: Settings, inside_db: Db
) -> None:
    words = unit.passphrase("corridor", "ben")

    status, _, _ = await asyncio.to_thread(replaced, settings.data, words, right=False)

    now = datetime.now(UTC)
    assert status == 1
    assert await sign_in(
        inside_db, "corridor", "ben", words, unit.code("corridor", "ben", int(now.timestamp())), now=now
    )


@pytest.mark.usefixtures("unit")
@pytest.mark.parametrize("name", ["ben", "nobody"])
async def test_without_the_passphrase_no_key_is_made_and_the_try_counts(
    name: str, settings: Settings, inside_db: Db
) -> None:
    process = begun(settings.data, name)
    said, error = await asyncio.to_thread(process.communicate, "wrong words\n")

    assert process.returncode == 1
    assert said == ""
    assert "did not open" in error
    failures = await inside_db.fetchval("SELECT failures FROM corridor.account WHERE name = 'ben'")
    assert failures == (1 if name == "ben" else 0)
