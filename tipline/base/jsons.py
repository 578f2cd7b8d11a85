"""Strict JSON: an object, no repeated key, no number that is not one."""

import json
from typing import Any, NoReturn


class JsonError(Exception):
    """Bytes are not the strict JSON that was expected."""

    code = "json"

    def __init__(self) -> None:
        super().__init__("not a strict JSON object")


def parse_object(data: bytes) -> dict[str, Any]:
    """Return the object in *data*; raises `JsonError`."""
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_unrepeated, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise JsonError from None
    if not isinstance(value, dict):
        raise JsonError
    return value


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise JsonError
    return value


def _refuse(_: str) -> NoReturn:
    raise JsonError
