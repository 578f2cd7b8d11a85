"""pure: days that are counted forward. The first day always comes in as an argument; no clock is read."""

from datetime import date, timedelta

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)  # as every page and paper writes them, whatever the machine's language is

_SATURDAY = 5  # date.weekday() counts Monday as 0


def days_after(start: date, days: int) -> date:
    """Return the day *days* calendar days after *start*; that day itself still counts."""
    return start + timedelta(days=days)


def working_days_after(start: date, days: int, holidays: frozenset[date] = frozenset()) -> date:
    """Return the last of *days* working days after *start*; with 0 days, *start* itself.

    Working days are Monday to Friday without *holidays*. The day of *start* is not counted.
    """
    day, left = start, days
    while left > 0:
        day += timedelta(days=1)
        if day.weekday() < _SATURDAY and day not in holidays:
            left -= 1
    return day


def in_words(day: date) -> str:
    """Return a day as it is written on every page, such as "25 November 2026", whatever the server's locale is."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"
