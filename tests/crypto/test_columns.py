import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import columns
from crypto.errors import OpenError
from crypto.secret import Secret
from tests.crypto.support import QUICK

KEY = Secret(b"k" * 32)
NAME = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SEALED = columns.seal(KEY, b"a value", table="corridor.tip", column="sealed", row="1")


@QUICK
@given(st.binary(max_size=500), NAME, NAME, NAME)
def test_a_value_opens_in_its_place(plain: bytes, table: str, column: str, row: str) -> None:
    sealed = columns.seal(KEY, plain, table=table, column=column, row=row)

    assert len(sealed) == len(plain) + columns.OVERHEAD
    assert columns.open_(KEY, sealed, table=table, column=column, row=row) == plain


@QUICK
@given(st.tuples(NAME, NAME, NAME), st.tuples(NAME, NAME, NAME))
def test_a_value_opens_in_no_other_place(one: tuple[str, str, str], other: tuple[str, str, str]) -> None:
    sealed = columns.seal(KEY, b"a value", table=one[0], column=one[1], row=one[2])

    if one != other:
        with pytest.raises(OpenError):
            columns.open_(KEY, sealed, table=other[0], column=other[1], row=other[2])


@pytest.mark.parametrize(
    ("table", "column", "row"),
    [
        ("corridor.item", "sealed", "1"),
        ("corridor.tip", "text", "1"),
        ("corridor.tip", "sealed", "2"),
        ("corridor.tip", "sealed1", ""),
        ("", "corridor.tipsealed", "1"),
    ],
)
def test_a_value_moved_elsewhere_does_not_open(table: str, column: str, row: str) -> None:
    with pytest.raises(OpenError):
        columns.open_(KEY, SEALED, table=table, column=column, row=row)


def test_a_value_cut_or_changed_at_any_byte_or_under_another_key_does_not_open() -> None:
    for at in range(len(SEALED)):
        changed = bytearray(SEALED)
        changed[at] ^= 1 << at % 8
        for wrong in (SEALED[:at], bytes(changed)):
            with pytest.raises(OpenError):
                columns.open_(KEY, wrong, table="corridor.tip", column="sealed", row="1")
    with pytest.raises(OpenError):
        columns.open_(Secret(b"l" * 32), SEALED, table="corridor.tip", column="sealed", row="1")


def test_one_value_sealed_twice_is_two_ciphertexts() -> None:
    assert columns.seal(KEY, b"a value", table="corridor.tip", column="sealed", row="1") != SEALED


def test_a_record_key_is_thirty_two_bytes() -> None:
    with pytest.raises(ValueError):
        columns.seal(Secret(b"short"), b"", table="t", column="c", row="r")
