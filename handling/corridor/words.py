"""Days, times and counts in words for the corridor's pages. Pure."""

from datetime import date, datetime

from handling.rules.clocks import MONTHS

_WEEK = 7
_MONTH = 60
_YEAR = 730
_UNITS = ((1, "byte", "bytes"), (1024, "KiB", "KiB"), (1024**2, "MiB", "MiB"), (1024**3, "GiB", "GiB"))


def day(value: date) -> str:
    """Return "23 November 2026"."""
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


def month(text: str) -> str:
    """Return "November 2026" for "2026-11"; anything else as it stands."""
    year, dash, number = text.partition("-")
    if not dash or not number.isdigit() or int(number) not in range(1, 13):
        return text
    return f"{MONTHS[int(number) - 1]} {year}"


def moment(value: datetime) -> str:
    """Return "23 November 2026, 18:05 UTC"; *value* is in UTC."""
    return f"{day(value)}, {value:%H:%M} UTC"


def age(of: date, today: date) -> str:
    """Return how long ago a day was: "today", "3 days ago", "5 weeks ago"."""
    days = (today - of).days
    if days <= 0:
        return "today"
    if days == 1:
        return "yesterday"
    if days < 2 * _WEEK:
        return f"{days} days ago"
    if days < _MONTH:
        return f"{days // _WEEK} weeks ago"
    return f"{days // 30} months ago" if days < _YEAR else f"{days // 365} years ago"


def size(count: int) -> str:
    """Return a number of bytes as "812 bytes", "4 KiB" or "1.2 MiB"."""
    unit, one, many = [row for row in _UNITS if count >= row[0] or row[0] == 1][-1]
    if unit == 1:
        return f"{count} {one if count == 1 else many}"
    return f"{count / unit:.1f}".removesuffix(".0") + f" {many}"


def excerpt(text: str, limit: int = 140) -> str:
    """Return the beginning of a text on one line, with "…" where it was cut."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
