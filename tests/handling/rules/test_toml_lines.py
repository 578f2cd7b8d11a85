"""Errors name the line on which a key stands, however the document was written."""

import re

import pytest
from hypothesis import given

from handling.data import scheme
from handling.rules.agreement_text import document, write
from handling.rules.toml_lines import line_of, lines
from tests.handling.rules.cases import AGREEMENTS
from tests.handling.rules.samples import TOML


def test_every_key_of_an_agreement_is_found_on_its_line():
    found, table = lines(TOML), ""

    for number, line in enumerate(TOML.splitlines(), 1):
        if line.startswith("["):
            table = line.strip("[]") + "."
            assert found[line.strip("[]")] == number
        elif line:
            assert found[table + line.split(" =")[0]] == number


@given(AGREEMENTS)
def test_every_key_of_any_written_agreement_is_found(agreement):
    text = write(agreement, scheme()).decode()
    found = lines(text)

    for path in document(agreement, scheme()):
        assert text.splitlines()[found[path] - 1].startswith(f"{path.rpartition('.')[2]} = ")


ODD = """\
# a comment = 1
a = '''two
lines = 1'''
"quoted" = [   # a = 2
  "x, [y]",
  "z",
]
b.c = { d = 1, e = [1] }
[ t . u ]
f = \"\"\"
g = 1
\\\"\"\" h = 2\"\"\" # and
i = 2026-11-23
"""


def test_strings_comments_and_brackets_do_not_lead_astray():
    assert lines(ODD) == {
        "a": 2,
        "quoted": 4,
        "quoted[0]": 5,
        "quoted[1]": 6,
        "b.c": 8,
        "t.u": 9,
        "t.u.f": 10,
        "t.u.i": 13,
    }


@pytest.mark.parametrize(
    ("path", "line"),
    [("unit.contact", 15), ("unit.nothing", 13), ("subjects[1]", 9), ("subjects[7]", 9), ("nothing", None)],
)
def test_what_stands_nowhere_has_the_line_of_what_is_around_it(path, line):
    assert re.sub(r"\s", "", TOML.splitlines()[12]) == "[unit]"
    assert line_of(path, lines(TOML)) == line
