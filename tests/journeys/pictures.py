"""Pictures of what pages look like, kept for people to see: `.work/pictures/<test>/<page>-<width>-<scheme>[-<language>].png`."""

import re
import shutil
from pathlib import Path
from typing import Literal, TypeAlias

from tests.journeys.screens import Screen

FOLDER = Path(__file__).parents[2] / ".work" / "pictures"

Scheme: TypeAlias = Literal["light", "dark"]


def forget() -> None:
    """Take away what an earlier run kept."""
    shutil.rmtree(FOLDER, ignore_errors=True)


class Pictures:
    """The pictures of one test, in a folder of its own."""

    def __init__(self, test: str) -> None:
        self.folder = FOLDER / _plain(test.removeprefix("test_"))

    def keep(self, browser: Screen, page: str, width: int, scheme: Scheme = "light") -> Path:
        """Take a picture of what shows now; *width* and *scheme* are what the browser has been set to, and name the file."""
        language = browser.run("return document.documentElement.lang")
        named = "-".join([_plain(page), str(width), scheme, *([] if language == "en" else [language])])
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / f"{named}.png"
        browser.picture(file)
        return file


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
