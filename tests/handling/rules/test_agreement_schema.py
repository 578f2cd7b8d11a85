"""The published schema and the reader agree: what the reader takes is valid, what is not valid the reader refuses."""

import copy
import datetime as dt
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handling.data import codes, scheme
from handling.rules.agreement_document import AgreementError, parse
from handling.rules.agreement_schema import schema
from handling.rules.agreement_text import write
from handling.rules.amendments import FIELDS
from tests.handling.rules.cases import AGREEMENTS
from tests.handling.rules.samples import AGREEMENT, TOML

SCHEMA = schema(codes())
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int}


def valid(value: Any, by: dict[str, Any]) -> bool:
    """Validate by the few words of JSON Schema that ours uses, and by no others."""
    assert set(by) <= set(WORDS) | {"$schema", "title", "description"}, set(by)
    return all(WORDS[word](value, rule, by) for word, rule in by.items() if word in WORDS)


def _properties(value, rule, _):
    return not isinstance(value, dict) or all(valid(value[key], below) for key, below in rule.items() if key in value)


def _text(check):
    return lambda value, rule, _: not isinstance(value, str) or check(value, rule)


def _list(check):
    return lambda value, rule, _: not isinstance(value, list) or check(value, rule)


def _number(check):
    return lambda value, rule, _: type(value) is not int or check(value, rule)


WORDS = {
    "type": lambda value, rule, _: type(value) is TYPES[rule],
    "properties": _properties,
    "required": lambda value, rule, _: not isinstance(value, dict) or set(rule) <= set(value),
    "additionalProperties": lambda value, _, by: not isinstance(value, dict) or set(value) <= set(by["properties"]),
    "enum": lambda value, rule, _: value in rule,
    "const": lambda value, rule, _: value == rule,
    "minLength": _text(lambda value, rule: len(value) >= rule),
    "maxLength": _text(lambda value, rule: len(value) <= rule),
    "pattern": _text(lambda value, rule: re.search(rule, value) is not None),
    "format": _text(lambda value, _: _is_day(value)),
    "items": _list(lambda value, rule: all(valid(entry, rule) for entry in value)),
    "minItems": _list(lambda value, rule: len(value) >= rule),
    "uniqueItems": _list(lambda value, _: all(entry not in value[:at] for at, entry in enumerate(value))),
    "minimum": _number(lambda value, rule: value >= rule),
    "maximum": _number(lambda value, rule: value <= rule),
    "not": lambda value, rule, _: not valid(value, rule),
    "anyOf": lambda value, rule, _: any(valid(value, one) for one in rule),
    "allOf": lambda value, rule, _: all(valid(value, one) for one in rule),
    "if": lambda value, rule, by: valid(value, by["then" if valid(value, rule) else "else"]),
    "then": lambda *_: True,
    "else": lambda *_: True,
}


def _is_day(text: str) -> bool:
    try:
        return bool(dt.date.fromisoformat(text))
    except ValueError:
        return False


def as_json(value: Any) -> Any:
    """A TOML document as the schema sees it: dates as text."""
    if isinstance(value, dict):
        return {key: as_json(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [as_json(entry) for entry in value]
    return value.isoformat() if isinstance(value, dt.date | dt.time) else value


def is_valid(toml: str) -> bool:
    return valid(as_json(tomllib.loads(toml)), SCHEMA)


def is_read(toml: str) -> bool:
    try:
        parse(toml.encode(), codes())
    except AgreementError:
        return False
    return True


@pytest.mark.parametrize(
    "toml",
    [
        TOML,
        re.findall(
            r"^```toml\n(.*?)^```$", Path("docs/agreements.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
        )[0],
        TOML.replace("suspended = false", "suspended = true\nsuspended_since = 2026-03-01"),
        TOML.replace('rule = "ask"', 'rule = "listed"\nagencies = ["River Parks Authority"]'),
        TOML.replace('rule = "ask"', 'rule = "class"\nclasses = ["police", "parks"]'),
        TOML + '[approval]\napprover = "Head of the Wildlife Service"\n',
        TOML.replace('lawful_basis = "Customs Act, section 3"\n', ""),
        TOML.replace('channel = "age"', 'channel = "openpgp"').replace(AGREEMENT.agency.fingerprint, "AB" * 20),
    ],
    ids=range(8),
)
def test_every_form_of_agreement_that_is_read_is_valid(toml):
    assert is_read(toml)
    assert is_valid(toml)


LINES = TOML.splitlines()
VALUES = ["1", "0", "-1", "true", "1.5", '""', '"x"', '"KE"', "[]", '["x"]', '["P", "P"]', "2026-11-23", "{ a = 1 }"]


@given(
    st.lists(
        st.tuples(st.integers(0, len(LINES) - 1), st.sampled_from([*VALUES, None, "surprise"])), min_size=1, max_size=3
    )
)
def test_no_document_that_the_schema_refuses_is_read(changes):
    toml = list(LINES)
    for at, value in changes:
        key = LINES[at].partition(" = ")[0]
        if not LINES[at] or LINES[at].startswith("["):
            continue
        toml[at] = {None: "", "surprise": f"{LINES[at]}\nsurprise = 1"}.get(value, f"{key} = {value}")
    text = "\n".join(toml)

    assert is_valid(text) or not is_read(text)


@given(AGREEMENTS)
def test_whatever_is_written_and_read_is_valid(agreement):
    text = write(agreement, scheme()).decode()

    assert is_valid(text) or not is_read(text)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("version = 1\n", ""),
        ("version = 1", "version = 0"),
        ("version = 1", "version = 1\nsurprise = 1"),
        ("[content]\n", "[content]\nsurprise = 1\n"),
        ("valid_from = 2026-01-01", 'valid_from = "soon"'),
        ('"seizure"', '"anything"'),
        ('"seizure"', '"intelligence"'),
        ('["P", "C"]', "[]"),
        ('class = "customs"', 'class = "friends"'),
        ('country = "KE"', 'country = "ZZ"'),
        ('about = ["KE", "TZ"]', 'about = ["EU"]'),
        ('"000102', '"zz0102'),
        ("breach_hours = 72", "breach_hours = 721"),
        ("suspended = false", "suspended = true"),
        ("suspended = false", "suspended = false\nsuspended_since = 2026-03-01"),
        ('rule = "ask"', 'rule = "listed"'),
        ('rule = "ask"', 'rule = "ask"\nclasses = ["police"]'),
    ],
)
def test_the_schema_refuses_what_it_can_see(old, new):
    assert TOML.count(old) == 1

    assert not is_valid(TOML.replace(old, new))


def test_every_key_stands_in_the_schema_with_words():
    below = {name: value for name, value in SCHEMA["properties"].items() if value.get("type") == "object"}
    keys = {f"{name}.{key}": entry for name, table in below.items() for key, entry in table["properties"].items()}
    keys |= {name: value for name, value in SCHEMA["properties"].items() if name not in below}

    assert {path: entry.get("description") for path, entry in keys.items()} == {
        path: label for path, (label, _) in FIELDS.items()
    }


def test_the_schema_is_json_and_drawn_anew_each_time():
    first = schema(codes())
    kept = copy.deepcopy(first)
    first["properties"].clear()

    assert schema(codes()) == kept == json.loads(json.dumps(kept))
