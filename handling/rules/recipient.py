"""pure: what a decision knows of whoever would receive a report. What nobody looked up is None and counts as the worst."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class RecipientKey:
    """The key that a package would be sealed to, as it is enrolled."""

    channel: str
    fingerprint: str
    expires_on: date | None = None  # the last day by the key itself; None: it names no such day


@dataclass(frozen=True, slots=True)
class Recipient:
    """An agency, its key, and whether the way to it keeps a package encrypted."""

    agency: str
    key: RecipientKey | None = None
    in_transit: bool | None = None
    at_rest: bool | None = None


def sealed_to(agency: str, key: RecipientKey | None) -> Recipient:
    """Return the recipient of a package that is sealed to *key*: whichever way it goes, it stays sealed until opened."""
    return Recipient(agency, key, in_transit=key is not None, at_rest=key is not None)
