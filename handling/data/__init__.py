"""Dated data files and their loading: grading schemes, the way between them, subjects. No rule reads one."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from handling.identifiers import Identifiers, identifiers_of
from handling.rules.agreements import Codes
from handling.rules.grading import Scheme, scheme_of
from handling.rules.mapping import Mappings, mappings_of
from handling.rules.subjects import Subjects, subjects_of
from handling.rules.words import Lexicon, lexicon_of

SCHEMES = ("3x5x2", "5x5x5", "admiralty", "europol")
"""Every grading scheme there is a file of; the first is the one that items are graded in."""


@cache
def scheme() -> Scheme:
    """Return the UK 3x5x2 scheme."""
    return schemes()["3x5x2"]


@cache
def schemes() -> dict[str, Scheme]:
    """Return every scheme by its name."""
    return {name: scheme_of(_table(f"grading-{name}.toml")) for name in SCHEMES}


@cache
def mappings() -> Mappings:
    """Return the table between the schemes."""
    return mappings_of(_table("grading-mapping.toml"), schemes())


@cache
def subjects() -> Subjects:
    """Return the list of subjects a report can have."""
    return subjects_of(_table("subjects.toml"))


@cache
def lexicon() -> Lexicon:
    """Return the words by which a text may point to a source."""
    return lexicon_of(_table("residue.toml"))


@cache
def identifiers() -> Identifiers:
    """Return the forms of identifiers that a text is searched for."""
    return identifiers_of(_table("identifiers.toml"))


@cache
def codes() -> Codes:
    """Return all that an agreement may name."""
    return Codes(schemes={scheme().name: scheme()}, subjects=subjects(), countries=countries())


@cache
def countries() -> Mapping[str, str]:
    """Return every country by its ISO 3166 code, beside the high seas (XZ) and a place that nobody knows (ZZ)."""
    return MappingProxyType({str(code): str(name) for code, name in _table("countries.toml")["countries"].items()})


def _table(name: str) -> dict[str, Any]:
    return tomllib.loads(files(__name__).joinpath(name).read_text(encoding="utf-8"))
