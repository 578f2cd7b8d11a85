"""An agreement can be written again: one text for equal terms, which reads back as them."""

import tomllib
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from handling.data import codes, scheme, subjects
from handling.rules.agreement_document import AgreementError, parse
from handling.rules.agreement_text import document, write
from handling.rules.agreements import Agreement
from tests.handling.rules.cases import AGREEMENTS, SCOPES
from tests.handling.rules.samples import AGREEMENT, TOML

TEXTS = st.text(st.characters(exclude_categories=("Cc", "Cf", "Co", "Cs", "Zl", "Zp", "Cn")), min_size=1, max_size=60)


def again(agreement: Agreement) -> Agreement:
    return parse(write(agreement, scheme()), codes())


def readable(agreement: Agreement) -> bool:
    """Whether it is one that could have been read: what Hypothesis draws may contradict itself."""
    try:
        again(agreement)
    except AgreementError:
        return False
    return True


def test_the_sample_reads_back_with_the_same_terms():
    assert replace(again(AGREEMENT), sha256=AGREEMENT.sha256).as_signed() == AGREEMENT


@given(
    AGREEMENTS.filter(readable),
    st.frozensets(st.sampled_from(SCOPES), min_size=1, max_size=4),
    TEXTS.filter(str.strip),
    st.lists(TEXTS.filter(str.strip), unique=True, max_size=3),
)
def test_what_was_read_reads_back_equal(drawn, scope, title, conditions):
    drawn = replace(drawn, subjects=scope, covered=subjects().covered(scope), title=title, conditions=tuple(conditions))
    agreement = again(drawn)

    assert again(agreement) == agreement
    assert write(agreement, scheme()) == write(drawn, scheme())
    assert replace(agreement, sha256=drawn.sha256).as_signed() == replace(
        drawn, suspended_since=agreement.suspended_since
    )


def test_the_order_of_keys_and_lists_makes_no_other_text():
    turned = TOML.replace(
        '["wildlife", "goods.ivory", "crime.customs"]', '["crime.customs", "wildlife", "goods.ivory"]'
    )

    assert write(parse(turned.encode(), codes()), scheme()) == write(AGREEMENT, scheme())


def test_a_document_has_every_key_of_the_text():
    text = tomllib.loads(TOML)
    paths = {key for key, value in text.items() if not isinstance(value, dict)}
    paths |= {f"{table}.{key}" for table, value in text.items() if isinstance(value, dict) for key in value}

    assert set(document(AGREEMENT, scheme())) == paths
