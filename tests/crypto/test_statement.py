import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import CanonicalError, SignatureError
from crypto.secret import Secret
from crypto.signing import SigningKey
from crypto.statement import Signed, Statement
from tests.crypto.support import QUICK

ONE, TWO, STRANGER = (SigningKey.from_seed(Secret(bytes([n]) * 32)) for n in range(3))
TYPE = "tipline/review/v1"
BODY = {"report_sha256": "ab" * 32, "agencies": ["wpf"], "day": "2026-11-23"}
SIGNED = Statement.make(TYPE, BODY, ONE)
BOTH = SIGNED.with_signature(TWO)
TRUSTED = {ONE.public, TWO.public}

BODIES = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    st.none()
    | st.booleans()
    | st.integers(-1000, 1000)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    max_size=5,
)


@QUICK
@given(BODIES)
def test_a_statement_reads_back_and_verifies(body: dict[str, Any]) -> None:
    statement = Statement.make(TYPE, body, ONE, TWO)

    assert Statement.parse(statement.encode()) == statement
    assert Statement.from_json(json.loads(statement.encode())) == statement
    assert statement.verify(TYPE, TRUSTED, needed=2) == body


def test_another_type_or_another_key_is_refused() -> None:
    assert SIGNED.verify(TYPE, {ONE.public}) == BODY

    for type_, trusted in (("tipline/manifest/v1", TRUSTED), (TYPE, {TWO.public}), (TYPE, set[bytes]())):
        with pytest.raises(SignatureError):
            SIGNED.verify(type_, trusted)


def test_a_body_or_a_type_put_under_a_signature_is_refused() -> None:
    for forged in (
        replace(SIGNED, body={**BODY, "agencies": ["wpf", "other"]}),
        replace(SIGNED, body={}),
        replace(SIGNED, signatures=(Signed(ONE.public, bytes(64)),)),
        replace(SIGNED, signatures=(Signed(TWO.public, SIGNED.signatures[0].signature),)),
        replace(SIGNED, signatures=()),
    ):
        with pytest.raises(SignatureError):
            forged.verify(TYPE, TRUSTED)
    with pytest.raises(SignatureError):
        replace(SIGNED, type="tipline/manifest/v1").verify("tipline/manifest/v1", TRUSTED)


def test_two_signatures_are_two_keys_that_are_trusted() -> None:
    assert BOTH.verify(TYPE, TRUSTED, needed=2) == BODY

    for statement in (SIGNED, SIGNED.with_signature(STRANGER), replace(SIGNED, signatures=SIGNED.signatures * 2)):
        with pytest.raises(SignatureError):
            statement.verify(TYPE, TRUSTED, needed=2)
    with pytest.raises(ValueError):
        SIGNED.with_signature(ONE)
    with pytest.raises(ValueError):
        SIGNED.verify(TYPE, TRUSTED, needed=0)


def test_a_strangers_signature_counts_for_nothing_and_a_bad_one_of_ours_refuses_all() -> None:
    stranger = SIGNED.with_signed(Signed(STRANGER.public, bytes(64)))
    assert stranger.verify(TYPE, TRUSTED) == BODY

    with pytest.raises(SignatureError):
        SIGNED.with_signed(Signed(TWO.public, bytes(64))).verify(TYPE, TRUSTED)


def test_a_signature_made_elsewhere_can_be_added() -> None:
    unsigned = Statement.make(TYPE, BODY)
    elsewhere = Signed(TWO.public, TWO.sign(TYPE, unsigned.payload()))

    assert unsigned.with_signed(elsewhere).verify(TYPE, {TWO.public}) == BODY


def test_a_statement_keeps_what_was_stated() -> None:
    body: dict[str, Any] = {"agencies": ["wpf"]}
    statement = Statement.make(TYPE, body, ONE)
    body["agencies"].append("other")

    assert statement.verify(TYPE, TRUSTED) == {"agencies": ["wpf"]}


def test_a_statement_cut_or_changed_at_any_byte_is_refused() -> None:
    data = SIGNED.encode()

    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 1 << at % 7
        for wrong in (data[:at], bytes(changed)):
            with pytest.raises(SignatureError):
                Statement.parse(wrong).verify(TYPE, TRUSTED)


def _json(**changes: object) -> Mapping[str, Any]:
    return {**SIGNED.to_json(), **changes}


ENTRY = SIGNED.to_json()["signatures"][0]


@pytest.mark.parametrize(
    "value",
    [
        [],
        "text",
        None,
        {"type": TYPE, "body": {}},
        _json(more=1),
        _json(type="review"),
        _json(type=1),
        _json(body=[]),
        _json(body={"a": 2**53}),
        _json(signatures={}),
        _json(signatures=[ENTRY, ENTRY]),
        _json(signatures=["x"]),
        _json(signatures=[{**ENTRY, "more": 1}]),
        _json(signatures=[{**ENTRY, "key": ENTRY["key"].upper()}]),
        _json(signatures=[{**ENTRY, "key": 7}]),
        _json(signatures=[{**ENTRY, "signature": ENTRY["signature"][:-2]}]),
    ],
)
def test_anything_but_a_statement_is_refused(value: object) -> None:
    with pytest.raises(SignatureError):
        Statement.from_json(value)


def test_white_space_and_repeated_keys_are_refused() -> None:
    data = SIGNED.encode()

    for wrong in (b" " + data, data + b"\n", data.replace(b'{"body"', b'{"body":{},"body"'), b"", b"["):
        with pytest.raises(SignatureError):
            Statement.parse(wrong)


def test_what_is_not_json_cannot_be_stated() -> None:
    with pytest.raises(CanonicalError):
        Statement.make(TYPE, {"n": float("inf")}, ONE)
    with pytest.raises(ValueError):
        Statement.make("review", {}, ONE)
