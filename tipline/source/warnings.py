"""pure: what a source's browser tells by itself that could betray its user. Nothing of it is kept or logged.

A warning stays on every page until it was acted upon, that is, until the browser gives no cause for it any more. None can
be clicked away: what hides it would have to be remembered on the device or in each address, and the danger would stay.
"""

import re
from typing import Final

OLDEST: Final = 140
"""The oldest Firefox that a supported Tor Browser is built from: Tor Browser 15. To be raised with each long-term release."""
NOT_TOR: Final = "not-tor"
OLD_BROWSER: Final = "old-browser"

_ONION: Final = re.compile(r"[a-z2-7]{56}\.onion(?::[0-9]{1,5})?", re.IGNORECASE)
_FIREFOX: Final = re.compile(r"\bFirefox/([0-9]{1,4})\.")


def of(host: str, user_agent: str) -> tuple[str, ...]:
    """Return the codes of what is to be warned of, from a request's own words about itself.

    The name that the browser asked for tells whether it came to the onion. A gateway that fetches onions for other
    browsers asks for that name too: behind one nobody can be warned here.
    """
    version = _FIREFOX.search(user_agent)
    old = version is not None and int(version[1]) < OLDEST
    return tuple(code for code, so in ((NOT_TOR, not _ONION.fullmatch(host)), (OLD_BROWSER, old)) if so)
