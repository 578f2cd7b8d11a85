"""Pins are read strictly, and of several intake keys the newest valid one is chosen."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from crypto import age
from crypto.signing import SigningKey
from tipline.envelope import IntakeKey, IntakeKeyError
from tipline.units import Unit, Units, UnitsError

DAY = date(2026, 11, 23)
KEY = "ab" * 32
UNIT = {"unit": "unit", "role": "unit", "name": "A Unit", "collector": KEY, "intake_signer": KEY}
OVERSIGHT = UNIT | {"unit": "oversight", "role": "oversight"}


def load(folder: Path, value: object) -> Units:
    (folder / "units.json").write_text(json.dumps(value))
    return Units.load(folder)


def test_the_unit_and_its_oversight_are_found_by_role_and_id(tmp_path: Path) -> None:
    units = load(tmp_path, [OVERSIGHT, UNIT])

    assert units.unit.id == "unit"
    assert units.oversight == units.get("oversight")
    assert units.get("nobody") is None
    assert load(tmp_path, [UNIT]).oversight is None


@pytest.mark.parametrize(
    "value",
    [
        {},
        [],
        [OVERSIGHT],
        [UNIT, UNIT],
        [UNIT, UNIT | {"unit": "other"}],
        [UNIT | {"unit": "A Unit"}],
        [UNIT | {"role": "friend"}],
        [UNIT | {"collector": "00"}],
        [UNIT | {"more": "x"}],
        [UNIT | {"name": 1}],
        ["unit"],
    ],
)
def test_any_other_form_refuses_to_start(tmp_path: Path, value: object) -> None:
    with pytest.raises(UnitsError):
        load(tmp_path, value)


@pytest.mark.parametrize("content", [None, "{"])
def test_a_missing_or_broken_file_says_what_to_do(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "units.json").write_text(content)

    with pytest.raises(UnitsError, match=r"units\.json"):
        Units.load(tmp_path)


def test_the_valid_intake_key_with_the_highest_serial_is_chosen() -> None:
    signer, recipient = SigningKey.generate(), age.Identity.generate().recipient
    unit = Unit("unit", "unit", "A Unit", collector=signer.public, intake_signer=signer.public)

    def statement(serial: int, start: int, days: int = 7, *, unit_id: str = "unit", by: SigningKey = signer) -> bytes:
        first = DAY + timedelta(days=start)
        return IntakeKey(unit_id, serial, recipient, first, first + timedelta(days=days - 1)).sign(by)

    wrong = [
        statement(9, 1),
        statement(8, -7),
        statement(7, 0, unit_id="oversight"),
        statement(6, 0, by=SigningKey.generate()),
        b"",
    ]

    assert unit.intake_key([statement(1, -3), statement(2, 0), *wrong], DAY).serial == 2
    with pytest.raises(IntakeKeyError):
        unit.intake_key(wrong, DAY)
