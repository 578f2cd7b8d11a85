"""Pictures of what pages look like, kept for people to see: `.work/pictures/<test>/<page>-<width>-<scheme>[-<language>].png`."""

import re
import shutil
from pathlib import Path
from typing import Literal, TypeAlias

from tests.journeys.screens import Screen

FOLDER = Path(__file__).parents[2] / ".work" / "pictures"

Scheme: TypeAlias = Literal["light", "dark"]


class Pictures:
    """The pictures of one test, in a folder of its own, which begins empty."""

    def __init__(self, test: str) -> None:
        self.folder = FOLDER / _plain(test.removeprefix("test_"))
        shutil.rmtree(self.folder, ignore_errors=True)

    def keep(self, browser: Screen, page: str, width: int, scheme: Scheme = "light") -> Path:
        """Take a picture of what shows now; *width* and *scheme* are what the browser has been set to, and name the file."""
        language = browser.run("return document.documentElement.lang")
        named = "-".join([_plain(page), str(width), scheme, *([] if language == "en" else [language])])
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / f"{named}.png"
        browser.picture(file)
        return file

    def at_each_width(self, browser: Screen, page: str, scheme: Scheme = "light") -> None:
        """Take a picture on a computer, on a tablet, and on the old phone at which the window is left."""
        for width in (1280, 768, 320):
            browser.resize(width, 640)
            self.keep(browser, page, width, scheme)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
