"""JSON in a sealed column of a corridor table: one place that names table, column and row alike for both ways."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from crypto import columns
from crypto.canonical import canonical
from crypto.secret import Secret


def seal(key: Secret, value: Mapping[str, Any], *, table: str, row: UUID) -> bytes:
    """Seal *value* for the `sealed` column of one row of ``corridor.<table>``."""
    return columns.seal(key, canonical(value), table=f"corridor.{table}", column="sealed", row=str(row))


def unseal(key: Secret, sealed: bytes, *, table: str, row: UUID) -> Any:  # noqa: ANN401 - JSON; the caller knows its shape
    """Open what `seal` made for the same row, or raise `crypto.errors.OpenError`."""
    return json.loads(columns.open_(key, sealed, table=f"corridor.{table}", column="sealed", row=str(row)))
