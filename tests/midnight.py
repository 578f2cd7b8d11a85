"""Lets a whole run begin after midnight (UTC) where it would go over it: the tests' day is that of their start."""

import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Final

LONGEST: Final = timedelta(minutes=25)
"""No whole run takes longer."""


def wait(now: datetime) -> timedelta:
    """Return how long a run that is to begin *now* has to wait."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    left = midnight - now
    return left + timedelta(seconds=1) if left < LONGEST else timedelta()


def main() -> None:
    """Wait, and say so."""
    left = wait(datetime.now(UTC))
    if left:
        sys.stdout.write(
            f"The tests' day would end in the middle of them: they begin in {left // timedelta(minutes=1)} minutes.\n"
        )
        sys.stdout.flush()
        time.sleep(left.total_seconds())


if __name__ == "__main__":
    main()
