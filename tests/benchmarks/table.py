"""One table of figures."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One figure; *beside* is what it is to be compared with, measured in the same run."""

    work: str
    figure: str
    beside: str = ""


def as_text(rows: Sequence[Row]) -> str:
    """The rows as a table that can stand in a Markdown file."""
    cells = [("work", "figure", "beside"), *((row.work, row.figure, row.beside) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(3)]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in cells
    ]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])
