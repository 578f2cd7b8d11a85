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


def pin(folder: Path, **changed: object) -> Path:
    file = folder / "pin.json"
    entry = {key: value for key, value in OVERSIGHT.items() if key != "role"} | {"unit": "watch"} | changed
    file.write_text(json.dumps(entry))
    return file


def test_another_unit_takes_the_place_of_the_oversight_before_it(tmp_path: Path) -> None:
    units = load(tmp_path, [OVERSIGHT, UNIT])

    after = units.with_oversight(Unit.read(pin(tmp_path), "oversight"))

    (tmp_path / "units.json").write_bytes(after.encode())
    assert Units.load(tmp_path) == after
    assert [unit.id for unit in after.pinned] == ["unit", "watch"]


def test_a_unit_is_not_its_own_oversight(tmp_path: Path) -> None:
    with pytest.raises(UnitsError, match="its own oversight"):
        load(tmp_path, [UNIT]).with_oversight(Unit.read(pin(tmp_path, unit="unit"), "oversight"))


@pytest.mark.parametrize("changed", [{"role": "oversight"}, {"unit": "A unit"}, {"collector": "ab"}, {"more": ""}])
def test_a_file_that_is_no_pin_is_refused(tmp_path: Path, changed: dict[str, object]) -> None:
    with pytest.raises(UnitsError):
        Unit.read(pin(tmp_path, **changed), "oversight")


def test_a_pins_fingerprint_changes_with_each_key_and_id_and_not_with_its_name(tmp_path: Path) -> None:
    def fingerprint(**changed: object) -> str:
        return Unit.read(pin(tmp_path, **changed), "oversight").fingerprint()

    other = "cd" * 32
    prints = {fingerprint(**changed) for changed in ({}, {"unit": "w"}, {"collector": other}, {"intake_signer": other})}

    assert len(prints) == 4
    assert fingerprint(name="Another name") == fingerprint()
