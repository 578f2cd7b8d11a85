"""Intake keys: the line never closes while somebody is at work, and no key is offered that cannot be opened."""

from datetime import UTC, datetime, timedelta

import pytest

from crypto.signing import SigningKey
from handling.corridor.intake import AHEAD, NoSignerError, extend
from handling.corridor.main import open_keyring
from handling.corridor.session import Handler
from tests.handling.corridor.conftest import World
from tipline.envelope import IntakeKey


def _today() -> datetime:
    return datetime.now(UTC)


async def test_a_unit_that_was_just_founded_needs_no_more_keys(world: World, amina: Handler) -> None:
    assert extend(open_keyring(world.settings), amina, _today().date()) == ()


@pytest.mark.parametrize(("weeks", "made"), [(1, 1), (5, 5), (30, AHEAD)])
async def test_weeks_that_passed_are_added_ahead_without_a_day_between(
    world: World, amina: Handler, weeks: int, made: int
) -> None:
    keyring, later = open_keyring(world.settings), _today().date() + timedelta(weeks=weeks)

    count = len(extend(keyring, amina, later))

    names = sorted(keyring.names("intake-statement"), key=int)
    keys = [IntakeKey.read(keyring.get("intake-statement", name), amina.members.intake_signer) for name in names]
    ahead = [key for key in keys if key.not_after >= later]
    days = {key.not_before + timedelta(days=n) for key in ahead for n in range(7)}
    assert count == made
    assert len(ahead) == AHEAD
    assert {later + timedelta(days=n) for n in range(7 * (AHEAD - 1))} <= days
    for key in ahead:
        assert str(amina.vault.intake(key.serial).recipient) == str(key.recipient)


async def test_without_its_signer_no_key_is_made(world: World, amina: Handler) -> None:
    keyring, later = open_keyring(world.settings), _today().date() + timedelta(weeks=2)
    keyring.put("signer", "intake", b"not sealed to the vault")

    with pytest.raises(NoSignerError):
        extend(keyring, amina, later)

    assert len(keyring.names("intake")) == AHEAD


async def test_a_statement_that_another_key_signed_counts_for_nothing(world: World, amina: Handler) -> None:
    keyring = open_keyring(world.settings)
    key = IntakeKey.read(keyring.get("intake-statement", "3"), amina.members.intake_signer)
    keyring.put("intake-statement", "3", key.sign(SigningKey.generate()))

    assert len(extend(keyring, amina, _today().date())) == 1
    assert "13" in keyring.names("intake")
