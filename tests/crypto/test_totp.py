from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import totp
from crypto.secret import Secret
from tests.crypto.support import QUICK

RFC = Secret(b"12345678901234567890")
NOW = 1_800_000_000
STEP = NOW // 30


@pytest.mark.parametrize(
    ("at", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (2000000000, "279037"), (20000000000, "353130")],
)
def test_the_codes_are_those_of_rfc_6238(at: int, code: str) -> None:
    assert totp.code(RFC, at) == code
    assert totp.accept(RFC, code, at, 0) == at // 30


@pytest.mark.parametrize(("shift", "step"), [(-60, None), (-30, STEP - 1), (0, STEP), (30, STEP + 1), (60, None)])
def test_one_step_either_way_is_accepted(shift: int, step: int | None) -> None:
    assert totp.accept(RFC, totp.code(RFC, NOW + shift), NOW, 0) == step


def test_a_code_opens_once_and_none_before_it_opens_after() -> None:
    code = totp.code(RFC, NOW)
    step = totp.accept(RFC, code, NOW, 0)
    assert step == STEP

    assert totp.accept(RFC, code, NOW, step) is None
    assert totp.accept(RFC, totp.code(RFC, NOW - 30), NOW, step) is None
    assert totp.accept(RFC, totp.code(RFC, NOW + 30), NOW, step) == STEP + 1


@pytest.mark.parametrize("typed", ["", "28708", "2870822", "٢٨٧٠٨٢", "abcdef", "\ud800", "-87082"])
def test_what_is_no_code_is_refused(typed: str) -> None:
    assert totp.accept(RFC, typed, 59, 0) is None


def test_spaces_in_a_code_are_skipped() -> None:
    assert totp.accept(RFC, " 287 082 ", 59, 0) == 1


@QUICK
@given(st.binary(min_size=20, max_size=20).map(Secret), st.integers(60, 2**40))
def test_every_code_is_six_digits_and_accepted_in_its_step(secret: Secret, at: int) -> None:
    code = totp.code(secret, at)

    assert len(code) == 6
    assert code.isdecimal()
    assert totp.accept(secret, code, at, -1) is not None


def test_the_address_carries_what_an_app_needs() -> None:
    secret = totp.new_secret()

    address = urlsplit(totp.uri(secret, "ann", "Tipline desk"))

    assert (address.scheme, address.netloc, address.path) == ("otpauth", "totp", "/Tipline%20desk:ann")
    assert parse_qs(address.query) == {
        "secret": [totp.base32(secret)],
        "issuer": ["Tipline desk"],
        "algorithm": ["SHA1"],
        "digits": ["6"],
        "period": ["30"],
    }
    assert len(secret) == 20
