"""The data files of the grading schemes hold what the schemes publish (codes and their standing; wording is ours)."""

import pytest

from handling import data
from handling.rules.grading import Standing

PUBLISHED = {
    "3x5x2": ("123", "ABCDE", "P C A1 A2 A3 S1 S2", "2D"),
    "5x5x5": ("ABCDE", "12345", "1 2 3 4 5", "E4"),
    "admiralty": ("ABCDEF", "123456", "", "F6"),
    "europol": ("ABCX", "1234", "H0 H1 H2 H3", "X4"),
}
UNKNOWN = {"3x5x2": "2D", "5x5x5": "E4", "admiralty": "F6", "europol": "X"}
FALSE = {"3x5x2": "E", "5x5x5": "5", "admiralty": "", "europol": ""}


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_scheme_has_exactly_the_published_codes(name: str) -> None:
    scheme, (source, information, markings, default) = data.schemes()[name], PUBLISHED[name]

    assert "".join(code.code for code in scheme.source) == source
    assert "".join(code.code for code in scheme.information) == information
    assert " ".join(marking.code for marking in scheme.markings) == markings
    assert scheme.default() == scheme.parse(default)


@pytest.mark.parametrize("name", PUBLISHED)
def test_unknown_and_suspected_false_are_no_low_marks(name: str) -> None:
    codes = [*data.schemes()[name].source, *data.schemes()[name].information]

    assert "".join(code.code for code in codes if code.standing is Standing.UNKNOWN) == UNKNOWN[name]
    assert "".join(code.code for code in codes if code.standing is Standing.SUSPECTED_FALSE) == FALSE[name]


def test_a_scheme_is_first_graded_in_and_all_names_are_told_apart() -> None:
    assert data.scheme().name == data.SCHEMES[0]
    assert list(data.schemes()) == list(data.SCHEMES)
