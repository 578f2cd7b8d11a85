"""What the author of a report answers in its form, so that every practice agreement accepts it."""

from typing import Any

ANSWERED: dict[str, Any] = {
    "marking": ["AMBER"],
    "data": ["trade"],
    "named_persons": ["no"],
    "special": ["none"],
    "minors": ["no"],
    "about": ["KE"],
    "originator": ["none"],
}
