"""An intake key: good on its days, under its signer's hand, in its one form."""

from dataclasses import replace
from datetime import date

import pytest

from crypto.signing import SigningKey
from tests.tipline.envelope.samples import DAY, UNIT
from tipline.envelope import IntakeKey, IntakeKeyError

SIGNER = SigningKey.generate()
INTAKE = IntakeKey("unit", 3, UNIT.recipient, not_before=date(2026, 11, 20), not_after=date(2026, 11, 26))


@pytest.mark.parametrize("today", [date(2026, 11, 20), DAY, date(2026, 11, 26)])
def test_an_intake_key_is_good_on_its_days(today: date) -> None:
    key = IntakeKey.read(INTAKE.sign(SIGNER), SIGNER.public)

    assert key.good_on(today)
    assert (key.unit, key.serial, str(key.recipient)) == ("unit", 3, str(UNIT.recipient))


@pytest.mark.parametrize("today", [date(2026, 11, 19), date(2026, 11, 27)])
def test_an_intake_key_is_refused_before_and_after_its_days(today: date) -> None:
    assert not INTAKE.good_on(today)


@pytest.mark.parametrize(
    "statement",
    [
        INTAKE.sign(SigningKey.generate()),
        INTAKE.sign(SIGNER).replace(b'"serial":3', b'"serial":4'),
        replace(INTAKE, unit="Unit").sign(SIGNER),
        replace(INTAKE, serial=0).sign(SIGNER),
        b"",
    ],
)
def test_an_intake_key_not_signed_by_its_signer_or_of_no_form_is_refused(statement: bytes) -> None:
    with pytest.raises(IntakeKeyError):
        IntakeKey.read(statement, SIGNER.public)
