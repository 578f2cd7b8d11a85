import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.canonical import canonical, parse
from crypto.errors import CanonicalError
from tests.crypto.support import QUICK

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(-(2.0**53) + 1, 2.0**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


@QUICK
@given(VALUES)
def test_a_value_has_one_form_that_parses_back_to_itself(value: object) -> None:
    data = canonical(value)

    assert canonical(parse(data)) == data
    assert parse(data) == value


def test_the_form_is_that_of_rfc_8785() -> None:
    value = {"numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 1e-27], "literals": [None, True, False], "€": "\x0f\n"}

    expected = '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"€":"\\u000f\\n"}'

    assert canonical(value) == expected.encode()


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":1}',
        b'{"b":1,"a":1}',
        b'{"a": 1}',
        b'{"a":1}\n',
        b'{"a":1.0}',
        b'{"a":1e400}',
        b'{"a":NaN}',
        b'{"a":"\\u0041"}',
        b'\xef\xbb\xbf{"a":1}',
        b'{"a":"\xff"}',
        b'{"a":"\\ud800"}',
        b"[" * 100_000,
        b'{"a":9007199254740993}',
        b"",
    ],
)
def test_any_other_spelling_is_refused(data: bytes) -> None:
    with pytest.raises(CanonicalError):
        parse(data)


@pytest.mark.parametrize("value", [float("nan"), 2**53, {1: 2}, b"bytes", "\ud800", object()])
def test_what_is_not_json_is_refused_without_being_quoted(value: object) -> None:
    with pytest.raises(CanonicalError) as caught:
        canonical({"value": value})

    assert str(caught.value) == "value is not canonical JSON"
    assert caught.value.__cause__ is None
