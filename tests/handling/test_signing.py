"""Files by which somebody signs away from the guard: what is written reads back equal, and nothing else is read."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handling.rules.release import Kind
from handling.signing import TYPES, Handed, OutsideCard, SigningFileError

HANDED = st.builds(
    Handed,
    kind=st.sampled_from(sorted(TYPES, key=lambda kind: kind.value)),
    subject=st.uuids(),
    signer=st.from_regex(r"[a-z]{1,20}", fullmatch=True),
    signature=st.binary(min_size=64, max_size=64),
    day=st.none() | st.dates(),
)
ONE = Handed(Kind.REVIEW, UUID(int=7), "noor", bytes(64), date(2026, 11, 26))


@given(HANDED, st.integers(1, 80))
def test_a_signature_reads_back_equal_however_its_line_is_broken(handed: Handed, width: int) -> None:
    line = handed.encode().decode()

    assert Handed.read(line) == handed
    assert Handed.read("\n".join(line[at : at + width] for at in range(0, len(line), width))) == handed


@given(st.binary(max_size=300))
def test_any_bytes_are_a_card_and_a_signature_or_refused(data: bytes) -> None:
    with pytest.raises(SigningFileError):
        OutsideCard.read(data)
    with pytest.raises(SigningFileError):
        Handed.read(data.decode("latin-1"))


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ("tipline/signature/v1", "tipline/signature/v2"),
        ('"review"', '"member-list"'),
        ('"noor"', '""'),
        ('"2026-11-26"', '"26 November"'),
        ('"day"', '"Day"'),
        ('"signature":"00', '"signature":"0x'),
        (str(UUID(int=7)), str(UUID(int=7)).upper().replace("-", "")),
    ],
)
def test_a_signature_with_one_thing_changed_is_refused(written: str, instead: str) -> None:
    line = ONE.encode().decode()
    assert written in line

    with pytest.raises(SigningFileError):
        Handed.read(line.replace(written, instead))
