"""What a process has seen of an agreement only moves forward, whatever its database says later."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handling.rules.agreements import Agreement
from handling.store import pins
from handling.store.pins import RollbackError
from tests.handling.rules.samples import AGENCY, AGREEMENT

DAY = date(2026, 12, 1)


def of(version: int, begins: date = DAY) -> Agreement:
    return replace(AGREEMENT, version=version, valid_from=begins, sha256=f"{version:064x}")


def hold(pin: Path, *signed: Agreement, deciding: Agreement, today: date = DAY, agency: str = AGENCY) -> None:
    pins.hold_agreement(pin, agency, signed, deciding, today)


@pytest.fixture
def pin(tmp_path: Path) -> Path:
    return tmp_path / "guard" / "agreements.pin"


def test_the_first_look_notes_whatever_both_have_signed(pin: Path) -> None:
    hold(pin, of(7), deciding=of(7))

    assert pin.stat().st_mode & 0o777 == 0o600
    with pytest.raises(RollbackError):
        hold(pin, of(6), deciding=of(6))
    hold(pin, of(1), deciding=of(1), agency="another")


def test_what_has_not_begun_waits_for_its_day_and_then_holds_also_when_it_is_gone(pin: Path) -> None:
    later = of(3, DAY + timedelta(days=5))
    hold(pin, later, of(2), deciding=of(2))

    hold(pin, of(2), deciding=of(2), today=DAY + timedelta(days=4))
    with pytest.raises(RollbackError):
        hold(pin, of(2), deciding=of(2), today=DAY + timedelta(days=5))
    with pytest.raises(RollbackError):
        hold(pin, of(1), deciding=of(1))


def test_what_nobody_signed_is_never_noted(pin: Path) -> None:
    hold(pin, of(1), deciding=of(9))

    hold(pin, of(1), deciding=of(1))


def test_other_bytes_or_another_agreement_never_take_the_place_of_what_was_seen(pin: Path) -> None:
    hold(pin, of(2), deciding=of(2))

    for other in (replace(of(2), sha256="f" * 64), replace(of(3), id="another")):
        with pytest.raises(RollbackError):
            hold(pin, other, deciding=other)
        with pytest.raises(RollbackError):
            hold(pin, deciding=other)


@pytest.mark.parametrize(
    "damage", [b"", b"[]", b'{"a":1}', b'{"a":{"agreement":"x","versions":[[1,"00","2026-12-01"]]}}']
)
def test_a_damaged_pin_refuses(pin: Path, damage: bytes) -> None:
    hold(pin, of(2), deciding=of(2))
    pin.write_bytes(damage)

    with pytest.raises(RollbackError):
        hold(pin, of(2), deciding=of(2))


@given(seen=st.lists(st.integers(1, 9), min_size=1), tried=st.integers(1, 9))
def test_nothing_decides_that_is_older_than_the_newest_ever_seen(
    tmp_path_factory: pytest.TempPathFactory, seen: list[int], tried: int
) -> None:
    pin = tmp_path_factory.mktemp("pins") / "agreements.pin"
    newest = 0
    for version in [*seen, tried]:
        if version < newest:
            with pytest.raises(RollbackError):
                hold(pin, of(version), deciding=of(version))
        else:
            hold(pin, of(version), deciding=of(version))
        newest = max(newest, version)
