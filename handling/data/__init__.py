"""Dated data files and their loading: grading schemes, subjects. The rules take these values and never read a file."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from handling.rules.agreements import Codes
from handling.rules.grading import Scheme, scheme_of
from handling.rules.subjects import Subjects, subjects_of


@cache
def scheme() -> Scheme:
    """Return the UK 3x5x2 scheme."""
    return scheme_of(_table("grading-3x5x2.toml"))


@cache
def subjects() -> Subjects:
    """Return the list of subjects a report can have."""
    return subjects_of(_table("subjects.toml"))


@cache
def codes() -> Codes:
    """Return all that an agreement may name."""
    return Codes(schemes={scheme().name: scheme()}, subjects=subjects())


def _table(name: str) -> dict[str, Any]:
    return tomllib.loads(files(__name__).joinpath(name).read_text(encoding="utf-8"))
