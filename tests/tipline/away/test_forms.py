"""Small forms, both ways and on any input: canonical JSON, codenames, columns, statements, age files."""

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from crypto import age, columns
from crypto.canonical import canonical, parse
from crypto.codename import Codename
from crypto.errors import CanonicalError, CodenameError
from crypto.secret import Secret
from crypto.signing import SigningKey
from crypto.statement import Statement
from crypto.wordlist import LISTS, english, fold, lists
from tests.tipline.away.node import Node, RefusedError, b64, unb64

SOME = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
KEY = Secret(bytes(range(32)))
PLACE = {"table": "t.t", "column": "c", "row": "1"}

texts = st.text(max_size=20)
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)


def _in_english_or_in_no_list(text: str) -> bool:
    """The kit reads English words alone; the form names what is unknown in the list that knows most, as `boa` of the Spanish."""
    ours, *others = (lists()[name] for name in LISTS)
    words = re.findall(r"[^\W\d_]+", fold(text))
    return all(ours.meant(word) or not any(other.meant(word) for other in others) for word in words)


beginnings = st.sampled_from(english().wordlist).flatmap(
    lambda word: st.sampled_from([word, word[:4], word.upper(), word[:3]])
)
letters = st.text(st.characters(max_codepoint=0x17F), max_size=6)  # which no version of Unicode will change
typed = st.lists((beginnings | letters).filter(_in_english_or_in_no_list), min_size=11, max_size=13).map(" ".join)


@SOME
@given(values)
@example({"__proto__": 1, "a": {"constructor": []}})
@example({"\ud83d\ude00": 1, "\ufb33": 2})  # ordered by UTF-16 code units, not by letters
@example([1e21, -0.0, 5e-324, 1.5, 1e20, 2**53])
def test_both_sides_take_the_same_bytes_for_canonical(js: Node, value: object) -> None:
    for data in {_spelt(value, ensure_ascii=True), _spelt(value, ensure_ascii=False), _ours(value)}:
        try:
            ours = canonical(parse(data)).decode()
        except CanonicalError:
            with pytest.raises(RefusedError) as caught:
                js("canonical", value=b64(data))
            assert caught.value.name == "CanonicalError"
        else:
            assert js("canonical", value=b64(data)) == ours


def _spelt(value: object, *, ensure_ascii: bool) -> bytes:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=ensure_ascii)
    return text.encode("utf-8", "surrogatepass")


def _ours(value: object) -> bytes:
    try:
        return canonical(value)
    except CanonicalError:
        return b"{}"


@pytest.mark.parametrize(
    "data", [b"\xef\xbb\xbf{}", b'{"a":1,"a":1}', b"[1e400]", b"NaN", b"", b"[" * 100_000, b"\xff"]
)
def test_what_is_no_canonical_json_is_refused(js: Node, data: bytes) -> None:
    with pytest.raises(RefusedError) as caught:
        js("canonical", value=b64(data))
    assert caught.value.name == "CanonicalError"


@SOME
@given(st.binary(min_size=16, max_size=16), st.sampled_from([" ", ", ", "\n", " 7. ", "-"]), st.booleans())
def test_a_codename_is_read_as_people_type_it(js: Node, entropy: bytes, between: str, short: bool) -> None:  # noqa: FBT001
    words = Codename.from_entropy(Secret(entropy)).words()

    assert js("codename", typed=between.join(word[:4] if short else word for word in words)) == " ".join(words)


@SOME
@given(typed)
def test_both_sides_read_or_refuse_the_same_codenames(js: Node, text: str) -> None:
    try:
        ours = Codename.parse(text).words()
    except CodenameError as error:
        with pytest.raises(RefusedError) as caught:
            js("codename", typed=text)
        assert caught.value.answer["unknown"] == list(error.unknown)  # noqa: PT017 - held against the other side's
        assert caught.value.answer["count"] == error.count  # noqa: PT017
    else:
        assert js("codename", typed=text) == " ".join(ours)


def test_a_new_codename_is_twelve_words_and_never_the_same(js: Node) -> None:
    made = {js("make") for _ in range(20)}

    assert len(made) == 20
    assert all(" ".join(Codename.parse(words).words()) == words for words in made)


@SOME
@given(st.binary(max_size=300))
def test_a_column_that_one_side_sealed_opens_on_the_other(js: Node, plain: bytes) -> None:
    sealed = bytes.fromhex(js("column", key=KEY.expose().hex(), plain=plain.hex(), where=PLACE))

    assert columns.open_(KEY, sealed, **PLACE) == plain


@SOME
@given(st.dictionaries(st.text(st.characters(exclude_categories=("Cs",)), max_size=9), st.integers(0, 9), max_size=3))
def test_both_sides_sign_the_same_statement(js: Node, body: dict[str, int]) -> None:
    ours = Statement.make("tipline/test/v1", body, SigningKey.from_seed(KEY)).encode().decode()

    assert js("statement", type="tipline/test/v1", body=body, seed=KEY.expose().hex()) == ours


@settings(SOME, max_examples=15)
@given(st.binary(max_size=300) | st.integers(65_530, 65_540).map(bytes))
def test_an_age_file_that_one_side_sealed_opens_on_the_other(js: Node, plain: bytes) -> None:
    mine = age.Identity.from_seed(KEY)

    assert age.open_(unb64(js("seal", plain=b64(plain), recipient=str(mine.recipient))), [mine]) == plain
