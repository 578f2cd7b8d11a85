"""Whichever real browser stands on this machine, for what is walked in one of them."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias

from tests.journeys import firefox
from tests.journeys.chromium import Chromium
from tests.journeys.firefox import DeadProxy, Firefox

Screen: TypeAlias = Firefox | Chromium


class NoBrowserError(Exception):
    """Neither Firefox nor Chromium is here, so what needs a real page cannot be walked."""

    def __init__(self) -> None:
        super().__init__("neither Firefox nor Chromium is on this machine; `make setup` installs them where it may")


def is_here() -> bool:
    """Say whether `some_browser` finds one."""
    return bool(firefox.installed() or shutil.which("chromium"))


@contextmanager
def some_browser(*, online: bool) -> Iterator[Screen]:
    """Open Firefox as Tor Browser sets it, else Chromium, cut off from everything unless *online*; or raise `NoBrowserError`."""
    if firefox.installed() and online:
        with Firefox() as browser:
            yield browser
    elif firefox.installed():
        with DeadProxy() as proxy, Firefox(proxy=proxy) as browser:
            yield browser
    elif shutil.which("chromium"):
        with Chromium(online=online) as browser:
            yield browser
    else:
        raise NoBrowserError
