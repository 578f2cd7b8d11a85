"""What makes a page whole in one file: style and script inside it, and a policy that lets nothing else in. Writes nothing.

Nothing of the machine, the version or the hour goes in, so that the same inputs give the same bytes.
"""

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

from markupsafe import Markup

from tipline.base.inline import source_hash
from tipline.base.installed import templates
from tipline.base.web import Site

_ENDS: Final = re.compile(
    r"</script|<!--|<script|\r", re.IGNORECASE
)  # ends a script in HTML, or is read as other bytes


class OneFileError(Exception):
    """The file cannot be made; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Inside:
    """What a template puts into its one file; all of it is ours and public."""

    style: Markup
    script: Markup
    policy: str


def built_script(name: str) -> str:
    """Return a page's script as `make setup` has built it; raises `OneFileError` where it has not."""
    try:
        return (resources.files("tipline") / "away" / "built" / f"{name}.js").read_text("utf-8")
    except OSError:
        raise OneFileError(f"the script of {name}.html is not built yet: run `make setup`") from None


def inside(site: Site, sheet: str, script: str, *, policy: str) -> Inside:
    """Return style, script and policy of one page.

    Args:
        site: whose stylesheet comes first.
        sheet: the page's own, one of the files in ``templates/style`` without its ending.
        script: the built script.
        policy: a Content-Security-Policy in which ``{script}`` and ``{style}`` stand for their hashes.

    Raises:
        OneFileError: the script could not stand inside a page.
    """
    if _ENDS.search(script):
        raise OneFileError("the script holds letters that end a script in HTML; build it again with `make setup`")
    style = f"{site.css}\n{_sheet(sheet)}"
    hashes = {"script": source_hash(script), "style": source_hash(style)}
    return Inside(Markup(style), Markup(script), policy.format(**hashes))  # noqa: S704 - our own files, not input


@cache
def _sheet(name: str) -> str:
    return (templates() / "style" / f"{name}.css").read_text("utf-8").strip()
